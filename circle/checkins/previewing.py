"""What publishing a plan would fix: its periods, whether what is asked for can be done, and what stands in the way.

Pure functions over a plan, for the editor. The same arithmetic publishes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from circle.checkins import days, rules
from circle.checkins.days import Need, Period
from circle.checkins.plans import Plan
from circle.core import clock
from circle.core.errors import Invalid, Refused


class PeriodPreview(NamedTuple):
    """A period as publishing would fix it."""

    idx: int
    #: of a week its Monday
    day: date
    opens_at: datetime
    closes_at: datetime
    #: minutes by which it is longer (or, negative, shorter) than others, because the clocks change in it
    shift: int
    #: whether its end lies on the next calendar day
    overnight: bool
    prompt: str
    #: whether it is over already
    past: bool
    excused: bool = False


@dataclass(frozen=True)
class Preview:
    """A plan, looked at before anybody joins."""

    tz: str
    periods: Sequence[PeriodPreview]
    #: how many check-ins complete it
    target: int
    #: the last day on which one may join; None: nobody ever could complete it
    join_until: date | None
    settle_at: datetime | None
    #: what publishing would refuse, in sentences; empty: it may be published
    problems: Sequence[Any]

    @property
    def total(self) -> int:
        return len(self.periods)

    @property
    def shifted(self) -> int:
        """In how many of them the clocks change."""
        return sum(1 for period in self.periods if period.shift)


def preview_of(plan: Plan, tz: str, fixed: Sequence[Period] = (), excused: Sequence[int] = ()) -> Preview:
    """How a plan would be published in a time zone; `fixed` are the periods of one that is."""
    found = list(fixed) or (plan.periods(tz) if plan.start_date <= plan.end_date else [])
    need = Need(plan.need_type, plan.need_n, len(found))
    wanted = need.total if need.type == "all" else need.n
    return Preview(
        tz=tz,
        periods=[_period(plan, tz, period, period.idx in excused) for period in found],
        target=wanted,
        join_until=_join_until(plan, tz, found, wanted),
        settle_at=found[-1].closes_at + rules.SETTLE_AFTER if found else None,
        problems=[] if fixed else _problems(plan, found),
    )


def _period(plan: Plan, tz: str, period: Period, excused: bool) -> PeriodPreview:
    usual = 7 * days.DAY if plan.cadence == "weekly" else plan.win_end_min - plan.win_start_min
    minutes = round((period.closes_at - period.opens_at) / timedelta(minutes=1))
    last = clock.local_date(period.closes_at - timedelta(microseconds=1), tz)
    prompt = plan.prompts[period.idx - 1] if period.idx <= len(plan.prompts) else ""
    return PeriodPreview(
        period.idx, period.day, period.opens_at, period.closes_at, minutes - usual,
        plan.cadence == "daily" and last > period.day, prompt, period.closes_at <= clock.now(), excused,
    )  # fmt: skip


def _join_until(plan: Plan, tz: str, found: Sequence[Period], wanted: int) -> date | None:
    """As operations.enrolling.join_until."""
    if plan.late_join_until is not None:
        return plan.late_join_until
    place = len(found) - wanted
    if not 0 <= place < len(found):
        return None
    return clock.local_date(found[place].closes_at - timedelta(microseconds=1), tz)


def _problems(plan: Plan, found: Sequence[Period]) -> list[Any]:
    checks: list[Callable[[], None]] = [lambda: rules.check_periods(found, plan.cadence)]
    if found:
        checks.append(lambda: rules.check_need(plan.need_type, plan.need_n, len(found)))
    problems: list[Any] = []
    for check in checks:
        try:
            check()
        except (Invalid, Refused) as error:
            problems += [sentence for sentences in error.errors.values() for sentence in sentences]
    return problems
