"""What an enrolment says of its days, made anew from the records whenever one of them changes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, func, select, text, update
from sqlalchemy.orm.attributes import set_committed_value

from circle.checkins import days
from circle.checkins.days import Need
from circle.checkins.events import CampaignCompleted, CompletionLost
from circle.checkins.models import ACTIVE, HOLDING, Campaign, CampaignPeriod, CheckinRecord, Enrollment
from circle.checkins.operations.rewarding import reward_completion
from circle.checkins.operations.teaming import refresh_team
from circle.circles import queries as circles
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
    #: how long after the opening of their periods those on time came, added up
    late: timedelta
    #: those that wait for a reviewer; nothing of them is counted yet
    waiting: frozenset[int] = frozenset()

    @classmethod
    def of(cls, enrollment_id: int) -> Days:
        """From the approved records and their posts."""
        active = db.session.execute(_records(), {"enrollment": enrollment_id}).all()
        rows = [row for row in active if row.status == "approved"]
        on_time = [row for row in rows if row.source == "normal"]
        late = sum(((row.submitted_at - row.opens_at) for row in on_time), timedelta(0))
        likes = sum(row.likes for row in rows)
        done, waiting = (frozenset(row.idx for row in some) for some in (rows, active))
        return cls(done, len(on_time), likes, late, waiting - done)

    @property
    def lateness_s(self) -> int:
        """The same in seconds."""
        return int(self.late.total_seconds())

    def with_new(self, idx: int, *, status: str, late: timedelta | None) -> Days:
        """The same with a record more, whose post nobody has liked yet; `late` None: it was not on time."""
        if status != "approved":
            return replace(self, waiting=self.waiting | {idx})
        on_time = late is not None
        return replace(
            self, done=self.done | {idx}, on_time=self.on_time + on_time, late=self.late + (late or timedelta(0))
        )


@cache
def _records() -> Any:
    record, period, post = CheckinRecord.__table__.c, CampaignPeriod.__table__.c, Post.__table__.c
    here = and_(period.campaign_id == record.campaign_id, period.idx == record.idx)
    joined = CheckinRecord.__table__.join(CampaignPeriod.__table__, here)
    joined = joined.outerjoin(Post.__table__, post.id == record.post_id)
    columns = (record.idx, record.source, record.status, record.submitted_at, period.opens_at)
    mine = record.enrollment_id == bindparam("enrollment", type_=BigInteger)
    likes = func.coalesce(post.like_count, 0).label("likes")
    # in these words, by which databases know that the index of active records has all of them
    return select(*columns, likes).select_from(joined).where(mine, text(f"checkin_records.{ACTIVE}"))


def need_of(campaign: Campaign) -> Need:
    """What a published campaign asks for."""
    return Need(campaign.need_type, campaign.need_n, campaign.period_count)


def excused_of(campaign: Campaign) -> Collection[int]:
    """The periods that count against nobody."""
    return frozenset(int(idx) for idx in campaign.excused)


def refresh_enrollment(campaign: Campaign, enrollment: Enrollment, now: Days | None = None) -> Days:
    """Write anew what a locked enrolment says of its days (C2), and let completion follow.

    `now` is what they are, from somebody who has just read them under the lock. After the settlement nothing is written
    (C8).
    """
    if now is None:
        db.session.flush()
        now = Days.of(enrollment.id)
    if enrollment.settled_at is not None:
        return now
    best = days.best_run(now.done, excused_of(campaign))
    merit = days.merit(now.on_time, best, now.likes, now.lateness_s)
    # who has no fewer days than before loses nothing by a check-in: a day that had been excused is asked for again
    fewer = len(now.done) < enrollment.done
    _write(enrollment, (len(now.done), now.on_time, best, now.likes, now.lateness_s, merit, -merit))
    _complete(campaign, enrollment, met=need_of(campaign).met(now.done, excused_of(campaign)), fewer=fewer)
    if enrollment.team_id is not None:
        refresh_team(campaign, enrollment.team_id)
    return now


_NUMBERS = ("done", "on_time", "best_streak", "likes", "lateness_s", "merit", "board_key")


def _write(enrollment: Enrollment, numbers: tuple[int, ...]) -> None:
    """As a statement: everybody checks in through here, and the session takes its time to find out what changed."""
    values = dict(zip(_NUMBERS, numbers, strict=True))
    new = {f"new_{name}": value for name, value in values.items()}
    db.session.execute(_writing(), {"enrollment": enrollment.id, **new})
    for name, value in values.items():
        set_committed_value(enrollment, name, value)


@cache
def _writing() -> Any:
    table: Any = Enrollment.__table__
    new = {name: bindparam(f"new_{name}", type_=BigInteger) for name in _NUMBERS}
    return update(table).where(table.c.id == bindparam("enrollment", type_=BigInteger)).values(new)


def _complete(campaign: Campaign, enrollment: Enrollment, *, met: bool, fewer: bool) -> None:
    """Let completion follow. Somebody who is not in the circle at present completes nothing (and would be given
    nothing, for good): their days stay, and count when they are back."""
    about = (enrollment.id, campaign.id, campaign.circle_id, enrollment.user_id, campaign.title)
    if met and enrollment.status == "active" and in_circle(enrollment):
        enrollment.status, enrollment.completed_at = "completed", clock.now()
        given = reward_completion(campaign, enrollment, on=True)
        emit(CampaignCompleted(*about, given.points, given.growth))
    elif not met and enrollment.status == "completed":
        enrollment.status, enrollment.completed_at = "active", None
        reward_completion(campaign, enrollment, on=False)
        emit(CompletionLost(*about, unexcused=not fewer))


def in_circle(enrollment: Enrollment) -> bool:
    """Whether somebody who takes part is still a member."""
    return circles.standing_of_user(enrollment.circle_id, enrollment.user_id).active


def is_held(enrollment_id: int, idx: int) -> bool:
    """Whether a period of a locked enrolment has a check-in that counts, or waits to."""
    here = (CheckinRecord.enrollment_id == enrollment_id, CheckinRecord.idx == idx)
    holding = select(CheckinRecord.id).where(*here, CheckinRecord.status.in_(HOLDING))
    return db.session.scalar(holding) is not None


def closed_periods(campaign_id: int, moment: datetime) -> int:
    """How many periods of a campaign are over."""
    over = (CampaignPeriod.campaign_id == campaign_id, CampaignPeriod.closes_at <= moment)
    return db.session.scalar(select(func.count()).select_from(CampaignPeriod).where(*over)) or 0
