"""What somebody may in a circle by their level. Answered from the circle's row alone, without a statement."""

from __future__ import annotations

from circle.circles.queries import CircleRow
from circle.points import ladder
from circle.points.ladder import Privileges


def privileges(circle: CircleRow) -> Privileges:
    """What the actor for whom this circle was read may there. Who runs it is not held back by levels."""
    if circle.actor.is_system or circle.standing.rank > 0:
        return ladder.FREE
    return ladder.privileges_of(circle.levels, circle.me.level if circle.me else 1)


def level_allowing(circle: CircleRow, privilege: str, wanted: int = 1) -> str | None:
    """The name of the lowest level that allows so much of a number, or that has a right; None when none does."""
    level = ladder.level_allowing(circle.levels, privilege, wanted)
    tag = circle.tag(level)
    return tag.name if tag else None
