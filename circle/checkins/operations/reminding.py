"""Reminding those who take part and have not checked in, shortly before a period closes.

Never twice for one period, never after it closed, and nobody who was not here for a while. A batch holds the enrolments
of its people: whoever checks in at that moment is either seen to have done so, or takes the reminder back afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, exists, or_, select, text

from circle.checkins import rules
from circle.checkins.events import RemindersDue, RemindersOver, RemindersSent
from circle.checkins.models import Campaign, CampaignPeriod, CheckinRecord, Enrollment
from circle.circles.models import Member
from circle.core import clock
from circle.core.db import db
from circle.core.operation import emit, lock_all, operation

#: people reminded in one transaction
BATCH = 500


def due_reminders() -> list[tuple[int, int]]:
    """(campaign, period) of which people are to be reminded now: it is open, and closes within REMIND_BEFORE."""
    now = clock.now()
    found = (
        select(CampaignPeriod.campaign_id, CampaignPeriod.idx, Campaign.excused)
        .join(Campaign, Campaign.id == CampaignPeriod.campaign_id)
        .where(CampaignPeriod.closes_at > now, CampaignPeriod.closes_at <= now + rules.REMIND_BEFORE)
        .where(CampaignPeriod.opens_at <= now, CampaignPeriod.reminded_at.is_(None), Campaign.status == "published")
        .order_by(CampaignPeriod.closes_at, CampaignPeriod.campaign_id)
    )
    return [(row.campaign_id, row.idx) for row in db.session.execute(found) if str(row.idx) not in row.excused]


@operation
def remind_some(campaign_id: int, idx: int, after: int = 0, batch: int = BATCH) -> int | None:
    """Remind the next of those who should be (by enrolment); returns after whom to go on, None when all were or the
    period is no longer one to remind of."""
    period = db.session.get(CampaignPeriod, (campaign_id, idx), populate_existing=True)
    campaign = db.session.get(Campaign, campaign_id, populate_existing=True)
    now = clock.now()
    if period is None or campaign is None or campaign.status != "published" or str(idx) in campaign.excused:
        return None
    if not period.opens_at <= now < period.closes_at or period.reminded_at is not None:
        return None
    waiting = _waiting(campaign, period, after, batch)
    lock_all(Enrollment, waiting)
    still = db.session.execute(
        select(Enrollment.id, Enrollment.user_id)
        .where(Enrollment.id.in_(waiting), Enrollment.status == "active", ~_done(campaign_id, idx))
        .order_by(Enrollment.id)
    ).all()
    if still:
        people = tuple(row.user_id for row in still)
        emit(RemindersDue(campaign_id, campaign.circle_id, campaign.title, idx, period.closes_at, people))
    if len(waiting) == batch:
        return waiting[-1]
    period.reminded_at = now
    emit(RemindersSent(campaign_id, idx, period.closes_at))
    return None


def _waiting(campaign: Campaign, period: CampaignPeriod, after: int, batch: int) -> Sequence[int]:
    """Enrolments of those who are here, may check in before the period closes, have not, and did lately."""
    here = and_(Member.circle_id == campaign.circle_id, Member.user_id == Enrollment.user_id)
    speaks = or_(Member.muted_until.is_(None), Member.muted_until < period.closes_at)
    found = (
        select(Enrollment.id)
        .join(Member, here)
        .where(Enrollment.campaign_id == campaign.id, Enrollment.settled_at.is_(None), Enrollment.id > after)
        .where(Enrollment.status == "active", Member.status == "active", speaks)
        .where(~_done(campaign.id, period.idx), _lately(campaign))
    )
    return db.session.scalars(found.order_by(Enrollment.id).limit(batch)).all()


def _done(campaign_id: int, idx: int) -> ColumnElement[bool]:
    """SQL: the period is checked in by the enrolment (or waits for a reviewer)."""
    # as text, so that both engines see that the partial index has these
    active = text("checkin_records.status IN ('pending', 'approved')")
    return exists().where(CheckinRecord.enrollment_id == Enrollment.id, CheckinRecord.idx == idx, active)


def _lately(campaign: Campaign) -> ColumnElement[bool]:
    """SQL: they joined or checked in lately. Of weeks, two are as long ago as the week before."""
    lately = clock.now() - rules.REMIND_ACTIVE * (2 if campaign.cadence == "weekly" else 1)
    wrote = exists().where(
        CheckinRecord.user_id == Enrollment.user_id,
        CheckinRecord.campaign_id == campaign.id,
        CheckinRecord.source != "admin",
        CheckinRecord.submitted_at >= lately,
    )
    return or_(Enrollment.joined_at >= lately, wrote)


@operation
def end_reminders(campaign_id: int, idx: int) -> None:
    """The period is over, and with it what people were reminded of; before that, nothing."""
    period = db.session.get(CampaignPeriod, (campaign_id, idx), populate_existing=True)
    if period is not None and period.closes_at <= clock.now():
        emit(RemindersOver(campaign_id, idx))
