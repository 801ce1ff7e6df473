"""What the books refuse."""

from __future__ import annotations

from circle.core.errors import Conflict, Refused
from circle.core.i18n import lazy


def insufficient_points() -> Refused:
    """More points than there are."""
    return Refused("INSUFFICIENT_POINTS", lazy("There are not enough points for this."))


def insufficient_funds() -> Refused:
    """A strict account would fall below zero."""
    return Refused("INSUFFICIENT_FUNDS", lazy("There is not enough left for this."))


def key_mismatch() -> Conflict:
    """A key was used before for something else."""
    return Conflict(lazy("This was asked for before with other values."), code="LEDGER_KEY_MISMATCH")


def books_blocked() -> Conflict:
    """The last check found something that does not add up."""
    return Conflict(
        lazy("The books of this circle do not balance, so nothing can be given or taken until that is cleared up."),
        code="BOOKS_BLOCKED",
    )


def check_unblocked(*, blocked: bool) -> None:
    """Nothing is given by hand and nothing of value leaves a circle whose books do not balance
    (`queries.books_blocked`). Raises Conflict BOOKS_BLOCKED."""
    if blocked:
        raise books_blocked()
