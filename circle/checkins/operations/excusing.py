"""A day on which the service failed counts against nobody: everybody keeps their streak. And the way back."""

from __future__ import annotations

from circle.access import Actor
from circle.checkins import rules
from circle.checkins.events import PeriodExcused, PeriodUnexcused
from circle.checkins.models import Campaign, CampaignPeriod
from circle.checkins.operations.managing import managed_campaign
from circle.core import audit, clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, operation


@operation
def excuse_period(actor: Actor, campaign_id: int, idx: int, *, reason: str) -> None:
    """Excuse a period for everybody: a streak goes on over it, and nobody is asked for more than was left. Whoever did
    check in keeps that, and has the card back that a make-up of it took. Everybody's days are counted anew by a job, so
    that completions follow.

    Doing it twice is doing it once. Raises NotFound, Forbidden, Conflict (not published, or being settled), Refused
    PERIOD_NOT_OPENED.
    """
    campaign, period = _running(actor, campaign_id, idx)
    key = str(idx)
    if key in campaign.excused:
        return
    rules.check_opened(period.opens_at, campaign.cadence)
    campaign.excused = {**campaign.excused, key: {"reason": reason, **_now(actor)}}
    campaign.unexcused = {other: when for other, when in campaign.unexcused.items() if other != key}
    campaign.version += 1
    audit.record(
        actor, "campaign.excuse", f"campaign:{campaign.id}", {"idx": idx, "reason": reason},
        circle_id=campaign.circle_id,
    )  # fmt: skip
    emit(PeriodExcused(campaign.id, campaign.circle_id, campaign.title, actor.id, idx, reason))


@operation
def unexcuse_period(actor: Actor, campaign_id: int, idx: int) -> None:
    """Let a period count again that was excused: what was lost by it is lost, and is asked for again. Everybody's days
    are counted anew by the job that follows an excusal, so that completions follow (a reward may go back).

    Make-up cards that came back stay where they are, and a day that was made up stays made up: nobody pays for what the
    people who run the circle thought of twice.

    Of a period that is not excused nothing changes. Raises NotFound, Forbidden, Conflict (not published, or being
    settled).
    """
    campaign, _period = _running(actor, campaign_id, idx)
    key = str(idx)
    if key not in campaign.excused:
        return
    campaign.excused = {other: why for other, why in campaign.excused.items() if other != key}
    campaign.unexcused = {**campaign.unexcused, key: _now(actor)}
    campaign.version += 1
    audit.record(actor, "campaign.unexcuse", f"campaign:{campaign.id}", {"idx": idx}, circle_id=campaign.circle_id)
    emit(PeriodUnexcused(campaign.id, campaign.circle_id, campaign.title, actor.id, idx))


def _running(actor: Actor, campaign_id: int, idx: int) -> tuple[Campaign, CampaignPeriod]:
    """A period of a locked campaign that is neither a draft nor over. Raises NotFound, Forbidden, Conflict."""
    campaign, _circle = managed_campaign(actor, campaign_id)
    period = db.session.get(CampaignPeriod, (campaign_id, idx))
    if period is None and campaign.status != "draft":
        raise NotFound
    rules.check_campaign_status(campaign.status, ("published",))
    if period is None:
        raise NotFound
    return campaign, period


def _now(actor: Actor) -> dict[str, str | None]:
    return {"at": clock.now().isoformat(), "by": None if actor.id is None else str(actor.id)}
