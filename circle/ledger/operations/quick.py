"""The usual gift as one statement, on PostgreSQL: there the way to the server is what a posting costs.

It does what `points.give` does step by step for a member who has an account and owes nothing, and otherwise nothing at
all, so that the steps can be taken after it. Tests compare the two.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import BigInteger, String, TextClause, bindparam, text

from circle.core import ids
from circle.core.db import Json, UTCDateTime, db
from circle.ledger.accounts import GROWTH, POINTS, growth_of, points_of, system
from circle.ledger.operations.posting import Posting


class Given(NamedTuple):
    """That it was given; `growth` is what the member has after it, None when none was given."""

    growth: int | None


def give_at_once(
    posting: Posting, member_id: int, points: int, growth: int, *, expires_at: datetime, source_key: str | None
) -> Given | None:
    """Write all of a gift of points (and growth), or nothing: None."""
    circle_id = posting.circle_id
    values = posting.row | {
        "points_account": points_of(circle_id, member_id).id, "points": points,
        "points_mint": system(circle_id, "mint", POINTS).id,
        "lot": ids.new_id(), "source_key": source_key, "expires_at": expires_at,
        "entry_1": ids.new_id(), "entry_2": ids.new_id(),
    }  # fmt: skip
    if growth:
        values |= {
            "growth_account": growth_of(circle_id, member_id).id, "growth": growth,
            "growth_mint": system(circle_id, "mint", GROWTH).id,
            "entry_3": ids.new_id(), "entry_4": ids.new_id(),
        }  # fmt: skip
    row = db.session.execute(_statement(bool(growth)), values).one_or_none()
    return None if row is None else Given(row[0] if growth else None)


#: locks both accounts before anything is written, points before growth as everywhere; who owes something is left out
_HELD = """
WITH held AS (
  SELECT id FROM ledger_accounts WHERE id IN ({accounts}) AND owed = 0 ORDER BY asset DESC FOR NO KEY UPDATE
), fit AS (
  SELECT 1 AS yes WHERE (SELECT count(*) FROM held) = {count}
), txn AS (
  INSERT INTO ledger_txns (id, circle_id, kind, idem_key, payload_hash, source, reverses_txn_id, actor_id, effective_at,
                           posted_at, memo, meta, created_at)
  SELECT :id, :circle_id, :kind, :idem_key, :payload_hash, :source, :reverses_txn_id, :actor_id, :effective_at,
         :posted_at, :memo, :meta, :created_at FROM fit
  ON CONFLICT DO NOTHING RETURNING id
), moved AS (
  UPDATE ledger_accounts SET balance = balance + {delta}, seq = seq + 1,
         last_posted_at = greatest(last_posted_at, :posted_at)
  FROM txn WHERE ledger_accounts.id IN ({accounts})
  RETURNING ledger_accounts.id, balance, seq, last_posted_at
), lot AS (
  INSERT INTO point_lots (id, account_id, txn_id, source_key, amount, remaining, expired, expires_at)
  SELECT :lot, :points_account, txn.id, :source_key, :points, :points, 0, :expires_at FROM txn
), entries AS (
  INSERT INTO ledger_entries (id, txn_id, account_id, asset, kind, amount, seq, balance_after, posted_at)
  SELECT :entry_1, :id, moved.id, 'POINTS', :kind, :points, seq, balance, last_posted_at
  FROM moved WHERE moved.id = :points_account
  UNION ALL SELECT :entry_2, :id, :points_mint, 'POINTS', :kind, -:points, NULL, NULL, last_posted_at
  FROM moved WHERE moved.id = :points_account{more}
)
SELECT balance FROM moved WHERE moved.id = {shown}
"""
_MORE = """
  UNION ALL SELECT :entry_3, :id, moved.id, 'GROWTH', :kind, :growth, seq, balance, last_posted_at
  FROM moved WHERE moved.id = :growth_account
  UNION ALL SELECT :entry_4, :id, :growth_mint, 'GROWTH', :kind, -:growth, NULL, NULL, last_posted_at
  FROM moved WHERE moved.id = :growth_account"""


@cache
def _statement(with_growth: bool) -> TextClause:
    """The statement, without or with growth."""
    numbers = ["id", "circle_id", "reverses_txn_id", "actor_id", "points_account", "points", "points_mint", "lot",
               "entry_1", "entry_2"]  # fmt: skip
    if with_growth:
        numbers += ["growth_account", "growth", "growth_mint", "entry_3", "entry_4"]
        delta = "CASE ledger_accounts.id WHEN :points_account THEN :points ELSE :growth END"
        sql = _HELD.format(
            accounts=":points_account, :growth_account", count=2, delta=delta, more=_MORE, shown=":growth_account"
        )
    else:
        sql = _HELD.format(accounts=":points_account", count=1, delta=":points", more="", shown=":points_account")
    words = ("kind", "idem_key", "payload_hash", "source", "memo", "source_key")
    moments = ("effective_at", "posted_at", "created_at", "expires_at")
    return text(sql).bindparams(
        *(bindparam(name, type_=BigInteger) for name in numbers),
        *(bindparam(name, type_=String) for name in words),
        *(bindparam(name, type_=UTCDateTime) for name in moments),
        bindparam("meta", type_=Json),
    )
