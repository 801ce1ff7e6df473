"""Making a campaign, publishing it, and calling it off."""

from __future__ import annotations

from sqlalchemy import insert

from circle import access
from circle.access import Actor, Permission
from circle.checkins import plans, rules
from circle.checkins.events import CampaignCancelled, CampaignPublished
from circle.checkins.models import Campaign, CampaignPeriod
from circle.checkins.plans import Plan
from circle.circles import queries as circles
from circle.circles.queries import CircleRow
from circle.core import audit, clock, ids
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation
from circle.topics import queries as topics


@operation
def create_campaign(actor: Actor, slug: str, plan: Plan) -> int:
    """Begin a draft; returns its id. Raises NotFound, Forbidden, Invalid, Refused TOPIC_CLOSED."""
    circle = circles.readable_circle(actor, slug)
    access.require(actor, Permission.CAMPAIGN_MANAGE, circle.standing)
    check_plan(actor, circle, plan)
    campaign = Campaign(id=ids.new_id(), circle_id=circle.id, created_by=actor.person_id, tz=circle.tz, **plan.values())
    db.session.add(campaign)
    db.session.flush()
    about = f"campaign:{campaign.id}"
    audit.record(actor, "campaign.create", about, {"title": plan.title}, circle_id=circle.id)
    return campaign.id


def check_plan(actor: Actor, circle: CircleRow, plan: Plan, before: Plan | None = None) -> None:
    """What a draft must be like already. A topic, or level, that it had `before` may be gone meanwhile.

    Raises Invalid, Refused TOPIC_CLOSED.
    """
    plans.check_plan(plan, levels=max(len(circle.tags), before.level_min if before is not None else 1))
    if plan.topic_id is not None and (before is None or plan.topic_id != before.topic_id):
        topics.writable_topics(actor, circle.id, [plan.topic_id])


@operation
def publish_campaign(actor: Actor, campaign_id: int) -> None:
    """Fix the periods of a draft, in the circle's time zone of this moment, and let members join.

    Raises NotFound, Forbidden, Conflict, Refused PERIODS_EMPTY, NEED_UNREACHABLE, TOPIC_CLOSED, Invalid.
    """
    campaign, circle = managed_campaign(actor, campaign_id)
    rules.check_campaign_status(campaign.status, ("draft",))
    plan = Plan.of(campaign)
    check_plan(actor, circle, plan)
    found = plan.periods(circle.tz)
    rules.check_periods(found, plan.cadence)
    rules.check_need(campaign.need_type, campaign.need_n, len(found))
    now = clock.now()
    campaign.tz, campaign.period_count = circle.tz, len(found)
    campaign.opens_at, campaign.closes_at = found[0].opens_at, found[-1].closes_at
    campaign.settle_at = found[-1].closes_at + rules.SETTLE_AFTER
    campaign.status, campaign.published_at = "published", now
    campaign.version += 1
    db.session.flush()
    rows = [{"campaign_id": campaign.id, **period._asdict()} for period in found]
    db.session.execute(insert(CampaignPeriod), rows)
    audit.record(
        actor, "campaign.publish", f"campaign:{campaign.id}", {"title": campaign.title, "periods": len(found)},
        circle_id=campaign.circle_id,
    )  # fmt: skip
    about = (campaign.id, campaign.circle_id, campaign.title, actor.id)
    emit(CampaignPublished(*about, campaign.opens_at, campaign.closes_at))


@operation
def cancel_campaign(actor: Actor, campaign_id: int, *, reason: str) -> None:
    """Call a campaign off. A draft is simply gone; from a published one nothing is taken back, and who had done their
    share gets what was promised (operations/settling.py).

    Raises NotFound, Forbidden, Conflict.
    """
    campaign, _circle = managed_campaign(actor, campaign_id)
    rules.check_campaign_status(campaign.status, ("draft", "published"))
    audit.record(
        actor, "campaign.cancel", f"campaign:{campaign.id}", {"title": campaign.title, "reason": reason},
        circle_id=campaign.circle_id,
    )  # fmt: skip
    if campaign.status == "draft":
        db.session.delete(campaign)
        return
    campaign.status, campaign.cancelled_at, campaign.cancel_reason = "cancelled", clock.now(), reason
    campaign.version += 1
    emit(CampaignCancelled(campaign.id, campaign.circle_id, campaign.title, actor.id, reason))


def managed_campaign(actor: Actor, campaign_id: int) -> tuple[Campaign, CircleRow]:
    """A campaign, locked, for somebody who manages them there. Raises NotFound, Forbidden."""
    campaign = lock(Campaign, campaign_id)
    circle = circles.readable_circle_by_id(actor, campaign.circle_id)
    if campaign.status == "draft" and not access.can(actor, Permission.CAMPAIGN_MANAGE, circle.standing):
        raise NotFound
    access.require(actor, Permission.CAMPAIGN_MANAGE, circle.standing)
    return campaign, circle
