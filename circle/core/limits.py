"""How often somebody may do what, per kind of route; the same budget for pages and API.

Counted per signed-in person, else per network address, in a sliding window. Memory is enough for one process; with
`CIRCLE_REDIS_URL` all processes count together, and if Redis goes away each counts alone rather than letting
everything through or nothing.
"""

from __future__ import annotations

import math
import time

import structlog
from flask import current_app
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from circle.core.errors import RateLimited

log = structlog.get_logger(__name__)

#: seconds to wait for Redis (it answers in less than one millisecond, or something is wrong)
_PATIENCE = 0.5
#: seconds to count alone before asking a Redis that failed again
_PAUSE = 5.0

#: kind of route -> limits that all must hold; "who" is a user id or an address
KINDS = {
    "read": "600/minute",
    # pages that are open and ask by themselves: not from the budget of reading
    "live": "600/minute",
    "sign_in": "20/minute;100/hour",
    "forgot": "5/minute;20/hour",
    "sign_up": "10/hour;30/day",
    "token": "60/minute",
    "join": "20/minute;100/hour",
    "publish": "10/minute;120/hour",
    "draft": "60/minute;1200/hour",
    # pictures made on demand; those that are stored already are only read
    "draw": "30/minute;300/hour",
    "comment": "20/minute;400/hour",
    "react": "120/minute",
    "suggest": "120/minute",
    "upload": "40/minute;300/hour",
    "manage": "120/minute",
    # three months replayed, a few seconds each
    "simulate": "20/minute;200/hour",
    "settings": "30/minute",
    # who asked without a name: looked up for a reason, not one after the other
    "reveal": "10/hour",
}


class Limiter:
    """Counts hits; `hit` raises RateLimited (429, with the seconds to wait) when a limit is reached."""

    def __init__(self, redis_url: str | None, *, enabled: bool) -> None:
        self._enabled = enabled
        self._limits: dict[str, list[RateLimitItem]] = {kind: parse_many(text) for kind, text in KINDS.items()}
        self._memory = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = SlidingWindowCounterRateLimiter(self._redis(redis_url)) if redis_url else None
        self._alone_until = 0.0

    @staticmethod
    def _redis(url: str) -> RedisStorage:
        return RedisStorage(url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE)

    def hit(self, kind: str, who: str) -> None:
        """Count one hit of `kind` by `who`. Raises RateLimited."""
        if not self._enabled:
            return
        for item in self._limits[kind]:
            if self._shared is None or time.monotonic() < self._alone_until:
                self._hit(self._memory, item, kind, who)
                continue
            try:
                self._hit(self._shared, item, kind, who)
            except RateLimited:
                raise
            except Exception as error:
                self._alone_until = time.monotonic() + _PAUSE
                log.warning("shared rate limit unavailable, counting alone", error=str(error))
                self._hit(self._memory, item, kind, who)

    @staticmethod
    def _hit(counter: SlidingWindowCounterRateLimiter, item: RateLimitItem, kind: str, who: str) -> None:
        if not counter.hit(item, kind, who):
            reset = counter.get_window_stats(item, kind, who).reset_time
            raise RateLimited(retry_after=max(1, math.ceil(reset - time.time())))


def hit(kind: str, who: str) -> None:
    """Count one hit against the limits of this application. Raises RateLimited."""
    limiter: Limiter = current_app.extensions["circle_limiter"]
    limiter.hit(kind, who)
