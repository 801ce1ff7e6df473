"""Facts about accounts. `circle/reactions/__init__.py` says what follows from each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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


@dataclass(frozen=True)
class UserBlocked(Event):
    """Somebody does not want to meet somebody any more."""

    blocker_id: int
    blocked_id: int


@dataclass(frozen=True)
class UserUnblocked(UserBlocked):
    """The block was lifted."""


@dataclass(frozen=True)
class TakeoutAsked(Event):
    """Somebody wants a copy of everything they have here."""

    takeout_id: int
    user_id: int


@dataclass(frozen=True)
class TakeoutReady(Event):
    """The copy can be fetched until `expires_at`."""

    takeout_id: int
    user_id: int
    expires_at: datetime


@dataclass(frozen=True)
class DeletionAsked(Event):
    """Somebody wants their account deleted; until `due_at` they may take that back."""

    user_id: int
    due_at: datetime


@dataclass(frozen=True)
class DeletionCancelled(Event):
    """Somebody keeps their account after all."""

    user_id: int


@dataclass(frozen=True)
class DeletionPostponed(Event):
    """The account was due, but circles belong to it (their names); it is tried again at `due_at`."""

    user_id: int
    circles: tuple[str, ...]
    due_at: datetime


@dataclass(frozen=True)
class AccountDeleted(Event):
    """The account is gone for everybody; what belongs to it is erased from now on."""

    user_id: int
    keeps_content: bool
