"""Tables of notifications."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from circle.core import clock
from circle.core.db import Base, IdMixin


class Notice(IdMixin, Base):
    __tablename__ = "notices"
    __table_args__ = (
        Index(None, "user_id", "told_at", "id"),
        Index(None, "user_id", "read_at"),
        Index(None, "circle_id", "kind"),
        CheckConstraint("people_count >= 0", name="people_v1"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    circle_id: Mapped[int | None] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    #: what happened, for example post.hidden; kinds.py has the sentence for each kind
    kind: Mapped[str] = mapped_column(String(32))
    #: values of the sentence and of the path it leads to (ids, a reason)
    data: Mapped[dict[str, Any]]
    #: same fact, same key: told once
    dedupe_key: Mapped[str] = mapped_column(String(120), unique=True)
    #: how many people it is about (grouped kinds: likes); the newest of them is data["by"]
    people_count: Mapped[int] = mapped_column(default=1)
    #: its place in the inbox: when it was told first, or last grew while unread
    told_at: Mapped[datetime] = mapped_column(default=clock.now)
    read_at: Mapped[datetime | None]
    #: when it went out by e-mail; set once, so that a job that runs twice mails once
    mailed_at: Mapped[datetime | None]


class NoticePerson(Base):
    """Who is in a grouped notice; the primary key counts each of them once."""

    __tablename__ = "notice_people"
    __table_args__ = (Index(None, "user_id"),)

    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class NoticeSetting(Base):
    """Where somebody wants to hear of a category of notices; no row means the category's defaults."""

    __tablename__ = "notice_settings"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    category: Mapped[str] = mapped_column(String(16), primary_key=True)
    inbox: Mapped[bool] = mapped_column(Boolean, default=True)
    mail: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
