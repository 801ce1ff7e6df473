"""Facts in the past tense, and the table that says what follows from each.

An operation `emit`s an event when something *merely follows* (points, notices, counters of another feature). What
the operation would be wrong without, it calls directly. The table itself is in `circle/reactions/`; `create_app`
installs it here. Reactions run inside the same transaction, before commit, in the order of the table; one that
fails rolls everything back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """Base of all events. Subclasses hold plain values (ids, numbers, strings), never rows."""


Reaction = Callable[[Any], object]
_reactions: Mapping[type[Event], Sequence[Reaction]] = {}


def install(table: Mapping[type[Event], Sequence[Reaction]]) -> None:
    """Make `table` the one list of what follows."""
    global _reactions
    _reactions = table


def reactions_to(event: Event) -> Sequence[Reaction]:
    """The functions to call for `event`, in order."""
    return _reactions.get(type(event), ())
