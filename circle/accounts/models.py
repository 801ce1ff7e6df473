"""Tables of accounts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from circle.core import clock
from circle.core.db import Base, IdMixin, one_of


class User(IdMixin, Base):
    __tablename__ = "users"
    __table_args__ = (
        one_of("status", "active", "deleting", "deleted"),
        one_of("theme", "auto", "light", "dark"),
    )
    lock_rank = 10

    #: as shown; unique through username_key
    username: Mapped[str] = mapped_column(String(40))
    #: skeleton that ignores case and look-alike characters (usernames.username_key)
    username_key: Mapped[str] = mapped_column(String(80), unique=True)
    nickname: Mapped[str] = mapped_column(String(40))
    bio: Mapped[str] = mapped_column(String(200), default="")
    avatar_id: Mapped[int | None] = mapped_column(
        ForeignKey("media.id", use_alter=True, name="fk_users_avatar_id_media", ondelete="SET NULL")
    )
    #: argon2id; None for people who sign in another way
    password_hash: Mapped[str | None] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(16), default="active")
    theme: Mapped[str] = mapped_column(String(8), default="auto")
    #: chosen language of pages; None follows the site
    locale: Mapped[str | None] = mapped_column(String(16))
    #: the confirmed address: there notices are mailed and a forgotten password is reset. One that waits for its owner
    #: to confirm it stands in mail_codes
    email: Mapped[str | None] = mapped_column(String(254))
    #: the address in lower case; nobody else can confirm it
    email_key: Mapped[str | None] = mapped_column(String(254), unique=True)
    email_confirmed_at: Mapped[datetime | None]
    #: asked for deletion; everything is erased DELETION_DELAY later unless it is taken back
    deleting_at: Mapped[datetime | None]
    #: what becomes of what the person wrote: kept under the name of a deleted account, or removed
    deleting_keeps: Mapped[bool] = mapped_column(Boolean, default=True)
    #: rises with each edit of the profile, for If-Match
    version: Mapped[int] = mapped_column(default=1)


class FormerName(Base):
    """A user name that somebody gave up. Until `free_at` nobody else can take it, and it still leads to them."""

    __tablename__ = "former_names"
    __table_args__ = (Index(None, "user_id", "created_at"),)

    username_key: Mapped[str] = mapped_column(String(80), primary_key=True)
    #: as it was shown
    username: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    free_at: Mapped[datetime]


class AuthSession(IdMixin, Base):
    """One sign-in: a browser, or a family of API tokens. Revoking the row ends it at the next request."""

    __tablename__ = "auth_sessions"
    __table_args__ = (one_of("kind", "browser", "api"), Index(None, "user_id", "revoked_at"))

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))
    #: sha256 of the token that requests carry (browser cookie or access token)
    access_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    access_expires_at: Mapped[datetime]
    #: sha256 of the refresh token that is good now, and of the one before it
    refresh_sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    prev_refresh_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    refresh_expires_at: Mapped[datetime | None]
    rotated_at: Mapped[datetime | None]
    #: random part of the tokens of this family, and how often they were renewed (see tokens.py)
    seed: Mapped[str] = mapped_column(String(64))
    generation: Mapped[int] = mapped_column(default=0)
    last_seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    #: sign_out | password | reuse | revoked
    revoked_why: Mapped[str | None] = mapped_column(String(16))
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    #: network of the address only (last octet dropped): enough to recognise a device, not to locate a person
    network: Mapped[str] = mapped_column(String(64), default="")


class SignInFailures(Base):
    """Failed sign-ins per account name (also of names that do not exist, so that nothing is given away)."""

    __tablename__ = "sign_in_failures"

    username_key: Mapped[str] = mapped_column(String(80), primary_key=True)
    count: Mapped[int]
    first_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class Consent(Base):
    """What somebody agreed to, in which version and when; rows are only ever added."""

    __tablename__ = "consents"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    #: terms | privacy
    doc: Mapped[str] = mapped_column(String(16), primary_key=True)
    #: the day the text was published, for example 2026-11-01
    version: Mapped[str] = mapped_column(String(16), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Block(Base):
    """Somebody does not want to meet somebody. It hides both ways in lists, mentions and notices."""

    __tablename__ = "blocks"
    __table_args__ = (Index(None, "blocked_id", "blocker_id"),)

    blocker_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    blocked_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class MailCode(Base):
    """The one code of a purpose that is good now, as it went out by mail; a newer one replaces it.

    A job makes the code, so that nothing stored holds it in clear. Until then `sha256` is that of no code at all.
    """

    __tablename__ = "mail_codes"
    __table_args__ = (one_of("purpose", "reset", "confirm"), Index(None, "email"))

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(8), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    #: the address it was sent to; a code for an address that was changed since is void
    email: Mapped[str] = mapped_column(String(254))
    expires_at: Mapped[datetime]
    #: how many went out since `counted_from`, so that nobody's mailbox is flooded
    sent_count: Mapped[int] = mapped_column(default=0)
    counted_from: Mapped[datetime] = mapped_column(default=clock.now)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Takeout(IdMixin, Base):
    """A copy of all that a person has here, made by a job: a ZIP of JSON and media."""

    __tablename__ = "takeouts"
    __table_args__ = (
        one_of("status", "waiting", "ready", "failed", "expired"),
        Index(None, "user_id", "id"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(String(16), default="waiting")
    storage_key: Mapped[str | None] = mapped_column(String(96))
    bytes: Mapped[int | None]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
