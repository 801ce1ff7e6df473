"""Hashing of passwords: argon2id with the parameters OWASP recommends (19 MiB, 2 passes, 1 lane).

Slow on purpose, so never called inside an operation.
"""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from circle.core import turns

_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def hash_password(password: str) -> str:
    """The argon2id hash to store, with its parameters and a new salt."""
    turns.let_go()
    return _hasher.hash(password)


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")


def verify_password(stored: str | None, password: str) -> bool:
    """Whether `password` is the one that was hashed. Without a hash (no such account, no password) the same work is
    done and the answer is no, so that the time gives nothing away."""
    turns.let_go()
    nobody = _nobody()  # made at the first call of either kind
    try:
        _hasher.verify(stored or nobody, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)
