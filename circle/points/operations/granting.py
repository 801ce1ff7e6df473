"""What is promised with an amount (completing a campaign) is a switch, too: on while it is deserved."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import select

from circle.circles.models import Member
from circle.core import clock
from circle.core.db import db, insert_once
from circle.core.operation import operation
from circle.ledger import operations as ledger
from circle.ledger.operations import Why
from circle.points import periods
from circle.points.models import EarnSource
from circle.points.operations.earning import Earned, switch
from circle.points.operations.levels import grown, mover_of


@dataclass(frozen=True)
class Grant:
    """An amount that was promised: `key` names it once and for all, `code` says what for (a word of
    catalog.GRANT_NAMES), `subject` what it goes with."""

    key: str
    code: str
    subject: str
    points: int
    growth: int


@operation
def set_granted(circle_id: int, user_id: int, grant: Grant, *, on: bool) -> Earned:
    """Give what was promised, outside of any rule and cap, or take it back; asking again changes nothing.

    The first time fixes the amount, but for more: asked again with a larger promise, the difference is given, too (as
    a source of its own; all of them are switched together). A smaller one changes nothing. Somebody who is no (active)
    member the first time gets nothing, now or later.
    """
    if on:
        made = _give_first(circle_id, user_id, grant)
        if made is not None:
            return made
    mine = (EarnSource.subject == grant.subject, EarnSource.rule_code == grant.code)
    kept = select(EarnSource.source_key, EarnSource.reason).where(*mine).order_by(EarnSource.source_key)
    sources = db.session.execute(kept).all()
    done = [switch(source.source_key, on=on) for source in sources]
    points, growth = sum(each.granted_points for each in done), sum(each.granted_growth for each in done)
    more = replace(
        grant, key=f"{grant.key}+{len(sources)}", points=max(0, grant.points - points),
        growth=max(0, grant.growth - growth),
    )  # fmt: skip
    if on and (more.points or more.growth) and not any(source.reason for source in sources):
        raised = _give_first(circle_id, user_id, more)
        if raised is not None:
            return Earned(points + raised.granted_points, growth + raised.granted_growth, False, False)
    return Earned(points, growth, False, all(each.replayed for each in done))


def _give_first(circle_id: int, user_id: int, grant: Grant) -> Earned | None:
    here = (Member.circle_id == circle_id, Member.user_id == user_id)
    found = db.session.execute(select(Member.id, Member.status).where(*here)).one_or_none()
    if found is None:
        return Earned(0, 0, False, True)
    mover, now, active = mover_of(found.id), clock.now(), found.status == "active"
    points, growth = (grant.points, grant.growth) if active else (0, 0)
    fresh = insert_once(
        EarnSource, source_key=grant.key, circle_id=circle_id, member_id=mover.member_id, rule_code=grant.code,
        rule_version=0, subject=grant.subject, giver_id=None, length=None, granted_points=points, granted_growth=growth,
        active_points=points, active_growth=growth, state="on" if points or growth else "none",
        reason="" if active else "not_member", generation=0, effective_at=now, created_at=now,
    )  # fmt: skip
    if not fresh:
        return None
    if points or growth:
        why = Why(f"earn.{grant.code}", f"earn:{grant.key}#0", grant.key, now)
        expires_at = periods.expiry_of(now, mover.tz, mover.expiry)
        result = ledger.give(
            circle_id, mover.member_id, why, points=points, growth=growth, expires_at=expires_at, source_key=grant.key
        )
        grown(mover, result, now)
    return Earned(points, growth, False, False)
