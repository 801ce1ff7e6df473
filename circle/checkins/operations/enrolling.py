"""Joining a campaign and leaving it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update

from circle import access
from circle.access import Actor, Permission
from circle.checkins import days, rules
from circle.checkins.events import Enrolled, Withdrew
from circle.checkins.models import Campaign, CampaignPeriod, Enrollment, MakeupCard
from circle.checkins.operations.counting import Days, excused_of, need_of, refresh_enrollment
from circle.checkins.operations.teaming import held_team, let_go
from circle.circles import queries as circles
from circle.circles.queries import CircleRow
from circle.core import clock, ids
from circle.core.db import db, insert_once
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation


@operation
def enroll(actor: Actor, campaign_id: int) -> int:
    """Take part in a campaign; returns the enrolment's id. Joining twice is joining once; who had withdrawn
    goes on, as long as they can still complete it.

    Raises NotFound, Forbidden (BANNED, DISQUALIFIED), Refused NOT_OPEN, LATE_JOIN_CLOSED, LEVEL_TOO_LOW.
    """
    campaign, circle = campaign_for(actor, campaign_id)
    access.require(actor, Permission.CAMPAIGN_JOIN, circle.standing)
    mine = select(Enrollment.id).where(Enrollment.campaign_id == campaign.id, Enrollment.user_id == actor.person_id)
    # whoever comes, goes, or calls it off is in this queue: who is counted here is settled with the rest
    lock(Campaign, campaign.id)
    there = db.session.scalar(mine)
    if there is None or _is_withdrawn(there):
        until = join_until(campaign) if there is None else _return_until(campaign, there)
        rules.check_joinable(campaign.status, campaign.closes_at, until, campaign.cadence)
        check_level(circle, campaign)
    if there is None:
        now = clock.now()
        fresh = insert_once(
            Enrollment, id=ids.new_id(), circle_id=campaign.circle_id, campaign_id=campaign.id, user_id=actor.person_id,
            status="active", joined_at=now, first_idx=_next_idx(campaign.id, now), done=0, on_time=0, best_streak=0,
            likes=0, lateness_s=0, merit=days.NO_MERIT, board_key=-days.NO_MERIT, reason="", created_at=now,
        )  # fmt: skip
        there = db.session.scalars(mine).one()
        if fresh:
            _begin(campaign, there, actor.person_id)
            return there
    enrollment = lock(Enrollment, there)
    if enrollment.status == "withdrawn" and enrollment.settled_at is None:
        enrollment.status = "active"
        refresh_enrollment(campaign, enrollment)
        count_enrolled(campaign.id, 1)
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
    count_enrolled(campaign.id, 1)


def count_enrolled(campaign_id: int, more: int) -> None:
    """Count those who take part, up or down; after the enrolment itself was written."""
    count = update(Campaign).where(Campaign.id == campaign_id).values(enrolled_count=Campaign.enrolled_count + more)
    db.session.execute(count.execution_options(synchronize_session=False))


def _next_idx(campaign_id: int, moment: datetime) -> int:
    """The first period that is not over."""
    still = (CampaignPeriod.campaign_id == campaign_id, CampaignPeriod.closes_at > moment)
    return db.session.scalar(select(func.min(CampaignPeriod.idx)).where(*still)) or 1


def join_until(campaign: Campaign) -> datetime | None:
    """The moment from which on it is too late to join: the end of the day that was set, else when the period closes
    from which on the rest is not enough. None when it takes nobody."""
    if campaign.late_join_until is not None:
        return days.wall(campaign.late_join_until, days.DAY, campaign.tz)
    return useful_until(campaign)


def useful_until(campaign: Campaign) -> datetime | None:
    """The moment from which on the periods that are left are not enough for whoever joins."""
    needed = campaign.period_count if campaign.need_type == "all" else campaign.need_n
    idx = campaign.period_count - needed + 1
    here = (CampaignPeriod.campaign_id == campaign.id, CampaignPeriod.idx == idx)
    return db.session.scalar(select(CampaignPeriod.closes_at).where(*here))


def _return_until(campaign: Campaign, enrollment_id: int) -> datetime | None:
    """The same for somebody who had withdrawn: they may come back as long as what they have done (also what waits for
    a reviewer), and what is left, are enough."""
    left = range(_next_idx(campaign.id, clock.now()), campaign.period_count + 1)
    had = Days.of(enrollment_id)
    possible = had.done.union(had.waiting, left)
    return campaign.closes_at if need_of(campaign).met(possible, excused_of(campaign)) else None


def last_join_day(campaign: Campaign) -> date | None:
    """The last day (of the campaign's time zone) on which one may join, to be told. None when it takes nobody."""
    until = join_until(campaign)
    # a window may reach into the next day, a week has seven
    return None if until is None else clock.local_date(until - timedelta(microseconds=1), campaign.tz)


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
    lock(Campaign, campaign.id)  # counted at the end, and whoever locks both begins with the campaign
    team = held_team(campaign, there)
    enrollment = lock(Enrollment, there)
    rules.check_not_settled(enrollment.settled_at)
    rules.check_takes_part(enrollment.status)
    rules.check_may_withdraw(enrollment.status)
    enrollment.status = "withdrawn"
    let_go(team, enrollment)
    db.session.flush()
    count_enrolled(campaign.id, -1)
    emit(Withdrew(there, campaign.id, campaign.circle_id, actor.person_id, campaign.title))
