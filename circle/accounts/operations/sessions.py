"""Sign-ins: opened, renewed, seen, ended."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select, update

from circle.accounts import tokens
from circle.accounts.models import AuthSession, User
from circle.accounts.tokens import TokenPair
from circle.core import clock, ids
from circle.core.actor import Actor
from circle.core.db import db
from circle.core.errors import NotFound, Unauthenticated
from circle.core.i18n import lazy
from circle.core.markup import clean_line
from circle.core.operation import operation


def network_of(address: str | None) -> str:
    """The network of an address (/24, /48 for IPv6): enough to recognise a place, not to find a person."""
    try:
        known = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    mapped = getattr(known, "ipv4_mapped", None) or known
    return str(ipaddress.ip_network((mapped, 24 if mapped.version == 4 else 48), strict=False))


def _new(user_id: int, kind: str, user_agent: str, address: str) -> AuthSession:
    now = clock.now()
    return AuthSession(
        id=ids.new_id(),
        user_id=user_id,
        kind=kind,
        seed=tokens.new_seed(),
        generation=0,
        last_seen_at=now,
        user_agent=clean_line(user_agent[:400])[:200],
        network=network_of(address),
    )


@operation
def open_browser_session(user_id: int, *, user_agent: str, address: str) -> str:
    """Sign a browser in for 30 days after its last visit. Returns the token for its cookie."""
    row = _new(user_id, "browser", user_agent, address)
    token = tokens.browser_token(row.id, row.seed)
    row.access_sha256 = tokens.sha256(token)
    row.access_expires_at = clock.now() + tokens.BROWSER_FOR
    db.session.add(row)
    db.session.flush()
    return token


@operation
def open_api_session(user_id: int, *, user_agent: str, address: str) -> TokenPair:
    """Sign an app in: a new family of tokens (access 2 h, refresh 30 d)."""
    row = _new(user_id, "api", user_agent, address)
    _set_pair(row)
    db.session.add(row)
    db.session.flush()
    return _pair(row)


def _set_pair(row: AuthSession) -> None:
    now = clock.now()
    row.access_sha256 = tokens.sha256(tokens.access_token(row.id, row.generation, row.seed))
    row.access_expires_at = now + tokens.ACCESS_FOR
    row.refresh_sha256 = tokens.sha256(tokens.refresh_token(row.id, row.generation, row.seed))
    row.refresh_expires_at = now + tokens.REFRESH_FOR


def _pair(row: AuthSession) -> TokenPair:
    left = row.access_expires_at - clock.now()
    return TokenPair(
        tokens.access_token(row.id, row.generation, row.seed),
        tokens.refresh_token(row.id, row.generation, row.seed),
        max(0, round(left / timedelta(seconds=1))),
    )


@operation
def touch_session(session_id: int) -> None:
    """Note that a browser was here, and let its sign-in live on for another 30 days."""
    now = clock.now()
    db.session.execute(
        update(AuthSession)
        .where(AuthSession.id == session_id, AuthSession.kind == "browser", AuthSession.revoked_at.is_(None))
        .values(last_seen_at=now, access_expires_at=now + tokens.BROWSER_FOR)
    )


def refresh_session(refresh_token: str) -> tuple[int, TokenPair]:
    """Exchange a refresh token for the next pair. Returns (user id, pair).

    The one before answers with the same pair for 30 seconds (phones send twice); any older use means that two hold
    it: the whole family ends. Raises Unauthenticated, with code TOKEN_REUSED in that case. Must be the outermost
    write: what it ends stays ended although it raises.
    """
    outcome = _rotate(refresh_token)
    if outcome == "reused":
        raise Unauthenticated(
            lazy("This sign-in was used twice and has been ended for your safety. Please sign in again."),
            code="TOKEN_REUSED",
        )
    if outcome is None:
        raise Unauthenticated(lazy("This sign-in is no longer valid. Please sign in again."))
    return outcome  # type: ignore[return-value]


@operation
def _rotate(refresh_token: str) -> tuple[int, TokenPair] | str | None:
    """The next pair, "reused" (the family has been ended), or None for a token that is not good."""
    now, digest = clock.now(), tokens.sha256(refresh_token)
    known = or_(AuthSession.refresh_sha256 == digest, AuthSession.prev_refresh_sha256 == digest)
    row = _locked(known) or _family_of_old(refresh_token)
    if row is None or row.kind != "api" or row.revoked_at is not None:
        return None
    # the row is ours alone now: of two requests with one token, the second finds it already rotated
    if row.refresh_sha256 == digest:
        alive = db.session.scalar(select(User.id).where(User.id == row.user_id, User.status != "deleted"))
        if alive is None or row.refresh_expires_at is None or row.refresh_expires_at <= now:
            return None
        row.generation += 1
        row.prev_refresh_sha256 = digest
        row.rotated_at = row.last_seen_at = now
        _set_pair(row)
    elif row.prev_refresh_sha256 != digest or row.rotated_at is None or row.rotated_at + tokens.REUSE_WITHIN < now:
        row.revoked_at, row.revoked_why = now, "reuse"
        return "reused"
    db.session.flush()
    return row.user_id, _pair(row)


def _locked(condition: Any) -> AuthSession | None:
    found: AuthSession | None = db.session.scalar(
        select(AuthSession).where(condition).with_for_update().execution_options(populate_existing=True)
    )
    return found


def _family_of_old(refresh_token: str) -> AuthSession | None:
    """The session that once gave out this refresh token, two or more renewals ago."""
    hint = tokens.hint_of(refresh_token)
    row = _locked(AuthSession.id == hint[0]) if hint else None
    if hint is None or row is None:
        return None
    genuine = tokens.same(tokens.refresh_token(row.id, hint[1], row.seed), refresh_token)
    return row if genuine and hint[1] < row.generation else None


def _end(*conditions: Any, why: str) -> int:
    result = db.session.execute(
        update(AuthSession)
        .where(AuthSession.revoked_at.is_(None), *conditions)
        .values(revoked_at=clock.now(), revoked_why=why)
    )
    return result.rowcount  # type: ignore[attr-defined,no-any-return]


@operation
def sign_out(actor: Actor) -> None:
    """End the sign-in this request came with; nothing happens when there is none."""
    if actor.id is not None and actor.session_id is not None:
        _end(AuthSession.id == actor.session_id, AuthSession.user_id == actor.id, why="sign_out")


@operation
def sign_out_everywhere(actor: Actor, *, but_here: bool = False) -> int:
    """End every sign-in of the person, with `but_here` all but this one. Returns how many ended.

    Raises Unauthenticated.
    """
    if actor.id is None:
        raise Unauthenticated
    others = [AuthSession.id != actor.session_id] if but_here else []
    return _end(AuthSession.user_id == actor.id, *others, why="revoked" if but_here else "sign_out")


@operation
def revoke_session(actor: Actor, session_id: int) -> None:
    """End one of the person's own sign-ins. Raises Unauthenticated, NotFound (also when it is somebody else's)."""
    if actor.id is None:
        raise Unauthenticated
    if not _end(AuthSession.id == session_id, AuthSession.user_id == actor.id, why="revoked"):
        raise NotFound


def end_after_password_change(user_id: int, keep_session_id: int | None) -> None:
    """Inside an operation: end all sign-ins but the browser at hand; API tokens end always."""
    kept = (AuthSession.kind == "browser") & (AuthSession.id == (keep_session_id or 0))
    _end(AuthSession.user_id == user_id, ~kept, why="password")
