"""What an enrolment says of its days, made anew from the records whenever one of them changes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, func, select

from circle.checkins import days
from circle.checkins.days import Need
from circle.checkins.events import CampaignCompleted, CompletionLost
from circle.checkins.models import Campaign, CampaignPeriod, CheckinRecord, Enrollment
from circle.checkins.operations.rewarding import reward_completion
from circle.core import clock
from circle.core.db import db
from circle.core.operation import emit
from circle.posts.models import Post


@dataclass(frozen=True)
class Days:
    """The periods that somebody has done, and what they were like."""

    done: frozenset[int]
    on_time: int
    likes: int
    lateness_s: int

    @classmethod
    def of(cls, enrollment_id: int) -> Days:
        """From the approved records and their posts."""
        rows = db.session.execute(_records(), {"enrollment": enrollment_id}).all()
        on_time = [row for row in rows if row.source == "normal"]
        late = sum(((row.submitted_at - row.opens_at) for row in on_time), timedelta(0))
        likes = sum(row.likes for row in rows)
        return cls(frozenset(row.idx for row in rows), len(on_time), likes, int(late.total_seconds()))


@cache
def _records() -> Any:
    record, period, post = CheckinRecord.__table__.c, CampaignPeriod.__table__.c, Post.__table__.c
    here = and_(period.campaign_id == record.campaign_id, period.idx == record.idx)
    joined = CheckinRecord.__table__.join(CampaignPeriod.__table__, here)
    joined = joined.outerjoin(Post.__table__, post.id == record.post_id)
    columns = (record.idx, record.source, record.submitted_at, period.opens_at)
    mine = record.enrollment_id == bindparam("enrollment", type_=BigInteger)
    likes = func.coalesce(post.like_count, 0).label("likes")
    return select(*columns, likes).select_from(joined).where(mine, record.status == "approved")


def need_of(campaign: Campaign) -> Need:
    """What a published campaign asks for."""
    return Need(campaign.need_type, campaign.need_n, campaign.period_count)


def excused_of(campaign: Campaign) -> Collection[int]:
    """The periods that count against nobody."""
    return frozenset(int(idx) for idx in campaign.excused)


def refresh_enrollment(campaign: Campaign, enrollment: Enrollment) -> Days:
    """Write anew what a locked enrolment says of its days (C2), and let completion follow.

    After the settlement nothing is written (C8).
    """
    db.session.flush()
    now = Days.of(enrollment.id)
    if enrollment.settled_at is not None:
        return now
    best = days.best_run(now.done, excused_of(campaign))
    enrollment.done, enrollment.on_time, enrollment.best_streak = len(now.done), now.on_time, best
    enrollment.likes, enrollment.lateness_s = now.likes, now.lateness_s
    enrollment.merit = days.merit(now.on_time, best, now.likes, now.lateness_s)
    _complete(campaign, enrollment, met=need_of(campaign).met(now.done, excused_of(campaign)))
    return now


def _complete(campaign: Campaign, enrollment: Enrollment, *, met: bool) -> None:
    about = (enrollment.id, campaign.id, campaign.circle_id, enrollment.user_id, campaign.title)
    if met and enrollment.status == "active":
        enrollment.status, enrollment.completed_at = "completed", clock.now()
        given = reward_completion(campaign, enrollment, on=True)
        emit(CampaignCompleted(*about, given.points, given.growth))
    elif not met and enrollment.status == "completed":
        enrollment.status, enrollment.completed_at = "active", None
        reward_completion(campaign, enrollment, on=False)
        emit(CompletionLost(*about))


def closed_periods(campaign_id: int, moment: datetime) -> int:
    """How many periods of a campaign are over."""
    over = (CampaignPeriod.campaign_id == campaign_id, CampaignPeriod.closes_at <= moment)
    return db.session.scalar(select(func.count()).select_from(CampaignPeriod).where(*over)) or 0
