"""What tasks may be, and who may claim their rewards."""

from __future__ import annotations

from circle.access import Standing
from circle.core.errors import Conflict, Forbidden, Invalid, Refused
from circle.core.i18n import lazy
from circle.points.catalog import TASK_EVENTS

TITLE_MAX = 30
TARGET_MAX = 1000
#: no more than what somebody may be given by hand without a second person
REWARD_MAX = 1000
#: tasks of a circle, the usual ones and those that are switched off included
TASKS_MAX = 50
CADENCES = ("daily", "weekly", "newcomer")


def check_may_claim(standing: Standing) -> None:
    """Who is muted claims nothing. Raises Forbidden MUTED."""
    if standing.muted:
        raise Forbidden(lazy("You are muted here for now, so you cannot claim rewards."), code="MUTED")


def not_claimable(state: str | None) -> Conflict:
    """The refusal for a task whose state in the present period is `state` (None: nothing was done yet)."""
    if state == "claimed":
        return Conflict(lazy("You have this reward already."), code="NOT_CLAIMABLE")
    if state in {"claimable", "expired"}:
        return Conflict(lazy("The time for claiming this reward is over."), code="NOT_CLAIMABLE")
    return Conflict(lazy("This task is not finished yet."), code="NOT_CLAIMABLE")


def check_reward(points: int, growth: int) -> None:
    """A task gives something. Raises Invalid (points)."""
    if not points + growth:
        raise Invalid(errors={"points": [lazy("A task gives points, growth, or both.")]})


def check_title(title: str, code: str | None) -> None:
    """One's own task has a name; a usual one has its own without. Raises Invalid (title)."""
    if not title and code is None:
        raise Invalid(errors={"title": [lazy("Please fill this in.")]})


def check_event(event: str, cadence: str) -> None:
    """What is counted and how often it comes round are known words. Raises Invalid."""
    if event not in TASK_EVENTS:
        raise Invalid(errors={"event": [lazy("This is not valid here.")]})
    if cadence not in CADENCES:
        raise Invalid(errors={"cadence": [lazy("This is not valid here.")]})


def too_many() -> Refused:
    """The refusal for one task more."""
    sentence = lazy("A circle can have %(count)s tasks. Change one that you no longer need.", count=TASKS_MAX)
    return Refused("TOO_MANY_TASKS", sentence)
