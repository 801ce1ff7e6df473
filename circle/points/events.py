"""Facts about points. `circle/reactions.py` says what follows from each."""

from __future__ import annotations

from dataclasses import dataclass

from circle.core.events import Event


@dataclass(frozen=True)
class LevelChanged(Event):
    """Somebody's level rose or fell; `gift_points` came with the levels that were reached for the first time."""

    circle_id: int
    member_id: int
    user_id: int
    before: int
    after: int
    #: promote, decay, reversal or rules
    reason: str
    gift_points: int = 0


@dataclass(frozen=True)
class TaskDone(Event):
    """A task was finished and its reward waits to be claimed."""

    circle_id: int
    user_id: int
    task_id: int
    cadence: str
    period_key: str
    #: what the owner called it; empty for a usual task, which `code` names
    title: str
    code: str | None
    points: int
    growth: int


@dataclass(frozen=True)
class AdjustmentAsked(Event):
    """A large adjustment waits for a second person."""

    circle_id: int
    adjustment_id: int
    asked_by: int


@dataclass(frozen=True)
class PointsAdjusted(Event):
    """Points or growth were given or taken by hand, or that was undone (`undone`)."""

    circle_id: int
    adjustment_id: int
    user_id: int
    asset: str
    amount: int
    reason: str
    undone: bool = False


@dataclass(frozen=True)
class PointsRunningOut(Event):
    """Points of somebody will run out in `days` days."""

    circle_id: int
    user_id: int
    points: int
    #: the local day, RFC 3339
    on: str
    days: int
