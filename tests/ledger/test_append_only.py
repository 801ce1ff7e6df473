"""L8: what was posted stays as it was posted, whoever asks."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from circle.core.db import db
from circle.core.operation import in_transaction
from tests.factories import Make
from tests.ledger.books import balanced, holder


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_txns SET memo = 'x'",
        "UPDATE ledger_txns SET posted_at = created_at",
        "UPDATE ledger_entries SET amount = amount + 1",
        "UPDATE ledger_entries SET amount = amount",
        "DELETE FROM ledger_entries",
        "DELETE FROM ledger_txns",
        "DELETE FROM ledger_entries WHERE seq = 1",
    ],
)
def test_what_was_posted_cannot_be_changed(app: Flask, make: Make, statement: str) -> None:
    ann = holder(make)
    ann.give(10, 2)
    with pytest.raises(DBAPIError, match="append-only"):
        in_transaction(lambda: db.session.execute(text(statement)))
    assert ann.has == (10, 0, 2)
    assert balanced(ann.circle_id)


def test_an_entry_of_nothing_or_out_of_turn_cannot_be_written(app: Flask, make: Make) -> None:
    ann = holder(make)
    txn = ann.give(10).txn_id
    entry = (
        "INSERT INTO ledger_entries (id, txn_id, account_id, asset, kind, amount, seq, balance_after, posted_at) "
        "SELECT id + 1, txn_id, account_id, asset, kind, {amount}, {seq}, 10, posted_at FROM ledger_entries "
        "WHERE seq = 1 AND txn_id = :txn"
    )
    for amount, seq, name in ((0, 2, "amount"), (1, 1, "seq")):
        wrong = text(entry.format(amount=amount, seq=seq))
        with pytest.raises(DBAPIError, match=name):
            in_transaction(lambda wrong=wrong: db.session.execute(wrong, {"txn": txn}))
    assert balanced(ann.circle_id)


@pytest.mark.parametrize("wrong", ["balance = -1", "owed = -1", "owed = 1"])
def test_no_account_can_fall_below_zero_or_owe_while_it_has(app: Flask, make: Make, wrong: str) -> None:
    ann = holder(make)
    ann.give(10)
    with pytest.raises(DBAPIError, match="ck_ledger_accounts"):
        in_transaction(
            lambda: db.session.execute(
                text(f"UPDATE ledger_accounts SET {wrong} WHERE id = :id"), {"id": ann.points_id}
            )
        )  # fmt: skip
    assert balanced(ann.circle_id)
