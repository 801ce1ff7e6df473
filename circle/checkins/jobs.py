"""What happens to campaigns by itself. Everything here may run twice, be killed and begin again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy.exc import OperationalError

from circle.checkins import operations
from circle.core.errors import Unavailable
from circle.core.jobs import enqueue, job

log = structlog.get_logger(__name__)


@job("checkins.settle_due", every=timedelta(minutes=5))
def settle_due() -> None:
    """Look for campaigns whose time has come."""
    for campaign_id in operations.due_campaigns():
        enqueue(settle, campaign_id, key=f"checkins.settle:{campaign_id}")


@job("checkins.settle")
def settle(campaign_id: int) -> None:
    """Settle a campaign: one enrolment after the other, and then team after team. One that fails keeps nobody else
    waiting; the campaign stays open for it, and the job is tried again."""
    if not operations.begin_settling(campaign_id):
        return
    _settle_each(campaign_id, operations.unsettled, _settle_enrollment)
    _settle_each(campaign_id, operations.unsettled_teams, operations.settle_team)
    operations.close_campaign(campaign_id)


def _settle_enrollment(enrollment_id: int) -> None:
    while not operations.settle_enrollment(enrollment_id):
        pass


def _settle_each(campaign_id: int, waiting: Callable[..., list[int]], settle_one: Callable[[int], object]) -> None:
    """Settle one after the other of those that are `waiting`. Raises the first failure when all others are done."""
    failures, last = [], 0
    while ids := waiting(campaign_id, after=last):
        for id_ in ids:
            try:
                settle_one(id_)
            except (Unavailable, OperationalError):
                raise  # nobody's part is at fault
            except Exception as error:
                log.exception("checkins.settle_failed", campaign_id=campaign_id, id=id_)
                failures.append(error)
        last = ids[-1]
    if failures:
        raise failures[0]


@job("checkins.freeze_teams", every=timedelta(minutes=5))
def freeze_teams() -> None:
    """Fix the sizes of teams of campaigns that have begun."""
    for campaign_id in operations.unfrozen_campaigns():
        operations.freeze_teams(campaign_id)


@job("checkins.recount")
def recount(campaign_id: int) -> None:
    """Bring everybody's part in line with a campaign in which a day was excused (or is no more), or that gives more
    than it did."""
    last = 0
    while waiting := operations.unsettled(campaign_id, after=last):
        for enrollment_id in waiting:
            operations.recount_enrollment(enrollment_id)
        last = waiting[-1]


@job("checkins.announce")
def announce(campaign_id: int, by: int | None) -> None:
    """Tell the members of the circle that a campaign was published."""
    after: int | None = 0
    while after is not None:
        after = operations.announce_campaign(campaign_id, by, after)


@job("checkins.announce_excuse")
def announce_excuse(campaign_id: int, idx: int) -> None:
    """Tell those who take part that a period counts against nobody."""
    after: int | None = 0
    while after is not None:
        after = operations.announce_excuse(campaign_id, idx, after)


@job("checkins.announce_unexcuse")
def announce_unexcuse(campaign_id: int, idx: int) -> None:
    """Tell those who take part that a period which was excused counts again."""
    after: int | None = 0
    while after is not None:
        after = operations.announce_unexcuse(campaign_id, idx, after)


@job("checkins.bring_back")
def bring_back(enrollment_id: int, idx: int) -> None:
    """Let a check-in count again that another one had replaced, which counts no more."""
    operations.bring_back(enrollment_id, idx)


@job("checkins.announce_results")
def announce_results(campaign_id: int) -> None:
    """Tell those who took part how it ended for them."""
    after: int | None = 0
    while after is not None:
        after = operations.announce_results(campaign_id, after)


@job("checkins.remind_due", every=timedelta(minutes=5))
def remind_due() -> None:
    """Look for periods that close soon."""
    for campaign_id, idx in operations.due_reminders():
        enqueue(remind, campaign_id, idx, key=f"checkins.remind:{campaign_id}:{idx}")


@job("checkins.remind")
def remind(campaign_id: int, idx: int) -> None:
    """Remind those who have not checked in; begun again, it reminds nobody twice."""
    after: int | None = 0
    while after is not None:
        after = operations.remind_some(campaign_id, idx, after)


@job("checkins.end_reminders")
def end_reminders(campaign_id: int, idx: int) -> None:
    """Take the reminders of a period back when it is over."""
    operations.end_reminders(campaign_id, idx)


@job("checkins.tell_reviewers")
def tell_reviewers(campaign_id: int) -> None:
    """Tell those who review that check-ins wait, once a day."""
    operations.tell_reviewers(campaign_id)


@job("checkins.remind_reviewers", every=timedelta(hours=1))
def remind_reviewers() -> None:
    """Look for campaigns of which check-ins wait since the day before."""
    for campaign_id in operations.campaigns_to_review():
        enqueue(tell_reviewers, campaign_id, key=f"checkins.tell_reviewers:{campaign_id}")


@job("checkins.expire_cards", every=timedelta(hours=1))
def expire_cards() -> None:
    """Mark make-up cards whose campaign is over, some hundred at a time."""
    while operations.expire_cards(limit=500) == 500:
        pass
