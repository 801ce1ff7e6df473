"""Days, weeks, and when points run out, all in the circle's own time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from circle.core import clock
from circle.ledger.operations import NEVER

ALL = "ALL"


def day_key(day: date) -> str:
    """D2026-11-21."""
    return f"D{day.isoformat()}"


def week_key(day: date) -> str:
    """W2026-47, by ISO 8601: the year is that of the week's Thursday."""
    year, week, _weekday = day.isocalendar()
    return f"W{year}-{week:02d}"


def month_key(day: date) -> str:
    """M2026-11."""
    return f"M{day:%Y-%m}"


def keys_of(moment: datetime, tz: str) -> tuple[str, str]:
    """The day and the week of a moment there."""
    day = clock.local_date(moment, tz)
    return day_key(day), week_key(day)


def start_of(day: date, tz: str) -> datetime:
    """The first moment of a day there, UTC. (Where clocks go forward at midnight, the day begins an hour later.)"""
    return datetime.combine(day, time(), ZoneInfo(tz)).astimezone(UTC)


def day_end(moment: datetime, tz: str) -> datetime:
    """When the day of `moment` is over."""
    return start_of(clock.local_date(moment, tz) + timedelta(days=1), tz)


def week_end(moment: datetime, tz: str) -> datetime:
    """When the ISO week of `moment` is over."""
    day = clock.local_date(moment, tz)
    return start_of(day + timedelta(days=8 - day.isoweekday()), tz)


def expiry_of(moment: datetime, tz: str, expiry: str) -> datetime:
    """When points earned at `moment` run out: 1 January two years after that year (次年年底有效), or never."""
    if expiry == "never":
        return NEVER
    return _new_year(clock.local_date(moment, tz).year + 2, tz)


@lru_cache(maxsize=1000)
def _new_year(year: int, tz: str) -> datetime:
    return start_of(date(year, 1, 1), tz)


def window_keys(window: str, now: datetime, tz: str) -> list[str]:
    """The period keys that a board sums up: 7d and 30d are so many calendar days, today the last."""
    if window == "all":
        return [ALL]
    today = clock.local_date(now, tz)
    return [day_key(today - timedelta(days=back)) for back in range({"7d": 7, "30d": 30}[window])]
