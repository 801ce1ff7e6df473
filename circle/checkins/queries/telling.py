"""What notices say of campaigns and check-ins beyond the events. Asked by reactions, inside an operation."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import exists, func, select, text
from sqlalchemy.orm import aliased

from circle.checkins.models import Campaign, CampaignPeriod, CheckinRecord, Enrollment, MakeupCard
from circle.circles.models import Circle, Member
from circle.core import clock
from circle.core.db import db
from circle.points import periods
from circle.points.queries import makeup_cards_of
from circle.posts.models import Post


class Facts(NamedTuple):
    """What a notice of a campaign may depend on."""

    cadence: str
    #: whether completing it gives anything
    rewards: bool
    #: why it was called off; empty when it was not
    cancel_reason: str


def facts_of(campaign_id: int) -> Facts:
    """Those of one campaign."""
    columns = (Campaign.cadence, Campaign.reward_points, Campaign.reward_growth, Campaign.cancel_reason)
    row = db.session.execute(select(*columns).where(Campaign.id == campaign_id)).one()
    return Facts(row.cadence, bool(row.reward_points or row.reward_growth), row.cancel_reason)


class Redo(NamedTuple):
    """What somebody whose check-in was rejected can do: check in `again` until a moment, or make it up (`makeup`);
    "" for nothing."""

    way: str
    until: datetime | None = None


def redo_of(record_id: int) -> Redo:
    """What is left to do about a rejected check-in."""
    now = clock.now()
    period = (CampaignPeriod.campaign_id == CheckinRecord.campaign_id) & (CampaignPeriod.idx == CheckinRecord.idx)
    row = db.session.execute(
        select(
            CheckinRecord.idx, CheckinRecord.enrollment_id, CheckinRecord.circle_id, CheckinRecord.user_id,
            CampaignPeriod.closes_at, Circle.tz,
            Campaign.id.label("campaign_id"), Campaign.status, Campaign.lookback, Campaign.closes_at.label("ends_at"),
            Campaign.excused, Enrollment.status.label("part"), Member.status.label("membership"),
        )
        .join(Enrollment, Enrollment.id == CheckinRecord.enrollment_id)
        .outerjoin(Member, (Member.circle_id == CheckinRecord.circle_id) & (Member.user_id == CheckinRecord.user_id))
        .join(CampaignPeriod, period)
        .join(Campaign, Campaign.id == CheckinRecord.campaign_id)
        .join(Circle, Circle.id == CheckinRecord.circle_id)
        .where(CheckinRecord.id == record_id)
    ).one()  # fmt: skip
    if row.status != "published" or row.ends_at <= now or _comes_back(row.enrollment_id, row.idx):
        return Redo("")
    if row.part not in {"active", "completed"} or row.membership != "active":
        return Redo("")
    if row.closes_at > now:
        return Redo("again", row.closes_at)
    over = (CampaignPeriod.campaign_id == row.campaign_id, CampaignPeriod.closes_at <= now)
    closed = db.session.scalar(select(func.count()).select_from(CampaignPeriod).where(*over)) or 0
    usable = (MakeupCard.state == "available", MakeupCard.expires_at > now)
    cards = exists().where(MakeupCard.enrollment_id == row.enrollment_id, *usable)
    if row.idx <= closed - row.lookback or str(row.idx) in row.excused:
        return Redo("")
    return Redo("makeup") if db.session.scalar(select(cards)) or _has_level_card(row, now) else Redo("")


def _has_level_card(row: Any, now: datetime) -> bool:
    """Whether the level of somebody still gives them a card this month (operations/level_cards.py)."""
    most = makeup_cards_of(row.circle_id, row.user_id)
    month = periods.month_key(clock.local_date(now, row.tz))
    mine = (MakeupCard.circle_id == row.circle_id, MakeupCard.user_id == row.user_id, MakeupCard.month == month)
    used = select(func.count()).select_from(MakeupCard).where(*mine)
    return bool(most) and most > (db.session.scalar(used) or 0)


def _comes_back(enrollment_id: int, idx: int) -> bool:
    """Whether a check-in that was replaced there takes a period that nothing holds (operations.deciding.bring_back)."""
    here = (CheckinRecord.enrollment_id == enrollment_id, CheckinRecord.idx == idx, CheckinRecord.status == "void")
    seen = (Post.id == CheckinRecord.post_id, Post.status == "published")
    return bool(db.session.scalar(select(exists().where(*here, *seen))))


class Standing(NamedTuple):
    """The check-in that a post is, of somebody whose part in the campaign is not closed yet."""

    campaign_id: int
    title: str
    cadence: str
    idx: int
    #: pending, approved, rejected or void
    status: str
    #: whether another one holds its period, or comes back to it now that this one is gone
    replaced: bool


def checkin_of_post(post_id: int) -> Standing | None:
    """None for a post that is no check-in, or about which nothing changes any more."""
    other = aliased(CheckinRecord, name="other")
    active = text("other.status IN ('pending', 'approved')")  # as text, so that both engines see the partial index
    mine = (other.enrollment_id == CheckinRecord.enrollment_id, other.idx == CheckinRecord.idx)
    seen = (other.status == "void", Post.id == other.post_id, Post.status == "published")
    replaced = exists().where(*mine, other.id != CheckinRecord.id, active) | (
        (CheckinRecord.status == "void") & exists().where(*mine, other.id != CheckinRecord.id, *seen)
    )
    found = (
        select(Campaign.id, Campaign.title, Campaign.cadence, CheckinRecord.idx, CheckinRecord.status, replaced)
        .join(Campaign, Campaign.id == CheckinRecord.campaign_id)
        .join(Enrollment, Enrollment.id == CheckinRecord.enrollment_id)
        .where(CheckinRecord.post_id == post_id, Enrollment.settled_at.is_(None))
        .where(Enrollment.status.in_(("active", "completed")))
    )
    row = db.session.execute(found).one_or_none()
    return None if row is None else Standing(*row)


def reviews_wait(campaign_id: int) -> bool:
    """Whether any check-in waits for a reviewer."""
    pending = (CheckinRecord.campaign_id == campaign_id, CheckinRecord.status == "pending")
    return bool(db.session.scalar(select(exists().where(*pending))))


def reviewers_told_today(campaign_id: int) -> bool:
    """Whether those who review know already that something waits today."""
    columns = (Campaign.tz, Campaign.reviewers_told_on)
    row = db.session.execute(select(*columns).where(Campaign.id == campaign_id)).one()
    return bool(row.reviewers_told_on == clock.local_date(clock.now(), row.tz))
