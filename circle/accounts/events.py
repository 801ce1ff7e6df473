"""Facts about accounts. `circle/reactions.py` says what follows from each."""

from __future__ import annotations

from dataclasses import dataclass

from circle.core.events import Event


@dataclass(frozen=True)
class UsernameChanged(Event):
    """Somebody took another user name."""

    user_id: int
    before: str
    after: str


@dataclass(frozen=True)
class PasswordChanged(Event):
    """Somebody exchanged their password, or set a new one with a code that was mailed to them."""

    user_id: int


@dataclass(frozen=True)
class ResetAsked(Event):
    """Somebody forgot their password, they say: a user name or an address, as it was typed."""

    login: str


@dataclass(frozen=True)
class AddressAsked(Event):
    """An address waits for the mail that lets its owner confirm it."""

    user_id: int


@dataclass(frozen=True)
class AddressChanged(Event):
    """A confirmed address took the place of the one before (or of none), or was removed (`after` is None)."""

    user_id: int
    before: str | None
    after: str | None
