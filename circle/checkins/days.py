"""The arithmetic of days: when a period opens and closes, what a streak is, and who stands where on the board.

Pure functions (domain specification §3). Periods are numbered from 1. A period is *excused* when the people who run the
circle declared it a day on which the service failed: it breaks no streak, adds nothing to one, and nobody is asked for
more than what was left.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from circle.points import periods

DAY = 24 * 60
#: longer than any campaign: a year of days, and the ISO weeks that touch it
MAX_PERIODS = 366


class Period(NamedTuple):
    """One day (or ISO week) of a campaign: open from `opens_at` until just before `closes_at`, both UTC."""

    idx: int
    #: D2026-11-21 or W2026-47
    key: str
    #: the calendar day in the campaign's time zone, of a week its Monday
    day: date
    opens_at: datetime
    closes_at: datetime


def wall(day: date, minutes: int, tz: str) -> datetime:
    """The moment (UTC) at which clocks in `tz` show midnight of `day` and so many minutes more.

    Of a time that comes twice the first counts; for one that clocks leave out, the moment at which they jump.
    """
    naive, zone = datetime.combine(day, time()) + timedelta(minutes=minutes), ZoneInfo(tz)
    here = naive.replace(tzinfo=zone)
    moment = here.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == naive:
        return moment
    # the offset after the jump gives a moment before it, the offset before gives one after: it lies between them
    low, high = here.replace(fold=1).astimezone(UTC), moment
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
    return high


def periods_of(
    cadence: str, start: date, end: date, tz: str, *, win_start_min: int = 0, win_end_min: int = DAY
) -> list[Period]:
    """The periods of a campaign from `start` to `end` (both included), in order.

    Daily: one for each day, open from `win_start_min` to `win_end_min` minutes after its midnight (the end may lie on
    the next day, up to a day after the start, so that windows never overlap). Weekly: the ISO weeks that touch them.
    """
    if cadence == "weekly":
        first, last = start - timedelta(days=start.weekday()), end - timedelta(days=end.weekday())
        mondays = [first + timedelta(weeks=number) for number in range((last - first).days // 7 + 1)]
        return [
            Period(idx, periods.week_key(day), day, wall(day, 0, tz), wall(day + timedelta(weeks=1), 0, tz))
            for idx, day in enumerate(mondays, 1)
        ]
    days = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    return [
        Period(idx, periods.day_key(day), day, wall(day, win_start_min, tz), wall(day, win_end_min, tz))
        for idx, day in enumerate(days, 1)
    ]


# ---- streaks ---------------------------------------------------------------------------------------------------------


def best_run(done: Collection[int], excused: Collection[int] = ()) -> int:
    """The most periods done in a row; an excused one that was not done neither breaks the row nor counts."""
    best = run = 0
    for idx in range(1, max(done, default=0) + 1):
        if idx in done:
            run += 1
            best = max(best, run)
        elif idx not in excused:
            run = 0
    return best


def current_run(done: Collection[int], excused: Collection[int] = (), *, closed: int) -> int:
    """The row that still stands after `closed` periods are over. What is open now adds to it when done, and does not
    break it when not (yet) done."""
    run, idx = 0, closed + 1 if closed + 1 in done else closed
    while idx >= 1:
        if idx in done:
            run += 1
        elif idx not in excused:
            break
        idx -= 1
    return run


class Need(NamedTuple):
    """What completes a campaign: `count` days in all, a `streak` of days in a row, or `all` of them."""

    type: str
    n: int
    #: periods of the campaign
    total: int

    def target(self, done: Collection[int], excused: Collection[int] = ()) -> int:
        """How many days it takes: never more than an excused day left."""
        wanted = self.total if self.type == "all" else self.n
        return max(1, min(wanted, self.total - len(set(excused) - set(done))))

    def reached(self, done: Collection[int], excused: Collection[int] = ()) -> int:
        """How many of them there are."""
        return best_run(done, excused) if self.type == "streak" else len(done)

    def met(self, done: Collection[int], excused: Collection[int] = ()) -> bool:
        return self.reached(done, excused) >= self.target(done, excused)


# ---- the board -------------------------------------------------------------------------------------------------------

_LATENESS_BITS, _LIKES_BITS, _RUN_BITS = 25, 20, 9
#: what one like more adds to the merit
LIKE = 1 << _LATENESS_BITS
MAX_LIKES = (1 << _LIKES_BITS) - 1
_MAX_LATENESS = (1 << _LATENESS_BITS) - 1


def merit(on_time: int, best_streak: int, likes: int, lateness_s: int) -> int:
    """One number (63 bits) that sorts as the board does: more days on time, then the longer best streak, then more
    likes, then less lateness (seconds since the opening of each period, added up). Equals are told apart by their id.

    A year of days, and a million likes, are told apart exactly.
    """
    days = (on_time << _RUN_BITS) | best_streak
    return (((days << _LIKES_BITS) | min(likes, MAX_LIKES)) << _LATENESS_BITS) | (
        _MAX_LATENESS - min(lateness_s, _MAX_LATENESS)
    )


#: that of somebody who has done nothing yet (nor been late)
NO_MERIT = merit(0, 0, 0, 0)


def one_more(longer: int, late_s: int) -> int:
    """What one more day on time adds to the merit: the best streak becomes so much `longer`, and it comes `late_s`
    seconds after its opening."""
    return (((1 << _RUN_BITS) + longer) << (_LIKES_BITS + _LATENESS_BITS)) - late_s


_SHARE_BITS = 20
#: the share of a team that did everything
_WHOLE = 1_000_000


def team_merit(done: int, checked_in: int, possible: int) -> int:
    """One number that sorts as the board of teams does: more periods done, then the larger part of everything that its
    members could do, so that small teams lose nothing by being small. Equals are told apart by their id."""
    share = min(_WHOLE, _WHOLE * checked_in // possible) if possible else 0
    return (done << _SHARE_BITS) | share


def team_needs(size: int, tenths: int) -> int:
    """How many of a team of `size` have to do a period: so many tenths of them, and nobody is cut in two."""
    return -(-size * tenths // 10)
