"""What follows from what: the one table from events to reactions.

Each function is a few lines: translate the fact, call one operation. They run inside the transaction of the operation
that stated the fact, before its commit, in this order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from circle.core.events import Event, Reaction

REACTIONS: Mapping[type[Event], Sequence[Reaction]] = {}
