"""Tables of accounts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

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
    #: rises with each edit of the profile, for If-Match
    version: Mapped[int] = mapped_column(default=1)


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
