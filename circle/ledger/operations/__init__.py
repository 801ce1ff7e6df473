"""Every write to the books. Everything here runs inside the operation of whoever calls; ids and plain numbers only."""

from __future__ import annotations

from circle.ledger.operations.checks import keep_check, keep_checkpoints
from circle.ledger.operations.points import (
    NEVER,
    Result,
    Why,
    deduct,
    expire_lots,
    forfeit,
    give,
    give_again,
    hold_growth,
    refund,
    reverse,
    spend,
    take,
)

__all__ = [
    "NEVER",
    "Result",
    "Why",
    "deduct",
    "expire_lots",
    "forfeit",
    "give",
    "give_again",
    "hold_growth",
    "keep_check",
    "keep_checkpoints",
    "refund",
    "reverse",
    "spend",
    "take",
]
