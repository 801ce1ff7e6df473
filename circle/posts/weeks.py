"""The weeks that leaderboards of topics are about: ISO weeks of a circle's own time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from circle.core import clock
from circle.points import periods

_KEY = re.compile(r"W([0-9]{4})-([0-9]{2})")
#: how long after its end a week is frozen: Monday, ten past midnight
SETTLING = timedelta(minutes=10)


@dataclass(frozen=True)
class Week:
    """An ISO week in a time zone."""

    #: W2026-47; the year is that of its Thursday
    key: str
    starts_at: datetime
    ends_at: datetime
    monday: date

    @classmethod
    def of(cls, moment: datetime, tz: str) -> Week:
        """The week of a moment there."""
        day = clock.local_date(moment, tz)
        return cls._from(day - timedelta(days=day.weekday()), tz)

    @classmethod
    def named(cls, key: str, tz: str) -> Week | None:
        """The week W2026-47 there; None for what is no week."""
        found = _KEY.fullmatch(key)
        if found is None:
            return None
        try:
            monday = date.fromisocalendar(int(found[1]), int(found[2]), 1)
            return cls._from(monday, tz)
        except (ValueError, OverflowError):  # W2025-53, W0000-01, or the end of all dates
            return None

    @classmethod
    def _from(cls, monday: date, tz: str) -> Week:
        following = monday + timedelta(weeks=1)
        return cls(periods.week_key(monday), periods.start_of(monday, tz), periods.start_of(following, tz), monday)

    @property
    def last_day(self) -> datetime:
        """A moment of its Sunday."""
        return self.ends_at - timedelta(hours=2)

    @property
    def freezes_at(self) -> datetime:
        """When its boards are kept as they are."""
        return self.ends_at + SETTLING

    def before(self, tz: str) -> Week:
        """The week before it there."""
        return self._from(self.monday - timedelta(weeks=1), tz)


def weeks_to_freeze(now: datetime, tz: str, most: int) -> list[Week]:
    """The last weeks that are to be frozen by `now` there, the latest first."""
    week = Week.of(now - SETTLING, tz).before(tz)
    found = [week]
    while len(found) < most:
        found.append(found[-1].before(tz))
    return found
