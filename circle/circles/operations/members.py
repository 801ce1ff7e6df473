"""What those who run a circle do about its members. Everything here is in the audit log."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import EllipsisType

from sqlalchemy import select

from circle.access import Actor, Permission, Standing
from circle.accounts.models import User
from circle.accounts.queries import SIGNING_IN
from circle.circles import rules
from circle.circles.events import MemberBanned, MemberJoined, MemberMuted, MemberRemoved, MemberRoleChanged
from circle.circles.models import Circle, Member
from circle.circles.operations.common import (
    active_member,
    allowed,
    lock_circle,
    member_of,
    pending_application,
    step_out,
    target_of,
)
from circle.core import audit, clock
from circle.core.db import db
from circle.core.errors import Conflict, Invalid, NotFound
from circle.core.i18n import lazy
from circle.core.operation import emit, operation


def _begin(actor: Actor, slug: str, permission: Permission, user_id: int) -> tuple[Circle, Standing]:
    """The locked circle and the standing of whom it is about, if the actor may do this to them."""
    circle = lock_circle(slug)
    standing = allowed(actor, circle, permission)
    return circle, target_of(actor, standing, circle, user_id)


def _record(actor: Actor, action: str, member: Member, **data: object) -> None:
    said = {name: value for name, value in data.items() if value != ""}
    audit.record(actor, action, f"user:{member.user_id}", said, circle_id=member.circle_id)


@operation
def transfer_ownership(actor: Actor, slug: str, user_id: int) -> None:
    """Hand the circle over to another member; who owned it stays as an admin. Owner only. Raises NotFound."""
    circle, _target = _begin(actor, slug, Permission.MEMBER_ROLE, user_id)
    heir, former = active_member(circle, user_id), active_member(circle, circle.owner_id)
    if heir is former:
        return
    _check_stays(heir.user_id)
    before = heir.role
    heir.role, former.role = "owner", "admin"
    circle.owner_id = heir.user_id
    circle.version += 1
    audit.record(
        actor,
        "circle.transfer",
        f"circle:{circle.id}",
        {"from": str(former.user_id), "to": str(heir.user_id)},
        circle_id=circle.id,
    )
    emit(MemberRoleChanged(circle.id, heir.user_id, actor.id, before, "owner"))
    emit(MemberRoleChanged(circle.id, former.user_id, actor.id, "owner", "admin"))


def _check_stays(user_id: int) -> None:
    """Nobody owns a circle whose account is deleted; held until the end, so that it is not closed meanwhile."""
    known = select(User.status).where(User.id == user_id).with_for_update(read=True)
    if db.session.scalar(known) not in SIGNING_IN:
        raise NotFound


@operation
def change_role(actor: Actor, slug: str, user_id: int, role: str) -> None:
    """Make a member admin, moderator, expert or member. Owner only. Raises NotFound."""
    circle, _target = _begin(actor, slug, Permission.MEMBER_ROLE, user_id)
    if role not in rules.GIVEN_ROLES:
        raise Invalid(errors={"role": [lazy("Ownership is handed over, not given as a role.")]})
    member = active_member(circle, user_id)
    before = member.role
    if before == "owner":  # only the system gets here
        raise Conflict
    if before == role:
        return
    member.role = role
    _record(actor, "member.role", member, before=before, after=role)
    emit(MemberRoleChanged(circle.id, user_id, actor.id, before, role))


@operation
def mute_member(
    actor: Actor,
    slug: str,
    user_id: int,
    *,
    until: datetime | None = None,
    duration_s: int | None = None,
    reason: str = "",
) -> None:
    """Let a member read but not post or comment, until a moment or for some seconds. Moderators and above.

    Raises NotFound, and Invalid on `muted_until` when the moment has passed or neither is given.
    """
    circle, _target = _begin(actor, slug, Permission.MEMBER_MUTE, user_id)
    member = active_member(circle, user_id)
    if until is None and duration_s is not None:
        until = clock.now() + timedelta(seconds=duration_s)
    if until is None:
        raise Invalid(errors={"muted_until": [lazy("Please say until when.")]})
    rules.check_future("muted_until", until)
    if member.muted_until == until:
        return
    member.muted_until = until
    _record(actor, "member.mute", member, until=until.isoformat(), reason=reason)
    emit(MemberMuted(circle.id, user_id, actor.id, until, reason))


@operation
def unmute_member(actor: Actor, slug: str, user_id: int) -> None:
    """Let a member speak again; nothing happens when they may already. Moderators and above. Raises NotFound."""
    circle, _target = _begin(actor, slug, Permission.MEMBER_MUTE, user_id)
    member = active_member(circle, user_id)
    was_muted = member.muted_until is not None and member.muted_until > clock.now()
    member.muted_until = None
    if was_muted:
        _record(actor, "member.unmute", member)
        emit(MemberMuted(circle.id, user_id, actor.id, None, ""))


@operation
def ban_member(actor: Actor, slug: str, user_id: int, *, reason: str = "") -> None:
    """Shut somebody out until further notice, also one who left or applies. Admins and above. Raises NotFound."""
    circle, _target = _begin(actor, slug, Permission.MEMBER_BAN, user_id)
    member, application = member_of(circle, user_id), pending_application(circle, user_id)
    if member is None and application is None:
        raise NotFound
    if application is not None:
        application.status, application.decided_by, application.decided_at = "rejected", actor.id, clock.now()
    if member is None:
        member = Member(circle_id=circle.id, user_id=user_id, status="left", left_at=clock.now())
        db.session.add(member)
    if member.status == "banned":
        return
    if member.role == "owner":  # only the system gets here: nobody else may act on an owner
        raise Conflict
    if member.status == "active":
        step_out(circle, member, "banned")
        member.left_at = None  # says that they were in, so that lifting the ban lets them back
    member.status = "banned"
    db.session.flush()
    _record(actor, "member.ban", member, reason=reason)
    emit(MemberBanned(circle.id, user_id, actor.id, reason))


@operation
def unban_member(actor: Actor, slug: str, user_id: int) -> None:
    """Lift a ban: who was a member then is one again, others may come in by the circle's way. Admins and above.

    Nothing happens when they are a member; raises NotFound for a stranger, Conflict for one who left.
    """
    circle, _target = _begin(actor, slug, Permission.MEMBER_BAN, user_id)
    member = member_of(circle, user_id)
    if member is None:
        raise NotFound
    if member.status == "active":
        return
    if member.status == "left":
        raise Conflict(lazy("They have left the circle. Only they can come back."))
    member.status = "left" if member.left_at else "active"
    if member.status == "active":
        circle.member_count += 1
        db.session.flush()
        emit(MemberJoined(circle.id, user_id, first=False))
    _record(actor, "member.unban", member)


@operation
def remove_member(actor: Actor, slug: str, user_id: int, *, reason: str = "") -> None:
    """Take a member out; they may come in again by the circle's way. Admins and above. Raises NotFound."""
    circle, _target = _begin(actor, slug, Permission.MEMBER_REMOVE, user_id)
    member = active_member(circle, user_id)
    if member.role == "owner":  # only the system gets here
        raise Conflict
    step_out(circle, member, "left")
    _record(actor, "member.remove", member, reason=reason)
    emit(MemberRemoved(circle.id, user_id, actor.id, reason))


@operation
def update_member(
    actor: Actor,
    slug: str,
    user_id: int,
    *,
    role: str | None = None,
    status: str | None = None,
    muted_until: datetime | EllipsisType | None = ...,
    reason: str = "",
) -> None:
    """Several of the above at once, all or none: `role`, `status` (active lifts a ban, banned shuts out) and
    `muted_until` (None lifts a mute). What is not given stays."""
    if status == "active":
        unban_member(actor, slug, user_id)
    if role is not None:
        change_role(actor, slug, user_id, role)
    if muted_until is None:
        unmute_member(actor, slug, user_id)
    elif isinstance(muted_until, datetime):
        mute_member(actor, slug, user_id, until=muted_until, reason=reason)
    if status == "banned":
        ban_member(actor, slug, user_id, reason=reason)
