"""What time does to points and levels, and what leaving does. Each of these does nothing the second time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import delete, select, update

from circle.circles.models import Member
from circle.core import clock
from circle.core.db import db
from circle.core.operation import emit, lock, lock_all, operation
from circle.ledger import operations as ledger
from circle.ledger.operations import Why
from circle.points import periods
from circle.points.events import AdjustmentDecided, PointsRunningOut
from circle.points.ladder import ASSESS_DAYS, decayed
from circle.points.models import (
    EarnCounter,
    GrowthTotal,
    LevelEvent,
    LevelGift,
    MemberLevel,
    PointAdjustment,
    TaskHit,
    TaskProgress,
)
from circle.points.operations.levels import Mover, mover_of, set_level
from circle.points.queries.ageing import DECAY, entries_posted, growth_earned, running_out

#: for how long points and level wait for somebody who left
KEEP_LEFT = timedelta(days=365)
_YEAR = timedelta(days=ASSESS_DAYS)


@operation
def remind_running_out(account_ids: Sequence[int], day: date, tz: str, days: int) -> None:
    """State for whom of these accounts points run out with `day` in that time zone; `days` is how far off that is."""
    since, until = periods.start_of(day, tz), periods.start_of(day + timedelta(days=1), tz)
    for row in running_out(account_ids, since, until, tz):
        emit(PointsRunningOut(row.circle_id, row.user_id, row.points, day.isoformat(), days))


@operation
def assess_level(member_id: int) -> bool:
    """Look whether the growth of a year kept somebody's level; if not they go one level down, and growth with it.

    The year ends when the level was to be looked at, however late that happens. Returns whether the level fell; nothing
    happens before its time, and while somebody is away.
    """
    circle_id = db.session.scalar(select(MemberLevel.circle_id).where(MemberLevel.member_id == member_id))
    if circle_id is None:
        return False
    growth = ledger.hold_growth(circle_id, member_id)  # from here on nobody else moves the level
    row = db.session.get(MemberLevel, member_id, populate_existing=True)
    mover = mover_of(member_id)
    if row is None or row.assess_at > clock.now() or not _is_active(member_id):
        return False
    earned = growth_earned(circle_id, member_id, row.assess_at - _YEAR, row.assess_at)
    falls_to = decayed(mover.levels, mover.level, growth, max(0, earned))
    if falls_to is None:
        row.assess_at += _YEAR
        return False
    # thresholds that were raised meanwhile may lie above all of it: then the level falls and growth stays
    txn_id, left = None, min(growth, falls_to)
    if left < growth:
        why = Why(DECAY, f"decay:{member_id}:{row.assess_at:%Y%m%dT%H%M%S%f}", f"level:{mover.level}")
        txn_id = ledger.deduct(circle_id, member_id, why, growth=growth - left).txn_id
    set_level(mover, mover.level - 1, left, txn_id, "decay")  # boards show what was earned, so they keep it
    return True


def _is_active(member_id: int) -> bool:
    return db.session.scalar(select(Member.status).where(Member.id == member_id)) == "active"


@operation
def forfeit_left(member_id: int) -> bool:
    """Let go of what somebody still has in a circle that they left a year ago; nothing happens for anybody else."""
    member = lock(Member, member_id)
    if member.status != "left" or member.left_at is None or member.left_at > clock.now() - KEEP_LEFT:
        return False
    return _let_go(mover_of(member_id))


@operation
def erase_member(member_id: int) -> None:
    """Let go of all that a deleted account has in a circle, and forget what they did for it.

    The books stay, under the member's number, and with them what was earned for what and adjustments with their
    reasons. Adjustments that wait for a second person are turned down. A debt stays as well.
    """
    member = lock(Member, member_id)
    waiting = select(PointAdjustment.id).where(
        PointAdjustment.member_id == member_id, PointAdjustment.status == "pending"
    )
    for adjustment in lock_all(PointAdjustment, db.session.scalars(waiting)):
        adjustment.status, adjustment.decided_at = "rejected", clock.now()
        emit(AdjustmentDecided(member.circle_id, adjustment.id, adjustment.asked_by, None, approved=False, note=""))
    db.session.flush()
    _let_go(mover_of(member_id))
    for model in (TaskHit, TaskProgress, EarnCounter, LevelEvent, LevelGift):
        mine = delete(model).where(model.member_id == member_id)
        db.session.execute(mine.execution_options(synchronize_session=False))


def _let_go(mover: Mover) -> bool:
    """Points and growth are gone, the level is the first, and boards know nothing of it any more."""
    # what was posted so far tells the times apart: who comes back may lose everything once more
    key = f"forfeit:{mover.member_id}:{entries_posted(mover.member_id, mover.circle_id)}"
    result = ledger.forfeit(mover.circle_id, mover.member_id, Why("forfeit", key))
    db.session.execute(delete(GrowthTotal).where(GrowthTotal.member_id == mover.member_id))
    if mover.level > 1:
        db.session.execute(update(Member).where(Member.id == mover.member_id).values(level=1))
        db.session.execute(delete(MemberLevel).where(MemberLevel.member_id == mover.member_id))
        db.session.add(
            LevelEvent(
                member_id=mover.member_id, from_level=mover.level, to_level=1, reason="forfeit", growth=0,
                txn_id=result.txn_id,
            )
        )  # fmt: skip
        db.session.flush()
    return result.txn_id is not None
