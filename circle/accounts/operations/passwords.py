"""Accounts made, attempts counted, sign-ins with a proven password, passwords exchanged and reset."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import delete

from circle.accounts.events import PasswordChanged, ResetAsked
from circle.accounts.models import SignInFailures, User
from circle.accounts.operations.consents import keep_consents
from circle.accounts.operations.email import invalid_code, take_code, void_code
from circle.accounts.operations.sessions import end_after_password_change, open_api_session, open_browser_session
from circle.accounts.queries import SIGNING_IN, is_kept
from circle.accounts.rules import check_name, name_taken
from circle.accounts.tokens import TokenPair
from circle.accounts.usernames import username_key
from circle.core import audit, clock, ids
from circle.core.actor import SYSTEM, Actor
from circle.core.db import db, insert_once
from circle.core.errors import Conflict, RateLimited, Unauthenticated
from circle.core.i18n import lazy
from circle.core.operation import emit, lock, operation

MAX_ATTEMPTS = 10
ATTEMPT_WINDOW = timedelta(minutes=15)
LOCKED_FOR = timedelta(minutes=15)


@dataclass(frozen=True)
class Proof:
    """That somebody knew the password of `user_id` while `password_hash` was stored. `new_hash` replaces a hash made
    with old parameters."""

    user_id: int
    username_key: str
    password_hash: str = field(repr=False)
    new_hash: str | None = field(default=None, repr=False)


def wrong_password() -> Unauthenticated:
    """The one answer to a wrong name and to a wrong password."""
    return Unauthenticated(lazy("The user name or the password is not right."))


@operation
def create_user(
    username: str, *, nickname: str = "", password_hash: str | None = None, bio: str = "", locale: str | None = None
) -> int:
    """Make an account; returns its id. Whoever makes one has agreed to the papers.

    Raises Invalid or Refused USERNAME_TAKEN (field username).
    """
    name = check_name(username)
    if is_kept(username_key(name)):
        raise name_taken()
    user_id = ids.new_id()
    made = insert_once(
        User,
        id=user_id,
        username=name,
        username_key=username_key(name),
        nickname=nickname or name,
        bio=bio,
        password_hash=password_hash,
        locale=locale,
    )
    if not made or is_kept(username_key(name)):  # asked again: its account may have been erased at this very moment
        raise name_taken()
    keep_consents(user_id)
    return user_id


@operation
def count_attempt(key: str) -> None:
    """Count an attempt to sign in under this name, whether or not anybody has it.

    The tenth within a quarter of an hour locks the name for as long. Raises RateLimited while it is locked.
    """
    session, now = db.session, clock.now()
    row = None
    while row is None:  # a success at the same moment may delete the row between the two statements
        insert_once(SignInFailures, username_key=key, count=0, first_at=now)
        row = session.get(SignInFailures, key, with_for_update=True, populate_existing=True)
    if row.locked_until is not None and row.locked_until > now:
        raise RateLimited(
            lazy("There were too many attempts for this name. Please wait a quarter of an hour."),
            retry_after=max(1, int((row.locked_until - now).total_seconds())),
        )
    if row.locked_until is not None or row.first_at + ATTEMPT_WINDOW <= now:
        row.count, row.first_at, row.locked_until = 0, now, None
    row.count += 1
    if row.count >= MAX_ATTEMPTS:
        row.locked_until = now + LOCKED_FOR
    session.flush()


@operation
def forget_attempts(key: str) -> None:
    """Somebody proved to be who they are: their failed attempts count no longer."""
    db.session.execute(delete(SignInFailures).where(SignInFailures.username_key == key))


def _accept(proof: Proof) -> None:
    user = lock(User, proof.user_id)
    # the password may have been changed, and all sign-ins ended, since it was checked
    if user.password_hash != proof.password_hash or user.status not in SIGNING_IN:
        raise wrong_password()
    if proof.new_hash is not None:
        user.password_hash = proof.new_hash
    forget_attempts(proof.username_key)


@operation
def open_proven_browser_session(proof: Proof, *, user_agent: str, address: str) -> str:
    """Open a browser session for who knew the password; returns its token. Raises Unauthenticated."""
    _accept(proof)
    return open_browser_session(proof.user_id, user_agent=user_agent, address=address)


@operation
def open_proven_api_session(proof: Proof, *, user_agent: str, address: str) -> TokenPair:
    """Open an API session for who knew the password. Raises Unauthenticated."""
    _accept(proof)
    return open_api_session(proof.user_id, user_agent=user_agent, address=address)


@operation
def set_password(actor: Actor, *, old_hash: str, new_hash: str) -> None:
    """Store a new password hash and end every sign-in but this browser's. Raises Unauthenticated, Conflict."""
    if actor.id is None:
        raise Unauthenticated
    user = lock(User, actor.id)
    if user.password_hash != old_hash:
        raise Conflict
    user.password_hash = new_hash
    end_after_password_change(user.id, actor.session_id)
    void_code(user.id, "reset")
    forget_attempts(user.username_key)
    emit(PasswordChanged(user.id))


@operation
def note_forgotten(login: str) -> None:
    """Somebody forgot their password; what follows does not depend on whether anybody has this name or address."""
    emit(ResetAsked(login))


@operation
def reset_password(user_id: int, code: str, *, new_hash: str) -> None:
    """Store a new password hash for who holds the mailed code, end every sign-in, use the code up.

    Raises Refused CODE_INVALID, also when the code was sent to a former address.
    """
    user = lock(User, user_id)
    if take_code(user_id, "reset", code) != user.email or user.status not in SIGNING_IN:
        raise invalid_code()
    user.password_hash = new_hash
    end_after_password_change(user.id, None)
    forget_attempts(user.username_key)
    audit.record(SYSTEM, "account.password_reset", f"user:{user.id}")
    emit(PasswordChanged(user.id))
