"""What those who run a circle look after: questions that nobody answers, and the experts who could."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any, NamedTuple

from sqlalchemy import Row, and_, exists, func, literal_column, select

from circle import access
from circle.access import Actor, Permission, Role
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of
from circle.circles import queries as circles
from circle.circles.models import Member
from circle.circles.queries import CircleRow
from circle.core import clock
from circle.core.db import db
from circle.core.pagination import Keyset, Page
from circle.posts.models import Post
from circle.posts.queries import PostRow
from circle.posts.queries.feed import cards_for, rows_in
from circle.qa import rules
from circle.qa.models import Answer, Question, QuestionInvite

#: after how many hours without an answer a question may be looked for
WAITS = (6, 24, 72)
#: what the figures are about, and most questions that they are made from
_PERIOD = timedelta(days=30)
_MOST = 1000
#: most experts that are shown
_EXPERTS = 50

# in the words of the partial index of unanswered questions, or it would not be taken
_UNANSWERED = (
    Post.type == literal_column("'question'"),
    Post.status == literal_column("'published'"),
    Post.answer_count == literal_column("0"),
    exists().where(Question.post_id == Post.id, Question.status == "open"),
)


class WaitingRow(NamedTuple):
    """An open question without an answer."""

    question: PostRow
    #: whole hours since it was asked
    waiting_hours: int
    #: experts who were asked to answer, and how many of them declined
    invited: int
    declined: int

    @property
    def url(self) -> str:
        return self.question.page_url


@dataclass(frozen=True)
class Figures:
    """How a circle answers. `asked`, `answered` and `minutes` are about the last 30 days."""

    #: open questions without an answer, however old
    unanswered: int
    asked: int
    #: of those asked: how many have an answer by somebody else
    answered: int
    #: from asking to the first such answer, for half of the answered ones at most; None where there is none
    minutes: int | None

    @property
    def percent(self) -> int | None:
        """The share of questions that were answered, in whole percent."""
        return None if not self.asked else self.answered * 100 // self.asked


class ExpertRow(NamedTuple):
    """An expert of the circle and what they did here."""

    user: Author
    answers: int
    accepted: int


def desk(actor: Actor, slug: str) -> CircleRow:
    """The circle, for somebody who looks after its questions. Raises NotFound, Unauthenticated, Forbidden."""
    circle = circles.readable_circle(actor, slug)
    access.require(actor, Permission.QUESTION_MODERATE, circle.standing)
    return circle


def waiting(
    actor: Actor, circle: CircleRow, *, hours: int = 24, cursor: str | None = None, limit: int = 20
) -> Page[WaitingRow]:
    """A page of the questions that are open and unanswered for so long, the oldest first.

    Raises Forbidden for all but moderators, BadRequest CURSOR_INVALID.
    """
    access.require(actor, Permission.QUESTION_MODERATE, circle.standing)
    now = clock.now()
    listed = cards_for(actor, circle).where(
        Post.circle_id == circle.id, *_UNANSWERED, Post.published_at <= now - timedelta(hours=hours)
    )
    keyset = Keyset(f"waiting.{circle.id}.{hours}", (Post.published_at, Post.id), descending=False)
    page = keyset.read(listed, cursor, limit)
    return page.map(lambda rows: _waiting_rows(actor, circle, rows, now))


def _waiting_rows(actor: Actor, circle: CircleRow, rows: Sequence[Row[Any]], now: datetime) -> list[WaitingRow]:
    posts = rows_in(actor, circle, rows)
    asked = select(QuestionInvite.question_id, func.count(), func.count().filter(QuestionInvite.status == "declined"))
    asked = asked.where(QuestionInvite.question_id.in_([post.id for post in posts]))
    invites = {
        question_id: (invited, declined)
        for question_id, invited, declined in db.session.execute(asked.group_by(QuestionInvite.question_id))
    }
    hour = timedelta(hours=1)
    return [WaitingRow(post, (now - post.published_at) // hour, *invites.get(post.id, (0, 0))) for post in posts]


def figures(actor: Actor, circle: CircleRow) -> Figures:
    """How many questions wait, and how well the last month's were answered. Raises Forbidden."""
    access.require(actor, Permission.QUESTION_MODERATE, circle.standing)
    unanswered = select(func.count()).select_from(Post).where(Post.circle_id == circle.id, *_UNANSWERED)
    first = (
        select(func.min(Answer.created_at))
        .where(Answer.question_id == Post.id, Answer.status == "published", Answer.author_id != Post.author_id)
        .scalar_subquery()
    )
    recent = (
        select(Post.published_at, first)
        .join(Question, Question.post_id == Post.id)
        .where(
            # what was asked before is answered there, and what does not belong here by nobody
            Question.status != "duplicate", Question.close_reason.not_in(("off_topic", "spam")),
            Post.circle_id == circle.id, Post.type == literal_column("'question'"),
            Post.status == literal_column("'published'"), Post.published_at >= clock.now() - _PERIOD,
        )
        .order_by(Post.published_at.desc(), Post.id.desc())
        .limit(_MOST)
    )  # fmt: skip
    rows = db.session.execute(recent).all()
    times = [max(answered_at - asked_at, timedelta()) for asked_at, answered_at in rows if answered_at is not None]
    minutes = int(median(time // timedelta(minutes=1) for time in times)) if times else None
    return Figures(db.session.scalar(unanswered) or 0, len(rows), len(times), minutes)


def experts(actor: Actor, circle: CircleRow) -> list[ExpertRow]:
    """The experts of the circle, those who answered most first, and how much of it was accepted. Raises Forbidden.

    What they wrote below a question of their own that has no name is not counted: the number would tell.
    """
    access.require(actor, Permission.QUESTION_MODERATE, circle.standing)
    theirs = and_(
        Answer.circle_id == Member.circle_id, Answer.author_id == Member.user_id, Answer.status == "published",
        ~Answer.anonymous,
    )  # fmt: skip
    answers, accepted = func.count(Answer.id), func.count(Answer.accepted_at)
    statement = (
        select(answers.label("answers"), accepted.label("accepted"), Member.role, Member.level, *AUTHOR_COLUMNS)
        .select_from(Member)
        .join(User, User.id == Member.user_id)
        .outerjoin(Answer, theirs)
        .where(Member.circle_id == circle.id, Member.role == Role.EXPERT, Member.status == "active")
        .group_by(Member.id, *AUTHOR_COLUMNS, Member.role, Member.level)
        .order_by(answers.desc(), accepted.desc(), Member.id)
        .limit(_EXPERTS)
    )
    return [
        ExpertRow(author_of(row[4:], row.role, circle.tag(row.level)), row.answers, row.accepted)
        for row in db.session.execute(statement)
    ]


def left_behind(question_id: int | None = None, *, limit: int = 200) -> Sequence[int]:
    """Duplicates whose original (only this one, if it is given) is gone for good, for the job that opens them again."""
    statement = (
        select(Question.post_id)
        .join(Post, Post.id == Question.duplicate_of_id)
        .where(Post.status.in_(rules.GONE))
        .order_by(Question.post_id)
        .limit(limit)
    )
    if question_id is not None:
        statement = statement.where(Question.duplicate_of_id == question_id)
    return db.session.scalars(statement).all()


def has_duplicates(question_id: int) -> bool:
    """Whether some question is sent on to this one."""
    return bool(db.session.scalar(select(exists().where(Question.duplicate_of_id == question_id))))
