"""What may be read of accounts."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, true

from circle.accounts.devices import device_name
from circle.accounts.models import AuthSession, Block, User
from circle.accounts.tokens import sha256
from circle.accounts.usernames import username_key
from circle.core import clock
from circle.core.actor import Actor
from circle.core.db import db
from circle.core.errors import NotFound, Unauthenticated
from circle.core.i18n import _
from circle.core.pagination import Keyset, Page
from circle.core.storage import file_url


@dataclass(frozen=True)
class Author:
    """A person as shown beside what they wrote. `role` is theirs in the circle at hand; `level` comes with points."""

    id: int
    username: str
    nickname: str
    avatar_url: str | None
    role: str = "member"
    level: dict[str, Any] | None = None

    @property
    def url(self) -> str | None:
        """The public page, None for an account that is gone."""
        return f"/@{self.username}" if self.username else None


#: select these (in this order) next to your own columns, then `author_of(row[n:n + 5], role)`
AUTHOR_COLUMNS = (User.id, User.username, User.nickname, User.avatar_id, User.status)


def author_of(columns: Sequence[Any], role: str | None = None) -> Author:
    """The Author in a row that selected AUTHOR_COLUMNS. A deleted account shows only that it is gone."""
    id_, username, nickname, avatar_id, status = columns
    if status == "deleted":
        return Author(id=id_, username="", nickname=_("Deleted account"), avatar_url=None)
    return Author(id_, username, nickname, file_url(avatar_id, "thumb"), role or "member")


def not_blocked(actor: Actor, column: Any) -> ColumnElement[bool]:
    """SQL: whoever `column` (a user id) names has not blocked this actor, nor the other way round.

    For lists, suggestions and notices; a visitor and the system see everybody. Each side is one probe of an index.
    """
    if actor.id is None:
        return true()
    mine = select(Block.blocked_id).where(Block.blocker_id == actor.id)
    theirs = select(Block.blocker_id).where(Block.blocked_id == actor.id)
    return and_(column.not_in(mine), column.not_in(theirs))


#: people who may sign in and be known by a token; `deleting` is the cooling-off before deletion
SIGNING_IN = ("active", "deleting")


def actor_of_token(token: str) -> Actor | None:
    """Who holds this API access token, or None when it is unknown, expired or revoked. One statement."""
    row = db.session.execute(
        select(AuthSession.id, User.id, User.username, User.nickname)
        .join(User, User.id == AuthSession.user_id)
        .where(*_good(token, "api"))
    ).first()
    return Actor(id=row[1], username=row[2], nickname=row[3], session_id=row[0]) if row else None


def _good(token: str, kind: str) -> tuple[ColumnElement[bool], ...]:
    return (
        AuthSession.access_sha256 == sha256(token),
        AuthSession.kind == kind,
        AuthSession.access_expires_at > clock.now(),
        AuthSession.revoked_at.is_(None),
        User.status.in_(SIGNING_IN),
    )


@dataclass
class BrowserUser:
    """The person at this browser, for Flask-Login and for templates (`me`)."""

    token: str
    actor: Actor
    avatar_url: str | None
    theme: str
    locale: str | None
    last_seen_at: datetime
    #: counts unread notices; the composition root gives it, as notices are not known here
    count_unread: Callable[[Actor], int] = field(default=lambda _actor: 0, repr=False)

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """What the cookie holds."""
        return self.token

    @property
    def id(self) -> int:
        return self.actor.id or 0

    @property
    def username(self) -> str:
        return self.actor.username

    @property
    def nickname(self) -> str:
        return self.actor.nickname

    @property
    def url(self) -> str:
        return f"/@{self.username}"

    @cached_property
    def unread(self) -> int:
        """Unread notices, counted once and only by a page that shows the number."""
        return self.count_unread(self.actor)


def browser_user_of_token(token: str) -> BrowserUser | None:
    """Who this browser's cookie belongs to, or None when the sign-in has ended. One statement."""
    row = db.session.execute(
        select(
            AuthSession.id,
            AuthSession.last_seen_at,
            User.id,
            User.username,
            User.nickname,
            User.avatar_id,
            User.theme,
            User.locale,
        )
        .join(User, User.id == AuthSession.user_id)
        .where(*_good(token, "browser"))
    ).first()
    if row is None:
        return None
    session_id, last_seen_at, user_id, username, nickname, avatar_id, theme, locale = row
    actor = Actor(id=user_id, username=username, nickname=nickname, session_id=session_id)
    return BrowserUser(token, actor, file_url(avatar_id, "thumb"), theme, locale, last_seen_at)


# ---- people --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class UserRow:
    """A person's public page. `version` rises with each edit."""

    id: int
    username: str
    nickname: str
    avatar_url: str | None
    bio: str
    created_at: datetime
    version: int

    @property
    def url(self) -> str:
        return f"/@{self.username}"


@dataclass(frozen=True)
class MeRow(UserRow):
    """The person themselves: also what only they see. `settings` has theme and locale."""

    settings: dict[str, str | None]


_PUBLIC_COLUMNS = (
    User.id,
    User.username,
    User.nickname,
    User.avatar_id,
    User.bio,
    User.created_at,
    User.version,
)


def _public(columns: Sequence[Any]) -> dict[str, Any]:
    id_, username, nickname, avatar_id, bio, created_at, version = columns
    return {
        "id": id_,
        "username": username,
        "nickname": nickname,
        "avatar_url": file_url(avatar_id, "thumb"),
        "bio": bio,
        "created_at": created_at,
        "version": version,
    }


def get_user(actor: Actor, user_id: int) -> UserRow:
    """A person's public page, for everybody. Raises NotFound, also for a deleted account."""
    found = (User.id == user_id, User.status != "deleted")
    row = db.session.execute(select(*_PUBLIC_COLUMNS).where(*found)).first()
    if row is None:
        raise NotFound
    return UserRow(**_public(row))


def get_user_named(actor: Actor, name: str) -> UserRow:
    """A person by user name, whatever its case and width. Raises NotFound."""
    found = (User.username_key == username_key(name), User.status != "deleted")
    row = db.session.execute(select(*_PUBLIC_COLUMNS).where(*found)).first()
    # the key also ignores look-alike characters: those must not lead to somebody who is not meant
    if row is None or _plain(row[1]) != _plain(name):
        raise NotFound
    return UserRow(**_public(row))


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def get_me(actor: Actor) -> MeRow:
    """The person who asks. Raises Unauthenticated."""
    if actor.id is None:
        raise Unauthenticated
    *public, theme, locale = db.session.execute(
        select(*_PUBLIC_COLUMNS, User.theme, User.locale).where(User.id == actor.id)
    ).one()
    return MeRow(**_public(public), settings={"theme": theme, "locale": locale})


# ---- sign-ins ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SecretRow:
    """What checking a password needs; it never leaves `credentials`."""

    user_id: int
    username_key: str
    password_hash: str | None = field(repr=False)


def secret_of_key(key: str) -> SecretRow | None:
    """The stored password hash of whoever has this username_key and may sign in."""
    return _secret(User.username_key == key)


def secret_of_user(user_id: int) -> SecretRow:
    """The stored password hash of a person. Raises Unauthenticated when they may not sign in."""
    row = _secret(User.id == user_id)
    if row is None:
        raise Unauthenticated
    return row


def _secret(condition: ColumnElement[bool]) -> SecretRow | None:
    row = db.session.execute(
        select(User.id, User.username_key, User.password_hash).where(condition, User.status.in_(SIGNING_IN))
    ).first()
    return SecretRow(*row) if row else None


def is_taken(username: str) -> bool:
    """Whether somebody has this user name, or one that reads the same."""
    key = username_key(username)
    return db.session.scalar(select(User.id).where(User.username_key == key)) is not None


@dataclass(frozen=True)
class SessionRow:
    """One place where a person is signed in; `current` is the one that asks."""

    id: int
    kind: str
    current: bool
    user_agent: str
    network: str
    created_at: datetime
    last_seen_at: datetime

    @property
    def device(self) -> str:
        """What a person would call it, for example "Chrome · Android"; empty when it cannot be told."""
        return device_name(self.user_agent)


_SESSION_COLUMNS: tuple[Any, ...] = (
    AuthSession.id,
    AuthSession.kind,
    AuthSession.user_agent,
    AuthSession.network,
    AuthSession.created_at,
    AuthSession.last_seen_at,
)
_SESSIONS = Keyset("accounts.sessions", (AuthSession.last_seen_at, AuthSession.id))


def list_sessions(actor: Actor, cursor: str | None = None, limit: int = 20) -> Page[SessionRow]:
    """Where the person is signed in, last seen first. Raises Unauthenticated."""
    if actor.id is None:
        raise Unauthenticated
    ends = func.coalesce(AuthSession.refresh_expires_at, AuthSession.access_expires_at)
    mine = (AuthSession.user_id == actor.id, AuthSession.revoked_at.is_(None), ends > clock.now())
    statement: Select[Any] = select(*_SESSION_COLUMNS).where(*mine)

    def rows(found: Sequence[Any]) -> list[SessionRow]:
        return [SessionRow(row[0], row[1], row[0] == actor.session_id, row[2], row[3], row[4], row[5]) for row in found]

    return _SESSIONS.read(statement, cursor, limit).map(rows)
