"""Tables of the ledger. Triggers refuse every UPDATE and DELETE on transactions and entries, on both engines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from circle.core import clock, ids
from circle.core.db import Base, IdMixin, one_of


class LedgerAccount(Base):
    __tablename__ = "ledger_accounts"
    __table_args__ = (
        UniqueConstraint("circle_id", "owner_type", "owner_id", "asset", "kind"),
        one_of("asset", "POINTS", "GROWTH"),
        one_of("mode", "strict", "derived"),
        CheckConstraint("mode <> 'strict' OR balance >= 0", name="never_negative_v1"),
        CheckConstraint("owed >= 0 AND (owed = 0 OR balance = 0)", name="owed_v1"),
    )

    #: computed from the name of the account (accounts.py), not made in time order
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id"))
    owner_type: Mapped[str] = mapped_column(String(16))
    owner_id: Mapped[int]
    asset: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(32))
    mode: Mapped[str] = mapped_column(String(16))
    #: of a strict account; 0 for derived ones, whose balance is the sum of their entries
    balance: Mapped[int] = mapped_column(default=0)
    #: number of its entries (strict accounts only)
    seq: Mapped[int] = mapped_column(default=0)
    #: of a member's points: what their debt account sums up to, so that a credit knows without looking there
    owed: Mapped[int] = mapped_column(default=0, server_default="0")
    last_posted_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class LedgerTxn(IdMixin, Base):
    """One movement: its entries sum to zero for every asset."""

    __tablename__ = "ledger_txns"
    __table_args__ = (Index(None, "source"), Index(None, "circle_id", "id"))

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id"))
    #: why, for example earn.post.text, spend, expire, adjust
    kind: Mapped[str] = mapped_column(String(32))
    #: what makes it happen once
    idem_key: Mapped[str] = mapped_column(String(120), unique=True)
    #: sha256 of what was asked for under this key
    payload_hash: Mapped[str] = mapped_column(String(64))
    #: what it is about, for example post:123 or task:5
    source: Mapped[str | None] = mapped_column(String(120))
    reverses_txn_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_txns.id"), unique=True)
    #: users.id of whoever did it by hand
    actor_id: Mapped[int | None]
    #: when it happened; `posted_at` is when the books learned of it
    effective_at: Mapped[datetime]
    posted_at: Mapped[datetime]
    #: a person's own words (the reason of an adjustment)
    memo: Mapped[str] = mapped_column(String(200), default="")
    meta: Mapped[dict[str, Any]] = mapped_column(default=dict)


class LedgerEntry(Base):
    """One line of a transaction. `amount` > 0 increases the account."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        UniqueConstraint("account_id", "seq"),
        CheckConstraint("amount <> 0", name="amount_v1"),
        Index(None, "account_id", "posted_at"),
        Index(None, "account_id", "kind", "seq"),
        Index(None, "txn_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, default=ids.new_id, autoincrement=False)
    txn_id: Mapped[int] = mapped_column(ForeignKey("ledger_txns.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_accounts.id"))
    asset: Mapped[str] = mapped_column(String(16))
    #: of its transaction, so that a statement can be filtered along an index
    kind: Mapped[str] = mapped_column(String(32))
    amount: Mapped[int]
    #: 1..n without gaps and the balance after it; both NULL on derived accounts
    seq: Mapped[int | None]
    balance_after: Mapped[int | None]
    #: never before that of the entry with the seq before
    posted_at: Mapped[datetime]


class PointLot(Base):
    """Points that came together and run out together. The remaining ones of all lots are the balance."""

    __tablename__ = "point_lots"
    __table_args__ = (
        CheckConstraint("remaining >= 0 AND expired >= 0 AND remaining + expired <= amount", name="amounts_v1"),
        Index(
            "ix_point_lots_open",
            "account_id",
            "expires_at",
            "id",
            sqlite_where=text("remaining > 0"),
            postgresql_where=text("remaining > 0"),
        ),
        Index(
            "ix_point_lots_due",
            "expires_at",
            "account_id",
            sqlite_where=text("remaining > 0"),
            postgresql_where=text("remaining > 0"),
        ),
        Index(None, "source_key"),
        Index(None, "txn_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, default=ids.new_id, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_accounts.id"))
    txn_id: Mapped[int] = mapped_column(ForeignKey("ledger_txns.id"))
    #: what they were given for (EarnSource.source_key), else NULL
    source_key: Mapped[str | None] = mapped_column(String(120))
    amount: Mapped[int]
    remaining: Mapped[int]
    expired: Mapped[int] = mapped_column(default=0)
    #: the year 9999 where points do not run out
    expires_at: Mapped[datetime]


class LotUse(Base):
    """How much a transaction took out of a lot, and how much of that was put back into it later."""

    __tablename__ = "lot_uses"
    __table_args__ = (
        CheckConstraint("amount > 0 AND restored >= 0 AND restored <= amount", name="amounts_v1"),
        Index(None, "lot_id"),
    )

    txn_id: Mapped[int] = mapped_column(ForeignKey("ledger_txns.id"), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("point_lots.id"), primary_key=True)
    amount: Mapped[int]
    restored: Mapped[int] = mapped_column(default=0)


class LedgerCheckpoint(Base):
    """What the entries of a derived account sum up to, those posted until `at`: a place to go on counting from."""

    __tablename__ = "ledger_checkpoints"

    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_accounts.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    balance: Mapped[int]


class LedgerCheck(Base):
    """What the last check of a circle's books found. While it names violations, nothing of value leaves the circle."""

    __tablename__ = "ledger_checks"

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id"), primary_key=True)
    checked_at: Mapped[datetime]
    #: transactions and entries that were added up
    txn_count: Mapped[int]
    entry_count: Mapped[int]
    #: [{"rule": "L3", "what": …}], at most 100; empty when the books balance
    violations: Mapped[list[Any]]
