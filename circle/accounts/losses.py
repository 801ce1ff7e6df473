"""What goes with an account and comes back never: told before, and confirmed by whoever deletes theirs.

Accounts know nothing of what others keep for a person, so the composition root says who knows (`circle/app.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Loss(NamedTuple):
    """So many points in a circle."""

    circle: str
    points: int


def _nothing(_user_id: int) -> Sequence[Loss]:
    return ()


_known: Callable[[int], Sequence[Loss]] = _nothing


def configure(known: Callable[[int], Sequence[Loss]]) -> None:
    """Say who knows what somebody (a users.id) would lose."""
    global _known
    _known = known


def losses_of(user_id: int) -> Sequence[Loss]:
    """What somebody would lose with their account, most first."""
    return _known(user_id)
