"""Adding up the books again, rule by rule (domain specification §1, L1 to L12), to prove that they balance.

Everything is looked for by the database, along indexes and without sorting, so that books of any size need no more
memory; only what is wrong comes back. All statements of a check see the same moment. `circle.points.checking` adds what
points promise beyond the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, and_, case, exists, func, or_, select, text
from sqlalchemy.orm import aliased

from circle.core.db import db
from circle.ledger.accounts import ASSETS, POINTS
from circle.ledger.models import LedgerAccount, LedgerCheckpoint, LedgerEntry, LedgerTxn, LotUse, PointLot

#: of one kind; more say nothing new
MAX_FOUND = 20
#: kinds of transactions after which points count as run out of their lots, not as used
RUN_OUT = ("expire", "forfeit")
#: what triggers refuse to change
APPEND_ONLY = (LedgerTxn.__tablename__, LedgerEntry.__tablename__)


@dataclass(frozen=True)
class Violation:
    """Something that does not add up."""

    #: L1 … L12, owed, checkpoint; beyond the ledger: boards, level
    rule: str
    what: str
    #: what was found, by name
    numbers: dict[str, int | str | None]

    def __str__(self) -> str:
        numbers = ", ".join(f"{name} {number}" for name, number in self.numbers.items())
        return f"{self.rule}: {self.what} ({numbers})" if numbers else f"{self.rule}: {self.what}"


@dataclass(frozen=True)
class Checked:
    """What a check of a circle's books found."""

    circle_id: int
    accounts: int
    txns: int
    entries: int
    #: points that members have
    points: int
    violations: Sequence[Violation]

    @property
    def kept(self) -> list[dict[str, Any]]:
        """The violations as `ledger.operations.keep_check` stores them."""
        return [asdict(violation) for violation in self.violations]


#: looks for one kind of violation in a circle
Checker = Callable[[Connection, int], Iterable[Violation]]


def check_circle(circle_id: int, more: Iterable[Checker] = ()) -> Checked:
    """Add up all books of a circle again. Reads only, and does not keep anybody from writing meanwhile."""
    with one_moment() as connection:
        violations = [violation for check in (*CHECKERS, *more) for violation in check(connection, circle_id)]
        held = func.sum(case((LedgerAccount.kind == "member.points", LedgerAccount.balance), else_=0))
        accounts, points = connection.execute(
            select(func.count(), held)
            .select_from(LedgerAccount)
            .where(LedgerAccount.circle_id == circle_id)
        ).one()  # fmt: skip
        txns = connection.scalar(select(func.count()).select_from(LedgerTxn).where(LedgerTxn.circle_id == circle_id))
        entries = connection.scalar(
            select(func.count(LedgerEntry.id))
            .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
            .where(LedgerAccount.circle_id == circle_id)
        )
        return Checked(circle_id, accounts, txns or 0, entries or 0, int(points or 0), violations)


@contextmanager
def one_moment() -> Iterator[Connection]:
    """A connection of its own whose statements all see the same moment. (On SQLite every transaction does.)"""
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield connection


def found(connection: Connection, rule: str, what: str, statement: Any) -> Iterator[Violation]:
    """The rows of a statement as violations; its columns are their numbers."""
    for row in connection.execute(statement.limit(MAX_FOUND)).mappings():
        # sums are Decimal on PostgreSQL
        yield Violation(
            rule, what, {name: int(value) if isinstance(value, Decimal) else value for name, value in row.items()}
        )


# ---- statements of the same form -------------------------------------------------------------------------------------

_ACCOUNT, _TXN, _ENTRY = LedgerAccount, LedgerTxn, LedgerEntry
_EARLIER = aliased(LedgerEntry)


def _sum_of(column: Any, *where: Any) -> Any:
    """A sum in a row of the statement around it; 0 for none."""
    return func.coalesce(select(func.sum(column)).where(*where).scalar_subquery(), 0)


def _in(circle_id: int) -> Any:
    return _ACCOUNT.circle_id == circle_id


# ---- transactions ----------------------------------------------------------------------------------------------------


def _txns_balance(connection: Connection, circle_id: int) -> Iterator[Violation]:
    """L1: the entries of a transaction sum to zero for every asset; there is no transaction without entries."""
    here = _TXN.circle_id == circle_id
    for asset in ASSETS:
        total = _sum_of(_ENTRY.amount, _ENTRY.txn_id == _TXN.id, _ENTRY.asset == asset)
        wrong = select(_TXN.id.label("txn"), total.label("sum")).where(here, total != 0)
        yield from found(connection, "L1", f"the entries of a transaction in {asset} do not sum to zero", wrong)
    empty = select(_TXN.id.label("txn")).where(here, ~exists().where(_ENTRY.txn_id == _TXN.id))
    yield from found(connection, "L1", "a transaction has no entries", empty)
    strange = (
        select(_TXN.id.label("txn"), _ENTRY.id.label("entry"), _ACCOUNT.id.label("account"))
        .join(_ENTRY, _ENTRY.txn_id == _TXN.id)
        .join(_ACCOUNT, _ACCOUNT.id == _ENTRY.account_id)
        .where(
            here,
            or_(
                _ACCOUNT.circle_id != circle_id,
                _ACCOUNT.asset != _ENTRY.asset,
                _ENTRY.kind != _TXN.kind,
                and_(_ACCOUNT.mode == "strict", or_(_ENTRY.seq.is_(None), _ENTRY.balance_after.is_(None))),
                and_(_ACCOUNT.mode == "derived", or_(_ENTRY.seq.is_not(None), _ENTRY.balance_after.is_not(None))),
            ),
        )
    )
    yield from found(connection, "L1", "an entry does not fit its transaction and account", strange)


def _assets_balance(connection: Connection, circle_id: int) -> Iterator[Violation]:
    """L2: over all accounts of the circle every asset sums to zero."""
    for asset in ASSETS:
        joined = select(func.sum(_ENTRY.amount)).join(_ACCOUNT, _ACCOUNT.id == _ENTRY.account_id)
        total = int(connection.scalar(joined.where(_in(circle_id), _ENTRY.asset == asset)) or 0)
        if total:
            yield Violation("L2", f"the accounts of the circle in {asset} do not sum to zero", {"sum": total})


def _reversals(connection: Connection, circle_id: int) -> Iterator[Violation]:
    """L11: a transaction is reversed at most once, and by one of its own circle."""
    other, reversed_ = aliased(LedgerTxn), aliased(LedgerTxn)
    wrong = (
        select(_TXN.id.label("txn"), _TXN.reverses_txn_id.label("reverses"))
        .outerjoin(reversed_, reversed_.id == _TXN.reverses_txn_id)
        .where(
            _TXN.circle_id == circle_id,
            _TXN.reverses_txn_id.is_not(None),
            or_(
                reversed_.id.is_(None),
                reversed_.circle_id != circle_id,
                exists().where(other.reverses_txn_id == _TXN.reverses_txn_id, other.id != _TXN.id),
            ),
        )
    )
    yield from found(connection, "L11", "a transaction is reversed twice, or from elsewhere", wrong)


def _append_only(connection: Connection, _circle_id: int) -> Iterator[Violation]:
    """L8: the triggers that refuse to change what was posted are there and at work."""
    if connection.dialect.name == "sqlite":
        statement = "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%append-only%'"
        wanted = [table for table in APPEND_ONLY for _verb in ("UPDATE", "DELETE")]
    else:
        # tgtype: of a row (1), before (2), at DELETE (8) and UPDATE (16)
        statement = (
            "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgtype & 27 = 27 "
            "AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
        )
        wanted = list(APPEND_ONLY)
    there = list(connection.scalars(text(statement)))
    for table in APPEND_ONLY:
        if there.count(table) < wanted.count(table):
            yield Violation("L8", f"nothing keeps {table} from being changed", {})


# ---- accounts --------------------------------------------------------------------------------------------------------


def _balances(connection: Connection, circle_id: int) -> Iterator[Violation]:
    """L3, L4: the balance of a strict account is the sum of its entries and what its last entry says, and never below
    zero; a derived one keeps none."""
    total = _sum_of(_ENTRY.amount, _ENTRY.account_id == _ACCOUNT.id)
    count = select(func.count()).select_from(_ENTRY).where(_ENTRY.account_id == _ACCOUNT.id).scalar_subquery()
    last = _sum_of(_ENTRY.balance_after, _ENTRY.account_id == _ACCOUNT.id, _ENTRY.seq == _ACCOUNT.seq)
    strict = (_in(circle_id), _ACCOUNT.mode == "strict")
    columns = (_ACCOUNT.id.label("account"), _ACCOUNT.balance.label("balance"), _ACCOUNT.seq.label("seq"))
    said = select(*columns, total.label("sum"), count.label("entries"), last.label("last"))
    wrong = said.where(*strict, or_(_ACCOUNT.balance != total, _ACCOUNT.seq != count, _ACCOUNT.balance != last))
    yield from found(connection, "L3", "the balance of an account is not that of its entries", wrong)
    kept = select(*columns).where(
        _in(circle_id), _ACCOUNT.mode == "derived", or_(_ACCOUNT.balance != 0, _ACCOUNT.seq != 0, _ACCOUNT.owed != 0)
    )
    yield from found(connection, "L3", "a derived account keeps a balance", kept)
    below = or_(
        _ACCOUNT.balance < 0, exists().where(_ENTRY.account_id == _ACCOUNT.id, _ENTRY.balance_after < 0)
    )  # fmt: skip
    yield from found(connection, "L4", "an account is or was below zero", select(*columns).where(*strict, below))


def _running(connection: Connection, circle_id: int) -> Iterator[Violation]:
    """L3, L10: entries are numbered 1, 2, 3 …, each balance is the one before and the amount, and time goes forward."""
    unfit = or_(
        _ENTRY.seq < 1,
        and_(_ENTRY.seq > 1, _EARLIER.id.is_(None)),
        _ENTRY.balance_after != func.coalesce(_EARLIER.balance_after, 0) + _ENTRY.amount,
    )
    backwards = _ENTRY.posted_at < _EARLIER.posted_at
    pairs = (
        select(_ACCOUNT.id.label("account"), _ENTRY.seq.label("seq"), _ENTRY.amount.label("amount"))
        .add_columns(_EARLIER.balance_after.label("before"), _ENTRY.balance_after.label("after"))
        .join(_ENTRY, _ENTRY.account_id == _ACCOUNT.id)
        # the entry before by its number rather than by a window over all: nothing has to be sorted
        .outerjoin(_EARLIER, and_(_EARLIER.account_id == _ENTRY.account_id, _EARLIER.seq == _ENTRY.seq - 1))
        .where(_in(circle_id), _ACCOUNT.mode == "strict")
    )
    yield from found(connection, "L3", "an entry does not follow the one before it", pairs.where(unfit))
    yield from found(connection, "L10", "an entry is older than the one before it", pairs.where(backwards))


def _debts(connection: Connection, circle_id: int) -> Iterator[Violation]:
    """L12, owed: what an account says is owed is what its debt account sums up to; who owes something has nothing."""
    debt = aliased(LedgerAccount)
    whose = (
        debt.circle_id == _ACCOUNT.circle_id, debt.owner_type == "member", debt.owner_id == _ACCOUNT.owner_id,
        debt.asset == POINTS, debt.kind == "member.debt",
    )  # fmt: skip
    total = select(func.sum(_ENTRY.amount)).join(debt, debt.id == _ENTRY.account_id).where(*whose).scalar_subquery()
    debts = -func.coalesce(total, 0)
    columns = (_ACCOUNT.id.label("account"), _ACCOUNT.owed.label("owed"))
    mine = (_in(circle_id), _ACCOUNT.kind == "member.points")
    wrong = select(*columns, debts.label("debts")).where(*mine, _ACCOUNT.owed != debts)
    yield from found(connection, "owed", "what is owed is not what the debts sum up to", wrong)
    both = select(*columns, _ACCOUNT.balance.label("balance"))
    both = both.where(_in(circle_id), _ACCOUNT.owed > 0, _ACCOUNT.balance > 0)
    yield from found(connection, "L12", "somebody owes points and has some", both)


def _checkpoints(connection: Connection, circle_id: int) -> Iterator[Violation]:
    """A checkpoint is the one before it and what was posted in between."""
    point, before, start = LedgerCheckpoint, aliased(LedgerCheckpoint), aliased(LedgerCheckpoint)
    previous = (
        select(func.max(before.at))
        .where(before.account_id == point.account_id, before.at < point.at)
        .correlate(point)
        .scalar_subquery()
    )
    began = (
        select(start.balance)
        .where(start.account_id == point.account_id, start.at == previous)
        .correlate(point)
        .scalar_subquery()
    )
    added = _sum_of(
        _ENTRY.amount, _ENTRY.account_id == point.account_id, _ENTRY.posted_at <= point.at,
        or_(previous.is_(None), _ENTRY.posted_at > previous),
    )  # fmt: skip
    total = func.coalesce(began, 0) + added
    wrong = (
        select(point.account_id.label("account"), point.balance.label("balance"), total.label("sum"))
        .join(_ACCOUNT, _ACCOUNT.id == point.account_id)
        .where(_in(circle_id), point.balance != total)
    )
    yield from found(connection, "checkpoint", "a checkpoint is not the sum of the entries before it", wrong)


# ---- lots ------------------------------------------------------------------------------------------------------------


def _lots(connection: Connection, circle_id: int) -> Iterator[Violation]:
    """L5: what remains in the lots of a member is their balance, and what was taken came out of lots."""
    open_ = _sum_of(PointLot.remaining, PointLot.account_id == _ACCOUNT.id, PointLot.remaining > 0)
    balance = case((_ACCOUNT.kind == "member.points", _ACCOUNT.balance), else_=0)
    wrong = (
        select(_ACCOUNT.id.label("account"), balance.label("balance"), open_.label("lots"))
        .where(_in(circle_id), balance != open_)
    )  # fmt: skip
    yield from found(connection, "L5", "the lots of a member do not hold their balance", wrong)
    used = _sum_of(LotUse.amount - LotUse.restored, LotUse.lot_id == PointLot.id)
    columns = (PointLot.id.label("lot"), PointLot.amount.label("amount"), PointLot.remaining.label("remaining"))
    odd = (
        select(*columns, PointLot.expired.label("expired"), used.label("used"))
        .select_from(_TXN)
        .join(PointLot, PointLot.txn_id == _TXN.id)
        .join(_ACCOUNT, _ACCOUNT.id == PointLot.account_id)
        .where(_TXN.circle_id == circle_id)
        .where(or_(PointLot.remaining != PointLot.amount - PointLot.expired - used, _ACCOUNT.circle_id != circle_id))
    )
    yield from found(connection, "L5", "what remains of a lot is not what was not used", odd)
    out = _sum_of(LotUse.amount, LotUse.txn_id == _TXN.id)
    taken = _sum_of(
        case((and_(_ENTRY.kind.not_in(RUN_OUT), _ENTRY.amount < 0), -_ENTRY.amount), else_=0), _ENTRY.txn_id == _TXN.id,
        _ENTRY.seq.is_not(None), _ENTRY.asset == POINTS,
    )  # fmt: skip
    unequal = select(_TXN.id.label("txn"), taken.label("taken"), out.label("used"))
    unequal = unequal.where(_TXN.circle_id == circle_id, taken != out)
    yield from found(connection, "L5", "what a transaction took is not what it used of lots", unequal)


CHECKERS: tuple[Checker, ...] = (
    _txns_balance, _assets_balance, _balances, _running, _lots, _debts, _checkpoints, _reversals, _append_only,
)  # fmt: skip
