"""The pages of campaigns and check-ins. Importing the modules adds their views to `bp`."""

from __future__ import annotations

from circle.checkins.web import boards, checking, managing, people, reading, reviewing, teams
from circle.checkins.web.blueprint import bp

__all__ = ["boards", "bp", "checking", "managing", "people", "reading", "reviewing", "teams"]
