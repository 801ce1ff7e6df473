"""Whom one may invite to answer, who was invited, and to what one was invited oneself.

Who invited whom is told to the invited alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, exists, func, literal, or_, select, true

from circle import access
from circle.access import Actor, Permission
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of, not_blocked, not_blocked_for
from circle.circles.models import Member
from circle.circles.queries import CircleRow
from circle.core import clock
from circle.core.db import db
from circle.core.errors import Unauthenticated
from circle.core.pagination import DEFAULT_LIMIT, Keyset, Page
from circle.points import periods
from circle.posts.models import Post
from circle.qa import rules
from circle.qa.models import Answer, Question, QuestionInvite
from circle.qa.queries.questions import get_question
from circle.qa.queries.rows import QuestionRef, QuestionRow

#: people to choose from on one page; who is not among them is found by name
CANDIDATES = 50
#: invitations over the list of questions
OVER_LISTS = 2
_AUTHOR = len(AUTHOR_COLUMNS)


@dataclass(frozen=True)
class InvitableRow:
    """Somebody who may be invited, with what they have answered in this circle."""

    user: Author
    answer_count: int
    accepted_count: int


@dataclass(frozen=True)
class QuestionInviteRow:
    """Somebody who was invited to answer a question, and what became of it."""

    id: int
    user: Author
    #: invited, answered, declined or expired
    status: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class InviteDesk:
    """All about inviting to one question."""

    question: QuestionRow
    invites: Sequence[QuestionInviteRow]
    #: none where nobody may be invited (any more)
    experts: Sequence[InvitableRow]
    #: how many may still be invited to this question, and by the reader today
    left: int
    left_today: int

    @property
    def open(self) -> bool:
        """Whether the reader may invite somebody now."""
        return self.question.can.invite and self.left > 0 and self.left_today > 0


@dataclass(frozen=True)
class MyInviteRow:
    """An open invitation to the reader; `by` is None when whoever asked without a name sent it."""

    id: int
    question: QuestionRef
    by: Author | None
    created_at: datetime
    expires_at: datetime


def invite_desk(actor: Actor, question_id: int, *, slug: str | None = None, q: str | None = None) -> InviteDesk:
    """Who was invited to a question, and who may be; `q` is part of a name.

    Raises NotFound, and what `access.require` raises for those who may not invite anybody.
    """
    question = get_question(actor, question_id, slug=slug)
    circle = question.post.circle
    access.require(actor, Permission.QUESTION_INVITE, circle.standing)
    invites, total = _invites(question)
    left = max(0, rules.MAX_INVITES - total)
    today = left_today(circle) if question.can.invite else 0
    experts = _experts(question, q) if question.can.invite and left and today else []
    return InviteDesk(question, invites, experts, left, today)


def _invites(question: QuestionRow) -> tuple[list[QuestionInviteRow], int]:
    """Who was invited, in order, and how many that are, together with those whom the reader does not meet."""
    circle = question.post.circle
    columns: Any = (*AUTHOR_COLUMNS, Member.role, Member.level, _met(circle, question).label("met"))
    chosen: Any = select(*columns, QuestionInvite.id, QuestionInvite.status, QuestionInvite.created_at)
    rows = db.session.execute(
        chosen.add_columns(QuestionInvite.expires_at)
        .join(User, User.id == QuestionInvite.user_id)
        .outerjoin(Member, and_(Member.circle_id == QuestionInvite.circle_id, Member.user_id == User.id))
        .where(QuestionInvite.question_id == question.id)
        .order_by(QuestionInvite.id)
    ).all()
    return [_invite(circle, row) for row in rows if row.met], len(rows)


def _invite(circle: CircleRow, row: Row[Any]) -> QuestionInviteRow:
    role, level, _is_met, id_, status, created_at, expires_at = row[_AUTHOR:]
    over = status == "invited" and expires_at <= clock.now()
    user = author_of(row[:_AUTHOR], role, circle.tag(level))
    return QuestionInviteRow(id_, user, "expired" if over else status, created_at, expires_at)


def left_today(circle: CircleRow) -> int:
    """How many more people the actor may invite in this circle today."""
    since = periods.start_of(clock.local_date(clock.now(), circle.tz), circle.tz)
    mine = (QuestionInvite.invited_by == (circle.actor.id or 0), QuestionInvite.created_at >= since)
    counted = select(func.count()).select_from(QuestionInvite).where(*mine, QuestionInvite.circle_id == circle.id)
    return max(0, rules.MAX_INVITES_A_DAY - (db.session.scalar(counted) or 0))


def _met(circle: CircleRow, question: QuestionRow) -> ColumnElement[bool]:
    """SQL: the reader and User have not blocked each other. Nor does that count for those who run the circle, or for
    somebody who asked without a name."""
    unnamed = question.anonymous and question.mine
    if circle.can_manage or unnamed:
        return true()
    return not_blocked(circle.actor, User.id)


def _experts(question: QuestionRow, q: str | None) -> list[InvitableRow]:
    """Who may be invited: experts first, and those whose answers were accepted most often. One statement."""
    circle, asker = question.post.circle, question.post.author.id
    theirs = (Answer.author_id == User.id, Answer.circle_id == circle.id, Answer.status == "published")
    named = (*theirs, Answer.anonymous.is_(False))  # what somebody wrote without a name does not count for anybody
    answers = select(func.count()).where(*named).correlate(User).scalar_subquery()
    accepted = select(func.count()).where(*named, Answer.accepted_at.is_not(None)).correlate(User).scalar_subquery()
    here = (QuestionInvite.question_id == question.id, QuestionInvite.user_id == User.id)
    has_answered = exists().where(
        Answer.question_id == question.id, Answer.author_id == User.id, Answer.status != "deleted",
        Answer.anonymous.is_(False),
    )  # fmt: skip
    chosen: Any = select(*AUTHOR_COLUMNS, Member.role, Member.level, answers.label("n"), accepted.label("accepted"))
    statement = (
        chosen.join(Member, Member.user_id == User.id)
        .where(
            Member.circle_id == circle.id, Member.status == "active", Member.role.in_(rules.INVITED_ROLES),
            User.status != "deleted", User.id != (circle.actor.id or 0), ~exists().where(*here), ~has_answered,
        )
        .order_by(case((Member.role == "expert", 0), else_=1), accepted.desc(), answers.desc(), Member.id)
        .limit(CANDIDATES)
    )  # fmt: skip
    if not (question.anonymous and question.mine):
        statement = statement.where(not_blocked(circle.actor, User.id))
    if not question.anonymous:  # id 0 is nobody's
        statement = statement.where(User.id != asker, not_blocked_for(literal(asker), User.id))
    if q:
        spelled = (column.icontains(q, autoescape=True) for column in (User.nickname, User.username))
        statement = statement.where(or_(*spelled))
    return [
        InvitableRow(author_of(row[:_AUTHOR], row.role, circle.tag(row.level)), row.n, row.accepted)
        for row in db.session.execute(statement)
    ]


def my_invites(
    actor: Actor, circle: CircleRow, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[MyInviteRow]:
    """The open invitations of the actor in a circle, newest first. Raises Unauthenticated."""
    if actor.id is None:
        raise Unauthenticated
    unnamed = and_(Post.anonymous, Post.author_id == QuestionInvite.invited_by)
    chosen: Any = select(*AUTHOR_COLUMNS, Member.role, Member.level, unnamed.label("unnamed"))
    statement = (
        chosen.add_columns(QuestionInvite.id.label("invite_id"), QuestionInvite.created_at, QuestionInvite.expires_at)
        .add_columns(Post.id.label("post_id"), Post.title)
        .join(QuestionInvite, QuestionInvite.invited_by == User.id)
        .join(Question, Question.post_id == QuestionInvite.question_id)
        .join(Post, Post.id == Question.post_id)
        .outerjoin(Member, and_(Member.circle_id == QuestionInvite.circle_id, Member.user_id == User.id))
        .where(
            QuestionInvite.user_id == actor.id, QuestionInvite.circle_id == circle.id, *still_open(),
            # blocks hide nothing that came from somebody unnamed: else they would tell who it was
            or_(unnamed, not_blocked(actor, User.id)), or_(Post.anonymous, not_blocked(actor, Post.author_id)),
        )
    )  # fmt: skip
    page = Keyset(f"invites.{circle.id}.{actor.id}", (QuestionInvite.id,)).read(statement, cursor, limit)
    return page.map(lambda rows: [_mine(circle, row) for row in rows])


def first_invites(actor: Actor, circle: CircleRow) -> Page[MyInviteRow]:
    """The newest few of `my_invites`, to stand over a list; no statement for those whom nobody invites."""
    standing = circle.standing
    if not standing.active or standing.role not in rules.INVITED_ROLES:
        return Page([], None)
    return my_invites(actor, circle, limit=OVER_LISTS)


def still_open() -> Sequence[ColumnElement[bool]]:
    """SQL: of QuestionInvite, Question and Post joined, the invitation waits for an answer."""
    waits = (QuestionInvite.status == "invited", QuestionInvite.expires_at > clock.now())
    return (*waits, Question.status == "open", Post.status == "published")


def _mine(circle: CircleRow, row: Row[Any]) -> MyInviteRow:
    by = None if row.unnamed else author_of(row[:_AUTHOR], row.role, circle.tag(row.level))
    question = QuestionRef(row.post_id, row.title, f"/{circle.slug}/questions/{row.post_id}")
    return MyInviteRow(row.invite_id, question, by, row.created_at, row.expires_at)


def questions_with_due_invites(limit: int) -> list[int]:
    """Questions to which somebody was invited whose time is over, and that nobody has put down yet."""
    due = (QuestionInvite.status == "invited", QuestionInvite.expires_at <= clock.now())
    found = select(QuestionInvite.question_id).where(*due).distinct().order_by(QuestionInvite.question_id)
    return list(db.session.scalars(found.limit(limit)))


def question_title(question_id: int) -> str:
    """What was asked, in a line, for those who are told something about it."""
    return db.session.scalar(select(Post.title).where(Post.id == question_id)) or ""
