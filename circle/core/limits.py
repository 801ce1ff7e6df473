"""How often somebody may do what, per kind of route; the same budget for pages and API.

Counted per signed-in person, else per network address, in a sliding window. Memory is enough for one process; with
`CIRCLE_REDIS_URL` all processes count together, and if Redis goes away each counts alone rather than letting
everything through or nothing.
"""

from __future__ import annotations

import time

import structlog
from flask import current_app
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from circle.core.errors import RateLimited

log = structlog.get_logger(__name__)

#: kind of route -> limits that all must hold; "who" is a user id or an address
KINDS = {
    "read": "600/minute",
    "sign_in": "20/minute;100/hour",
    "sign_up": "10/hour;30/day",
    "token": "60/minute",
    "join": "20/minute;100/hour",
    "publish": "10/minute;120/hour",
    "comment": "20/minute;400/hour",
    "react": "120/minute",
    "upload": "40/minute;300/hour",
    "manage": "120/minute",
    "settings": "30/minute",
}


class Limiter:
    """Counts hits; `hit` raises RateLimited (429, with the seconds to wait) when a limit is reached."""

    def __init__(self, redis_url: str | None, *, enabled: bool) -> None:
        self._enabled = enabled
        self._limits: dict[str, list[RateLimitItem]] = {kind: parse_many(text) for kind, text in KINDS.items()}
        self._memory = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = SlidingWindowCounterRateLimiter(self._redis(redis_url)) if redis_url else self._memory

    @staticmethod
    def _redis(url: str) -> Storage:
        # the library spells a unix socket redis+unix://
        return storage_from_string(url.replace("unix://", "redis+unix://") if url.startswith("unix://") else url)

    def hit(self, kind: str, who: str) -> None:
        """Count one hit of `kind` by `who`. Raises RateLimited."""
        if not self._enabled:
            return
        for item in self._limits[kind]:
            try:
                self._hit(self._shared, item, kind, who)
            except RateLimited:
                raise
            except Exception as error:
                if self._shared is self._memory:
                    raise
                log.warning("shared rate limit unavailable, counting alone", error=str(error))
                self._hit(self._memory, item, kind, who)

    @staticmethod
    def _hit(counter: SlidingWindowCounterRateLimiter, item: RateLimitItem, kind: str, who: str) -> None:
        if not counter.hit(item, kind, who):
            reset = counter.get_window_stats(item, kind, who).reset_time
            raise RateLimited(retry_after=max(1, round(reset - time.time())))


def hit(kind: str, who: str) -> None:
    """Count one hit against the limits of this application. Raises RateLimited."""
    limiter: Limiter = current_app.extensions["circle_limiter"]
    limiter.hit(kind, who)
