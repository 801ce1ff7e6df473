"""What tests of the ledger share: a member of a circle, short ways to post, and raw SQL that breaks the books."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select, text

from circle.circles.models import Member
from circle.core.db import db
from circle.ledger import operations as ledger
from circle.ledger.accounts import growth_of, points_of, system
from circle.ledger.checking import Checked, check_circle
from circle.ledger.models import LedgerAccount, LedgerEntry, LedgerTxn, PointLot
from circle.ledger.operations import NEVER, Result, Why
from tests.factories import Make

#: an ordinary moment
NOON = datetime(2026, 11, 25, 4, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Holder:
    """Somebody in a circle, as the ledger knows them."""

    circle_id: int
    member_id: int
    user_id: int
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def why(self, kind: str, key: str | None = None, **more: Any) -> Why:
        """A reason with a key of its own, unless one is given."""
        return Why(kind, key or f"{kind}:{self.member_id}:{next(self._numbers)}", **more)

    def give(
        self,
        points: int = 0,
        growth: int = 0,
        key: str | None = None,
        until: datetime = NEVER,
        source: str | None = None,
    ) -> Result:
        return ledger.give(
            self.circle_id, self.member_id, self.why("gift", key), points=points, growth=growth, expires_at=until,
            source_key=source,
        )  # fmt: skip

    def take(self, points: int = 0, growth: int = 0, source: str | None = None) -> Result:
        why = self.why("taken")
        return ledger.take(self.circle_id, self.member_id, why, points=points, growth=growth, source_key=source)

    def spend(self, points: int, key: str | None = None) -> Result:
        return ledger.spend(self.circle_id, self.member_id, points, self.why("spend", key))

    def deduct(self, points: int = 0, growth: int = 0, key: str | None = None) -> Result:
        return ledger.deduct(self.circle_id, self.member_id, self.why("adjust", key), points=points, growth=growth)

    def refund(self, txn_id: int | None, key: str | None = None) -> Result:
        assert txn_id is not None
        return ledger.refund(txn_id, self.why("refund", key))

    def reverse(self, txn_id: int | None, key: str | None = None) -> Result:
        assert txn_id is not None
        return ledger.reverse(txn_id, self.why("undo", key))

    @property
    def points_id(self) -> int:
        return points_of(self.circle_id, self.member_id).id

    @property
    def growth_id(self) -> int:
        return growth_of(self.circle_id, self.member_id).id

    @property
    def has(self) -> tuple[int, int, int]:
        """(points, owed, growth)."""
        account = select(LedgerAccount.balance, LedgerAccount.owed)
        points = db.session.execute(account.where(LedgerAccount.id == self.points_id)).one_or_none() or (0, 0)
        growth = db.session.execute(account.where(LedgerAccount.id == self.growth_id)).one_or_none() or (0, 0)
        db.session.rollback()
        return points[0], points[1], growth[0]

    @property
    def lots(self) -> list[tuple[int, int, int]]:
        """(amount, remaining, expired) of each lot, those that run out first first."""
        columns = select(PointLot.amount, PointLot.remaining, PointLot.expired)
        mine = columns.where(PointLot.account_id == self.points_id).order_by(PointLot.expires_at, PointLot.id)
        found = [tuple(row) for row in db.session.execute(mine)]
        db.session.rollback()
        return found

    def entries(self, account_id: int | None = None) -> list[Any]:
        """The entries of an account (theirs of points), in order."""
        mine = select(LedgerEntry).where(LedgerEntry.account_id == (account_id or self.points_id))
        return list(db.session.scalars(mine.order_by(LedgerEntry.seq)))

    def outside(self, kind: str, asset: str = "POINTS") -> int:
        """What an account of the system sums up to."""
        account = system(self.circle_id, kind, asset).id
        entries = select(LedgerEntry.amount).where(LedgerEntry.account_id == account)
        return sum(db.session.scalars(entries))


def holder(make: Make, circle: Any = None, user: Any = None, **values: Any) -> Holder:
    """A new member of a circle (of a new one)."""
    circle = circle or make.circle(join_mode="open", **values)
    user = user or make.member(circle)
    member = select(Member.id).where(Member.circle_id == circle.id, Member.user_id == user.id)
    return Holder(circle.id, db.session.scalars(member).one(), user.id)


def found(circle_id: int, check: Callable[[int], Checked] = check_circle) -> list[str]:
    """The rules that a check finds broken."""
    db.session.rollback()
    return sorted({violation.rule for violation in check(circle_id).violations})


def balanced(circle_id: int, check: Callable[[int], Checked] = check_circle) -> bool:
    """Whether the books balance; says what does not."""
    db.session.rollback()
    wrong = [str(each) for each in check(circle_id).violations]
    assert not wrong, "\n".join(wrong)
    return True


def txn_count(circle_id: int) -> int:
    return len(db.session.scalars(select(LedgerTxn.id).where(LedgerTxn.circle_id == circle_id)).all())


@contextmanager
def raw() -> Iterator[Any]:
    """A connection that nothing refuses: no trigger, no foreign key, no CHECK."""
    db.session.rollback()
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            driver = connection.connection.dbapi_connection
            driver.execute("PRAGMA foreign_keys=OFF")
            driver.execute("PRAGMA ignore_check_constraints=ON")
            triggers = driver.execute("SELECT name, sql FROM sqlite_master WHERE sql LIKE '%append-only%'").fetchall()
            for name, _sql in triggers:
                driver.execute(f"DROP TRIGGER {name}")
            connection.execution_options(sqlite_begin="IMMEDIATE")
            yield lambda sql, **values: connection.execute(text(sql), values)
            connection.commit()
            for _name, sql in triggers:
                driver.execute(sql)
            driver.execute("PRAGMA ignore_check_constraints=OFF")
            driver.execute("PRAGMA foreign_keys=ON")
            return
        connection.execute(text("SET session_replication_role = replica"))
        for name in _CHECKS:
            connection.execute(text(f"ALTER TABLE ledger_accounts DROP CONSTRAINT {name}"))
        yield lambda sql, **values: connection.execute(text(sql), values)
        for name, rule in _CHECKS.items():  # for what comes; what is there may be wrong
            connection.execute(text(f"ALTER TABLE ledger_accounts ADD CONSTRAINT {name} CHECK ({rule}) NOT VALID"))
        connection.execute(text("SET session_replication_role = origin"))
        connection.commit()
        _loosened.add(str(db.engine.url))


_CHECKS = {
    "ck_ledger_accounts_never_negative_v1": "mode <> 'strict' OR balance >= 0",
    "ck_ledger_accounts_owed_v1": "owed >= 0 AND (owed = 0 OR balance = 0)",
}
_loosened: set[str] = set()


def heal() -> None:
    """Empty the accounts and let PostgreSQL hold the rules of the table for all rows again."""
    db.session.rollback()
    if str(db.engine.url) not in _loosened:
        return
    with db.engine.connect() as connection:
        connection.execute(text("UPDATE ledger_accounts SET balance = 0, owed = 0"))
        for name in _CHECKS:
            connection.execute(text(f"ALTER TABLE ledger_accounts VALIDATE CONSTRAINT {name}"))
        connection.commit()
    _loosened.discard(str(db.engine.url))
