"""Writing a transaction: opened under its key, then its lines, all of it in the operation that is open.

`Posting` is the only thing that inserts entries or changes balances. Callers outside the ledger use the functions of
the other modules of this folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, func, insert, select, update

from circle.core import clock, ids
from circle.core.db import BigInt, UTCDateTime, db, insert_once
from circle.ledger import rules
from circle.ledger.accounts import ASSETS, Account, debt_of, growth_of, points_of, system
from circle.ledger.models import LedgerAccount, LedgerEntry, LedgerTxn

_ACCOUNTS: Any = LedgerAccount.__table__
_ENTRIES: Any = LedgerEntry.__table__
_SYSTEM = ("mint", "burn", "expired")


class Moved(NamedTuple):
    """A strict account after a line."""

    balance: int
    seq: int
    posted_at: datetime


def payload_hash(kind: str, payload: Mapping[str, Any]) -> str:
    """What was asked for, as a number: the same key with another hash is refused (L7)."""
    text = json.dumps({"kind": kind, **payload}, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class Posting:
    """A transaction being written: begun, opened (which claims its key), moved, finished.

    `new` is False when its key was used before: then `id` is that of the earlier one.
    """

    new = False

    def __init__(
        self,
        circle_id: int,
        kind: str,
        key: str,
        payload: Mapping[str, Any],
        *,
        effective_at: datetime | None = None,
        source: str | None = None,
        actor_id: int | None = None,
        memo: str = "",
        meta: Mapping[str, Any] | None = None,
        reverses: int | None = None,
    ) -> None:
        self.circle_id, self.kind, self.id = circle_id, kind, ids.new_id()
        self.now, self.key = clock.now(), key
        self._lines: dict[Account, int] = {}
        self._rows: list[dict[str, Any]] = []
        self.row: dict[str, Any] = {
            "id": self.id, "circle_id": circle_id, "kind": kind, "idem_key": key,
            "payload_hash": payload_hash(kind, payload), "source": source, "reverses_txn_id": reverses,
            "actor_id": actor_id, "effective_at": effective_at or self.now, "posted_at": self.now, "memo": memo,
            "meta": dict(meta or {}), "created_at": self.now,
        }  # fmt: skip

    def open(self) -> bool:
        """Write the transaction's own row unless its key was used; returns `new`. Raises Conflict
        LEDGER_KEY_MISMATCH when it was used for something else."""
        self.new = insert_once(LedgerTxn, **self.row)
        if not self.new:
            self._adopt(self.key, self.row["payload_hash"])
        return self.new

    def _adopt(self, key: str, digest: str) -> None:
        earlier = db.session.execute(
            select(LedgerTxn.id, LedgerTxn.payload_hash).where(LedgerTxn.idem_key == key)
        ).one_or_none()
        if earlier is None or earlier.payload_hash != digest:  # None: another unique key (reversed twice)
            raise rules.key_mismatch()
        self.id = earlier.id

    def move(self, account: Account, amount: int, *, owed: int = 0) -> Moved:
        """Add a line on a strict account; `owed` changes what the member owes. Raises Refused INSUFFICIENT_FUNDS."""
        values = {"account": account.id, "delta": amount, "owed_delta": owed, "now": self.now, "counted": bool(amount)}
        row = db.session.execute(_moving(), values).one_or_none()
        if row is None:
            if not open_account(account):
                raise rules.insufficient_funds()
            return self.move(account, amount, owed=owed)
        moved = Moved(*row)
        if amount:
            self._line(account, amount, moved.seq, moved.balance, moved.posted_at)
        return moved

    def try_credits(self, amounts: Mapping[Account, int]) -> dict[Account, Moved]:
        """Credit up to two strict accounts in one statement. Left out of the answer are those that are not there yet
        and those whose holder owes something; nothing happened to them."""
        wanted = {account: amount for account, amount in amounts.items() if amount}
        (first, delta), *rest = wanted.items()
        other, more = rest[0] if rest else (first, delta)
        values = {"first": first.id, "delta": delta, "other": other.id, "more": more, "now": self.now}
        found = {row[0]: Moved(*row[1:]) for row in db.session.execute(_crediting(), values)}
        moved = {account: found[account.id] for account in wanted if account.id in found}
        for account, there in moved.items():
            self._line(account, wanted[account], there.seq, there.balance, there.posted_at)
        return moved

    def mirror(self, account: Account, amount: int) -> None:
        """Add a line on a derived account; nothing is locked."""
        if amount:
            self._line(account, amount, None, None, self.now)

    def _line(self, account: Account, amount: int, seq: int | None, balance: int | None, posted_at: datetime) -> None:
        if account in self._lines:
            raise RuntimeError(f"two lines of one transaction on {account}")
        self._lines[account] = amount
        self._rows.append({
            "id": ids.new_id(), "txn_id": self.id, "account_id": account.id, "asset": account.asset, "kind": self.kind,
            "amount": amount, "seq": seq, "balance_after": balance, "posted_at": posted_at,
        })  # fmt: skip

    def finish(self) -> int:
        """Write the entries and return the transaction's id. Raises RuntimeError when it does not balance (L1)."""
        for asset in ASSETS:
            if total := sum(amount for account, amount in self._lines.items() if account.asset == asset):
                raise RuntimeError(f"{self.kind} {self.id}: {asset} adds up to {total}")
        if not self._rows:
            raise RuntimeError(f"{self.kind} {self.id} moves nothing")
        # all lines of an asset are of one moment (clocks differ, and a strict account's never goes back): so that the
        # books of any moment balance
        latest = {row["asset"]: row["posted_at"] for row in sorted(self._rows, key=lambda row: row["posted_at"])}
        for row in self._rows:
            if row["seq"] is None:
                row["posted_at"] = latest[row["asset"]]
        db.session.execute(_inserting(), self._rows)
        return self.id


@cache
def _crediting() -> Any:
    """Credit one or two accounts whose holder owes nothing."""
    account = LedgerAccount.__table__.c
    first, other = bindparam("first", type_=BigInt), bindparam("other", type_=BigInt)
    delta, more = bindparam("delta", type_=BigInt), bindparam("more", type_=BigInt)
    now = bindparam("now", type_=UTCDateTime)
    return (
        update(_ACCOUNTS)
        .where(account.id.in_([first, other]), account.owed == 0)
        .values(
            balance=account.balance + case((account.id == first, delta), else_=more),
            seq=account.seq + 1,
            last_posted_at=case((account.last_posted_at > now, account.last_posted_at), else_=now),
        )
        .returning(account.id, account.balance, account.seq, account.last_posted_at)
    )


@cache
def _moving() -> Any:
    """One statement that locks, checks and changes a strict account. No row: it is not there, or holds too little."""
    account = LedgerAccount.__table__.c
    delta, owed = bindparam("delta", type_=BigInt), bindparam("owed_delta", type_=BigInt)
    now = bindparam("now", type_=UTCDateTime)
    later = case((account.last_posted_at > now, account.last_posted_at), else_=now)
    return (
        update(_ACCOUNTS)
        .where(account.id == bindparam("account", type_=BigInt), account.balance + delta >= 0)
        .values(
            balance=account.balance + delta,
            seq=account.seq + case((bindparam("counted"), 1), else_=0),
            owed=account.owed + owed,
            last_posted_at=later,
        )
        .returning(account.balance, account.seq, account.last_posted_at)
    )


@cache
def _inserting() -> Any:
    return insert(_ENTRIES)


def open_account(account: Account) -> bool:
    """Make a strict account, with the system's accounts of its circle; False when it was there."""
    if not _insert_account(account):
        return False
    for asset in ASSETS:
        for kind in _SYSTEM:
            _insert_account(system(account.circle_id, kind, asset))
    for other in (points_of, growth_of, debt_of):  # all of somebody's accounts together: one is never there alone
        _insert_account(other(account.circle_id, account.owner_id))
    return True


def _insert_account(account: Account) -> bool:
    return insert_once(
        LedgerAccount, id=account.id, circle_id=account.circle_id, owner_type=account.owner_type,
        owner_id=account.owner_id, asset=account.asset, kind=account.kind,
        mode="strict" if account.strict else "derived", balance=0, seq=0, owed=0, created_at=clock.now(),
    )  # fmt: skip


class Held(NamedTuple):
    """A strict account, locked."""

    balance: int
    owed: int


def hold(account: Account) -> Held:
    """Lock a strict account until the end of the operation; an account that is not there holds nothing."""
    row = db.session.execute(_holding(), {"account": account.id}).one_or_none()
    if row is None:
        open_account(account)
        row = db.session.execute(_holding(), {"account": account.id}).one()
    return Held(*row)


@cache
def _holding() -> Any:
    account = LedgerAccount.__table__.c
    wanted = select(account.balance, account.owed).where(account.id == bindparam("account", type_=BigInt))
    return wanted.with_for_update(key_share=True)


def growth_to_take(account: Account, growth: int, given: Any) -> int:
    """How much of the growth that the transactions `given` gave is still there to be taken; the account is locked.

    When everything was let go of after the last of them, theirs is gone: what is there was earned since.
    """
    growth, mine = min(growth, hold(account).balance), LedgerEntry.account_id == account.id
    gone = db.session.scalar(select(func.max(LedgerEntry.seq)).where(mine, LedgerEntry.kind == "forfeit"))
    if gone is None:
        return growth
    last = db.session.scalar(select(func.max(LedgerEntry.seq)).where(mine, LedgerEntry.txn_id.in_(given)))
    return 0 if last is not None and last < gone else growth


def entries_of(txn_id: int) -> Sequence[Any]:
    """The lines of a transaction: (kind of account, asset, owner, amount)."""
    columns = (LedgerAccount.kind, LedgerEntry.asset, LedgerAccount.owner_id, LedgerEntry.amount)
    joined = select(*columns).join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
    return db.session.execute(joined.where(LedgerEntry.txn_id == txn_id).order_by(LedgerEntry.id)).all()
