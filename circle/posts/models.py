"""Tables of posts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from circle.core import clock
from circle.core.db import Base, IdMixin, one_of

POST_TYPES = ("moment", "question", "showcase", "checkin", "resource", "ad")
POST_STATUSES = ("draft", "pending", "published", "hidden", "deleted", "removed", "rejected")


class Post(IdMixin, Base):
    __tablename__ = "posts"
    __table_args__ = (
        one_of("type", *POST_TYPES),
        one_of("status", *POST_STATUSES),
        CheckConstraint("like_count >= 0 AND comment_count >= 0", name="counts_v1"),
        # one index per order of the feed: a page is a range scan at any size
        Index(None, "circle_id", "status", "published_at", "id"),
        Index(None, "circle_id", "status", "last_activity_at", "id"),
        Index(None, "circle_id", "status", "hot_score", "id"),
        Index(None, "author_id", "status", "published_at", "id"),
    )
    lock_rank = 60

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    type: Mapped[str] = mapped_column(String(16), default="moment")
    status: Mapped[str] = mapped_column(String(16), default="published")
    title: Mapped[str] = mapped_column(String(80), default="")
    #: Markdown as written
    body: Mapped[str] = mapped_column(Text, default="")
    #: safe HTML made from body when it was written
    body_html: Mapped[str] = mapped_column(Text, default="")
    #: plain text for cards, notices and search results
    excerpt: Mapped[str] = mapped_column(String(300), default="")
    #: never changes, also when edited or restored
    published_at: Mapped[datetime] = mapped_column(default=clock.now)
    #: set by an edit more than 30 minutes after publishing; shown as 已编辑
    edited_at: Mapped[datetime | None]
    #: published_at, or the newest visible comment
    last_activity_at: Mapped[datetime] = mapped_column(default=clock.now)
    like_count: Mapped[int] = mapped_column(default=0)
    #: visible comments and replies
    comment_count: Mapped[int] = mapped_column(default=0)
    #: E of domain specification §7; equals a recount from the rows (F1, tested)
    engagement: Mapped[int] = mapped_column(default=0)
    #: integer micro-units (F2); changes only on events, so there is no cron
    hot_score: Mapped[int] = mapped_column(default=0)
    hidden_at: Mapped[datetime | None]
    hidden_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: told to the author
    hidden_reason: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[int] = mapped_column(default=1)


class PostMedia(Base):
    """The pictures of a post, in order."""

    __tablename__ = "post_media"
    __table_args__ = (Index(None, "media_id"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    media_id: Mapped[int] = mapped_column(ForeignKey("media.id"))
    alt: Mapped[str] = mapped_column(String(200), default="")


class TopicPost(Base):
    """A post in a topic, mirroring the sort keys of the post (F3) so that topic feeds are range scans too."""

    __tablename__ = "topic_posts"
    __table_args__ = (
        Index(None, "topic_id", "visible", "published_at", "post_id"),
        Index(None, "topic_id", "visible", "last_activity_at", "post_id"),
        Index(None, "topic_id", "visible", "hot_score", "post_id"),
        Index(None, "post_id"),
    )

    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    #: 1 while the post is published
    visible: Mapped[int] = mapped_column(default=1)
    published_at: Mapped[datetime]
    last_activity_at: Mapped[datetime]
    hot_score: Mapped[int]


class Comment(IdMixin, Base):
    __tablename__ = "comments"
    __table_args__ = (
        one_of("status", "published", "hidden", "deleted", "removed"),
        Index(None, "post_id", "parent_id", "id"),
        Index(None, "author_id", "id"),
    )
    lock_rank = 70

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    #: the comment under which it stands; None at the first level (two levels are shown)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"))
    #: whom a reply answers, when that is not the author of the parent
    reply_to_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16), default="published")
    like_count: Mapped[int] = mapped_column(default=0)
    #: visible replies
    reply_count: Mapped[int] = mapped_column(default=0)
    edited_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    hidden_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    hidden_reason: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[int] = mapped_column(default=1)


class Like(Base):
    """One person likes one thing once; the primary key is the rule."""

    __tablename__ = "likes"
    __table_args__ = (one_of("target_type", "post", "comment"), Index(None, "user_id", "created_at"))

    target_type: Mapped[str] = mapped_column(String(8), primary_key=True)
    target_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
