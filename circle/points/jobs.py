"""What points do by themselves."""

from __future__ import annotations
