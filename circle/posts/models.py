"""Tables of posts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from circle.core import clock
from circle.core.db import Base, IdMixin, one_of

POST_TYPES = ("moment", "question", "showcase", "checkin", "resource", "ad")
#: which rows the indexes of questions hold
QUESTIONS = "type = 'question' AND status = 'published'"
UNANSWERED = f"{QUESTIONS} AND answer_count = 0"
POST_STATUSES = ("draft", "pending", "published", "hidden", "deleted", "removed", "rejected")


class Post(IdMixin, Base):
    __tablename__ = "posts"
    __table_args__ = (
        one_of("type", *POST_TYPES),
        one_of("status", *POST_STATUSES),
        CheckConstraint(
            "like_count >= 0 AND comment_count >= 0 AND favorite_count >= 0 AND answer_count >= 0", name="counts_v3"
        ),
        # one index per order of the feed: a page is a range scan at any size
        Index(None, "circle_id", "status", "published_at", "id"),
        Index(None, "circle_id", "status", "last_activity_at", "id"),
        Index(None, "circle_id", "status", "hot_score", "id"),
        Index(None, "author_id", "status", "published_at", "id"),
        Index(
            "ix_posts_featured", "circle_id", "featured_at", "id",
            sqlite_where=text("featured_at IS NOT NULL"), postgresql_where=text("featured_at IS NOT NULL"),
        ),
        Index(
            "ix_posts_pinned", "circle_id", "pin_rank",
            sqlite_where=text("pin_rank IS NOT NULL"), postgresql_where=text("pin_rank IS NOT NULL"),
        ),
        # the lists of questions; the words of a partial index must stand in the query as they stand here. SQLite takes
        # the index in which most columns are given: hence those that are always the same
        *(
            Index(f"ix_posts_questions_{name}", *keys, "id", sqlite_where=which, postgresql_where=which)
            for name, keys, which in (
                ("newest", ("circle_id", "status", "published_at"), text(QUESTIONS)),
                ("active", ("circle_id", "status", "last_activity_at"), text(QUESTIONS)),
                ("hot", ("circle_id", "status", "hot_score"), text(QUESTIONS)),
                ("unanswered", ("circle_id", "status", "answer_count", "published_at"), text(UNANSWERED)),
            )
        ),
    )  # fmt: skip
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
    #: asked without a name: who wrote it is shown to nobody, and found by nothing (docs/decisions/0021)
    anonymous: Mapped[bool] = mapped_column(default=False)
    #: published_at, or the newest visible comment or answer
    last_activity_at: Mapped[datetime] = mapped_column(default=clock.now)
    like_count: Mapped[int] = mapped_column(default=0)
    #: visible comments and replies
    comment_count: Mapped[int] = mapped_column(default=0)
    #: visible answers to a question, and when the newest of them came
    answer_count: Mapped[int] = mapped_column(default=0)
    answered_at: Mapped[datetime | None]
    #: E of domain specification §7; equals a recount from the rows (F1, tested)
    engagement: Mapped[int] = mapped_column(default=0)
    #: integer micro-units (F2); changes only on events, so there is no cron
    hot_score: Mapped[int] = mapped_column(default=0)
    favorite_count: Mapped[int] = mapped_column(default=0)
    #: 精华, by whom
    featured_at: Mapped[datetime | None]
    featured_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: place among the pinned posts of the circle, 1 to 5 without gaps (F6); None is not pinned
    pin_rank: Mapped[int | None]
    #: when the pin falls off by itself
    pin_until: Mapped[datetime | None]
    #: what cards show of post_media and topic_posts, made when written, so that a list needs no statement for them:
    #: {"media": [{id, kind, width, height, duration_ms, wave, bytes, name, alt, mime}], "topics": [topic id],
    #: "poll": {...}, "question": {status, accepted, peek},
    #: "checkin": {campaign_id, title, idx, total, cadence, source, status}}; the last three only where there is one
    parts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: the most liked visible comment of the first level (the earliest among equals), shown under the card
    peek_id: Mapped[int | None]
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
        Index(None, "topic_id", "visible", "featured_at", "post_id"),
        Index(None, "post_id"),
    )

    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    #: 1 while the post is published
    visible: Mapped[int] = mapped_column(default=1)
    published_at: Mapped[datetime]
    last_activity_at: Mapped[datetime]
    hot_score: Mapped[int]
    featured_at: Mapped[datetime | None]


class Comment(IdMixin, Base):
    __tablename__ = "comments"
    __table_args__ = (
        one_of("status", "published", "hidden", "deleted", "removed"),
        Index(None, "post_id", "parent_id", "id"),
        # the first level of a post by likes: the hot order, and which comment a card shows
        Index(None, "post_id", "parent_id", "like_count", "id"),
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
    #: written by whoever asked an anonymous question, below it: shown as "the asker"
    anonymous: Mapped[bool] = mapped_column(default=False)
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


class Favorite(Base):
    """A post somebody keeps for themselves."""

    __tablename__ = "favorites"
    __table_args__ = (Index(None, "user_id", "created_at", "post_id"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Revision(IdMixin, Base):
    """How a post read before an edit; `version` is the post's version that it was."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("post_id", "version"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(80), default="")
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    #: since when it had read so
    since: Mapped[datetime]


class Draft(IdMixin, Base):
    """What somebody is writing, kept on the server; one with `publish_at` publishes itself then."""

    __tablename__ = "drafts"
    __table_args__ = (Index(None, "author_id", "updated_at", "id"), Index(None, "publish_at"))
    lock_rank = 55

    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(80), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    #: {"topic_ids": [id], "poll": {...} | null}; what is not needed to find it
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: rises by one with each save; a save names the one it started from, so an older device never overwrites a newer
    seq: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    publish_at: Mapped[datetime | None]
    #: why the planned publishing did not happen, told to the author
    failure: Mapped[str] = mapped_column(String(300), default="")


class DraftMedia(Base):
    """The uploads of a draft, in order."""

    __tablename__ = "draft_media"
    __table_args__ = (Index(None, "media_id"),)

    draft_id: Mapped[int] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    media_id: Mapped[int] = mapped_column(ForeignKey("media.id"))
    alt: Mapped[str] = mapped_column(String(200), default="")


class Poll(Base):
    """A question with choices on a post. What may be seen when is fixed as it is made."""

    __tablename__ = "polls"
    __table_args__ = (
        one_of("results", "always", "voted", "closed"),
        CheckConstraint("max_choices >= 1", name="max_choices_v1"),
        CheckConstraint("voter_count >= 0", name="voters_v1"),
    )

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    question: Mapped[str] = mapped_column(String(120), default="")
    #: how many of the choices one person may take
    max_choices: Mapped[int] = mapped_column(default=1)
    #: who sees the numbers: everybody, who has voted, or nobody before it closes
    results: Mapped[str] = mapped_column(String(8), default="voted")
    closes_at: Mapped[datetime | None]
    voter_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class PollOption(IdMixin, Base):
    __tablename__ = "poll_options"
    __table_args__ = (UniqueConstraint("post_id", "position"), CheckConstraint("vote_count >= 0", name="votes_v1"))

    post_id: Mapped[int] = mapped_column(ForeignKey("polls.post_id", ondelete="CASCADE"))
    position: Mapped[int]
    text: Mapped[str] = mapped_column(String(60))
    vote_count: Mapped[int] = mapped_column(default=0)


class PollVote(Base):
    __tablename__ = "poll_votes"
    __table_args__ = (Index(None, "user_id"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("polls.post_id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    option_id: Mapped[int] = mapped_column(ForeignKey("poll_options.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Mention(Base):
    """Somebody named in a post, comment or answer. `written` is the name as it stands in the Markdown, so that the
    mention still means the same person after either of them took another name."""

    __tablename__ = "mentions"
    __table_args__ = (one_of("target_type", "post", "comment", "answer", version=2), Index(None, "user_id"))

    target_type: Mapped[str] = mapped_column(String(8), primary_key=True)
    target_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    written: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class TopicWeek(Base):
    """The leaderboard of a topic in an ISO week that is over, once it was frozen."""

    __tablename__ = "topic_weeks"

    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True)
    #: W2026-47
    week: Mapped[str] = mapped_column(String(16), primary_key=True)
    frozen_at: Mapped[datetime] = mapped_column(default=clock.now)


class TopicRank(Base):
    """A place on it."""

    __tablename__ = "topic_ranks"
    __table_args__ = (UniqueConstraint("topic_id", "week", "user_id"),)

    topic_id: Mapped[int] = mapped_column(ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True)
    week: Mapped[str] = mapped_column(String(16), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    #: engagement of the posts of that week, and how many there were
    score: Mapped[int]
    post_count: Mapped[int]
