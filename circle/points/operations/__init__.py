"""Every write of points."""

from __future__ import annotations

from circle.points.operations.beginning import begin_points
from circle.points.operations.earning import Cause, Earned, set_earned, switch_all
from circle.points.operations.levels import reward

__all__ = [
    "Cause",
    "Earned",
    "begin_points",
    "reward",
    "set_earned",
    "switch_all",
]
