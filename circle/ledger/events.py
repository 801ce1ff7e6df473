"""Facts about the books. `circle/reactions/__init__.py` says what follows from each."""

from __future__ import annotations

from dataclasses import dataclass

from circle.core.events import Event


@dataclass(frozen=True)
class BooksViolated(Event):
    """A check found something that does not add up, other than the check before it did."""

    circle_id: int
    owner_id: int
    #: of the check, RFC 3339
    checked_at: str
    #: how many things were found
    count: int
    #: the first of them, for the operator's eyes too
    first: str


@dataclass(frozen=True)
class BooksCleared(Event):
    """A check found that everything adds up again."""

    circle_id: int
    owner_id: int
    checked_at: str
