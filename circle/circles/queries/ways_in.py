"""Applications and invitations, for those who decide about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select

from circle.access import Actor, Permission, require
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of
from circle.circles import rules
from circle.circles.models import Application, Circle, Invite
from circle.circles.queries.rows import CircleRow, get_circle_by_id
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.pagination import DEFAULT_LIMIT, Keyset, Page


class Answered(NamedTuple):
    question: str
    answer: str


@dataclass(frozen=True)
class ApplicationRow:
    """A request to join: `status` is pending, approved, rejected or withdrawn."""

    id: int
    user: Author
    answers: list[Answered]
    status: str
    reason: str
    created_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True)
class InviteRow:
    """An invitation link; `good` says whether it would let somebody in now."""

    id: int
    token: str
    #: the path of the link
    url: str
    created_by: Author
    created_at: datetime
    expires_at: datetime | None
    max_uses: int | None
    use_count: int
    revoked_at: datetime | None
    good: bool


_ASKED = len(AUTHOR_COLUMNS)
#: who waits longest comes first; what is decided reads as history
_WAITING = Keyset("circles.applications.pending", (Application.id,), descending=False)
_DECIDED = Keyset("circles.applications.decided", (Application.id,))
_INVITES = Keyset("circles.invites", (Invite.id,))


def _applications() -> Select[Any]:
    chosen: Any = select(*AUTHOR_COLUMNS, Application).join(User, User.id == Application.user_id)
    statement: Select[Any] = chosen
    return statement


def _application(columns: Sequence[Any]) -> ApplicationRow:
    application: Application = columns[_ASKED]
    return ApplicationRow(
        id=application.id,
        user=author_of(columns[:_ASKED]),
        answers=[Answered(each["question"], each["answer"]) for each in application.answers],
        status=application.status,
        reason=application.reason,
        created_at=application.created_at,
        decided_at=application.decided_at,
    )


def application_page(
    circle: CircleRow, *, status: str = "pending", cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[ApplicationRow]:
    """Requests to join, those who wait longest first. Raises Forbidden for those who do not decide them."""
    require(circle.actor, Permission.APPLICATION_DECIDE, circle.standing)
    statement = _applications().where(Application.circle_id == circle.id, Application.status == status)
    order = _WAITING if status == "pending" else _DECIDED
    return order.read(statement, cursor, limit).map(lambda rows: [_application(row) for row in rows])


def get_application(actor: Actor, application_id: int) -> ApplicationRow:
    """One request to join. Raises NotFound also for those who do not decide it."""
    columns = db.session.execute(_applications().where(Application.id == application_id)).one_or_none()
    if columns is None or not get_circle_by_id(actor, columns[_ASKED].circle_id).may(Permission.APPLICATION_DECIDE):
        raise NotFound
    return _application(columns)


def pending_count(circle: CircleRow) -> int:
    """How many wait to be let in; 0 for those who do not decide it."""
    if not circle.may(Permission.APPLICATION_DECIDE):
        return 0
    waiting = select(func.count()).where(Application.circle_id == circle.id, Application.status == "pending")
    return db.session.scalar(waiting) or 0


def _invites() -> Select[Any]:
    chosen: Any = select(*AUTHOR_COLUMNS, Invite, Circle.slug)
    statement: Select[Any] = chosen.join(User, User.id == Invite.created_by).join(Circle, Circle.id == Invite.circle_id)
    return statement


def _invite(columns: Sequence[Any]) -> InviteRow:
    invite: Invite = columns[_ASKED]
    return InviteRow(
        id=invite.id,
        token=invite.token,
        url=f"/{columns[_ASKED + 1]}/invite/{invite.token}",
        created_by=author_of(columns[:_ASKED]),
        created_at=invite.created_at,
        expires_at=invite.expires_at,
        max_uses=invite.max_uses,
        use_count=invite.use_count,
        revoked_at=invite.revoked_at,
        good=rules.invite_is_good(invite),
    )


def invite_page(circle: CircleRow, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[InviteRow]:
    """Invitation links, newest first. Raises Forbidden for those who do not manage them."""
    require(circle.actor, Permission.INVITE_MANAGE, circle.standing)
    page = _INVITES.read(_invites().where(Invite.circle_id == circle.id), cursor, limit)
    return page.map(lambda rows: [_invite(row) for row in rows])


def get_invite(actor: Actor, invite_id: int) -> InviteRow:
    """One invitation link. Raises NotFound also for those who do not manage it."""
    columns = db.session.execute(_invites().where(Invite.id == invite_id)).one_or_none()
    if columns is None or not get_circle_by_id(actor, columns[_ASKED].circle_id).may(Permission.INVITE_MANAGE):
        raise NotFound
    return _invite(columns)


def is_invited(circle: CircleRow, token: str) -> bool:
    """Whether this token would let somebody into the circle now; whoever holds it may ask."""
    if not rules.may_be_token(token):
        return False
    invite = db.session.scalar(select(Invite).where(Invite.circle_id == circle.id, Invite.token == token))
    return invite is not None and rules.invite_is_good(invite)
