"""What the reactions of several features use."""

from __future__ import annotations

from circle.core import clock


def moment() -> str:
    """Tells apart what may happen to the same person again."""
    return clock.now().isoformat()
