"""Links that let people in whatever the way into the circle."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import select

from circle.access import Actor, Permission, can
from circle.circles import rules
from circle.circles.models import Invite
from circle.circles.operations.common import allowed, lock_circle, lock_circle_by_id
from circle.circles.queries import standing_of
from circle.core import audit, clock
from circle.core.db import db
from circle.core.errors import NotFound, Unauthenticated
from circle.core.operation import lock, operation


@operation
def create_invite(actor: Actor, slug: str, *, expires_at: datetime | None = None, max_uses: int | None = None) -> int:
    """Make an invitation link, good until a moment (None: for ever) and for so many people (None: any number).

    Admins and above. Returns its id. Raises Invalid on `expires_at` when the moment has passed.
    """
    circle = lock_circle(slug)
    allowed(actor, circle, Permission.INVITE_MANAGE)
    rules.check_future("expires_at", expires_at)
    invite = Invite(
        circle_id=circle.id,
        token=secrets.token_urlsafe(16),
        created_by=circle.owner_id if actor.id is None else actor.id,
        expires_at=expires_at,
        max_uses=max_uses,
    )
    db.session.add(invite)
    db.session.flush()
    data = {"expires_at": expires_at and expires_at.isoformat(), "max_uses": max_uses}
    audit.record(actor, "invite.create", f"invite:{invite.id}", data, circle_id=circle.id)
    return invite.id


@operation
def revoke_invite(actor: Actor, invite_id: int) -> None:
    """Make a link useless; again changes nothing. Raises NotFound for those who may not manage invitations."""
    if not actor.signed_in and not actor.is_system:
        raise Unauthenticated
    circle_id = db.session.scalar(select(Invite.circle_id).where(Invite.id == invite_id))
    if circle_id is None:
        raise NotFound
    circle = lock_circle_by_id(circle_id)
    if not can(actor, Permission.INVITE_MANAGE, standing_of(actor, circle.id)):
        raise NotFound
    invite = lock(Invite, invite_id)
    if invite.revoked_at is None:
        invite.revoked_at = clock.now()
        audit.record(actor, "invite.revoke", f"invite:{invite.id}", circle_id=circle.id)
