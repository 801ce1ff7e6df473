"""Tables of notifications."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from circle.core import clock
from circle.core.db import Base, IdMixin

#: the few notices that the index of campaigns has
OF_CAMPAIGN = "campaign_id IS NOT NULL"


class Notice(IdMixin, Base):
    __tablename__ = "notices"
    __table_args__ = (
        Index(None, "user_id", "told_at", "id"),
        Index(None, "user_id", "read_at"),
        # what is told about a post or comment goes with it
        Index(None, "post_id", "comment_id"),
        # and what is told about a campaign when that changes
        Index(
            "ix_notices_campaign", "campaign_id", "kind", "user_id",
            sqlite_where=text(OF_CAMPAIGN), postgresql_where=text(OF_CAMPAIGN),
        ),
        CheckConstraint("people_count >= 0", name="people_v1"),
    )  # fmt: skip

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    circle_id: Mapped[int | None] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    #: what happened, for example post.hidden; kinds.py has the sentence for each kind
    kind: Mapped[str] = mapped_column(String(32))
    #: who did it (of several people the newest); None when a role or the system did
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: what it is about: a post, or a comment of that post. Both belong to a feature that stands on this one
    post_id: Mapped[int | None]
    comment_id: Mapped[int | None]
    #: or an answer to the question that the post is
    answer_id: Mapped[int | None]
    #: or a campaign, or a check-in of it
    campaign_id: Mapped[int | None]
    #: further values of the sentence and of the path it leads to (kinds.py)
    data: Mapped[dict[str, Any]]
    #: same fact, same key: told once
    dedupe_key: Mapped[str] = mapped_column(String(120), unique=True)
    #: how many it is about: people of a grouped like, posts of a followed topic; 1 for everything else
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


class NoticePost(Base):
    """Which posts of a followed topic are in a grouped notice; the primary key counts each of them once."""

    __tablename__ = "notice_posts"
    __table_args__ = (Index(None, "post_id"),)

    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id", ondelete="CASCADE"), primary_key=True)
    post_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class NoticeSetting(Base):
    """Where somebody wants to hear of a category of notices; no row means the category's defaults."""

    __tablename__ = "notice_settings"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    category: Mapped[str] = mapped_column(String(16), primary_key=True)
    inbox: Mapped[bool] = mapped_column(Boolean, default=True)
    mail: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
