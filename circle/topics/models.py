"""Tables of topics."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from circle.core import clock
from circle.core.db import Base, IdMixin, one_of


class Topic(IdMixin, Base):
    __tablename__ = "topics"
    __table_args__ = (
        UniqueConstraint("circle_id", "slug"),
        UniqueConstraint("circle_id", "title"),
        one_of("kind", "normal", "campaign", "resource", "ads"),
        one_of("status", "active", "archived"),
        Index(None, "circle_id", "status", "post_count", "id"),
    )
    lock_rank = 50

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    slug: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(30))
    intro: Mapped[str] = mapped_column(String(200), default="")
    kind: Mapped[str] = mapped_column(String(16), default="normal")
    #: an archived topic is read-only
    status: Mapped[str] = mapped_column(String(16), default="active")
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    #: published posts and followers; equal a count of the rows (tested)
    post_count: Mapped[int] = mapped_column(default=0)
    follower_count: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)


class TopicFollow(Base):
    __tablename__ = "topic_follows"
    __table_args__ = (Index(None, "user_id", "topic_id"),)

    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
