"""The points somebody has, and how they came by them, as plain values for the copy they take with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import select

from circle.circles.models import Circle, Member
from circle.core.db import db
from circle.home.batches import rows
from circle.ledger.accounts import Account, debt_of, growth_of, points_of
from circle.ledger.models import LedgerAccount, LedgerEntry, LedgerTxn
from circle.points.models import EarnSource, GrowthTotal, LevelEvent, LevelGift, PointAdjustment, Task, TaskProgress
from circle.points.periods import ALL

Item = dict[str, Any]
#: states of adjustments that moved something
_CAME_TO_BE = ("applied", "reversed")


class _Place(NamedTuple):
    circle_id: int
    member_id: int
    #: name and address
    circle: Item
    level: int


def _places(user_id: int) -> list[_Place]:
    mine = select(Member.id, Member.circle_id, Circle.name, Circle.slug, Member.level)
    found = mine.join(Circle, Circle.id == Member.circle_id).where(Member.user_id == user_id).order_by(Member.id)
    return [
        _Place(row.circle_id, row.id, {"circle": row.name, "address": f"/{row.slug}"}, row.level)
        for row in db.session.execute(found)
    ]


def accounts(user_id: int) -> Iterator[Item]:
    """What there is of points and growth in each circle."""
    for place in _places(user_id):
        points, growth = points_of(*place[:2]), growth_of(*place[:2])
        found = select(LedgerAccount).where(LedgerAccount.id.in_((points.id, growth.id)))
        held = {row.id: row for row in db.session.scalars(found.execution_options(populate_existing=True))}
        earned = select(GrowthTotal.growth).where(
            GrowthTotal.member_id == place.member_id, GrowthTotal.period_key == ALL
        )
        yield {
            **place.circle,
            "points": held[points.id].balance if points.id in held else 0,
            "points_owed": held[points.id].owed if points.id in held else 0,
            "growth": held[growth.id].balance if growth.id in held else 0,
            "growth_on_boards": db.session.scalar(earned) or 0,
            "level": place.level,
        }


def statement(user_id: int) -> Iterator[Item]:
    """Every movement of one's points and growth, circle by circle, in the order in which it was booked."""
    for place in _places(user_id):
        for account in (points_of(*place[:2]), growth_of(*place[:2]), debt_of(*place[:2])):
            yield from _entries(account, place.circle)


def _entries(account: Account, circle: Item) -> Iterator[Item]:
    # what is owed has no numbers of its own
    key = LedgerEntry.seq if account.strict else LedgerEntry.id
    mine = select(
        key, LedgerEntry.id, LedgerEntry.amount, LedgerEntry.balance_after, LedgerEntry.kind, LedgerEntry.posted_at,
        LedgerTxn.effective_at, LedgerTxn.source, LedgerTxn.memo,
    ).join(LedgerTxn, LedgerTxn.id == LedgerEntry.txn_id).where(LedgerEntry.account_id == account.id)  # fmt: skip
    for row in rows(mine, key):
        yield {
            **circle, "account": account.kind.partition(".")[2], "amount": row.amount, "after": row.balance_after,
            "why": row.kind, "for": _about(row.source), "words": row.memo, "happened_at": row.effective_at,
            "booked_at": row.posted_at,
        }  # fmt: skip


def _about(source: str | None) -> str | None:
    """What a movement is about, without who liked it (like:post:liker): that is theirs to tell."""
    return f"post:{source.split(':')[1]}" if source and source.startswith("like:") else source


def sources(user_id: int) -> Iterator[Item]:
    """What was done that may have earned something, and what it earned."""
    for place in _places(user_id):
        mine = select(EarnSource).where(EarnSource.member_id == place.member_id)
        columns = mine.with_only_columns(
            EarnSource.effective_at, EarnSource.source_key, EarnSource.rule_code, EarnSource.rule_version,
            EarnSource.subject, EarnSource.granted_points, EarnSource.granted_growth, EarnSource.state,
            EarnSource.reason,
        )  # fmt: skip
        for row in rows(columns, EarnSource.effective_at, EarnSource.source_key):
            yield {
                **place.circle, "for": row.subject, "rule": row.rule_code, "rule_version": row.rule_version,
                "points": row.granted_points, "growth": row.granted_growth, "state": row.state,
                "less_because": row.reason or None, "at": row.effective_at,
            }  # fmt: skip


def levels(user_id: int) -> Iterator[Item]:
    """How one's level rose and fell, and the gifts that came with it."""
    for place in _places(user_id):
        gifts = select(LevelGift.level, LevelGift.points).where(LevelGift.member_id == place.member_id)
        points = {row.level: row.points for row in db.session.execute(gifts)}
        given: set[int] = set()
        mine = select(
            LevelEvent.id, LevelEvent.from_level, LevelEvent.to_level, LevelEvent.reason, LevelEvent.growth,
            LevelEvent.created_at,
        ).where(LevelEvent.member_id == place.member_id)  # fmt: skip
        for row in rows(mine, LevelEvent.id):
            new = set(range(row.from_level + 1, row.to_level + 1)) - given
            given |= new
            yield {
                **place.circle, "from": row.from_level, "to": row.to_level, "why": row.reason, "growth": row.growth,
                "gift_points": sum(points.get(level, 0) for level in new), "at": row.created_at,
            }  # fmt: skip


def tasks(user_id: int) -> Iterator[Item]:
    """How far one got with the tasks of each circle."""
    for place in _places(user_id):
        mine = select(
            TaskProgress.task_id, TaskProgress.period_key, Task.code, Task.title, Task.cadence, Task.target,
            TaskProgress.count, TaskProgress.state, TaskProgress.done_at, TaskProgress.claimed_at,
        ).join(Task, Task.id == TaskProgress.task_id).where(TaskProgress.member_id == place.member_id)  # fmt: skip
        for row in rows(mine, TaskProgress.task_id, TaskProgress.period_key):
            yield {
                **place.circle, "task": row.title or row.code, "cadence": row.cadence, "period": row.period_key,
                "done": row.count, "of": row.target, "state": row.state, "done_at": row.done_at,
                "claimed_at": row.claimed_at,
            }  # fmt: skip


def adjustments(user_id: int) -> Iterator[Item]:
    """What was given to one or taken by hand, and why. Who did it is not told; what waits for a second person, or was
    turned down with a note to whoever asked, never came to be."""
    for place in _places(user_id):
        mine = select(
            PointAdjustment.id, PointAdjustment.asset, PointAdjustment.amount, PointAdjustment.reason,
            PointAdjustment.status, PointAdjustment.note, PointAdjustment.created_at, PointAdjustment.decided_at,
        ).where(PointAdjustment.member_id == place.member_id, PointAdjustment.status.in_(_CAME_TO_BE))  # fmt: skip
        for row in rows(mine, PointAdjustment.id):
            yield {
                **place.circle, "what": row.asset.lower(), "amount": row.amount, "why": row.reason,
                "state": row.status, "note": row.note, "asked_at": row.created_at, "decided_at": row.decided_at,
            }  # fmt: skip
