"""What points do by themselves: they run out, and people hear of it before; levels are looked at after a year; and
what was left behind is let go of. Every job works in small pieces, goes on where it was stopped, and may run twice."""

from __future__ import annotations

from datetime import date, timedelta

import structlog

from circle.core import clock
from circle.core.jobs import enqueue, job
from circle.ledger import operations as ledger
from circle.ledger.queries import circles_with_books
from circle.points import operations, periods
from circle.points.checking import check_and_keep
from circle.points.queries import ageing

log = structlog.get_logger(__name__)

_BATCH = 200
#: lots that run out in one transaction
_LOTS = 100
#: so many days before points run out their owner is told
REMIND_DAYS = (30, 7)
#: so many days later they are told still, if the worker stood
_LATE = 2


@job("points.expire_lots", every=timedelta(hours=1))
def expire_lots() -> None:
    """Let points run out whose time is over."""
    now, lots = clock.now(), 0
    while accounts := ageing.accounts_due(now, _BATCH):
        before = lots
        for account_id in accounts:
            while (ran_out := ledger.expire_lots(account_id, now, _LOTS)) > 0:
                lots += ran_out
        if lots == before:  # another worker does the same
            break
    if lots:
        log.info("points ran out", lots=lots)


@job("points.remind_expiry", every=timedelta(days=1))
def remind_expiry() -> None:
    """Tell people 30 and 7 days before that points run out; once for a day and distance, however often this runs."""
    for tz in ageing.zones():
        today = clock.local_date(clock.now(), tz)
        for days in REMIND_DAYS:
            for late in range(_LATE + 1):
                _remind(tz, today + timedelta(days=days - late), days)


def _remind(tz: str, day: date, days: int) -> None:
    """`day` is the last on which the points can be used."""
    since, until = periods.start_of(day, tz), periods.start_of(day + timedelta(days=1), tz)
    after: ageing.Place | None = None
    while batch := ageing.accounts_running_out(since, until, after, _BATCH):
        after = batch[-1]
        operations.remind_running_out(sorted({account_id for _at, account_id in batch}), day, tz, days)


@job("points.assess_levels", every=timedelta(days=1))
def assess_levels() -> None:
    """Look at the levels whose year is over: who did not keep theirs goes one down."""
    now, fallen = clock.now(), 0
    after: ageing.Place | None = None
    while batch := ageing.levels_to_assess(now, after, _BATCH):
        after = batch[-1]
        fallen += sum(operations.assess_level(member_id) for _at, member_id in batch)
    if fallen:
        log.info("levels fell", members=fallen)


@job("points.reassess_levels")
def reassess_levels(circle_id: int) -> None:
    """Let members of a circle rise whose growth is enough for a higher level, since its owner changed the levels."""
    after: int | None = 0
    while after is not None:
        after = operations.reassess_levels(circle_id, after)


@job("points.forfeit_left", every=timedelta(days=1))
def forfeit_left() -> None:
    """Let go of the points of those who left a circle a year ago and did not come back."""
    before, after, gone = clock.now() - operations.KEEP_LEFT, 0, 0
    while batch := ageing.left_with_something(before, after, _BATCH):
        after = batch[-1]
        gone += sum(operations.forfeit_left(member_id) for member_id in batch)
    if gone:
        log.info("points forfeited", members=gone)


@job("points.expire_tasks", every=timedelta(days=1))
def expire_tasks() -> None:
    """Close tasks that were not finished, or whose reward was not claimed, in time."""
    closed = 0
    while count := operations.expire_tasks():
        closed += count
    if closed:
        log.info("tasks closed", count=closed)


@job("ledger.check", every=timedelta(days=1))
def check_all() -> None:
    """Have the books of every circle added up again, each by a job of its own: one that fails keeps none from it."""
    for circle_id in circles_with_books():
        enqueue(check_one, circle_id, key=f"{check_one.name}:{circle_id}")


@job("ledger.check_circle")
def check_one(circle_id: int) -> None:
    """Add up the books of a circle again and keep what was found."""
    checked = check_and_keep(circle_id)
    if checked.violations:
        log.error("the books do not balance", circle=circle_id, found=[str(each) for each in checked.violations])
