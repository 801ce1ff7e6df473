"""The two numbers that order the feeds, as pure functions (domain specification §7).

Both are integers, computed in Python, so that SQLite and PostgreSQL sort alike. Time is inside the hot score: it
changes only when something happens, needs no cron, and pages of the hot feed stay put.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

#: 2024-01-01T00:00:00Z, where the hot score of a post without engagement is 0
HOT_EPOCH = 1_704_067_200
#: one person's comments count at most this often
COMMENTS_PER_PERSON = 3
LIKE = 1
COMMENT = 3
FAVORITE = 4
#: of one person there is one
ANSWER = 3


def engagement(likes: int, comments_by_person: Iterable[int], favorites: int = 0, answers: int = 0) -> int:
    """E = likes + 3·Σ min(3, comments of a person) + 4·favorites + 3·answers, the author's own left out."""
    talk = sum(min(COMMENTS_PER_PERSON, count) for count in comments_by_person)
    return LIKE * likes + COMMENT * talk + FAVORITE * favorites + ANSWER * answers


def hot_score(engagement_: int, published_at: datetime, *, featured: bool = False, checkin: bool = False) -> int:
    """floor(10^6·(sign(E)·log10(max(|E|,1)) + b + (published_at − 2024-01-01)/86400) + 0.5), in micro-units.

    b is 0.5 when featured, less 0.3 for a check-in. One day newer weighs as much as ten times the engagement.
    """
    boost = (0.5 if featured else 0.0) - (0.3 if checkin else 0.0)
    days = (published_at.timestamp() - HOT_EPOCH) / 86400
    size = math.copysign(math.log10(max(abs(engagement_), 1)), engagement_)
    return math.floor(1e6 * (size + boost + days) + 0.5)
