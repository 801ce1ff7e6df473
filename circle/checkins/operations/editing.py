"""Changing a campaign: anything while it is a draft, and only for the better once members may have joined it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import column, select, table

from circle.access import Actor
from circle.checkins import days, plans, rules
from circle.checkins.events import CampaignImproved
from circle.checkins.models import Campaign
from circle.checkins.operations.enrolling import useful_until
from circle.checkins.operations.managing import check_plan, managed_campaign
from circle.checkins.plans import NAMES, Plan
from circle.core import audit
from circle.core.db import BigInt, db
from circle.core.errors import NotFound, PreconditionFailed
from circle.core.operation import emit, operation

#: uploads, of which nothing more needs to be known here
_MEDIA = table("media", column("id", BigInt), column("owner_id", BigInt), column("kind"), column("purpose"))
#: of what is raised so much reaches those who take part already
_FOR_ALL = ("reward_points", "reward_growth", "free_cards")
#: written into the log by name alone
_LONG = ("intro", "intro_html", "prompts")


def update_campaign(actor: Actor, campaign_id: int, *, version: int | None = None, **changes: Any) -> None:
    """Change what a campaign is like; what is not named stays. `changes` are fields of Plan.

    Of a draft everything may change. Once it is published its words, prompts, topic and cover may; what a check-in must
    have, make-up cards, the last day to join and rewards only for the better of those who take part; the rest stays.
    A larger reward holds for everybody: whoever completed the campaign before gets the difference (by a job, at the
    latest when it is settled), and more make-up cards go to those who have joined, too.

    Raises NotFound, Forbidden, PreconditionFailed (when `version` is given and not the current one), Conflict, Invalid,
    Refused CAMPAIGN_LOCKED (naming the field), TOPIC_CLOSED.
    """
    if "intro" in changes:
        changes["intro_html"] = plans.as_html(changes["intro"])
    _update(actor, campaign_id, version, changes)


@operation
def _update(actor: Actor, campaign_id: int, version: int | None, changes: dict[str, Any]) -> None:
    if unknown := changes.keys() - set(NAMES):
        raise TypeError(f"a campaign has no {unknown}")
    campaign, circle = managed_campaign(actor, campaign_id)
    if version is not None and version != campaign.version:
        raise PreconditionFailed
    rules.check_campaign_status(campaign.status, ("draft", "published"))
    before = Plan.of(campaign)
    after = replace(before, **{**changes, "prompts": tuple(changes.get("prompts", before.prompts))})
    if before == after:
        return
    check_plan(actor, circle, after, before)
    if campaign.status == "published":
        useful = useful_until(campaign)
        plans.check_change(
            before,
            after,
            join_before=_until(before, campaign.tz) or useful,
            join_after=_until(after, campaign.tz) or useful,
        )
    _write(actor, campaign, before, after)


def _until(plan: Plan, tz: str) -> datetime | None:
    """When the last day to join that was set is over."""
    return None if plan.late_join_until is None else days.wall(plan.late_join_until, days.DAY, tz)


def _write(actor: Actor, campaign: Campaign, before: Plan, after: Plan) -> None:
    values = after.values()
    changed = [name for name in NAMES if getattr(before, name) != getattr(after, name)]
    for name in changed:
        setattr(campaign, name, values[name])
    campaign.version += 1
    audit.record(
        actor, "campaign.update", f"campaign:{campaign.id}",
        {name: _logged(name, getattr(before, name), getattr(after, name)) for name in changed if name != "intro_html"},
        circle_id=campaign.circle_id,
    )  # fmt: skip
    if campaign.status == "published" and any(name in _FOR_ALL for name in changed):
        emit(CampaignImproved(campaign.id, campaign.circle_id, campaign.title, actor.id))


def _logged(name: str, before: Any, after: Any) -> Any:
    """A change as the log keeps it: as it was and as it became."""
    if name in _LONG:
        return "changed"
    plain = name != "topic_id"
    return [
        value if value is None or (plain and not isinstance(value, date)) else str(value) for value in (before, after)
    ]


@operation
def set_campaign_cover(actor: Actor, campaign_id: int, media_id: int | None) -> None:
    """Show an upload of the actor (purpose cover) with the campaign, or none; also while it runs.

    Raises NotFound (also for any other upload), Forbidden, Conflict.
    """
    campaign, _circle = managed_campaign(actor, campaign_id)
    rules.check_campaign_status(campaign.status, ("draft", "published"))
    if media_id is not None:
        mine = () if actor.is_system else (_MEDIA.c.owner_id == actor.id,)
        picture = (_MEDIA.c.id == media_id, _MEDIA.c.kind == "image", _MEDIA.c.purpose == "cover", *mine)
        if db.session.scalar(select(_MEDIA.c.id).where(*picture)) is None:
            raise NotFound
    before, campaign.cover_id = campaign.cover_id, media_id
    if before != media_id:
        campaign.version += 1
        audit.record(
            actor, "campaign.cover", f"campaign:{campaign.id}",
            {"before": before and str(before), "after": media_id and str(media_id)}, circle_id=campaign.circle_id,
        )  # fmt: skip
