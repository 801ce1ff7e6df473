"""What accounts there are. An account is named by circle, kind, asset and owner, and its id is computed from that name,
so that posting needs no look-up and two that open the same account at once make one.

Strict accounts hold something: their balance is kept in their row, never falls below zero, and their entries are
numbered. Derived accounts mirror the outside (points made, spent, run out): their balance is the sum of their entries,
so that no row of theirs is ever written twice and nobody waits for anybody there.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import NamedTuple

POINTS = "POINTS"
GROWTH = "GROWTH"
ASSETS = (POINTS, GROWTH)

#: kind -> (mode, whose: the part before the dot)
STRICT = frozenset({"member.points", "member.growth"})
#: what a member owes shows as a negative balance of `member.debt`; `owed` of their points account is the same number
DERIVED = frozenset({"member.debt", "system.mint", "system.burn", "system.expired"})
KINDS = STRICT | DERIVED


class Account(NamedTuple):
    """The name of an account; `owner_id` is a members.id, or the circle's id for `system.*`."""

    circle_id: int
    kind: str
    asset: str
    owner_id: int

    @property
    def id(self) -> int:
        """A 63-bit number computed from the name."""
        return _id_of(self)

    @property
    def strict(self) -> bool:
        return self.kind in STRICT

    @property
    def owner_type(self) -> str:
        return self.kind.partition(".")[0]


@lru_cache(maxsize=20_000)
def _id_of(account: Account) -> int:
    name = ":".join(map(str, account)).encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest()) >> 1


def points_of(circle_id: int, member_id: int) -> Account:
    """The points a member can spend."""
    return Account(circle_id, "member.points", POINTS, member_id)


def growth_of(circle_id: int, member_id: int) -> Account:
    """The growth that decides a member's level; it is never spent."""
    return Account(circle_id, "member.growth", GROWTH, member_id)


def debt_of(circle_id: int, member_id: int) -> Account:
    """Points that were taken back after they had been spent."""
    return Account(circle_id, "member.debt", POINTS, member_id)


def system(circle_id: int, kind: str, asset: str = POINTS) -> Account:
    """`kind` is mint (where what is earned comes from), burn (spent) or expired."""
    return Account(circle_id, f"system.{kind}", asset, circle_id)
