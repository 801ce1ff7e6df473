"""From the form of the editor to a plan, and from a plan to what the preview shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from circle.checkins import days, plans, queries
from circle.checkins.plans import CHANGEABLE, NAMES, Plan
from circle.checkins.previewing import Preview, preview_of
from circle.checkins.queries import CampaignRow, DayRow
from circle.circles.queries import CircleRow
from circle.core import clock
from circle.core.errors import Invalid
from circle.core.i18n import _, lazy

#: fields of the form that are those of a plan, and absent where nothing was typed
_SAME = (
    "cadence", "start_date", "end_date", "min_len", "min_images", "review", "need_type", "need_n", "free_cards",
    "card_price", "card_limit", "lookback", "level_min", "reward_points", "reward_growth", "team_points", "team_growth",
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """What the preview shows: the periods, and the campaign as members will see it; or only what is wrong."""

    errors: Mapping[str, Any]
    preview: Preview | None = None
    campaign: CampaignRow | None = None
    #: it has no name yet, so it cannot be published however well the rest is thought out
    unnamed: bool = False


def usual_plan(circle: CircleRow) -> Plan:
    """What the editor begins with: a week from next Monday."""
    today = clock.local_date(clock.now(), circle.tz)
    monday = today + timedelta(days=7 - today.weekday())
    return Plan("", monday, monday + timedelta(days=6), reward_points=50, reward_growth=50)


def plan_of(campaign: CampaignRow) -> Plan:
    """The plan of a campaign as it was read."""
    values = {name: getattr(campaign, name) for name in NAMES if name != "topic_id"}
    topic_id = campaign.topic.id if campaign.topic is not None else None
    return Plan(**{**values, "prompts": tuple(campaign.prompts)}, topic_id=topic_id)


def form_values(plan: Plan) -> dict[str, Any]:
    """A plan as the form would send it."""
    values: dict[str, Any] = {name: getattr(plan, name) for name in (*_SAME, "title", "intro", "late_join_until")}
    return values | {
        "prompts": "\n".join(plan.prompts),
        "topic_id": plan.topic_id or "",
        "win_start": _clock(plan.win_start_min),
        "win_end": _clock(plan.win_end_min),
        "audio": plan.audio,
        "teams": plan.teams,
    }


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def planned(data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a plan that the form holds."""
    values: dict[str, Any] = {name: data[name] for name in _SAME if data[name] is not None}
    values |= {name: data[name] for name in ("title", "intro", "topic_id", "late_join_until", "audio", "teams")}
    values["prompts"] = tuple(line.strip() for line in data["prompts"].rstrip().split("\n")) if data["prompts"] else ()
    if data["win_start"] is not None or data["win_end"] is not None:
        start, end = data["win_start"] or 0, data["win_end"] or 0
        # an end that is not after the start is one on the next day: 22:00 to 02:00, and 00:00 to 00:00 for all of it
        values |= {"win_start_min": start, "win_end_min": end if end > start else end + days.DAY}
    return values


def complete(values: dict[str, Any]) -> dict[str, Any]:
    """The same, for a draft. Raises Invalid without a first or last day."""
    missing = [name for name in ("start_date", "end_date") if name not in values]
    if missing:
        raise Invalid(errors={name: [lazy("Please choose a day.")] for name in missing})
    return values


def changed(values: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a published campaign that its editor offers: of what may be empty only what was on the page."""
    offered = {name for name in CHANGEABLE if name not in {"topic_id", "late_join_until"} or name in sent}
    return {name: value for name, value in values.items() if name in offered}


# ---- the preview -----------------------------------------------------------------------------------------------------


def shown(circle: CircleRow, values: dict[str, Any], campaign: CampaignRow | None) -> Shown:
    """What the form's plan would become, without writing anything."""
    title = values.get("title") or _("(no name yet)")
    try:
        if campaign is not None and campaign.status != "draft":
            plan = replace(plan_of(campaign), **{**values, "title": title})
        else:
            plan = Plan(**{**complete(values), "title": title})
        plans.check_plan(plan, levels=max(len(circle.tags), campaign.level_min if campaign is not None else 1))
    except Invalid as error:
        return Shown(error.errors)
    plan = replace(plan, intro_html=plans.as_html(plan.intro))
    if campaign is None or campaign.status == "draft":
        preview = preview_of(plan, circle.tz)
    else:
        preview = preview_of(plan, campaign.tz, queries.fixed_periods(campaign), list(campaign.excused))
    return Shown({}, preview, _as_members_see(circle, plan, preview, campaign), unnamed=not values.get("title"))


def stored(campaign: CampaignRow) -> Shown:
    """The same of a campaign as it is."""
    return shown(campaign.circle, dict(plan_of(campaign).__dict__), campaign)


def _as_members_see(
    circle: CircleRow, plan: Plan, preview: Preview, campaign: CampaignRow | None
) -> CampaignRow | None:
    """The row that members would read once this is published."""
    if not preview.periods:
        return None
    now = clock.now()
    first, last = preview.periods[0], preview.periods[-1]
    rows = tuple(
        DayRow(
            day.idx, day.day, day.opens_at, day.closes_at,
            "excused" if day.excused else "open" if day.opens_at <= now < day.closes_at else "future",
            prompt=day.prompt, is_today=day.opens_at <= now < day.closes_at,
        )
        for day in preview.periods
    )  # fmt: skip
    to_come = [day for day in rows if day.closes_at > now]
    phase = "upcoming" if now < first.opens_at else "running" if now < last.closes_at else "settling"
    return CampaignRow(
        **{name: value for name, value in plan.values().items() if name != "topic_id"},
        id=campaign.id if campaign is not None else 0, circle=circle,
        cover_url=campaign.cover_url if campaign is not None else None, tz=preview.tz, status="published", phase=phase,
        opens_at=first.opens_at, closes_at=last.closes_at, settle_at=preview.settle_at, period_count=preview.total,
        enrolled_count=campaign.enrolled_count if campaign is not None else 0, completed_count=None, excused={},
        cancel_reason="", topic=None, version=1, join_until=preview.join_until, days=rows,
        current=to_come[0] if to_come else None,
    )  # fmt: skip
