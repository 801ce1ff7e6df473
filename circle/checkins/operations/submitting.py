"""Checking in: a post, and the record that says which period it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, bindparam, func, insert, select
from sqlalchemy.exc import IntegrityError

from circle import access
from circle.access import Actor, Permission
from circle.checkins import days, rules
from circle.checkins.events import CheckinApproved, CheckinSubmitted
from circle.checkins.models import Campaign, CampaignPeriod, CheckinRecord, Enrollment
from circle.checkins.operations.counting import Days, closed_periods, excused_of, refresh_enrollment
from circle.checkins.operations.earning import count_for_tasks, set_checkin_earned
from circle.circles import queries as circles
from circle.circles.queries import CircleRow
from circle.core import clock, ids
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation
from circle.media import queries as media
from circle.posts import texts
from circle.posts.operations import end_draft
from circle.posts.operations.publish import Content, publish_in
from circle.posts.texts import Words
from circle.topics.models import Topic


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


class UsedDraft(NamedTuple):
    """The draft that a page kept its words in, as it last saw it (posts.operations.drafts)."""

    id: int
    seq: int | None
    writer: str = ""


class Open(NamedTuple):
    """A period that is open, or the next one."""

    idx: int
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True)
class Sending:
    """What somebody sent: the words (rendered) and files, when it arrived, and the draft it was written in."""

    content: Content
    arrived_at: datetime
    draft: UsedDraft | None = None


@dataclass(frozen=True)
class Place:
    """Where a check-in goes: everything read and locked that it depends on."""

    campaign: Campaign
    circle: CircleRow
    enrollment: Enrollment
    #: when the request arrived; decides the period
    arrived_at: datetime
    #: where the post stands; None also while the campaign's topic is archived, which must not stop anybody's streak
    topic_id: int | None = None
    #: the first period that was not over then; None: all are over
    period: Open | None = None


def submit(
    actor: Actor,
    campaign_id: int,
    *,
    body: str,
    media_ids: Sequence[int] = (),
    alts: Sequence[str] = (),
    arrived_at: datetime | None = None,
    meant_for: int | None = None,
    draft: UsedDraft | None = None,
) -> Submitted:
    """Check in for the period that was open at `arrived_at` (when the request came in; default now).

    The server's clock alone decides which that is. Who names the period they wrote for (`meant_for`) is refused when
    it was another, rather than using up a day that they did not think of. The `draft` that it was written in goes.

    Raises NotFound, Forbidden (MUTED, BANNED, DISQUALIFIED), Refused NOT_ENROLLED, WINDOW_CLOSED, CONTENT_RULE,
    Conflict ALREADY_CHECKED_IN, and what posts.publish_post raises.
    """
    moment = arrived_at or clock.now()
    sending = Sending(prepare(actor, campaign_id, body, media_ids, alts), moment, draft)
    return _submit(actor, campaign_id, sending, meant_for)


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
def _submit(actor: Actor, campaign_id: int, sending: Sending, meant_for: int | None) -> Submitted:
    end_used(actor, sending.draft)
    place = locked_place(actor, campaign_id, sending.arrived_at)
    period = _open_period(place)
    if meant_for is not None and meant_for != period.idx:
        raise rules.other_period(place.campaign.cadence)
    late = sending.arrived_at - period.opens_at
    return check_in(actor, place, period.idx, sending.content, source="normal", late=late)


def end_used(actor: Actor, draft: UsedDraft | None) -> None:
    """Let the draft go that a check-in is made of; before the enrolment is locked, as the order of locks has it."""
    if draft is not None:
        end_draft(actor, draft.id, seq=draft.seq, writer=draft.writer)


def locked_place(actor: Actor, campaign_id: int, arrived_at: datetime) -> Place:
    """The actor's enrolment, locked, in a campaign that is under way.

    Raises NotFound, Forbidden (MUTED, BANNED, DISQUALIFIED), Refused NOT_ENROLLED, WINDOW_CLOSED.
    """
    values = {"campaign": campaign_id, "user": actor.id or 0, "moment": arrived_at}
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
    campaign = db.session.scalars(_campaign(), {"campaign": campaign_id}).one()
    rules.check_takes_part(enrollment.status)
    if campaign.status != "published" or enrollment.settled_at is not None:
        raise rules.window_closed(None)
    period = None if found.idx is None else Open(int(found.idx), found.opens_at, found.closes_at)
    return Place(campaign, circle, enrollment, arrived_at, found.topic_id, period)


@cache
def _finding() -> Any:
    """The campaign, its topic, the actor's enrolment, and the first period that is not over. (Periods are fixed when a
    campaign is published, so they may be read before the lock.)"""
    campaign, mine, topic = Campaign.__table__.c, Enrollment.__table__.c, Topic.__table__.c
    person = bindparam("user", type_=BigInteger)
    period, later = CampaignPeriod.__table__.c, CampaignPeriod.__table__.alias("later").c
    moment = bindparam("moment", type_=period.closes_at.type)
    first = select(func.min(later.idx)).where(later.campaign_id == campaign.id, later.closes_at > moment)
    joined = (
        Campaign.__table__.outerjoin(Enrollment.__table__, (mine.campaign_id == campaign.id) & (mine.user_id == person))
        .outerjoin(Topic.__table__, (topic.id == campaign.topic_id) & (topic.status == "active"))
        .outerjoin(
            CampaignPeriod.__table__,
            (period.campaign_id == campaign.id) & (period.idx == first.correlate(Campaign.__table__).scalar_subquery()),
        )
    )
    columns = (campaign.circle_id, campaign.status, mine.id.label("enrollment_id"), topic.id.label("topic_id"))
    wanted = campaign.id == bindparam("campaign", type_=BigInteger)
    return select(*columns, period.idx, period.opens_at, period.closes_at).select_from(joined).where(wanted)


@cache
def _campaign() -> Any:
    wanted = Campaign.id == bindparam("campaign", type_=BigInteger)
    return select(Campaign).where(wanted).execution_options(populate_existing=True)


def _open_period(place: Place) -> Open:
    """The period that was open when the request arrived, by the server's clock alone. Raises Refused WINDOW_CLOSED."""
    if place.period is None or place.period.opens_at > place.arrived_at:
        raise rules.window_closed(None if place.period is None else place.period.opens_at)
    return place.period


def check_in(
    actor: Actor, place: Place, idx: int, content: Content, *, source: str, late: timedelta | None = None
) -> Submitted:
    """Publish the post and write the record, inside an operation that holds the enrolment; `late` is how long after the
    opening it came, of what is on time.

    Raises Refused CONTENT_RULE, Conflict ALREADY_CHECKED_IN, and what publishing raises.
    """
    campaign, enrollment = place.campaign, place.enrollment
    kinds = [file.kind for file in media.media_of(actor, list(content.media_ids or ()))]
    rules.check_checkin_content(
        content.body or "", kinds, min_len=campaign.min_len, min_images=campaign.min_images, audio=campaign.audio
    )
    before = Days.of(enrollment.id)
    if idx in before.done or idx in before.waiting:
        raise rules.already_checked_in()
    status = "pending" if campaign.review == "manual" else "approved"
    part = {
        "campaign_id": campaign.id, "title": campaign.title, "idx": idx, "total": campaign.period_count,
        "cadence": campaign.cadence, "source": source, "status": status,
    }  # fmt: skip
    post_id = publish_in(actor, place.circle, content, type="checkin", part=part, topic_id=place.topic_id)
    row = {
        "id": ids.new_id(), "circle_id": campaign.circle_id, "campaign_id": campaign.id,
        "enrollment_id": enrollment.id, "user_id": enrollment.user_id, "idx": idx, "post_id": post_id,
        "source": source, "status": status, "submitted_at": place.arrived_at,
    }  # fmt: skip
    try:
        db.session.execute(_recording(), row)
    except IntegrityError as error:  # somebody without the lock: the constraint alone holds (C1)
        raise rules.already_checked_in() from error
    record = CheckinRecord(**row)  # only to be told of
    count_for_tasks(record, posted=True, has_media=any(kind != "file" for kind in kinds))
    done = refresh_enrollment(campaign, enrollment, before.with_new(idx, status=status, late=late))
    points = set_checkin_earned(record, on=True).granted_points if status == "approved" else 0
    about = (record.id, campaign.id, campaign.circle_id, record.user_id, post_id, campaign.title, idx, actor.id)
    emit(CheckinSubmitted(*about, status, source, reminded=_may_be_reminded(place)))
    if status == "approved":
        emit(CheckinApproved(*about))
    closed = idx - 1 if source == "normal" else closed_periods(campaign.id, place.arrived_at)
    streak = days.current_run(done.done, excused_of(campaign), closed=closed)
    return Submitted(
        record.id, post_id, idx, status, streak, len(done.done), points, enrollment.completed_at is not None
    )


def _may_be_reminded(place: Place) -> bool:
    """Whether reminders of the open period may be out; a little early, as two processes see the clock."""
    period = place.period
    return period is None or clock.now() >= period.closes_at - rules.REMIND_BEFORE - timedelta(minutes=1)


@cache
def _recording() -> Any:
    return insert(CheckinRecord.__table__)  # type: ignore[arg-type]
