"""Changing the levels of a circle: whoever has a level keeps it, and who reaches a higher one now rises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, select

from circle.access import Actor, Permission
from circle.circles.models import Circle, Member
from circle.circles.operations.common import allowed, lock_circle
from circle.core import audit
from circle.core.db import db
from circle.core.errors import PreconditionFailed
from circle.core.operation import emit, operation
from circle.ledger.accounts import GROWTH, growth_of, points_of
from circle.ledger.models import LedgerAccount
from circle.ledger.operations.posting import hold
from circle.points.events import LevelsChanged
from circle.points.ladder import USUAL, level_at
from circle.points.ladder_checks import checked_levels
from circle.points.operations.levels import mover_of, set_level

#: members that one transaction looks at
BATCH = 200


@operation
def save_levels(actor: Actor, slug: str, levels: Sequence[Mapping[str, Any]], *, version: int | None = None) -> bool:
    """Write all levels of a circle, lowest first; returns whether anything is new.

    `version` is the circle's from which the editor started. Raises Invalid by `levels.<place>.<field>`, and
    PreconditionFailed when somebody changed the circle since.
    """
    circle = lock_circle(slug)
    allowed(actor, circle, Permission.POINTS_CONFIGURE)
    made = checked_levels(levels)
    if version is not None and version != circle.version:
        raise PreconditionFailed
    before = circle.levels or USUAL
    if made == before:
        return False
    circle.levels = made
    circle.version += 1
    audit.record(actor, "points.levels", f"circle:{circle.id}", {"before": before, "after": made}, circle_id=circle.id)
    emit(LevelsChanged(circle.id))
    return True


@operation
def reassess_levels(circle_id: int, after: int = 0) -> int | None:
    """Let members rise whose growth reaches a higher level by now, a batch of them; nobody falls.

    `after` is the member at whom the last batch ended; returns where this one did, None when it was the last. Safe to
    run twice: who has risen has the level.
    """
    levels = db.session.get_one(Circle, circle_id, populate_existing=True).levels
    account = and_(
        LedgerAccount.circle_id == circle_id,
        LedgerAccount.owner_type == "member",
        LedgerAccount.owner_id == Member.id,
        LedgerAccount.asset == GROWTH,
        LedgerAccount.kind == "member.growth",
    )
    rows = db.session.execute(
        select(Member.id, Member.level, LedgerAccount.balance)
        .join(LedgerAccount, account)
        .where(Member.circle_id == circle_id, Member.status == "active", Member.id > after)
        .order_by(Member.id)
        .limit(BATCH)
    ).all()
    for member_id, level, growth in rows:
        if level_at(levels, growth) > level:
            _rise(circle_id, member_id)
    return rows[-1].id if len(rows) == BATCH else None


@operation
def rise_on_return(circle_id: int, user_id: int) -> None:
    """Let somebody who came back have the level that their growth reaches, should the levels have changed meanwhile."""
    member_id = db.session.scalar(select(Member.id).where(Member.circle_id == circle_id, Member.user_id == user_id))
    if member_id is not None:
        _rise(circle_id, member_id)


def _rise(circle_id: int, member_id: int) -> None:
    """Look again, now that nothing else moves this member's growth, and write the level."""
    hold(points_of(circle_id, member_id))  # for the gifts, and before growth, as everything that gives does
    growth = hold(growth_of(circle_id, member_id)).balance
    mover = mover_of(member_id)
    level = level_at(mover.levels, growth)
    if level > mover.level:
        set_level(mover, level, growth, None, "rules")
