"""What may be read of notices."""

from __future__ import annotations

from circle.core.actor import Actor


def unread_count(actor: Actor) -> int:
    """How many notices the person has not read."""
    return 0
