"""What would have been earned by other rules: the past is replayed under a draft and compared with what was given.

Pure. It decides as `operations/earning.py` does (tests hold the two together), with the same caps in the circle's days
and weeks. What was taken back since (a post that was deleted) fills the caps, as it did, and is in neither sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from circle.core import clock
from circle.points.caps import Had, hindrance, left_of
from circle.points.catalog import CODES, EVERYTHING
from circle.points.earn_rules import Rule

TOP = 10
#: what has nothing to do with the rules, so that no others would have given anything
NEVER = ("not_member", "own", "anonymous")
#: no time zone changes its clocks between two multiples of a quarter of an hour
_QUARTER = 900


class Source(NamedTuple):
    """Something that may have earned, in the order in which it happened."""

    member_id: int
    rule_code: str
    giver_id: int | None
    length: int | None
    state: str
    reason: str
    granted_points: int
    granted_growth: int
    effective_at: datetime


@dataclass
class Sums:
    """Points and growth, as they were and as they would have been."""

    points_before: int = 0
    points_after: int = 0
    growth_before: int = 0
    growth_after: int = 0

    @property
    def points_more(self) -> int:
        """How many more points; negative for fewer."""
        return self.points_after - self.points_before

    @property
    def growth_more(self) -> int:
        """How much more growth; negative for less."""
        return self.growth_after - self.growth_before

    def add(self, source: Source, points: int, growth: int) -> None:
        """Count a source with what it would have earned."""
        self.points_before += source.granted_points
        self.growth_before += source.granted_growth
        self.points_after += points
        self.growth_after += growth


@dataclass
class RuleSums(Sums):
    """The same for one rule: how often it came up, and how often a cap cut it."""

    code: str = ""
    times: int = 0
    capped_before: int = 0
    capped_after: int = 0


@dataclass
class WeekSums(Sums):
    """The same for one week; `monday` is its first day."""

    monday: date = date.min


@dataclass
class MemberSums(Sums):
    """The same for one member."""

    member_id: int = 0


@dataclass
class Simulation:
    """Everything that a replay found."""

    total: RuleSums = field(default_factory=RuleSums)
    rules: list[RuleSums] = field(default_factory=list)
    weeks: list[WeekSums] = field(default_factory=list)
    #: how many people earned something
    people_before: int = 0
    people_after: int = 0
    #: how many would have more, and fewer
    better_off: int = 0
    worse_off: int = 0
    winners: list[MemberSums] = field(default_factory=list)
    losers: list[MemberSums] = field(default_factory=list)

    @property
    def capped_before(self) -> int:
        """Percent of all that a cap cut."""
        return _percent(self.total.capped_before, self.total.times)

    @property
    def capped_after(self) -> int:
        """Percent of all that a cap would have cut."""
        return _percent(self.total.capped_after, self.total.times)


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0


def simulate(sources: Iterable[Source], rules: Mapping[str, Rule], tz: str) -> Simulation:
    """Replay `sources` (oldest first) under `rules`, all of CODES, in the days and weeks of the time zone."""
    replay = _Replay(rules, tz)
    total, by_rule = RuleSums(), {code: RuleSums(code=code) for code in CODES if code != EVERYTHING}
    weeks: dict[int, WeekSums] = {}
    members: dict[int, MemberSums] = {}
    for source in sources:
        week, points, growth, capped = replay.earn(source)
        if source.state == "off":
            continue
        rule = by_rule.get(source.rule_code)
        if rule is None:  # of a rule that is no longer
            continue
        if week not in weeks:
            weeks[week] = WeekSums(monday=date.fromordinal(week * 7 + 1))
        if source.member_id not in members:
            members[source.member_id] = MemberSums(member_id=source.member_id)
        for sums in (total, rule, weeks[week], members[source.member_id]):
            sums.add(source, points, growth)
        for sums in (total, rule):
            sums.times += 1
            sums.capped_before += source.reason.endswith("_cap")
            sums.capped_after += capped
    return _found(total, by_rule, weeks, members)


def _found(
    total: RuleSums, by_rule: dict[str, RuleSums], weeks: dict[int, WeekSums], members: dict[int, MemberSums]
) -> Simulation:
    changed = [one for one in members.values() if (one.points_more, one.growth_more) != (0, 0)]
    rising = sorted(changed, key=lambda one: (-one.points_more, -one.growth_more, one.member_id))
    better = [one for one in rising if (one.points_more, one.growth_more) > (0, 0)]
    worse = [one for one in reversed(rising) if (one.points_more, one.growth_more) < (0, 0)]
    return Simulation(
        total=total,
        rules=list(by_rule.values()),
        weeks=[weeks[number] for number in sorted(weeks)],
        people_before=sum(bool(one.points_before or one.growth_before) for one in members.values()),
        people_after=sum(bool(one.points_after or one.growth_after) for one in members.values()),
        better_off=len(better),
        worse_off=len(worse),
        winners=better[:TOP],
        losers=worse[:TOP],
    )


class _Replay:
    """The counters of everybody, and what the rules leave. Days and weeks are numbers: day 1 was a Monday."""

    def __init__(self, rules: Mapping[str, Rule], tz: str) -> None:
        self._rules, self._total, self._tz = rules, rules[EVERYTHING], tz
        self._days: dict[int, int] = {}
        #: (member, code) or (member, code, giver) in a day or week -> how often; and how many points
        self._times: dict[tuple[object, ...], int] = defaultdict(int)
        self._points: dict[tuple[object, ...], int] = defaultdict(int)

    def _day(self, moment: datetime) -> int:
        quarter = int(moment.timestamp() // _QUARTER)
        day = self._days.get(quarter)
        if day is None:
            day = self._days[quarter] = clock.local_date(moment, self._tz).toordinal()
        return day

    def earn(self, source: Source) -> tuple[int, int, int, bool]:
        """(week, points, growth, whether a cap cut it): what the source would have earned."""
        day = self._day(source.effective_at)
        week = (day - 1) // 7
        rule = self._rules.get(source.rule_code)
        if rule is None or source.reason in NEVER or hindrance(rule, source.length):
            return week, 0, 0, False
        points, growth, reason = left_of(rule, self._total, self._had(source, day, week))
        if points or growth:
            self._count(source, day, week, points)
        return week, points, growth, bool(reason)

    def _had(self, source: Source, day: int, week: int) -> Had:
        who, code, giver = source.member_id, source.rule_code, source.giver_id
        return Had(
            self._times[who, code, "D", day],
            None if giver is None else self._times[who, code, giver, day],
            self._points[who, code, "D", day],
            self._points[who, code, "W", week],
            self._points[who, EVERYTHING, "D", day],
            self._points[who, EVERYTHING, "W", week],
        )

    def _count(self, source: Source, day: int, week: int, points: int) -> None:
        who, code = source.member_id, source.rule_code
        self._times[who, code, "D", day] += 1
        if source.giver_id is not None:
            self._times[who, code, source.giver_id, day] += 1
        for counted in (code, EVERYTHING):
            self._points[who, counted, "D", day] += points
            self._points[who, counted, "W", week] += points
