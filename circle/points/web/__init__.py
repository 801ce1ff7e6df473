"""The pages of points. Importing the modules adds their views to `bp`."""

from __future__ import annotations

from circle.points.web.blueprint import bp

__all__ = ["bp"]
