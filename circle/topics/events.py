"""Facts about topics. `circle/reactions/__init__.py` says what follows from each."""

from __future__ import annotations

from dataclasses import dataclass

from circle.core.events import Event


@dataclass(frozen=True)
class TopicFollowed(Event):
    """Somebody who did not follow a topic follows it now."""

    topic_id: int
    circle_id: int
    user_id: int
