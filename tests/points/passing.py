"""Giving, counting and being killed: what the tests of points that age and of people who leave have in common."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import func, select

from circle.access import Actor
from circle.circles.models import Member
from circle.core import clock
from circle.core.db import db
from circle.core.operation import operation
from circle.ledger import operations as ledger
from circle.ledger.accounts import growth_of, points_of
from circle.ledger.models import LedgerAccount, LedgerEntry, LedgerTxn, PointLot
from circle.notifications.queries import inbox
from circle.points import operations as points
from tests.factories import Place

#: noon of a day in Shanghai, and the midnight at which what was earned in 2026 runs out there
NOW = datetime(2026, 3, 4, 4, tzinfo=UTC)
NEW_YEAR = datetime(2027, 12, 31, 16, tzinfo=UTC)
YEAR = timedelta(days=365)
_keys = count(1)


def member_id(place: Place, name: str = "ann") -> int:
    mine = select(Member.id).where(Member.circle_id == place.circle.id, Member.user_id == place.users[name].id)
    return db.session.scalars(mine).one()


@operation
def give(place: Place, name: str = "ann", *, points: int = 0, growth: int = 0, until: datetime = NEW_YEAR) -> None:
    why = ledger.Why("adjust", f"test:{next(_keys)}")
    ledger.give(place.circle.id, member_id(place, name), why, points=points, growth=growth, expires_at=until)


def reward(place: Place, growth: int, name: str = "ann") -> None:
    """Growth as tasks give it: the level follows, and boards count it."""
    _reward(member_id(place, name), growth)


@operation
def _reward(member: int, growth: int) -> None:
    points.reward(member, ledger.Why("task", f"test:{next(_keys)}"), points=0, growth=growth)


def held(place: Place, name: str = "ann") -> tuple[int, int]:
    """Points and growth."""
    db.session.expire_all()
    mine = [made(place.circle.id, member_id(place, name)).id for made in (points_of, growth_of)]
    rows = {row.id: row.balance for row in db.session.scalars(select(LedgerAccount).where(LedgerAccount.id.in_(mine)))}
    return rows.get(mine[0], 0), rows.get(mine[1], 0)


def level(place: Place, name: str = "ann") -> int:
    db.session.expire_all()
    return db.session.get_one(Member, member_id(place, name)).level


def txns(kind: str) -> int:
    return db.session.scalar(select(func.count()).where(LedgerTxn.kind == kind)) or 0


def told(actor: Actor) -> list[tuple[list[str], str]]:
    """The numbers and days in what somebody was told, and where it leads."""
    found = [notice for notice in inbox(actor).items if notice.kind == "points.running_out"]
    return [
        ([part for part, _strong in notice.pieces if re.fullmatch(r"[\d年月日]+", part)], notice.url or "")
        for notice in found
    ]


def assert_books_hold() -> None:
    """L1, L3 and L5, from the rows."""
    db.session.expire_all()
    sums = select(LedgerEntry.txn_id, LedgerEntry.asset).group_by(LedgerEntry.txn_id, LedgerEntry.asset)
    assert db.session.execute(sums.having(func.sum(LedgerEntry.amount) != 0)).all() == []
    for account in db.session.scalars(select(LedgerAccount).where(LedgerAccount.mode == "strict")):
        entries = select(func.coalesce(func.sum(LedgerEntry.amount), 0), func.count())
        assert db.session.execute(entries.where(LedgerEntry.account_id == account.id)).one() == (
            account.balance, account.seq,
        )  # fmt: skip
        if account.kind == "member.points":
            lots = select(func.coalesce(func.sum(PointLot.remaining), 0)).where(PointLot.account_id == account.id)
            assert db.session.scalar(lots) == account.balance


class Killed(BaseException):
    """Not an Exception: nothing in between may catch it, as nothing catches a kill."""


def stops_after(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, times: int) -> None:
    """Let a function work `times` times; then the process dies."""
    real: Callable[..., object] = getattr(owner, name)
    left = count(times, -1)

    def until_killed(*args: object, **kwargs: object) -> object:
        if next(left) <= 0:
            raise Killed
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, until_killed)


def at(moment: datetime, job: Callable[[], object]) -> Callable[[], None]:
    """A job run by a thread of its own, whose clock is its own, too."""

    def run() -> None:
        with clock.at(moment):
            job()

    return run
