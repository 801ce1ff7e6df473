"""What may be read of the books. These know nothing of who asks: `circle.points.queries` decides that."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, literal, select, union_all

from circle.core import clock
from circle.core.db import UTCDateTime, db
from circle.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, Page, decode_cursor, encode_cursor
from circle.ledger.accounts import POINTS, Account, debt_of, growth_of, points_of, system
from circle.ledger.models import LedgerAccount, LedgerCheck, LedgerCheckpoint, LedgerEntry, LedgerTxn, PointLot

#: before anything was posted
_BEGINNING = literal(datetime(1, 1, 1, tzinfo=UTC), UTCDateTime)

# ---- the books of a circle -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Books:
    """Where all points (or all growth) of a circle came from and where they are, as the books knew it at a moment."""

    at: datetime
    asset: str
    #: given, less what was taken back
    minted: int
    #: spent, less what was given back
    burned: int
    #: run out, or let go of by members who are gone
    expired: int
    #: in the accounts of members
    held: int
    #: what members owe: taken back after it had been spent
    owed: int

    @property
    def difference(self) -> int:
        """What members have too much (or too little, negative); 0 when the books balance."""
        return self.held - self.owed - (self.minted - self.burned - self.expired)


def books_of(circle_id: int, at: datetime | None = None, asset: str = POINTS) -> Books:
    """The books of a circle now, or as they stood at a moment (by when they learned of things, `posted_at`).

    One statement, so that all of it is of the same moment while others write.
    """
    totals: list[Any] = [
        _derived(system(circle_id, kind, asset).id, at).label(kind) for kind in ("mint", "burn", "expired")
    ]
    totals += [_held(circle_id, asset, at).label("held"), _owed(circle_id, asset, at).label("owed")]
    row = db.session.execute(select(*totals)).one()
    return Books(at or clock.now(), asset, -int(row.mint), *(int(each) for each in row[1:]))


def _derived(account_id: int, at: datetime | None) -> Any:
    """The balance of a derived account: the last checkpoint, and what was posted since."""
    point = select(func.max(LedgerCheckpoint.at)).where(LedgerCheckpoint.account_id == account_id)
    if at is not None:
        point = point.where(LedgerCheckpoint.at <= at)
    start = select(LedgerCheckpoint.balance).where(
        LedgerCheckpoint.account_id == account_id, LedgerCheckpoint.at == point.scalar_subquery()
    )
    entries = select(func.sum(LedgerEntry.amount)).where(
        LedgerEntry.account_id == account_id,
        LedgerEntry.posted_at > func.coalesce(point.scalar_subquery(), _BEGINNING),
    )
    if at is not None:
        entries = entries.where(LedgerEntry.posted_at <= at)
    return func.coalesce(start.scalar_subquery(), 0) + func.coalesce(entries.scalar_subquery(), 0)


def _held(circle_id: int, asset: str, at: datetime | None) -> Any:
    """What members have: their balances, or what they were after the last entry until a moment."""
    mine = (
        LedgerAccount.circle_id == circle_id, LedgerAccount.owner_type == "member", LedgerAccount.asset == asset,
        LedgerAccount.mode == "strict",
    )  # fmt: skip
    if at is None:
        return func.coalesce(select(func.sum(LedgerAccount.balance)).where(*mine).scalar_subquery(), 0)
    last = (
        select(LedgerEntry.balance_after)
        .where(LedgerEntry.account_id == LedgerAccount.id, LedgerEntry.posted_at <= at)
        .order_by(LedgerEntry.posted_at.desc(), LedgerEntry.seq.desc())
        .limit(1)
        .correlate(LedgerAccount)
        .scalar_subquery()
    )
    return func.coalesce(select(func.sum(last)).select_from(LedgerAccount).where(*mine).scalar_subquery(), 0)


def _owed(circle_id: int, asset: str, at: datetime | None) -> Any:
    """What members owe: as their accounts say, or what their debts summed up to at a moment."""
    mine = (LedgerAccount.circle_id == circle_id, LedgerAccount.owner_type == "member", LedgerAccount.asset == asset)
    if at is None:
        return func.coalesce(select(func.sum(LedgerAccount.owed)).where(*mine).scalar_subquery(), 0)
    debts = (
        select(func.sum(LedgerEntry.amount))
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(*mine, LedgerAccount.kind == "member.debt", LedgerEntry.posted_at <= at)
    )
    return -func.coalesce(debts.scalar_subquery(), 0)


# ---- what the last check found ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CheckRow:
    """What the newest check of a circle's books found."""

    checked_at: datetime
    txn_count: int
    entry_count: int
    #: [{"rule": "L3", "what": …}]; empty when the books balance
    violations: list[Any]


def last_check(circle_id: int) -> CheckRow | None:
    """The newest check of a circle's books; None before the first."""
    row = db.session.get(LedgerCheck, circle_id, populate_existing=True)
    return None if row is None else CheckRow(row.checked_at, row.txn_count, row.entry_count, list(row.violations))


def books_blocked(circle_id: int) -> bool:
    """Whether the last check found something that does not add up; then nothing of value may leave the circle."""
    check = last_check(circle_id)
    return check is not None and bool(check.violations)


def circles_with_books() -> list[int]:
    """The circles in which anything was ever posted."""
    return list(db.session.scalars(select(LedgerAccount.circle_id).distinct().order_by(LedgerAccount.circle_id)))


def health() -> str:
    """In a word for the operator: whether the last check of any circle found something (`ok` or `violated`)."""
    found = db.session.scalars(select(LedgerCheck.violations)).all()
    return "violated" if any(found) else "ok"


# ---- what somebody has -----------------------------------------------------------------------------------------------


class Holding(NamedTuple):
    """What a member has, and owes."""

    points: int = 0
    growth: int = 0
    owed: int = 0


def holding_as_of(circle_id: int, member_id: int, at: datetime) -> Holding:
    """What a member had at a moment, by when the books learned of it: one statement, an index read each."""
    who = (circle_id, member_id)
    asked = [balance_as_of(account, at) for account in (points_of(*who), growth_of(*who), debt_of(*who))]
    points, growth, debt = db.session.execute(select(*asked)).one()
    return Holding(int(points), int(growth), -int(debt))


def balance_as_of(account: Account, at: datetime) -> Any:
    """SQL: the balance of an account at a moment. Of a strict one it is written in its last entry until then."""
    if not account.strict:
        return _derived(account.id, at)
    last = (
        select(LedgerEntry.balance_after)
        .where(LedgerEntry.account_id == account.id, LedgerEntry.posted_at <= at)
        .order_by(LedgerEntry.posted_at.desc(), LedgerEntry.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(last, 0)


class RunningOut(NamedTuple):
    """Points that run out together; `more` when there are so many lots that not all of them were added up."""

    at: datetime
    points: int
    more: bool = False

    @property
    def last(self) -> datetime:
        """The last moment in which they can be used."""
        return self.at - timedelta(microseconds=1)


#: points that never run out lie beyond (operations.NEVER)
_FAR = datetime(9000, 1, 1, tzinfo=UTC)
#: how many lots are added up to say what runs out next
_LOTS_READ = 1000


def running_out(account: Account, groups: int = 2) -> list[RunningOut]:
    """What of a member's points runs out next, soonest first; points that never do are left out."""
    soonest = (
        select(PointLot.expires_at, PointLot.remaining)
        .where(PointLot.account_id == account.id, PointLot.remaining > 0, PointLot.expires_at < _FAR)
        .order_by(PointLot.expires_at, PointLot.id)
        .limit(_LOTS_READ)
        .subquery()
    )
    added = select(soonest.c.expires_at, func.sum(soonest.c.remaining), func.count()).group_by(soonest.c.expires_at)
    rows = db.session.execute(added.order_by(soonest.c.expires_at)).all()
    full = sum(row[2] for row in rows) == _LOTS_READ
    last = len(rows) - 1
    return [RunningOut(row[0], int(row[1]), full and number == last) for number, row in enumerate(rows)][:groups]


# ---- the statement of an account -------------------------------------------------------------------------------------


class EntryRow(NamedTuple):
    """One line of a statement, with what its transaction says of itself."""

    id: int
    txn_id: int
    kind: str
    asset: str
    amount: int
    balance_after: int
    seq: int
    #: when the books learned of it; `effective_at` is when it happened
    posted_at: datetime
    effective_at: datetime
    memo: str
    source: str | None


_ENTRY: tuple[Any, ...] = (
    LedgerEntry.id, LedgerEntry.txn_id, LedgerEntry.kind, LedgerEntry.asset, LedgerEntry.amount,
    LedgerEntry.balance_after, LedgerEntry.seq, LedgerEntry.posted_at,
)  # fmt: skip


def statement_page(
    account: Account,
    *,
    kinds: Sequence[str] | None = None,
    sign: int = 0,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[EntryRow]:
    """The entries of a strict account, newest first: of some kinds (`kinds_on`), what came (`sign` 1) or went (-1),
    posted in since <= t < until. Raises BadRequest CURSOR_INVALID.

    Every page is a few index reads, however long the account is: each kind is read by itself along (account, kind, seq)
    and only as far as the page goes, times become numbers first, and transactions are looked up for the rows shown.
    `sign` alone would read past what it leaves out, so it is for kinds that go both ways.
    """
    name, limit = f"ledger.statement.{account.id}", max(1, min(limit, MAX_LIMIT))
    wanted: list[Any] = [LedgerEntry.account_id == account.id]
    if cursor:
        wanted.append(LedgerEntry.seq < decode_cursor(name, cursor)[0])
    if since is not None or until is not None:
        low, high = _numbers_between(account.id, since, until)
        if high is None or low is None:
            return Page([], None)
        wanted += [LedgerEntry.seq >= low, LedgerEntry.seq <= high]
    if sign:
        wanted.append(LedgerEntry.amount > 0 if sign > 0 else LedgerEntry.amount < 0)
    if kinds is not None and not kinds:
        return Page([], None)
    reads = [
        select(*_ENTRY).where(*wanted, *more).order_by(LedgerEntry.seq.desc()).limit(limit + 1)
        for more in ([()] if kinds is None else [(LedgerEntry.kind == kind,) for kind in kinds])
    ]
    one = reads[0].subquery() if len(reads) == 1 else union_all(*(select(read.subquery()) for read in reads)).subquery()
    page = select(one).order_by(one.c.seq.desc()).limit(limit + 1).subquery()
    said = (LedgerTxn.effective_at, LedgerTxn.memo, LedgerTxn.source)
    joined = select(page, *said).join(LedgerTxn, LedgerTxn.id == page.c.txn_id).order_by(page.c.seq.desc())
    rows = [EntryRow(*row) for row in db.session.execute(joined)]
    more_follow = len(rows) > limit
    return Page(rows[:limit], encode_cursor(name, [rows[limit - 1].seq]) if more_follow else None)


def _numbers_between(account_id: int, since: datetime | None, until: datetime | None) -> tuple[int | None, int | None]:
    """The numbers of the first and last entry in a stretch of time, with which they rise; None where there is none."""
    mine = select(LedgerEntry.seq).where(LedgerEntry.account_id == account_id)
    first: Any = literal(1)
    if since is not None:
        later = mine.where(LedgerEntry.posted_at >= since).order_by(LedgerEntry.posted_at, LedgerEntry.seq)
        first = later.limit(1).scalar_subquery()
    before = mine if until is None else mine.where(LedgerEntry.posted_at < until)
    last = before.order_by(LedgerEntry.posted_at.desc(), LedgerEntry.seq.desc()).limit(1).scalar_subquery()
    row = db.session.execute(select(first, last)).one()
    return row[0], row[1]


def kinds_on(account: Account) -> list[str]:
    """The kinds of entries that an account has, by one jump along the index for each."""
    entry = LedgerEntry.__table__.c
    first = select(func.min(entry.kind).label("kind")).where(entry.account_id == account.id)
    kinds = first.cte("kinds", recursive=True)
    following = select(func.min(entry.kind)).where(entry.account_id == account.id, entry.kind > kinds.c.kind)
    kinds = kinds.union_all(select(following.scalar_subquery()).where(kinds.c.kind.is_not(None)))
    return list(db.session.scalars(select(kinds.c.kind).where(kinds.c.kind.is_not(None))))


# ---- what was moved for something ------------------------------------------------------------------------------------


class Movement(NamedTuple):
    """A transaction as one member felt it; `debt` is what it added to what they owe (negative: what it paid off)."""

    txn_id: int
    kind: str
    posted_at: datetime
    effective_at: datetime
    memo: str
    source: str | None
    key: str
    points: int
    growth: int
    debt: int


#: the most transactions of one thing that are told
MOVEMENTS = 100


def movements_of_source(circle_id: int, member_id: int, source: str) -> list[Movement]:
    """What a member got and gave for something, oldest first."""
    return _movements(circle_id, member_id, (LedgerTxn.circle_id == circle_id, LedgerTxn.source == source))


def movements_of_txns(circle_id: int, member_id: int, txn_ids: Collection[int]) -> list[Movement]:
    """These transactions, as far as they moved something of the member, oldest first."""
    return _movements(circle_id, member_id, (LedgerTxn.id.in_(txn_ids),)) if txn_ids else []


def _movements(circle_id: int, member_id: int, wanted: Sequence[Any]) -> list[Movement]:
    who = (circle_id, member_id)
    mine = {points_of(*who).id: "points", growth_of(*who).id: "growth", debt_of(*who).id: "debt"}
    columns = (
        LedgerTxn.id, LedgerTxn.kind, LedgerTxn.posted_at, LedgerTxn.effective_at, LedgerTxn.memo, LedgerTxn.source,
        LedgerTxn.idem_key, LedgerEntry.account_id, LedgerEntry.amount,
    )  # fmt: skip
    statement = select(*columns).join(LedgerEntry, LedgerEntry.txn_id == LedgerTxn.id)
    statement = statement.where(*wanted, LedgerEntry.account_id.in_(mine))
    found: dict[int, Movement] = {}
    for row in db.session.execute(statement.order_by(LedgerTxn.id).limit(len(mine) * MOVEMENTS)):
        known = found.get(row[0]) or Movement(*row[:7], points=0, growth=0, debt=0)
        side = mine[row.account_id]
        found[row[0]] = known._replace(**{side: -row.amount if side == "debt" else row.amount})
    return list(found.values())


def expired_of_source(source: str) -> int:
    """How much of what was given for something has run out."""
    expired = select(func.coalesce(func.sum(PointLot.expired), 0)).where(PointLot.source_key == source)
    return int(db.session.scalar(expired) or 0)


def source_of_lot(lot_id: int, account: Account) -> str | None:
    """What the points of a lot were given for."""
    mine = (PointLot.id == lot_id, PointLot.account_id == account.id)
    return db.session.scalar(select(PointLot.source_key).where(*mine))
