"""What was given and taken by hand, and what waits for a second person: for those who may do so themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from circle.access import Actor, Permission, Role, Standing, outranks_or_equals, require
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of
from circle.accounts.usernames import username_key
from circle.circles.models import Member
from circle.circles.queries import CircleRow, get_circle_by_id, readable_circle
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.pagination import DEFAULT_LIMIT, Keyset, Page
from circle.ledger.queries import Books, CheckRow, books_of, last_check
from circle.points.models import PointAdjustment

DONE = ("applied", "rejected", "reversed")


@dataclass(frozen=True)
class AdjustmentPowers:
    """What the actor may do about an adjustment."""

    approve: bool = False
    reject: bool = False
    reverse: bool = False


@dataclass(frozen=True)
class AdjustmentRow:
    """Points or growth given (`amount` > 0) or taken by hand; `status` is pending, applied, rejected or reversed."""

    id: int
    user: Author
    asset: str
    amount: int
    reason: str
    status: str
    asked_by: Author
    created_at: datetime
    #: None while it waits, and when it was small enough to need nobody else
    decided_by: Author | None
    decided_at: datetime | None
    #: why it was turned down or undone
    note: str
    reversed_by: Author | None
    reversed_at: datetime | None
    can: AdjustmentPowers


_ASKER, _DECIDER, _UNDOER = aliased(User), aliased(User), aliased(User)
_SIZE = len(AUTHOR_COLUMNS)
#: who waits longest comes first; what is decided reads as history
_WAITING = Keyset("points.adjustments.pending", (PointAdjustment.id,), descending=False)
_DECIDED = Keyset("points.adjustments.decided", (PointAdjustment.id,))


def adjustable(actor: Actor, slug: str) -> CircleRow:
    """The circle, for those who may adjust points there. Raises NotFound, Unauthenticated or Forbidden."""
    circle = readable_circle(actor, slug)
    require(actor, Permission.POINTS_ADJUST, circle.standing)
    return circle


def adjustment_page(
    circle: CircleRow, *, status: str | None = None, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[AdjustmentRow]:
    """Adjustments with a status, or (None) all that are decided. Raises Forbidden for those who may not adjust."""
    require(circle.actor, Permission.POINTS_ADJUST, circle.standing)
    wanted = [status] if status else list(DONE)
    statement = _adjustments().where(PointAdjustment.circle_id == circle.id, PointAdjustment.status.in_(wanted))
    order = _WAITING if status == "pending" else _DECIDED
    return order.read(statement, cursor, limit).map(lambda rows: [_row(circle, row) for row in rows])


def get_adjustment(actor: Actor, adjustment_id: int, *, slug: str | None = None) -> AdjustmentRow:
    """One adjustment, with `slug` only of that circle. Raises NotFound also for those who may not adjust points
    there."""
    row = db.session.execute(_adjustments().where(PointAdjustment.id == adjustment_id)).one_or_none()
    if row is None:
        raise NotFound
    circle = get_circle_by_id(actor, row[0].circle_id)
    if not circle.may(Permission.POINTS_ADJUST) or slug not in {None, circle.slug}:
        raise NotFound
    return _row(circle, row)


def member_named(circle: CircleRow, typed: str) -> int | None:
    """Who is meant by a user name (with or without its @), if it is somebody in the circle."""
    key = username_key(typed.strip().removeprefix("@"))
    return db.session.scalar(
        select(User.id)
        .join(Member, Member.user_id == User.id)
        .where(Member.circle_id == circle.id, Member.status == "active", User.username_key == key)
    )


def waiting_count(circle: CircleRow) -> int:
    """How many adjustments wait; 0 for those who may not decide them."""
    if not circle.may(Permission.POINTS_ADJUST):
        return 0
    waiting = select(func.count()).where(PointAdjustment.circle_id == circle.id, PointAdjustment.status == "pending")
    return db.session.scalar(waiting) or 0


def _adjustments() -> Any:
    people = [getattr(person, column.key) for person in (_ASKER, _DECIDER, _UNDOER) for column in AUTHOR_COLUMNS]
    columns: Any = (PointAdjustment, *AUTHOR_COLUMNS, Member.role, Member.status, *people)
    return (
        select(*columns)
        .join(Member, Member.id == PointAdjustment.member_id)
        .join(User, User.id == Member.user_id)
        .join(_ASKER, _ASKER.id == PointAdjustment.asked_by)
        .outerjoin(_DECIDER, _DECIDER.id == PointAdjustment.decided_by)
        .outerjoin(_UNDOER, _UNDOER.id == PointAdjustment.reversed_by)
    )


def _row(circle: CircleRow, row: Sequence[Any]) -> AdjustmentRow:
    adjustment: PointAdjustment = row[0]
    role, status = row[1 + _SIZE], row[2 + _SIZE]
    start = 3 + _SIZE
    asker, decider, undoer = (row[start + _SIZE * n : start + _SIZE * (n + 1)] for n in range(3))
    user = author_of(row[1 : 1 + _SIZE], role if status == "active" else None)
    return AdjustmentRow(
        id=adjustment.id,
        user=user,
        asset=adjustment.asset,
        amount=adjustment.amount,
        reason=adjustment.reason,
        status=adjustment.status,
        asked_by=author_of(asker),
        created_at=adjustment.created_at,
        decided_by=None if decider[0] is None else author_of(decider),
        decided_at=adjustment.decided_at,
        note=adjustment.note,
        reversed_by=None if undoer[0] is None else author_of(undoer),
        reversed_at=adjustment.reversed_at,
        can=_powers(circle, adjustment, user.id, Standing(circle.id, user.id, status, Role(role))),
    )


def _powers(circle: CircleRow, adjustment: PointAdjustment, user_id: int, target: Standing) -> AdjustmentPowers:
    if circle.actor.owns(user_id) or not outranks_or_equals(circle.standing, target.role if target.active else None):
        return AdjustmentPowers()
    waits = adjustment.status == "pending"
    return AdjustmentPowers(
        approve=waits and not circle.actor.owns(adjustment.asked_by) and target.active,
        reject=waits,
        reverse=adjustment.status == "applied",
    )


# ---- the books -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BooksView:
    """Where all points of a circle came from and where they are, and what the last check found."""

    points: Books
    growth: Books
    check: CheckRow | None

    @property
    def balanced(self) -> bool:
        """Whether everything adds up, now and when it was last gone through line by line."""
        return not (self.points.difference or self.growth.difference or (self.check and self.check.violations))


def circle_books(circle: CircleRow) -> BooksView:
    """The books of a circle, for those who may adjust points there. Raises Forbidden."""
    require(circle.actor, Permission.POINTS_ADJUST, circle.standing)
    return BooksView(books_of(circle.id), books_of(circle.id, asset="GROWTH"), last_check(circle.id))
