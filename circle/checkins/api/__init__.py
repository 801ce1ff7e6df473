"""Campaigns and check-ins over the API. Importing the modules adds their endpoints to `bp`."""

from __future__ import annotations

from circle.checkins.api import boards, checking, managing, reading, reviewing, teams
from circle.checkins.api.blueprint import bp

__all__ = ["boards", "bp", "checking", "managing", "reading", "reviewing", "teams"]
