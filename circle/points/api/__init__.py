"""Points over the API. Importing the modules adds their endpoints to `bp`."""

from __future__ import annotations

from circle.points.api import manage, mine, tasks
from circle.points.api.blueprint import bp

__all__ = ["bp", "manage", "mine", "tasks"]
