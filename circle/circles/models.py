"""Tables of circles."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from circle.core import clock
from circle.core.db import Base, IdMixin, Json, one_of


class Circle(IdMixin, Base):
    __tablename__ = "circles"
    __table_args__ = (
        one_of("visibility", "public", "private"),
        one_of("join_mode", "open", "application", "passphrase", "invite"),
        one_of("accent", "persimmon", "pine", "indigo", "plum"),
        one_of("status", "active", "closed"),
        one_of("points_expiry", "next_year", "never"),
        Index(None, "visibility", "member_count", "id"),
    )
    lock_rank = 20

    #: its address, unique on the site
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    intro: Mapped[str] = mapped_column(String(200), default="")
    cover_id: Mapped[int | None] = mapped_column(
        ForeignKey("media.id", use_alter=True, name="fk_circles_cover_id_media", ondelete="SET NULL")
    )
    accent: Mapped[str] = mapped_column(String(16), default="persimmon")
    #: IANA name; a "day" of this circle is a day there
    tz: Mapped[str] = mapped_column(String(64), default="Asia/Shanghai")
    visibility: Mapped[str] = mapped_column(String(16), default="public")
    join_mode: Mapped[str] = mapped_column(String(16), default="open")
    #: argon2id; the passphrase is never read back
    passphrase_hash: Mapped[str | None] = mapped_column(String(200))
    #: what an applicant is asked, in order
    questions: Mapped[list[str]] = mapped_column(Json, default=list)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    status: Mapped[str] = mapped_column(String(16), default="active")
    #: active members; equals a count of the rows (tested)
    member_count: Mapped[int] = mapped_column(default=0)
    #: published posts; equals a count of the rows (tested)
    post_count: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    #: when the last of its campaigns is over, so that without one no page asks for any
    campaigns_until: Mapped[datetime | None]
    #: the levels of its members, lowest first, as circle/points/ladder.py understands them; empty: the usual three
    levels: Mapped[list[Any]] = mapped_column(Json, default=list, server_default="[]")
    #: when points run out: at the end of the next year, or never
    points_expiry: Mapped[str] = mapped_column(String(16), default="next_year", server_default="next_year")


class Member(IdMixin, Base):
    """A person's place in a circle. The row stays when they leave: rejoining goes on with it."""

    __tablename__ = "members"
    __table_args__ = (
        UniqueConstraint("circle_id", "user_id"),
        one_of("status", "active", "left", "banned"),
        one_of("role", "owner", "admin", "moderator", "expert", "member"),
        Index(None, "circle_id", "status", "joined_at", "id"),
        Index(None, "user_id", "status", "joined_at"),
    )
    lock_rank = 30

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(String(16), default="active")
    role: Mapped[str] = mapped_column(String(16), default="member")
    #: of the present stay
    joined_at: Mapped[datetime] = mapped_column(default=clock.now)
    left_at: Mapped[datetime | None]
    muted_until: Mapped[datetime | None]
    #: 1 is the lowest; moves with the growth of the member (circle/points/operations/levels.py)
    level: Mapped[int] = mapped_column(default=1, server_default="1")


class Application(IdMixin, Base):
    """A request to join. At most one is pending per person and circle."""

    __tablename__ = "applications"
    __table_args__ = (
        one_of("status", "pending", "approved", "rejected", "withdrawn"),
        Index(
            "uq_applications_pending",
            "circle_id",
            "user_id",
            unique=True,
            sqlite_where=text("status = 'pending'"),
            postgresql_where=text("status = 'pending'"),
        ),
        Index(None, "circle_id", "status", "id"),
    )
    lock_rank = 40

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    #: [{"question": …, "answer": …}] as asked then
    answers: Mapped[list[Any]] = mapped_column(Json, default=list)
    status: Mapped[str] = mapped_column(String(16), default="pending")
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    #: told to the applicant on rejection
    reason: Mapped[str] = mapped_column(Text, default="")


class Invite(IdMixin, Base):
    """A link that lets people in whatever the join mode, until it expires, is used up or revoked."""

    __tablename__ = "invites"
    __table_args__ = (Index(None, "circle_id", "id"),)
    lock_rank = 35

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    #: 22 url-safe random characters; shown again to those who manage the circle
    token: Mapped[str] = mapped_column(String(32), unique=True)
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    expires_at: Mapped[datetime | None]
    max_uses: Mapped[int | None]
    use_count: Mapped[int] = mapped_column(default=0)
    revoked_at: Mapped[datetime | None]
