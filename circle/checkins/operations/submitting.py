"""Checking in: a post, and the record that says which period it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, select
from sqlalchemy.exc import IntegrityError

from circle import access
from circle.access import Actor, Permission
from circle.checkins import days, rules
from circle.checkins.events import CheckinApproved, CheckinSubmitted
from circle.checkins.models import Campaign, CampaignPeriod, CheckinRecord, Enrollment
from circle.checkins.operations.counting import excused_of, refresh_enrollment
from circle.checkins.operations.earning import set_checkin_earned
from circle.circles import queries as circles
from circle.circles.queries import CircleRow
from circle.core import clock, ids
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation
from circle.media import queries as media
from circle.posts import texts
from circle.posts.operations.publish import Content, publish_in
from circle.posts.texts import Words


@dataclass(frozen=True)
class Submitted:
    """A check-in that was taken, and how it stands with its author now."""

    record_id: int
    post_id: int
    idx: int
    #: approved, or pending while a reviewer has to look at it
    status: str
    streak: int
    done: int
    #: what it earned; a reviewed check-in earns when it is approved
    points: int
    completed: bool


@dataclass(frozen=True)
class Place:
    """Where a check-in goes: everything read and locked that it depends on."""

    campaign: Campaign
    circle: CircleRow
    enrollment: Enrollment
    #: when the request arrived; decides the period
    arrived_at: datetime


def submit(
    actor: Actor,
    campaign_id: int,
    *,
    body: str,
    media_ids: Sequence[int] = (),
    alts: Sequence[str] = (),
    arrived_at: datetime | None = None,
) -> Submitted:
    """Check in for the period that was open at `arrived_at` (when the request came in; default now).

    Raises NotFound, Forbidden (MUTED, BANNED, DISQUALIFIED), Refused NOT_ENROLLED, WINDOW_CLOSED, CONTENT_RULE,
    Conflict ALREADY_CHECKED_IN, and what posts.publish_post raises.
    """
    moment = arrived_at or clock.now()
    return _submit(actor, campaign_id, prepare(actor, campaign_id, body, media_ids, alts), moment)


def prepare(actor: Actor, campaign_id: int, body: str, media_ids: Sequence[int], alts: Sequence[str]) -> Content:
    """The slow half, outside of any transaction: the text becomes HTML."""

    def circle() -> CircleRow:
        circle_id = db.session.scalar(select(Campaign.circle_id).where(Campaign.id == campaign_id))
        if circle_id is None:
            raise NotFound
        return circles.readable_circle_by_id(actor, circle_id)

    words = texts.in_circle(actor, body, circle) if body.strip() else Words("")
    return Content.of(body, "", (), media_ids, alts=alts, words=words)


@operation
def _submit(actor: Actor, campaign_id: int, content: Content, arrived_at: datetime) -> Submitted:
    place = locked_place(actor, campaign_id, arrived_at)
    idx = _open_period(campaign_id, arrived_at)
    return check_in(actor, place, idx, content, source="normal")


def locked_place(actor: Actor, campaign_id: int, arrived_at: datetime) -> Place:
    """The actor's enrolment, locked, in a campaign that is under way.

    Raises NotFound, Forbidden (MUTED, BANNED, DISQUALIFIED), Refused NOT_ENROLLED, WINDOW_CLOSED.
    """
    values = {"campaign": campaign_id, "user": actor.id or 0}
    found = db.session.execute(_finding(), values).one_or_none()
    if found is None:
        raise NotFound
    circle = circles.readable_circle_by_id(actor, found.circle_id)
    if found.status == "draft":
        raise NotFound
    access.require(actor, Permission.CHECKIN_WRITE, circle.standing)
    if found.enrollment_id is None:
        raise rules.not_enrolled()
    enrollment = lock(Enrollment, found.enrollment_id)
    # read after the lock: a campaign that was cancelled meanwhile settles its enrolments under the same lock
    campaign = db.session.get_one(Campaign, campaign_id, populate_existing=True)
    rules.check_takes_part(enrollment.status)
    if campaign.status != "published" or enrollment.settled_at is not None:
        raise rules.window_closed(None)
    return Place(campaign, circle, enrollment, arrived_at)


@cache
def _finding() -> Any:
    campaign, mine = Campaign.__table__.c, Enrollment.__table__.c
    person = bindparam("user", type_=BigInteger)
    joined = Campaign.__table__.outerjoin(
        Enrollment.__table__, (mine.campaign_id == campaign.id) & (mine.user_id == person)
    )
    wanted = campaign.id == bindparam("campaign", type_=BigInteger)
    return select(campaign.circle_id, campaign.status, mine.id.label("enrollment_id")).select_from(joined).where(wanted)


def _open_period(campaign_id: int, moment: datetime) -> int:
    """The period that is open at `moment`, by the server's clock alone. Raises Refused WINDOW_CLOSED."""
    values = {"campaign": campaign_id, "moment": moment}
    found = db.session.execute(_period(), values).first()
    if found is None or found.opens_at > moment:
        raise rules.window_closed(found.opens_at if found is not None else None)
    return int(found.idx)


@cache
def _period() -> Any:
    """The first period that is not over."""
    period = CampaignPeriod.__table__.c
    moment = bindparam("moment", type_=period.closes_at.type)
    here = (period.campaign_id == bindparam("campaign", type_=BigInteger), period.closes_at > moment)
    return select(period.idx, period.opens_at).where(*here).order_by(period.idx).limit(1)


def check_in(actor: Actor, place: Place, idx: int, content: Content, *, source: str) -> Submitted:
    """Publish the post and write the record, inside an operation that holds the enrolment.

    Raises Refused CONTENT_RULE, Conflict ALREADY_CHECKED_IN, and what publishing raises.
    """
    campaign, enrollment = place.campaign, place.enrollment
    kinds = [file.kind for file in media.media_of(actor, list(content.media_ids or ()))]
    rules.check_checkin_content(
        content.body or "", kinds, min_len=campaign.min_len, min_images=campaign.min_images, audio=campaign.audio
    )
    _check_free(enrollment.id, idx)
    status = "pending" if campaign.review == "manual" else "approved"
    part = {
        "campaign_id": campaign.id, "title": campaign.title, "idx": idx, "total": campaign.period_count,
        "cadence": campaign.cadence, "source": source, "status": status,
    }  # fmt: skip
    post_id = publish_in(actor, place.circle, _in_topic(content, campaign), type="checkin", part=part)
    record = CheckinRecord(
        id=ids.new_id(), circle_id=campaign.circle_id, campaign_id=campaign.id, enrollment_id=enrollment.id,
        user_id=enrollment.user_id, idx=idx, post_id=post_id, source=source, status=status,
        submitted_at=place.arrived_at,
    )  # fmt: skip
    db.session.add(record)
    try:
        db.session.flush()
    except IntegrityError as error:  # somebody without the lock: the constraint alone holds (C1)
        raise rules.already_checked_in() from error
    done = refresh_enrollment(campaign, enrollment)
    points = set_checkin_earned(record, on=True).granted_points if status == "approved" else 0
    about = (record.id, campaign.id, campaign.circle_id, record.user_id, post_id, campaign.title, idx, actor.id)
    emit(CheckinSubmitted(*about, status, source))
    if status == "approved":
        emit(CheckinApproved(*about))
    closed = idx - 1 if source == "normal" else _closed(campaign.id, place.arrived_at)
    streak = days.current_run(done.done, excused_of(campaign), closed=closed)
    return Submitted(
        record.id, post_id, idx, status, streak, len(done.done), points, enrollment.completed_at is not None
    )


def _closed(campaign_id: int, moment: datetime) -> int:
    over = (CampaignPeriod.campaign_id == campaign_id, CampaignPeriod.closes_at <= moment)
    return db.session.scalar(select(func.count()).select_from(CampaignPeriod).where(*over)) or 0


def _in_topic(content: Content, campaign: Campaign) -> Content:
    if campaign.topic_id is None:
        return content
    return Content(
        content.body, content.words, content.title, (campaign.topic_id,), content.media_ids, content.alts, content.poll
    )


def _check_free(enrollment_id: int, idx: int) -> None:
    """Raises Conflict ALREADY_CHECKED_IN."""
    if db.session.execute(_active(), {"enrollment": enrollment_id, "idx": idx}).first() is not None:
        raise rules.already_checked_in()


@cache
def _active() -> Any:
    record = CheckinRecord.__table__.c
    mine = (record.enrollment_id == bindparam("enrollment", type_=BigInteger), record.idx == bindparam("idx"))
    return select(record.id).where(*mine, record.status.in_(("pending", "approved")))
