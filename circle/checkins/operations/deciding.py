"""What becomes of a check-in: approved or rejected by a reviewer, void with its post, and back with it, or when what
had replaced it is gone."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, select

from circle import access
from circle.access import Actor, Permission
from circle.checkins import rules
from circle.checkins.events import CheckinApproved, CheckinRejected, CheckinVoided, CheckinWaits, DayFreed
from circle.checkins.models import Campaign, CheckinRecord, Enrollment
from circle.checkins.operations.cards import release_card
from circle.checkins.operations.counting import is_held, refresh_enrollment
from circle.checkins.operations.earning import count_for_tasks, set_checkin_earned
from circle.circles import queries as circles
from circle.core import audit, clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, lock_all, operation
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
    free_day(enrollment, record.idx)
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
    make_void(record, by)
    show_status(record)
    refresh_enrollment(campaign, enrollment)
    set_checkin_earned(record, on=False)
    free_day(enrollment, record.idx)
    emit(CheckinVoided(*_about(record, campaign, by)))


def make_void(record: CheckinRecord, by: int | None) -> None:
    """Let a record that holds its day count no more, and remember what it was."""
    record.voided_from = record.status
    record.status, record.decided_by, record.decided_at = "void", by, clock.now()


@operation
def restore_checkin(post_id: int, by: int | None) -> None:
    """Its post is visible again: it counts again, or waits for a reviewer as it did, unless its period was checked in
    otherwise meanwhile. (Then it comes back when that counts no more.)"""
    found = _of_post(post_id)
    if found is None:
        return
    record, enrollment = found
    if record.status == "void" and not is_held(enrollment.id, record.idx):
        _return(record, enrollment, by)


def _return(record: CheckinRecord, enrollment: Enrollment, by: int | None) -> None:
    """Let a void record of a locked post and enrolment be what it was before.

    What nobody had reviewed waits again, lest hiding and restoring be a way around the review. It counts where nobody
    reviews (any more): in a campaign that asks for no review now, or is settled, when what waited counted as well; but
    not of somebody who was taken out then.
    """
    campaign = campaign_of(record.campaign_id)
    settled, unseen = enrollment.settled_at is not None, record.voided_from == "pending"
    if unseen and settled and enrollment.status == "disqualified":
        return
    record.voided_from = None
    if unseen and not settled and campaign.review == "manual":
        record.status, record.decided_by, record.decided_at = "pending", None, None
        show_status(record)
        refresh_enrollment(campaign, enrollment)
        emit(CheckinWaits(*_about(record, campaign, by)))
        return
    record.status, record.decided_by, record.decided_at = "approved", by, clock.now()
    show_status(record)
    if unseen:
        count_for_tasks(record)
    refresh_enrollment(campaign, enrollment)
    set_checkin_earned(record, on=True)
    emit(CheckinApproved(*_about(record, campaign, by)))


# ---- when another one of its day is gone -----------------------------------------------------------------------------


def free_day(enrollment: Enrollment, idx: int) -> None:
    """Nothing holds a period of a locked enrolment any more: a check-in that was replaced there may come back. Its post
    ranks before the enrolment, so that is done by a job (`bring_back`)."""
    if enrollment.settled_at is None and db.session.execute(_replaced(enrollment.id, idx)).first() is not None:
        emit(DayFreed(enrollment.id, idx))


@operation
def bring_back(enrollment_id: int, idx: int) -> None:
    """Let a check-in count again whose post was hidden and restored, and that had been replaced meanwhile, now that
    nothing holds its period: of several the one that came first. What was rejected stays rejected.

    Safe to run twice; after the settlement nothing comes back. Raises NotFound.
    """
    locked = {row.post_id for row in db.session.execute(_replaced(enrollment_id, idx))}
    lock_all(Post, locked)
    enrollment = lock(Enrollment, enrollment_id)
    if enrollment.settled_at is None:
        return_replaced(enrollment, locked, idx)


def return_replaced(enrollment: Enrollment, locked: Collection[int], idx: int | None = None) -> None:
    """Of a locked enrolment that is not settled, let come back what had been replaced in a period (default: in any)
    that nothing holds now. Only what has a post that is `locked`."""
    for row in db.session.execute(_replaced(enrollment.id, idx)).all():
        if row.post_id in locked and not is_held(enrollment.id, row.idx):
            _return(db.session.get_one(CheckinRecord, row.id, populate_existing=True), enrollment, None)


def _replaced(enrollment_id: int, idx: int | None) -> Select[Any]:
    """The void check-ins of a period (None: of any) whose posts can be seen, first come first."""
    here = [CheckinRecord.enrollment_id == enrollment_id, CheckinRecord.status == "void"]
    if idx is not None:
        here.append(CheckinRecord.idx == idx)
    columns = (CheckinRecord.id, CheckinRecord.post_id, CheckinRecord.idx)
    found: Any = select(*columns).join(Post, Post.id == CheckinRecord.post_id)
    seen: Select[Any] = found.where(*here, Post.status == "published")
    return seen.order_by(CheckinRecord.submitted_at, CheckinRecord.id)


# ---- with the post, and its enrolment --------------------------------------------------------------------------------


def _of_post(post_id: int) -> tuple[CheckinRecord, Enrollment] | None:
    """The record of a post and its enrolment, locked; None when the post is no check-in."""
    known = db.session.execute(
        select(CheckinRecord.id, CheckinRecord.enrollment_id).where(CheckinRecord.post_id == post_id)
    ).one_or_none()
    if known is None:
        return None
    enrollment = lock(Enrollment, known.enrollment_id)
    return db.session.get_one(CheckinRecord, known.id, populate_existing=True), enrollment
