"""How an answer read before it was edited: for its author and for those who moderate its circle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, Select, select

from circle.access import Actor, Permission
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of, unnamed
from circle.circles import queries as circles
from circle.circles.models import Member
from circle.circles.queries import CircleRow
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.i18n import _
from circle.core.pagination import Keyset, Page
from circle.posts.diff import Piece, compare, folded
from circle.posts.models import Post
from circle.qa.models import Answer, AnswerRevision

#: states in which an answer, and its question, may be read back by whom, besides the published one
_FOR_AUTHOR = {"published", "hidden"}
_FOR_MODERATORS = {*_FOR_AUTHOR, "deleted", "removed"}


@dataclass(frozen=True)
class EditedAnswer:
    """The answer whose former words these are; it may be hidden or gone."""

    id: int
    circle: CircleRow
    question_id: int
    title: str
    author: Author
    status: str
    body: str
    body_html: str
    #: since when it reads as it does now
    since: datetime
    #: whether the page of its question still shows it to the reader
    gone: bool

    @property
    def url(self) -> str:
        return f"/{self.circle.slug}/answers/{self.id}"

    @property
    def question_url(self) -> str:
        return f"/{self.circle.slug}/questions/{self.question_id}"


@dataclass(frozen=True)
class AnswerRevisionRow:
    """Former words, and what became of them in the next edit."""

    version: int
    body: str
    body_html: str
    since: datetime
    #: when they were changed
    until: datetime
    #: what came after
    next_body: str
    is_first: bool = False

    @property
    def changes(self) -> list[Piece]:
        """What went and what came, with long unchanged stretches left out."""
        return folded(compare(self.body, self.next_body))


def edited_answer(actor: Actor, answer_id: int, *, slug: str | None = None) -> EditedAnswer:
    """An answer as the page of its revisions needs it. Raises NotFound for all but its author and moderators."""
    row = db.session.execute(
        select(
            Answer.id, Answer.circle_id, Answer.question_id, Answer.author_id, Answer.anonymous, Answer.status,
            Answer.body, Answer.body_html, Answer.created_at, Answer.edited_at, Post.title,
            Post.status.label("question_status"), Member.role, Member.level, *AUTHOR_COLUMNS,
        )
        .join(Post, Post.id == Answer.question_id)
        .join(User, User.id == Answer.author_id)
        .outerjoin(Member, (Member.circle_id == Answer.circle_id) & (Member.user_id == Answer.author_id))
        .where(Answer.id == answer_id)
    ).one_or_none()  # fmt: skip
    if row is None:
        raise NotFound
    circle = circles.readable_circle_by_id(actor, row.circle_id)
    allowed: set[str] = set()
    if circle.may(Permission.ANSWER_MODERATE) or actor.is_system:
        allowed = _FOR_MODERATORS
    elif actor.owns(row.author_id) and row.question_status == "published":
        allowed = _FOR_AUTHOR
    if row.status not in allowed or (slug is not None and slug != circle.slug):
        raise NotFound
    author = unnamed(_("The asker"))
    if not row.anonymous:
        author = author_of(row[14 : 14 + len(AUTHOR_COLUMNS)], row.role, circle.tag(row.level))
    gone = row.status not in _FOR_AUTHOR or row.question_status not in _FOR_AUTHOR
    return EditedAnswer(
        row.id, circle, row.question_id, row.title, author, row.status, row.body, row.body_html,
        row.edited_at or row.created_at, gone,
    )  # fmt: skip


def answer_revisions(
    actor: Actor, answer_id: int, *, cursor: str | None = None, limit: int = 10
) -> Page[AnswerRevisionRow]:
    """How the answer read before each late edit, the latest of them first.

    Raises NotFound for all but its author and the moderators of its circle, BadRequest CURSOR_INVALID.
    """
    answer = edited_answer(actor, answer_id)
    columns = (
        AnswerRevision.version, AnswerRevision.body, AnswerRevision.body_html, AnswerRevision.since,
        AnswerRevision.created_at,
    )  # fmt: skip
    kept = cast("Select[Any]", select(*columns).where(AnswerRevision.answer_id == answer_id))
    page = Keyset(f"answer_revisions.{answer_id}", (AnswerRevision.version,)).read(kept, cursor, limit)
    return page.map(lambda rows: _with_next(answer, rows, last=page.next_cursor is None))


def _with_next(answer: EditedAnswer, rows: Sequence[Row[Any]], *, last: bool) -> list[AnswerRevisionRow]:
    if not rows:
        return []
    newer = db.session.scalar(
        select(AnswerRevision.body)
        .where(AnswerRevision.answer_id == answer.id, AnswerRevision.version > rows[0].version)
        .order_by(AnswerRevision.version)
        .limit(1)
    )
    body = answer.body if newer is None else newer
    made = []
    for row in rows:
        made.append(AnswerRevisionRow(row.version, row.body, row.body_html, row.since, row.created_at, body))
        body = row.body
    return [*made[:-1], replace(made[-1], is_first=last)]
