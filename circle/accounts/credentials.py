"""What needs a password: the slow hashing first, then one short operation.

Shared by pages and API. Each attempt is counted before the password is looked at, so that many at once cannot get
past the limit; success takes the count back.
"""

from __future__ import annotations

from circle.accounts import operations, queries
from circle.accounts.passwords import hash_password, needs_rehash, verify_password
from circle.accounts.rules import check_name, check_password, name_taken
from circle.accounts.tokens import TokenPair
from circle.accounts.usernames import username_key
from circle.core.actor import Actor
from circle.core.errors import Refused, Unauthenticated
from circle.core.i18n import lazy


def sign_up(*, username: str, nickname: str, password: str, locale: str | None = None) -> int:
    """Make an account and return its id. Without a nickname the user name is shown.

    Raises Invalid or Refused USERNAME_TAKEN, for the field at fault.
    """
    name = check_name(username)
    check_password(password, name)
    if queries.is_taken(name):
        raise name_taken()  # before the slow part; two at once are told apart by the database
    return operations.create_user(name, nickname=nickname, password_hash=hash_password(password), locale=locale)


def sign_in_browser(username: str, password: str, *, user_agent: str, address: str) -> str:
    """Check the password and open a browser session; returns the token for the cookie.

    Raises Unauthenticated (the same for a wrong name and a wrong password), RateLimited.
    """
    proof = _prove(username, password)
    return operations.open_proven_browser_session(proof, user_agent=user_agent, address=address)


def sign_in_app(username: str, password: str, *, user_agent: str, address: str) -> tuple[int, TokenPair]:
    """Check the password and open an API session; returns (user id, tokens). Raises as `sign_in_browser`."""
    proof = _prove(username, password)
    return proof.user_id, operations.open_proven_api_session(proof, user_agent=user_agent, address=address)


def _prove(username: str, password: str) -> operations.Proof:
    key = username_key(username)
    operations.count_attempt(key)
    known = queries.secret_of_key(key)
    if not verify_password(known.password_hash if known else None, password) or known is None:
        raise operations.wrong_password()
    new_hash = hash_password(password) if needs_rehash(known.password_hash or "") else None
    return operations.Proof(known.user_id, known.username_key, known.password_hash or "", new_hash)


def change_password(actor: Actor, *, current_password: str, new_password: str) -> None:
    """Exchange the password. All other sign-ins end, and every API token.

    Raises Unauthenticated, Invalid (new_password), Refused PASSWORD_WRONG (current_password), RateLimited.
    """
    if actor.id is None:
        raise Unauthenticated
    known = queries.secret_of_user(actor.id)
    check_password(new_password, actor.username, field="new_password")
    operations.count_attempt(known.username_key)
    if not verify_password(known.password_hash, current_password):
        raise Refused("PASSWORD_WRONG", lazy("That is not your current password."), field="current_password")
    operations.set_password(actor, old_hash=known.password_hash or "", new_hash=hash_password(new_password))
