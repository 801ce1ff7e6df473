"""The tokens of a sign-in: made from its row and the site's key, never stored.

    access token   base64url(HMAC-SHA256(key, "access|{session id}:{generation}:{seed}"))
    refresh token  base64url(session id (8 bytes) ‖ generation (4 bytes) ‖ HMAC-SHA256(key, "refresh|…"))

The row holds a random `seed`, the `generation` (how often the pair was renewed) and sha256 of the tokens, by which a
request is looked up. So a phone that sends the same refresh twice can be answered with the same pair again, while
somebody who only reads the database learns no token. The refresh token names its session and generation, so that one
used long after its time is still recognised as belonging to that family (and ends it).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

ACCESS_FOR = timedelta(hours=2)
REFRESH_FOR = timedelta(days=30)
BROWSER_FOR = timedelta(days=30)
#: a phone that loses the answer sends the same refresh again; within this time that is no theft
REUSE_WITHIN = timedelta(seconds=30)

_HINT_BYTES = 12
_MAC_BYTES = 32

_secret = b""


@dataclass(frozen=True)
class TokenPair:
    """What a client keeps; `expires_in` is seconds until the access token runs out."""

    access_token: str
    refresh_token: str
    expires_in: int


def configure(secret_key: str) -> None:
    """Set the key that tokens are made with. Called once by `create_app`."""
    global _secret
    _secret = hashlib.sha256(b"circle sign-in\0" + secret_key.encode()).digest()


def new_seed() -> str:
    """The random part of one sign-in: 32 bytes, hexadecimal."""
    return secrets.token_hex(32)


def sha256(token: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def browser_token(session_id: int, seed: str) -> str:
    """The token in a browser's cookie."""
    return _text(_mac("browser", session_id, 0, seed))


def access_token(session_id: int, generation: int, seed: str) -> str:
    """The bearer token of this generation."""
    return _text(_mac("access", session_id, generation, seed))


def refresh_token(session_id: int, generation: int, seed: str) -> str:
    """The token that renews this generation."""
    hint = session_id.to_bytes(8, "big") + generation.to_bytes(4, "big")
    return _text(hint + _mac("refresh", session_id, generation, seed))


def hint_of(token: str) -> tuple[int, int] | None:
    """(session id, generation) that a refresh token claims, None if it is no such token. Not yet proof of anything:
    compare with `refresh_token`."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _HINT_BYTES + _MAC_BYTES or raw[0] > 127:
        return None
    return int.from_bytes(raw[:8], "big"), int.from_bytes(raw[8:_HINT_BYTES], "big")


def same(one: str, other: str) -> bool:
    """Compare two tokens in constant time."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def _mac(purpose: str, session_id: int, generation: int, seed: str) -> bytes:
    return hmac.digest(_secret, f"{purpose}|{session_id}:{generation}:{seed}".encode(), "sha256")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
