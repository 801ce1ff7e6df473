"""Passphrases of circles: argon2id, slow on purpose, so never inside an operation."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

#: the OWASP minimum for argon2id (19 MiB, two passes): a whole circle knows the phrase, so it is less than a password
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hash_passphrase(passphrase: str) -> str:
    """The hash to store. Takes tens of milliseconds: call it before an operation, never in one."""
    return _hasher.hash(passphrase)


def fits(passphrase: str, stored: str) -> bool:
    """Whether the passphrase is the one that was hashed. As slow as hashing."""
    try:
        return _hasher.verify(stored, passphrase)
    except (VerificationError, InvalidHashError):
        return False
