"""Tables of questions and answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from circle.core import clock
from circle.core.db import Base, IdMixin, one_of

QUESTION_STATUSES = ("open", "closed", "duplicate")
CLOSE_REASONS = ("resolved", "off_topic", "spam", "other")
ANSWER_STATUSES = ("published", "hidden", "deleted", "removed")
INVITE_STATUSES = ("invited", "answered", "declined", "expired")


class Question(Base):
    """What a post of type `question` has beside a post. Changes only while its post is locked."""

    __tablename__ = "questions"
    __table_args__ = (
        one_of("status", *QUESTION_STATUSES),
        CheckConstraint("(status = 'duplicate') = (duplicate_of_id IS NOT NULL)", name="duplicate_v1"),
        CheckConstraint("duplicate_of_id <> post_id", name="not_of_itself_v1"),
        Index(None, "duplicate_of_id"),
    )

    post_id: Mapped[int] = mapped_column(
        ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(String(16), default="open")
    #: one of CLOSE_REASONS while it is closed, else empty
    close_reason: Mapped[str] = mapped_column(String(16), default="")
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: the question that this one repeats; never itself a duplicate (Q4)
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("questions.post_id"))
    #: begins the time in which another answer may be accepted instead; never cleared
    first_accepted_at: Mapped[datetime | None]
    #: rises with everything that is decided about the question (accepting, closing); who decides names the one they saw
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Answer(IdMixin, Base):
    __tablename__ = "answers"
    __table_args__ = (
        one_of("status", *ANSWER_STATUSES),
        CheckConstraint("up >= 0 AND down >= 0 AND score = up - down", name="votes_v1"),
        # Q3: who takes their answer back may write another; whose answer was removed may not
        Index(
            "uq_answers_one_each", "question_id", "author_id", unique=True,
            sqlite_where=text("status <> 'deleted'"), postgresql_where=text("status <> 'deleted'"),
        ),
        # Q1. Acceptance stands on the answer, so without this index there could be several without any other change
        Index(
            "uq_answers_accepted", "question_id", unique=True,
            sqlite_where=text("accepted_at IS NOT NULL"), postgresql_where=text("accepted_at IS NOT NULL"),
        ),
        CheckConstraint("accepted_at IS NULL OR status = 'published'", name="accepted_v1"),
        Index(None, "question_id", "status", "wilson", "score"),
        Index(None, "question_id", "status", "id"),
        Index(None, "author_id", "id"),
    )  # fmt: skip
    #: after its post, before comments
    lock_rank = 65

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.post_id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    #: by whoever asked the question anonymously: shown as "the asker"
    anonymous: Mapped[bool] = mapped_column(default=False)
    #: Markdown as written
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    #: plain text for cards, notices and search results
    excerpt: Mapped[str] = mapped_column(String(300), default="")
    status: Mapped[str] = mapped_column(String(16), default="published")
    #: rows of answer_votes with +1 and with -1 (Q2), and their difference
    up: Mapped[int] = mapped_column(default=0)
    down: Mapped[int] = mapped_column(default=0)
    score: Mapped[int] = mapped_column(default=0)
    #: how surely it is helpful, in micro-units (ranking.py)
    wilson: Mapped[int] = mapped_column(default=0)
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: when it was accepted, while moderators have it hidden: shown again, it is accepted again if no other was
    was_accepted_at: Mapped[datetime | None]
    edited_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    hidden_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: told to the author
    hidden_reason: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[int] = mapped_column(default=1)


class AnswerVote(Base):
    """What somebody thinks of an answer: one row each, so nobody counts twice."""

    __tablename__ = "answer_votes"
    __table_args__ = (CheckConstraint("value IN (-1, 1)", name="value_v1"), Index(None, "user_id"))

    answer_id: Mapped[int] = mapped_column(
        ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    value: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class AnswerRevision(IdMixin, Base):
    """How an answer read before an edit; `version` is the answer's version that it was."""

    __tablename__ = "answer_revisions"
    __table_args__ = (UniqueConstraint("answer_id", "version"),)

    answer_id: Mapped[int] = mapped_column(ForeignKey("answers.id", ondelete="CASCADE"))
    version: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    #: since when it had read so
    since: Mapped[datetime]


class QuestionInvite(IdMixin, Base):
    """An expert was asked to answer. Who asked them is told to them alone."""

    __tablename__ = "question_invites"
    __table_args__ = (
        one_of("status", *INVITE_STATUSES),
        UniqueConstraint("question_id", "user_id"),
        Index(None, "user_id", "status", "id"),
        Index(None, "invited_by", "created_at"),
        Index(
            "ix_question_invites_open", "expires_at",
            sqlite_where=text("status = 'invited'"), postgresql_where=text("status = 'invited'"),
        ),
    )  # fmt: skip

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.post_id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    invited_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    status: Mapped[str] = mapped_column(String(16), default="invited")
    expires_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
