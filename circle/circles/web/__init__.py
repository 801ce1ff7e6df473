"""Pages of circles: `cover` for everybody, `settings` and `people` for those who run one."""

from __future__ import annotations

from circle.circles.web import cover, people, settings
from circle.circles.web.blueprint import bp

__all__ = ["bp", "cover", "people", "settings"]
