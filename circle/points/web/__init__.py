"""The pages of points. Importing the modules adds their views to `bp`."""

from __future__ import annotations

from circle.points.web import manage, manage_levels, manage_rules, mine, tasks
from circle.points.web.blueprint import bp

__all__ = ["bp", "manage", "manage_levels", "manage_rules", "mine", "tasks"]
