"""Whose points run out, whose level is to be looked at, who stayed away too long: what the daily jobs work through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, literal, select, tuple_

from circle.accounts.losses import Loss
from circle.circles.models import Circle, Member
from circle.core.db import BigInt, UTCDateTime, db
from circle.ledger.accounts import growth_of
from circle.ledger.models import LedgerAccount, LedgerEntry, PointLot
from circle.points.models import MemberLevel

#: the transactions of a level that was not kept
DECAY = "growth.decay"
#: a place in the order of lots that run out: when, and whose
Place = tuple[datetime, int]


def accounts_due(now: datetime, limit: int) -> list[int]:
    """Accounts with points whose time is over, those that are over longest first."""
    due = select(PointLot.account_id).where(PointLot.remaining > 0, PointLot.expires_at <= now)
    rows = db.session.scalars(due.order_by(PointLot.expires_at, PointLot.account_id).limit(limit))
    return list(dict.fromkeys(rows))


def zones() -> list[str]:
    """The time zones of the open circles."""
    return list(db.session.scalars(select(Circle.tz).where(Circle.status == "active").distinct().order_by(Circle.tz)))


def accounts_running_out(since: datetime, until: datetime, after: Place | None, limit: int) -> list[Place]:
    """Accounts with points that run out after `since` and by `until`, in the order of lots; `after` is the last of the
    batch before. Of all circles and members alike: so it is a range of one index, also when a whole site's points run
    out at the same midnight."""
    lots = select(PointLot.expires_at, PointLot.account_id).where(
        PointLot.remaining > 0, PointLot.expires_at > since, PointLot.expires_at <= until
    )
    if after is not None:
        place = tuple_(literal(after[0], UTCDateTime), literal(after[1], BigInt))
        lots = lots.where(tuple_(PointLot.expires_at, PointLot.account_id) > place)
    ordered = lots.group_by(PointLot.expires_at, PointLot.account_id).order_by(PointLot.expires_at, PointLot.account_id)
    return [(row[0], row[1]) for row in db.session.execute(ordered.limit(limit))]


@dataclass(frozen=True)
class RunningOut:
    """What somebody will lose at the end of a day."""

    circle_id: int
    user_id: int
    points: int


def running_out(account_ids: Sequence[int], since: datetime, until: datetime, tz: str) -> list[RunningOut]:
    """How much of each account runs out after `since` and by `until`: of active members in open circles of a time
    zone."""
    sums = (
        select(LedgerAccount.circle_id, Member.user_id, func.sum(PointLot.remaining))
        .join(LedgerAccount, LedgerAccount.id == PointLot.account_id)
        .join(Circle, Circle.id == LedgerAccount.circle_id)
        .join(Member, Member.id == LedgerAccount.owner_id)
        .where(
            PointLot.account_id.in_(account_ids), PointLot.remaining > 0, PointLot.expires_at > since,
            PointLot.expires_at <= until, Circle.tz == tz, Circle.status == "active", Member.status == "active",
        )
        .group_by(PointLot.account_id, LedgerAccount.circle_id, Member.user_id)
        .order_by(PointLot.account_id)
    )  # fmt: skip
    return [RunningOut(row[0], row[1], int(row[2])) for row in db.session.execute(sums)]


def levels_to_assess(now: datetime, after: Place | None, limit: int) -> list[Place]:
    """(when, member) of the levels that are to be looked at by now, oldest first. Who is away is not looked at."""
    due = (
        select(MemberLevel.assess_at, MemberLevel.member_id)
        .join(Member, Member.id == MemberLevel.member_id)
        .where(MemberLevel.assess_at <= now, MemberLevel.level > 1, Member.status == "active")
    )
    if after is not None:
        place = tuple_(literal(after[0], UTCDateTime), literal(after[1], BigInt))
        due = due.where(tuple_(MemberLevel.assess_at, MemberLevel.member_id) > place)
    ordered = due.order_by(MemberLevel.assess_at, MemberLevel.member_id).limit(limit)
    return [(row[0], row[1]) for row in db.session.execute(ordered)]


def growth_earned(circle_id: int, member_id: int, since: datetime, until: datetime) -> int:
    """The growth somebody got after `since` and by `until`, less what was taken back; decay does not count."""
    entry = LedgerEntry
    total = select(func.sum(entry.amount)).where(
        entry.account_id == growth_of(circle_id, member_id).id, entry.posted_at > since, entry.posted_at <= until,
        entry.kind != DECAY,
    )  # fmt: skip
    return int(db.session.scalar(total) or 0)


def left_with_something(before: datetime, after: int, limit: int) -> list[int]:
    """Members from the id `after` on who left at `before` or earlier and still have points or growth here."""
    account: Any = LedgerAccount
    something = exists().where(
        account.circle_id == Member.circle_id, account.owner_type == "member", account.owner_id == Member.id,
        account.balance > 0,
    )  # fmt: skip
    away = select(Member.id).where(Member.id > after, Member.status == "left", Member.left_at <= before, something)
    return list(db.session.scalars(away.order_by(Member.id).limit(limit)))


def entries_posted(member_id: int, circle_id: int) -> int:
    """How often a member's points and growth moved so far: rises with every movement, and with nothing else."""
    mine = (
        LedgerAccount.circle_id == circle_id, LedgerAccount.owner_type == "member",
        LedgerAccount.owner_id == member_id,
    )  # fmt: skip
    return int(db.session.scalar(select(func.sum(LedgerAccount.seq)).where(*mine)) or 0)


def memberships_of(user_id: int) -> list[int]:
    """Every place somebody has or had in a circle, those they left included."""
    return list(db.session.scalars(select(Member.id).where(Member.user_id == user_id).order_by(Member.id)))


def losses_of(user_id: int) -> list[Loss]:
    """What goes with somebody's account, circle by circle: the points they can spend, also where they left."""
    mine = (
        select(Circle.name, LedgerAccount.balance)
        .join(Member, Member.circle_id == Circle.id)
        .join(LedgerAccount, (LedgerAccount.circle_id == Circle.id) & (LedgerAccount.owner_id == Member.id))
        .where(Member.user_id == user_id, LedgerAccount.kind == "member.points", LedgerAccount.balance > 0)
        .order_by(LedgerAccount.balance.desc(), Circle.id)
    )
    return [Loss(row[0], row[1]) for row in db.session.execute(mine)]
