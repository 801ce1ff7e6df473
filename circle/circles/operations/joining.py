"""Coming in and going: joining by every mode, applications, leaving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select, update

from circle.access import Actor, Permission, can
from circle.circles import rules
from circle.circles.events import (
    ApplicationApproved,
    ApplicationRejected,
    ApplicationSubmitted,
    MemberJoined,
    MemberLeft,
)
from circle.circles.models import Application, Circle, Invite, Member
from circle.circles.operations.common import (
    lock_circle,
    lock_circle_by_id,
    member_of,
    pending_application,
    step_out,
)
from circle.circles.passphrases import fits
from circle.circles.queries import standing_of
from circle.core import audit, clock
from circle.core.db import db
from circle.core.errors import Conflict, Forbidden, NotFound, Refused, Unauthenticated
from circle.core.i18n import lazy
from circle.core.operation import emit, lock, operation


@dataclass(frozen=True)
class Joined:
    """What came of joining: `status` is active or pending; `new` is False when it was so before."""

    status: str
    new: bool


def join_circle(
    actor: Actor,
    slug: str,
    *,
    answers: Sequence[str] = (),
    passphrase: str | None = None,
    invite: str | None = None,
) -> Joined:
    """Come into a circle by its way in, or by the token of an invitation whatever the way.

    Asking again when one is in (or waits) already succeeds and changes nothing. Raises Forbidden BANNED,
    Refused PASSPHRASE_WRONG, ANSWERS_REQUIRED, INVITE_REQUIRED or INVITE_INVALID. The passphrase is tried before the
    transaction begins.
    """
    proof = _proof(slug, passphrase) if passphrase and not invite else None
    return enter_circle(actor, slug, answers=list(answers), proof=proof, tried=bool(passphrase), invite=invite)


def _proof(slug: str, passphrase: str) -> str | None:
    """The stored hash, if the passphrase fits it: good as long as nobody changes the passphrase."""
    stored = db.session.scalar(
        select(Circle.passphrase_hash).where(Circle.slug == slug, Circle.join_mode == "passphrase")
    )
    return stored if stored is not None and fits(passphrase, stored) else None


@operation
def enter_circle(
    actor: Actor, slug: str, *, answers: Sequence[str], proof: str | None, tried: bool, invite: str | None
) -> Joined:
    """The write of `join_circle`; `proof` is the passphrase hash that was found to fit."""
    if actor.id is None:
        raise Unauthenticated
    circle = lock_circle(slug)
    member = member_of(circle, actor.id)
    if member is not None and member.status == "banned":
        raise Forbidden(lazy("You can no longer take part in this circle."), code="BANNED")
    if member is not None and member.status == "active":
        return Joined("active", new=False)
    waiting = pending_application(circle, actor.id)
    if invite:
        _use_invite(circle, invite)
    elif circle.join_mode == "passphrase":
        rules.check_passphrase(circle, proof, given=tried)
    elif circle.join_mode == "invite":
        raise Refused("INVITE_REQUIRED", lazy("This circle is joined by invitation. Ask a member for a link."))
    elif circle.join_mode == "application":
        return Joined("pending", new=False) if waiting else _apply(circle, actor.id, answers)
    if waiting:
        waiting.status, waiting.decided_at = "withdrawn", clock.now()
    _take_in(circle, member, actor.id)
    return Joined("active", new=True)


def _use_invite(circle: Circle, token: str) -> None:
    if not rules.may_be_token(token):
        raise rules.invite_invalid()
    used = db.session.execute(
        update(Invite)
        .where(
            Invite.circle_id == circle.id,
            Invite.token == token,
            Invite.revoked_at.is_(None),
            or_(Invite.expires_at.is_(None), Invite.expires_at > clock.now()),
            or_(Invite.max_uses.is_(None), Invite.use_count < Invite.max_uses),
        )
        .values(use_count=Invite.use_count + 1)
        .execution_options(synchronize_session=False)
    )
    if not used.rowcount:  # type: ignore[attr-defined]
        raise rules.invite_invalid()


def _apply(circle: Circle, user_id: int, answers: Sequence[str]) -> Joined:
    application = Application(
        circle_id=circle.id, user_id=user_id, answers=rules.check_answers(circle.questions, answers)
    )
    db.session.add(application)
    db.session.flush()
    emit(ApplicationSubmitted(application.id, circle.id, user_id))
    return Joined("pending", new=True)


def _take_in(circle: Circle, member: Member | None, user_id: int) -> None:
    """Make somebody who is not in an active member; a row from an earlier stay goes on."""
    first = member is None
    if member is None:
        member = Member(circle_id=circle.id, user_id=user_id)
        db.session.add(member)
    member.status, member.joined_at, member.left_at = "active", clock.now(), None
    circle.member_count += 1
    db.session.flush()
    emit(MemberJoined(circle.id, user_id, first=first))


@operation
def withdraw_application(actor: Actor, slug: str) -> None:
    """Take back one's own pending application; nothing happens when there is none."""
    if actor.id is None:
        raise Unauthenticated
    application = pending_application(lock_circle(slug), actor.id)
    if application is not None:
        application.status, application.decided_at = "withdrawn", clock.now()


@operation
def leave_circle(actor: Actor, slug: str) -> None:
    """Leave, or take back one's application; leaving again changes nothing. Raises Refused OWNER_MUST_STAY."""
    if actor.id is None:
        raise Unauthenticated
    circle = lock_circle(slug)
    if application := pending_application(circle, actor.id):
        application.status, application.decided_at = "withdrawn", clock.now()
    member = member_of(circle, actor.id)
    if member is None or member.status != "active":
        return
    if member.role == "owner":
        raise Refused("OWNER_MUST_STAY", lazy("Please hand the circle over to somebody before you leave."))
    step_out(circle, member, "left")
    emit(MemberLeft(circle.id, actor.id))


# ---- decisions -----------------------------------------------------------------------------------------------


def _decidable(actor: Actor, application_id: int) -> tuple[Circle, Application]:
    """The circle and the application, locked. Raises NotFound for those who may not decide it."""
    if not actor.signed_in and not actor.is_system:
        raise Unauthenticated
    circle_id = db.session.scalar(select(Application.circle_id).where(Application.id == application_id))
    if circle_id is None:
        raise NotFound
    circle = lock_circle_by_id(circle_id)
    if not can(actor, Permission.APPLICATION_DECIDE, standing_of(actor, circle_id)):
        raise NotFound
    return circle, lock(Application, application_id)


def _decided(actor: Actor, application: Application, status: str) -> bool:
    """Record the decision. False when the same one stands already; raises Conflict for any other."""
    if application.status == status:
        return False
    if application.status != "pending":
        raise Conflict(lazy("This application has been dealt with already."))
    application.status, application.decided_by, application.decided_at = status, actor.id, clock.now()
    return True


@operation
def approve_application(actor: Actor, application_id: int) -> None:
    """Let the applicant in. Approving again changes nothing; raises Conflict when it was decided otherwise."""
    circle, application = _decidable(actor, application_id)
    if not _decided(actor, application, "approved"):
        return
    member = member_of(circle, application.user_id)
    if member is None or member.status == "left":
        _take_in(circle, member, application.user_id)
    _record(actor, application, "application.approve", "")
    emit(ApplicationApproved(application.id, circle.id, application.user_id, actor.id))


@operation
def reject_application(actor: Actor, application_id: int, *, reason: str = "") -> None:
    """Turn the applicant away; they are told the reason and may apply again. Raises Conflict as approving does."""
    circle, application = _decidable(actor, application_id)
    if not _decided(actor, application, "rejected"):
        return
    application.reason = reason
    _record(actor, application, "application.reject", reason)
    emit(ApplicationRejected(application.id, circle.id, application.user_id, actor.id, reason))


def _record(actor: Actor, application: Application, action: str, reason: str) -> None:
    data = {"user": str(application.user_id)} | ({"reason": reason} if reason else {})
    audit.record(actor, action, f"application:{application.id}", data, circle_id=application.circle_id)
