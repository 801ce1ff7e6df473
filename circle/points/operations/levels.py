"""Levels follow growth, in the transaction that moves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, select, update

from circle.circles.models import Circle, Member
from circle.core import clock
from circle.core.db import db, insert_once
from circle.core.operation import emit, operation
from circle.ledger import operations as ledger
from circle.ledger.models import LedgerTxn
from circle.ledger.operations import Why
from circle.points import periods
from circle.points.events import LevelChanged
from circle.points.ladder import ASSESS_DAYS, ladder_of, level_at
from circle.points.models import LevelEvent, LevelGift, MemberLevel
from circle.points.operations.totals import count_growth


class Mover(NamedTuple):
    """Whose level may change, and by which ladder."""

    circle_id: int
    member_id: int
    user_id: int
    level: int
    levels: Sequence[Mapping[str, Any]]
    tz: str
    expiry: str


def mover_of(member_id: int) -> Mover:
    """Somebody's member row and circle, as everything that gives points needs them."""
    member = db.session.get_one(Member, member_id, populate_existing=True)
    circle = db.session.get_one(Circle, member.circle_id)
    return Mover(
        circle.id, member.id, member.user_id, member.level, circle.levels, circle.tz, circle.points_expiry
    )  # fmt: skip


@operation
def reward(member_id: int, why: Why, *, points: int, growth: int) -> ledger.Result:
    """Give points and growth outside of any rule and cap (tasks, by hand), once per key; boards and level follow."""
    mover, now = mover_of(member_id), clock.now()
    expires_at = periods.expiry_of(now, mover.tz, mover.expiry)
    result = ledger.give(mover.circle_id, member_id, why, points=points, growth=growth, expires_at=expires_at)
    grown(mover, result, now)
    return result


def grown(mover: Mover, result: ledger.Result, effective_at: datetime, *, reason: str = "promote") -> None:
    """What follows from growth that moved (`result.growth`, negative when it was taken): the boards and the level."""
    if result.growth_after is None or not result.new:
        return
    count_growth(mover.circle_id, mover.member_id, result.growth, effective_at, mover.tz)
    _follow(mover, result.growth_after - result.growth, result.growth_after, result.txn_id, reason)


def _follow(mover: Mover, before: int, after: int, txn_id: int | None, reason: str) -> None:
    """Let the level follow growth that went from `before` to `after`.

    Up at once, over several levels as one step (V3). Down only with what is taken back or decays: thresholds that the
    owner raised take nobody's level away.
    """
    there, was = level_at(mover.levels, after), level_at(mover.levels, before)
    if there == was == mover.level:
        return
    # the mover was read before the growth was locked: what came in between may have moved the level already
    level = db.session.scalar(select(Member.level).where(Member.id == mover.member_id))
    mover = mover._replace(level=level or mover.level)
    if there > mover.level:
        set_level(mover, there, after, txn_id, "promote")
    elif after < before and there < mover.level and there < was:
        set_level(mover, there, after, txn_id, reason)


def set_level(mover: Mover, level: int, growth: int, txn_id: int | None, reason: str) -> None:
    """Write a level that changed: the member's own row, since when, the event, and gifts for levels reached first."""
    now = clock.now()
    db.session.execute(update(Member).where(Member.id == mover.member_id).values(level=level))
    db.session.execute(delete(MemberLevel).where(MemberLevel.member_id == mover.member_id))
    if level > 1:
        insert_once(
            MemberLevel, member_id=mover.member_id, circle_id=mover.circle_id, level=level, since=now,
            assess_at=now + timedelta(days=ASSESS_DAYS), created_at=now,
        )  # fmt: skip
    event = LevelEvent(
        member_id=mover.member_id, from_level=mover.level, to_level=level, reason=reason, growth=growth, txn_id=txn_id
    )
    db.session.add(event)
    db.session.flush()
    ladder = ladder_of(mover.levels)
    gifts = sum(_gift(mover, step.level, step.gift_points) for step in ladder[mover.level : level])
    name = ladder[level - 1].name
    emit(LevelChanged(mover.circle_id, mover.member_id, mover.user_id, mover.level, level, reason, gifts, name))


def _gift(mover: Mover, level: int, points: int) -> int:
    """Give the gift of a level, once per person for life (V2); returns the points."""
    if not points:
        return 0
    key = f"gift:{mover.member_id}:{level}"
    # the books know it also of those whose history was erased with their account
    if db.session.scalar(select(LedgerTxn.id).where(LedgerTxn.idem_key == key)) is not None:
        return 0
    expires_at = periods.expiry_of(clock.now(), mover.tz, mover.expiry)
    why = Why("gift", key, f"level:{level}")
    result = ledger.give(mover.circle_id, mover.member_id, why, points=points, expires_at=expires_at)
    if result.new:
        insert_once(
            LevelGift, member_id=mover.member_id, level=level, points=points, txn_id=result.txn_id,
            created_at=clock.now(),
        )  # fmt: skip
    return points if result.new else 0
