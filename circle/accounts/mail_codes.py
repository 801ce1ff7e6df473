"""What may be read of codes that went out by mail."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from circle.accounts.models import MailCode, User
from circle.accounts.queries import SIGNING_IN
from circle.accounts.tokens import sha256
from circle.core import clock
from circle.core.actor import Actor
from circle.core.db import db
from circle.core.errors import Unauthenticated


@dataclass(frozen=True)
class CodeRow:
    """Whose code it is, and for which address."""

    user_id: int
    username: str
    nickname: str
    email: str


@dataclass(frozen=True)
class AddressRow:
    """A person's confirmed address, and the one that waits to be confirmed."""

    email: str | None
    pending: str | None


def find_code(code: str, purpose: str) -> CodeRow | None:
    """Whom this code is good for now; None when it is unknown, used, replaced, too old, or for a former address."""
    good = (
        MailCode.sha256 == sha256(code),
        MailCode.purpose == purpose,
        MailCode.expires_at > clock.now(),
        User.status.in_(SIGNING_IN),
    )
    statement = select(User.id, User.username, User.nickname, MailCode.email).join(User, User.id == MailCode.user_id)
    if purpose == "reset":
        statement = statement.where(User.email == MailCode.email, User.email_key.is_not(None))
    row = db.session.execute(statement.where(*good)).first()
    return CodeRow(*row) if row else None


def address_of(actor: Actor) -> AddressRow:
    """The addresses of the person who asks. Raises Unauthenticated."""
    if actor.id is None:
        raise Unauthenticated
    waiting = select(MailCode.email).where(
        MailCode.user_id == actor.id, MailCode.purpose == "confirm", MailCode.expires_at > clock.now()
    )
    confirmed = select(User.email).where(User.id == actor.id, User.email_key.is_not(None))
    return AddressRow(db.session.scalar(confirmed), db.session.scalar(waiting))
