"""Keeping what a check found, and places to go on counting from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from circle.circles.models import Circle
from circle.core import clock
from circle.core.db import db, insert_once
from circle.core.operation import emit, operation
from circle.ledger.events import BooksCleared, BooksViolated
from circle.ledger.models import LedgerAccount, LedgerCheck, LedgerCheckpoint, LedgerEntry

MAX_VIOLATIONS = 100


@operation
def keep_check(circle_id: int, *, txn_count: int, entry_count: int, violations: Sequence[dict[str, Any]]) -> None:
    """Remember what the newest check of a circle's books found; violations block what leaves the circle.

    It is told when something else is found than the last time, or nothing any more.
    """
    found = {
        "checked_at": clock.now(), "txn_count": txn_count, "entry_count": entry_count,
        "violations": list(violations[:MAX_VIOLATIONS]),
    }  # fmt: skip
    before: list[Any] = []
    if not insert_once(LedgerCheck, circle_id=circle_id, **found):
        row = db.session.get_one(LedgerCheck, circle_id, populate_existing=True, with_for_update=True)
        before = row.violations
        for name, value in found.items():
            setattr(row, name, value)
    if _rules(before) == _rules(violations):
        return
    owner_id, at = db.session.get_one(Circle, circle_id).owner_id, clock.now().isoformat()
    if violations:
        emit(
            BooksViolated(circle_id, owner_id, at, len(violations), f"{violations[0]['rule']}: {violations[0]['what']}")
        )
    else:
        emit(BooksCleared(circle_id, owner_id, at))


def _rules(violations: Sequence[dict[str, Any]]) -> set[tuple[str, str]]:
    """What was found, without the numbers: those change while people go on."""
    return {(each["rule"], each["what"]) for each in violations}


@operation
def keep_checkpoints(until: datetime, *, least: int = 1) -> int:
    """Sum up the accounts of the system to the moment `until`, from where the last sum ended; returns how many.

    `until` lies some minutes back: an entry gets its time before its transaction commits. An account with fewer than
    `least` new entries goes without: they are summed up as quickly each time.
    """
    last = (
        select(LedgerCheckpoint.account_id, func.max(LedgerCheckpoint.at).label("at"))
        .group_by(LedgerCheckpoint.account_id)
        .subquery()
    )
    accounts = db.session.execute(
        select(LedgerAccount.id, last.c.at, LedgerCheckpoint.balance)
        .outerjoin(last, last.c.account_id == LedgerAccount.id)
        .outerjoin(
            LedgerCheckpoint, (LedgerCheckpoint.account_id == LedgerAccount.id) & (LedgerCheckpoint.at == last.c.at)
        )
        .where(LedgerAccount.owner_type == "system")  # what members owe stands in their points account besides
    ).all()
    made = 0
    for account_id, at, balance in accounts:
        later = [LedgerEntry.account_id == account_id, LedgerEntry.posted_at <= until]
        if at is not None:
            later.append(LedgerEntry.posted_at > at)
        count, total = db.session.execute(select(func.count(), func.sum(LedgerEntry.amount)).where(*later)).one()
        if count >= max(1, least):
            values = {"account_id": account_id, "at": until, "balance": (balance or 0) + int(total)}
            made += insert_once(LedgerCheckpoint, **values)
    return made
