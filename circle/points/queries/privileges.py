"""What somebody may in a circle by their level. For the reader it is answered from the circle's row, without asking the
database."""

from __future__ import annotations

from sqlalchemy import select

from circle.circles.models import Circle, Member
from circle.circles.queries import CircleRow
from circle.core.db import db
from circle.points import ladder
from circle.points.ladder import Privileges


def privileges(circle: CircleRow) -> Privileges:
    """What the actor for whom this circle was read may there. Who runs it is not held back by levels; what comes on top
    is that of their own level, as nobody loses it by helping."""
    if circle.actor.is_system:
        return ladder.FREE
    given = ladder.privileges_of(circle.levels, circle.me.level if circle.me else 1)
    if circle.standing.rank > 0:
        return ladder.FREE._replace(**{name: getattr(given, name) for name in ladder.EXTRAS})
    return given


def makeup_cards_of(circle_id: int, user_id: int) -> int:
    """How many days the level of some member lets them make up each month (Privileges.makeup_cards_per_month)."""
    theirs = select(Circle.levels, Member.level).join(Member, Member.circle_id == Circle.id)
    row = db.session.execute(theirs.where(Circle.id == circle_id, Member.user_id == user_id)).one_or_none()
    return ladder.privileges_of(row.levels, row.level).makeup_cards_per_month if row is not None else 0


def level_allowing(circle: CircleRow, privilege: str, wanted: int = 1) -> str | None:
    """The name of the lowest level that allows so much of a number, or that has a right; None when none does."""
    level = ladder.level_allowing(circle.levels, privilege, wanted)
    tag = circle.tag(level)
    return tag.name if tag else None
