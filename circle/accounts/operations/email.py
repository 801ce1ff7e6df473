"""E-mail addresses set, confirmed and removed, and the codes that go out by mail.

A job makes each code and mails it at once; the database keeps only its sha256. There is one code per person and
purpose, a newer one replaces it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import IntegrityError

from circle.accounts.addresses import address_key
from circle.accounts.events import AddressAsked, AddressChanged
from circle.accounts.models import MailCode, User
from circle.accounts.queries import SIGNING_IN
from circle.accounts.tokens import sha256
from circle.accounts.usernames import username_key
from circle.core import clock
from circle.core.actor import Actor
from circle.core.db import db, insert_once
from circle.core.errors import Conflict, RateLimited, Refused, Unauthenticated
from circle.core.i18n import lazy
from circle.core.operation import emit, lock, operation

GOOD_FOR = {"confirm": timedelta(hours=24), "reset": timedelta(minutes=30)}
#: mails of one purpose to one person, and to one address whoever asks, within SENT_WITHIN
SENT_MOST = 5
SENT_WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class Letter:
    """A code that is to be mailed now. `taken` says that the address belongs to another account: then there is none."""

    email: str
    username: str
    nickname: str
    locale: str | None
    code: str = field(repr=False)
    taken: bool = False


def invalid_code() -> Refused:
    """The one answer to a code that is not good, whatever the reason."""
    return Refused("CODE_INVALID", lazy("This link is used up or too old. Please ask for a new one."))


@operation
def ask_address(actor: Actor, email: str, *, old_hash: str | None) -> None:
    """Let an address wait for its owner to confirm it; a mail with a code goes there. The former one stays until then.

    Answers alike whether or not another account has confirmed the address. Raises Unauthenticated, Conflict when the
    password is no longer the one that was checked, Refused EMAIL_UNCHANGED, RateLimited.
    """
    user = _own(actor, old_hash)
    if user.email_key == address_key(email):
        raise Refused("EMAIL_UNCHANGED", lazy("This is your address already."), field="email")
    if not _count(user.id, "confirm", email):
        raise RateLimited(
            lazy("Several mails were sent already. Please look for them, and try again in an hour."),
            retry_after=round(SENT_WITHIN.total_seconds()),
        )
    emit(AddressAsked(user.id))


@operation
def ask_reset(login: str) -> int | None:
    """Begin to reset the password of whoever has this user name or confirmed address; returns whose. For a job.

    None when there is nobody, they have no confirmed address, or enough mails went out already.
    """
    known = or_(User.username_key == username_key(login), User.email_key == address_key(login))
    found = db.session.scalars(
        select(User.id).where(known, User.email_key.is_not(None), User.status.in_(SIGNING_IN))
    ).all()
    if len(found) != 1:
        return None
    user = lock(User, found[0])
    return user.id if user.email and _count(user.id, "reset", user.email) else None


def _count(user_id: int, purpose: str, email: str) -> bool:
    """Make room for one more code to this person and address; False when enough went out within the hour."""
    now = clock.now()
    since = now - SENT_WITHIN
    # by purpose: who has somebody's address confirmed again and again must not keep its owner from a reset
    lately = select(func.coalesce(func.sum(MailCode.sent_count), 0)).where(
        func.lower(MailCode.email) == address_key(email),
        MailCode.user_id != user_id,
        MailCode.purpose == purpose,
        MailCode.counted_from > since,
    )
    elsewhere = db.session.scalar(lately) or 0
    nothing = {"sha256": sha256(secrets.token_urlsafe()), "email": email, "expires_at": now + GOOD_FOR[purpose]}
    insert_once(MailCode, user_id=user_id, purpose=purpose, created_at=now, sent_count=0, counted_from=now, **nothing)
    row = db.session.get_one(MailCode, (user_id, purpose), with_for_update=True, populate_existing=True)
    if row.counted_from <= since:
        row.sent_count, row.counted_from = 0, now
    if row.sent_count + elsewhere >= SENT_MOST:
        return False
    row.sent_count += 1
    row.sha256, row.email, row.expires_at = nothing["sha256"], nothing["email"], nothing["expires_at"]  # type: ignore[assignment]
    row.created_at = now
    db.session.flush()
    return True


@operation
def make_code(user_id: int, purpose: str) -> Letter | None:
    """Make the code of what was asked for; None when nothing was, or it was taken back. For a job."""
    user = lock(User, user_id)
    row = db.session.get(MailCode, (user_id, purpose), with_for_update=True, populate_existing=True)
    if row is None or row.expires_at <= clock.now() or user.status not in SIGNING_IN:
        return None
    if purpose == "reset" and row.email != user.email:
        return None
    code = secrets.token_urlsafe(24)
    row.sha256 = sha256(code)
    row.expires_at = clock.now() + GOOD_FOR[purpose]
    taken = purpose == "confirm" and _holder(row.email, user_id) is not None
    if taken:  # the row stays, so that who asked cannot see what became of it
        row.sha256 = sha256(secrets.token_urlsafe())
    return Letter(row.email, user.username, user.nickname, user.locale, "" if taken else code, taken)


@operation
def not_sent(user_id: int, purpose: str) -> None:
    """The mail with the code did not go out and is tried again: it does not count."""
    row = db.session.get(MailCode, (user_id, purpose), with_for_update=True, populate_existing=True)
    if row is not None:
        row.sent_count = max(0, row.sent_count - 1)


def void_code(user_id: int, purpose: str) -> None:
    """Inside an operation that holds the person: let no code be good any more. Mails that went out still count."""
    row = db.session.get(MailCode, (user_id, purpose), with_for_update=True, populate_existing=True)
    if row is not None:
        row.sha256, row.expires_at = sha256(secrets.token_urlsafe()), clock.now()


def _holder(email: str, user_id: int) -> int | None:
    return db.session.scalar(select(User.id).where(User.email_key == address_key(email), User.id != user_id))


@operation
def confirm_address(code: str, *, user_id: int | None = None) -> None:
    """Make the address that the code was sent to the person's own; with `user_id` only theirs.

    Raises Refused CODE_INVALID, or EMAIL_TAKEN when another account has confirmed the address meanwhile.
    """
    found = db.session.scalar(
        select(MailCode.user_id).where(MailCode.sha256 == sha256(code), MailCode.purpose == "confirm")
    )
    if found is None or user_id not in {None, found}:
        raise invalid_code()
    user = lock(User, found)
    email = take_code(user.id, "confirm", code)
    before = user.email
    try:
        with db.session.begin_nested():
            user.email, user.email_key, user.email_confirmed_at = email, address_key(email), clock.now()
            db.session.flush()
    except IntegrityError:
        raise Refused("EMAIL_TAKEN", lazy("Another account uses this address already.")) from None
    db.session.execute(delete(MailCode).where(MailCode.user_id == user.id))
    emit(AddressChanged(user.id, before, email))


def take_code(user_id: int, purpose: str, code: str) -> str:
    """Inside an operation that holds the person: use the code up, return its address. Raises Refused CODE_INVALID."""
    row = db.session.get(MailCode, (user_id, purpose), with_for_update=True, populate_existing=True)
    if row is None or row.sha256 != sha256(code) or row.expires_at <= clock.now():
        raise invalid_code()
    email = row.email
    db.session.delete(row)
    db.session.flush()
    return email


@operation
def drop_pending_address(actor: Actor) -> None:
    """Take back an address that was never confirmed; nothing happens when none waits. Raises Unauthenticated."""
    if actor.id is None:
        raise Unauthenticated
    lock(User, actor.id)
    void_code(actor.id, "confirm")


@operation
def remove_address(actor: Actor, *, old_hash: str | None) -> None:
    """Have no address any more: no mails, and no way to reset a forgotten password. Raises as `ask_address`."""
    user = _own(actor, old_hash)
    if user.email is None:
        return
    before, user.email, user.email_key, user.email_confirmed_at = user.email, None, None, None
    db.session.execute(delete(MailCode).where(MailCode.user_id == user.id))
    emit(AddressChanged(user.id, before, None))


def _own(actor: Actor, old_hash: str | None) -> User:
    if actor.id is None:
        raise Unauthenticated
    user = lock(User, actor.id)
    if user.password_hash != old_hash:
        raise Conflict
    return user
