"""The one source of "now" and of "which day is it".

`now()` is always UTC with microseconds. A *day* is always a day in somebody's time zone (a circle's, a campaign's),
so `local_date` asks for it. `at(moment)` sets the clock for a block: the demo circle lives through past weeks with
it, and tests use it to stand at a boundary.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

_set_to: ContextVar[datetime | None] = ContextVar("circle_clock", default=None)


def now() -> datetime:
    """The current moment, UTC, aware."""
    return _set_to.get() or datetime.now(UTC)


def is_set() -> bool:
    """Whether the clock was set by hand with `at`."""
    return _set_to.get() is not None


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let `now()` answer `moment` (aware) inside the block, for this thread only."""
    if moment.tzinfo is None:
        raise ValueError("the clock takes aware datetimes only")
    token = _set_to.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _set_to.reset(token)


def local_date(moment: datetime, tz: str) -> date:
    """The calendar day of `moment` (aware) in the IANA time zone `tz`."""
    if moment.tzinfo is None:
        raise ValueError("a naive moment is on no certain day")
    return moment.astimezone(ZoneInfo(tz)).date()


def is_time_zone(name: str) -> bool:
    """Whether `name` is a known IANA time zone such as Asia/Shanghai."""
    return name in _time_zones()


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())  # reads some hundred files
