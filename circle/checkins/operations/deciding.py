"""What becomes of a check-in: approved or rejected by a reviewer, void with its post, and back with it."""

from __future__ import annotations

from sqlalchemy import select

from circle import access
from circle.access import Actor, Permission
from circle.checkins import rules
from circle.checkins.events import CheckinApproved, CheckinRejected, CheckinVoided
from circle.checkins.models import Campaign, CheckinRecord, Enrollment
from circle.checkins.operations.cards import release_card
from circle.checkins.operations.counting import is_held, refresh_enrollment
from circle.checkins.operations.earning import count_for_tasks, set_checkin_earned
from circle.circles import queries as circles
from circle.core import audit, clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation
from circle.posts.models import Post


@operation
def approve_record(actor: Actor, record_id: int) -> None:
    """Let a check-in that waits count. Approving what is approved changes nothing.

    Raises NotFound, Forbidden, Forbidden SELF_REVIEW, Conflict.
    """
    record, enrollment, campaign = _reviewed(actor, record_id)
    if record.status == "approved":
        return
    rules.check_record_status(record.status, ("pending",))
    _set(record, "approved", actor)
    count_for_tasks(record)
    refresh_enrollment(campaign, enrollment)
    earned = set_checkin_earned(record, on=True)
    audit.record(actor, "checkin.approve", f"checkin:{record.id}", {"idx": record.idx}, circle_id=record.circle_id)
    emit(CheckinApproved(*_about(record, campaign, actor.id), reviewed=True, points=earned.granted_points))


@operation
def reject_record(actor: Actor, record_id: int, *, reason: str) -> None:
    """Let a check-in that waits not count, with a reason that its author reads; they may check in again while the
    period is open, and a make-up card comes back.

    Raises NotFound, Forbidden, Forbidden SELF_REVIEW, Conflict.
    """
    record, enrollment, campaign = _reviewed(actor, record_id)
    if record.status == "rejected":
        return
    rules.check_record_status(record.status, ("pending",))
    access.check_may_act_on(
        actor,
        circles.standing_of(actor, record.circle_id),
        circles.standing_of_user(record.circle_id, record.user_id),
    )
    _set(record, "rejected", actor, reason)
    give_card_back(record)
    refresh_enrollment(campaign, enrollment)
    audit.record(
        actor, "checkin.reject", f"checkin:{record.id}", {"idx": record.idx, "reason": reason},
        circle_id=record.circle_id,
    )  # fmt: skip
    emit(CheckinRejected(*_about(record, campaign, actor.id), reason))


def _reviewed(actor: Actor, record_id: int) -> tuple[CheckinRecord, Enrollment, Campaign]:
    known = db.session.get(CheckinRecord, record_id)
    if known is None:
        raise NotFound
    circle = circles.readable_circle_by_id(actor, known.circle_id)
    if not access.can(actor, Permission.CHECKIN_REVIEW, circle.standing) and not actor.owns(known.user_id):
        raise NotFound
    if known.post_id is not None:
        lock(Post, known.post_id)  # its card says how the check-in stands
    enrollment = lock(Enrollment, known.enrollment_id)
    record = db.session.get_one(CheckinRecord, record_id, populate_existing=True)
    access.require(actor, Permission.CHECKIN_REVIEW, circle.standing)
    rules.check_not_own_record(own=actor.owns(record.user_id))
    rules.check_not_settled(enrollment.settled_at)
    return record, enrollment, campaign_of(record.campaign_id)


def campaign_of(campaign_id: int) -> Campaign:
    """A campaign as it is now."""
    return db.session.get_one(Campaign, campaign_id, populate_existing=True)


def _set(record: CheckinRecord, status: str, actor: Actor, reason: str = "") -> None:
    """Write what was decided, also for the card of its (locked) post."""
    record.status, record.decided_by, record.decided_at, record.reason = status, actor.id, clock.now(), reason
    show_status(record)


def show_status(record: CheckinRecord) -> None:
    """Let the card of the locked post say how its check-in stands."""
    if record.post_id is None:
        return
    post = db.session.get_one(Post, record.post_id)
    if part := post.parts.get("checkin"):
        post.parts = {**post.parts, "checkin": {**part, "status": record.status}}


def give_card_back(record: CheckinRecord) -> None:
    """A make-up that was rejected consumed no card."""
    if record.source == "makeup":
        release_card(record.id)


def _about(
    record: CheckinRecord, campaign: Campaign, by: int | None
) -> tuple[int, int, int, int, int | None, str, int, int | None]:
    about = (record.id, record.campaign_id, record.circle_id, record.user_id, record.post_id)
    return (*about, campaign.title, record.idx, by)


# ---- with the post ---------------------------------------------------------------------------------------------------


@operation
def void_checkin(post_id: int, by: int | None) -> None:
    """The post of a check-in (locked by whoever calls) is hidden, removed or deleted: it counts no more, and its period
    is free again."""
    found = _of_post(post_id)
    if found is None:
        return
    record, enrollment = found
    if record.status not in {"pending", "approved"}:
        return
    campaign = campaign_of(record.campaign_id)
    record.status, record.decided_by, record.decided_at = "void", by, clock.now()
    show_status(record)
    refresh_enrollment(campaign, enrollment)
    set_checkin_earned(record, on=False)
    emit(CheckinVoided(*_about(record, campaign, by)))


@operation
def restore_checkin(post_id: int, by: int | None) -> None:
    """Its post is visible again: it counts again, unless its period was checked in otherwise meanwhile."""
    found = _of_post(post_id)
    if found is None:
        return
    record, enrollment = found
    if record.status != "void":
        return
    if is_held(enrollment.id, record.idx):
        return
    campaign = campaign_of(record.campaign_id)
    record.status, record.decided_by, record.decided_at = "approved", by, clock.now()
    show_status(record)
    refresh_enrollment(campaign, enrollment)
    set_checkin_earned(record, on=True)
    emit(CheckinApproved(*_about(record, campaign, by)))


def _of_post(post_id: int) -> tuple[CheckinRecord, Enrollment] | None:
    """The record of a post and its enrolment, locked; None when the post is no check-in."""
    known = db.session.execute(
        select(CheckinRecord.id, CheckinRecord.enrollment_id).where(CheckinRecord.post_id == post_id)
    ).one_or_none()
    if known is None:
        return None
    enrollment = lock(Enrollment, known.enrollment_id)
    return db.session.get_one(CheckinRecord, known.id, populate_existing=True), enrollment
