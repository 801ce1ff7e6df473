"""Joining a campaign and leaving it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update

from circle import access
from circle.access import Actor, Permission
from circle.checkins import rules
from circle.checkins.events import Enrolled, Withdrew
from circle.checkins.models import Campaign, CampaignPeriod, Enrollment, MakeupCard
from circle.checkins.operations.counting import refresh_enrollment
from circle.circles import queries as circles
from circle.circles.queries import CircleRow
from circle.core import clock, ids
from circle.core.db import db, insert_once
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation


@operation
def enroll(actor: Actor, campaign_id: int) -> int:
    """Take part in a campaign; returns the enrolment's id. Joining twice is joining once; who had withdrawn goes on.

    Raises NotFound, Forbidden (BANNED, DISQUALIFIED), Refused NOT_OPEN, LATE_JOIN_CLOSED, LEVEL_TOO_LOW.
    """
    campaign, circle = campaign_for(actor, campaign_id)
    access.require(actor, Permission.CAMPAIGN_JOIN, circle.standing)
    mine = select(Enrollment.id).where(Enrollment.campaign_id == campaign.id, Enrollment.user_id == actor.person_id)
    there = db.session.scalar(mine)
    now = clock.now()
    if there is None or _is_withdrawn(there):
        today = clock.local_date(now, campaign.tz)
        rules.check_joinable(campaign.status, campaign.closes_at, last_join_day(campaign), today)
        check_level(circle, campaign)
    if there is None:
        fresh = insert_once(
            Enrollment, id=ids.new_id(), circle_id=campaign.circle_id, campaign_id=campaign.id, user_id=actor.person_id,
            status="active", joined_at=now, first_idx=_next_idx(campaign.id, now), done=0, on_time=0, best_streak=0,
            likes=0, lateness_s=0, merit=0, reason="", created_at=now,
        )  # fmt: skip
        there = db.session.scalars(mine).one()
        if fresh:
            _begin(campaign, there, actor.person_id)
            return there
    enrollment = lock(Enrollment, there)
    if enrollment.status == "withdrawn" and enrollment.settled_at is None:
        enrollment.status = "active"
        refresh_enrollment(campaign, enrollment)
        _count(campaign.id, 1)
        emit(Enrolled(there, campaign.id, campaign.circle_id, actor.person_id, campaign.title))
    rules.check_takes_part(enrollment.status)
    return there


def _is_withdrawn(enrollment_id: int) -> bool:
    return db.session.scalar(select(Enrollment.status).where(Enrollment.id == enrollment_id)) == "withdrawn"


def _begin(campaign: Campaign, enrollment_id: int, user_id: int) -> None:
    for _number in range(campaign.free_cards):
        card = MakeupCard(enrollment_id=enrollment_id, source="free", expires_at=campaign.closes_at)
        db.session.add(card)
    emit(Enrolled(enrollment_id, campaign.id, campaign.circle_id, user_id, campaign.title))
    db.session.flush()
    _count(campaign.id, 1)


def _count(campaign_id: int, more: int) -> None:
    count = update(Campaign).where(Campaign.id == campaign_id).values(enrolled_count=Campaign.enrolled_count + more)
    db.session.execute(count.execution_options(synchronize_session=False))


def _next_idx(campaign_id: int, moment: datetime) -> int:
    """The first period that is not over."""
    still = (CampaignPeriod.campaign_id == campaign_id, CampaignPeriod.closes_at > moment)
    return db.session.scalar(select(func.min(CampaignPeriod.idx)).where(*still)) or 1


def last_join_day(campaign: Campaign) -> date | None:
    """The last day (of the campaign's time zone) on which one may join: the one that was set, else the last on which
    the rest of the periods is enough. None when it takes nobody."""
    if campaign.late_join_until is not None:
        return campaign.late_join_until
    needed = campaign.period_count if campaign.need_type == "all" else campaign.need_n
    idx = campaign.period_count - needed + 1
    here = (CampaignPeriod.campaign_id == campaign.id, CampaignPeriod.idx == idx)
    closes_at = db.session.scalar(select(CampaignPeriod.closes_at).where(*here))
    # until that period closes: a window may reach into the next day, a week has seven
    return None if closes_at is None else clock.local_date(closes_at - timedelta(microseconds=1), campaign.tz)


def check_level(circle: CircleRow, campaign: Campaign) -> None:
    """Raises Refused LEVEL_TOO_LOW; who runs the circle is not held back."""
    level = circle.me.level if circle.me is not None else 1
    if not circle.can_manage:
        tag = circle.tag(campaign.level_min)
        rules.check_level(level, campaign.level_min, tag.name if tag is not None else str(campaign.level_min))


def campaign_for(actor: Actor, campaign_id: int) -> tuple[Campaign, CircleRow]:
    """A campaign that is not a draft and its circle, as this actor may read it. Raises NotFound."""
    campaign = db.session.get(Campaign, campaign_id, populate_existing=True)
    if campaign is None:
        raise NotFound
    circle = circles.readable_circle_by_id(actor, campaign.circle_id)
    if campaign.status == "draft":
        raise NotFound
    return campaign, circle


@operation
def withdraw(actor: Actor, campaign_id: int) -> None:
    """Take part no more. What was checked in stays, and counts again for who comes back in time.

    Raises NotFound, Refused NOT_ENROLLED, Conflict CAMPAIGN_SETTLED.
    """
    campaign, circle = campaign_for(actor, campaign_id)
    access.require(actor, Permission.CAMPAIGN_JOIN, circle.standing)
    mine = select(Enrollment.id).where(Enrollment.campaign_id == campaign.id, Enrollment.user_id == actor.person_id)
    there = db.session.scalar(mine)
    if there is None:
        raise rules.not_enrolled()
    enrollment = lock(Enrollment, there)
    rules.check_not_settled(enrollment.settled_at)
    rules.check_takes_part(enrollment.status)
    rules.check_may_withdraw(enrollment.status)
    enrollment.status = "withdrawn"
    db.session.flush()
    _count(campaign.id, -1)
    emit(Withdrew(there, campaign.id, campaign.circle_id, actor.person_id, campaign.title))
