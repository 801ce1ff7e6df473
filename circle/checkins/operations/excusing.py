"""A day on which the service failed counts against nobody: everybody keeps their streak."""

from __future__ import annotations

from circle.access import Actor
from circle.checkins import rules
from circle.checkins.events import PeriodExcused
from circle.checkins.models import CampaignPeriod
from circle.checkins.operations.managing import managed_campaign
from circle.core import audit, clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, operation


@operation
def excuse_period(actor: Actor, campaign_id: int, idx: int, *, reason: str) -> None:
    """Excuse a period for everybody: a streak goes on over it, and nobody is asked for more than was left. Whoever did
    check in keeps that. Everybody's days are counted anew by a job, so that completions follow.

    Doing it twice is doing it once. Raises NotFound, Forbidden, Conflict (not published, or being settled), Refused
    PERIOD_NOT_OPENED.
    """
    campaign, _circle = managed_campaign(actor, campaign_id)
    period = db.session.get(CampaignPeriod, (campaign_id, idx))
    if period is None and campaign.status != "draft":
        raise NotFound
    rules.check_campaign_status(campaign.status, ("published",))
    if period is None or str(idx) in campaign.excused:
        return
    rules.check_opened(period.opens_at)
    now = clock.now()
    stated = {"reason": reason, "at": now.isoformat(), "by": None if actor.id is None else str(actor.id)}
    campaign.excused = {**campaign.excused, str(idx): stated}
    campaign.version += 1
    audit.record(
        actor, "campaign.excuse", f"campaign:{campaign.id}", {"idx": idx, "reason": reason},
        circle_id=campaign.circle_id,
    )  # fmt: skip
    emit(PeriodExcused(campaign.id, campaign.circle_id, campaign.title, actor.id, idx, reason))
