"""Facts about points. `circle/reactions/__init__.py` says what follows from each."""

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
    #: promote, decay, reversal or rules (who lets go of everything is not told of it)
    reason: str
    gift_points: int = 0
    #: what the owner called the level that they have now; empty for the usual name
    name: str = ""


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
class LevelsChanged(Event):
    """The owner changed what levels there are, or what they need."""

    circle_id: int


@dataclass(frozen=True)
class RewardGone(Event):
    """The reward of a task waits no longer: it was claimed, or what was done for it is gone."""

    user_id: int
    task_id: int
    period_key: str


@dataclass(frozen=True)
class AdjustmentAsked(Event):
    """A large adjustment waits for a second person."""

    circle_id: int
    adjustment_id: int
    asked_by: int
    #: whom it is about: they cannot agree to it
    user_id: int


@dataclass(frozen=True)
class AdjustmentDecided(Event):
    """An adjustment that waited was applied or turned down; `note` says why it was turned down."""

    circle_id: int
    adjustment_id: int
    asked_by: int
    #: who decided
    by: int | None
    approved: bool
    note: str


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
    """Points of somebody can be used until the end of a day, and not after it."""

    circle_id: int
    user_id: int
    points: int
    #: that day in the circle's time zone, RFC 3339
    on: str
    #: which reminder this is: so many days before
    days: int
