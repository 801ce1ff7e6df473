"""Reading answers: a page of them below their question, and one alone."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Integer, Row, Select, and_, bindparam, case, literal, or_, select

from circle import access
from circle.access import Actor, Permission
from circle.accounts.models import User
from circle.accounts.queries import author_of, not_blocked_for, unnamed
from circle.circles.models import Member
from circle.core.db import db
from circle.core.errors import NotFound, Refused
from circle.core.i18n import _
from circle.core.pagination import Keyset, Page
from circle.posts.models import Post
from circle.qa import rules
from circle.qa.models import Answer, AnswerVote
from circle.qa.queries.questions import get_question
from circle.qa.queries.rows import AnswerCan, AnswerRow, QuestionRow

ANSWER_SORTS = ("best", "newest")

_answers, _users, _members, _votes = Answer.__table__.c, User.__table__.c, Member.__table__.c, AnswerVote.__table__.c
_posts = Post.__table__.c
#: the reader and the question in statements that are built once; no row has user 0
_ME, _QUESTION = bindparam("me", type_=BigInteger), bindparam("question", type_=BigInteger)
_COLUMNS = (
    _answers.id, _answers.body, _answers.body_html, _answers.excerpt, _answers.status, _answers.up, _answers.down,
    _answers.score, _answers.accepted_at, _answers.created_at, _answers.edited_at, _answers.hidden_reason,
    _answers.version, _answers.anonymous, (_answers.author_id == _posts.author_id).label("by_asker"),
    (_answers.accepted_by == _posts.author_id).label("asker_accepted"), _members.role, _members.level,
    _users.id.label("user_id"), _users.username, _users.nickname, _users.avatar_id, _users.status.label("user_status"),
)  # fmt: skip
_AUTHOR_AT = 18
_MINE_AT = 23


@cache
def _rows(*, signed_in: bool, moderates: bool) -> Select[Any]:
    """Answers to a question that the reader `me` may see: published ones, one's own hidden one, and to moderators all
    that are hidden. With their authors, the reader's vote, and whether the two meet."""
    by = and_(_members.circle_id == _answers.circle_id, _members.user_id == _answers.author_id)
    source = (
        Answer.__table__.join(User.__table__, _users.id == _answers.author_id)
        .join(Post.__table__, _posts.id == _answers.question_id)
        .outerjoin(Member.__table__, by)
    )
    mine: Any = literal(0, Integer)
    met: Any = literal(True)
    if signed_in:
        voted = and_(_votes.answer_id == _answers.id, _votes.user_id == _ME)
        source, mine = source.outerjoin(AnswerVote.__table__, voted), _votes.value
        met = or_(_answers.anonymous, not_blocked_for(_ME, _answers.author_id))
    hidden = _answers.status == "hidden"
    shown = or_(_answers.status == "published", hidden if moderates else and_(hidden, _answers.author_id == _ME))
    statement = select(*_COLUMNS, mine.label("my_vote"), met.label("met")).select_from(source)
    statement = statement.where(_answers.question_id == _QUESTION, shown)
    if signed_in and not moderates:  # a block does not shield from those who moderate, nor hide the circle's owner
        statement = statement.where(or_(_members.role == "owner", met))
    return statement


def _keyset(sort: str) -> Keyset:
    if sort == "newest":
        return Keyset("answers", (_answers.id,))
    accepted_first = case((_answers.accepted_at.is_(None), 1), else_=0)
    best = (accepted_first, -_answers.wilson, -_answers.score, _answers.created_at, _answers.id)
    return Keyset("answers", best, descending=False)


@cache
def _page_statement(sort: str, *, signed_in: bool, moderates: bool, after: bool) -> Select[Any]:
    return _keyset(sort).prepare(_rows(signed_in=signed_in, moderates=moderates), after=after)


def answer_page(
    actor: Actor, question: QuestionRow, *, sort: str = "best", cursor: str | None = None, limit: int = 20
) -> Page[AnswerRow]:
    """A page of the answers to a question: best (the accepted one first, then by how surely they are helpful) or
    newest. Raises BadRequest CURSOR_INVALID."""
    moderates = question.post.circle.may(Permission.ANSWER_MODERATE)
    statement = _page_statement(sort, signed_in=actor.signed_in, moderates=moderates, after=bool(cursor))
    values = {"me": actor.id or 0, "question": question.id}
    page = _keyset(sort).fetch(statement, values, cursor, limit, name=f"answers.{question.id}.{sort}")
    make = _Maker(actor, question)
    return page.map(lambda rows: [make.row(row) for row in rows])


def get_answer(actor: Actor, answer_id: int, *, slug: str | None = None) -> tuple[AnswerRow, QuestionRow]:
    """One answer with its question. Raises NotFound."""
    question_id = db.session.scalar(select(Answer.question_id).where(Answer.id == answer_id))
    if question_id is None:
        raise NotFound
    question = get_question(actor, question_id, slug=slug)
    moderates = question.post.circle.may(Permission.ANSWER_MODERATE)
    statement = _rows(signed_in=actor.signed_in, moderates=moderates).where(_answers.id == answer_id)
    row = db.session.execute(statement, {"me": actor.id or 0, "question": question_id}).one_or_none()
    if row is None:
        raise NotFound
    return _Maker(actor, question).row(row), question


class _Maker:
    """Makes rows of the answers to one question; what is the same for all of them is asked once."""

    def __init__(self, actor: Actor, question: QuestionRow) -> None:
        circle = question.post.circle
        self._me, self._question, self._circle = actor.id, question, circle
        self._open = question.post.status == "published"
        self._write, self._vote = circle.may(Permission.ANSWER_WRITE), circle.may(Permission.ANSWER_VOTE)
        self._moderate = circle.may(Permission.ANSWER_MODERATE)
        level = circle.me.level if circle.me else 1
        self._vote_down = _passes(-1, level=level, moderates=self._moderate)
        self._own_later = _too_early(question)

    def row(self, row: Row[Any]) -> AnswerRow:
        question, circle = self._question, self._circle
        author = author_of(row[_AUTHOR_AT:_MINE_AT], row.role, circle.tag(row.level))
        can = self._can(row)
        if row.anonymous:
            author = unnamed(_("The asker"))
        return AnswerRow(
            row.id, question.id, author, row.body, row.body_html, row.excerpt, row.status, row.up, row.down, row.score,
            row.my_vote or 0, row.accepted_at is not None, row.accepted_at, row.created_at, row.edited_at,
            row.hidden_reason, row.version, row.anonymous, can, f"/{circle.slug}/answers/{row.id}", question.url,
            bool(row.by_asker), bool(row.asker_accepted),
        )  # fmt: skip

    def _can(self, row: Row[Any]) -> AnswerCan:
        own, accepted = row.user_id == self._me, row.accepted_at is not None
        published = row.status == "published"
        alive = published and self._open
        # of somebody unnamed the role must not matter, or it would show
        outranked = row.anonymous or access.outranks_or_equals(self._circle.standing, row.role)
        moderates = self._moderate and not own and outranked
        votes = alive and self._vote and not own and bool(row.met)
        decides = alive and self._question.can.accept
        return AnswerCan(
            edit=own and alive and self._write,
            delete=own and alive and not accepted,
            vote=votes,
            vote_down=votes and self._vote_down,
            accept=decides and not accepted and not (self._own_later and (own or row.by_asker)),
            unaccept=decides and accepted,
            hide=moderates and published,
            restore=moderates and row.status == "hidden",
            remove=moderates and row.status in {"published", "hidden"},
            revisions=row.edited_at is not None and ((own and self._open) or self._moderate),
        )


def _passes(value: int, *, level: int, moderates: bool) -> bool:
    try:
        rules.check_vote(value, own=False, level=level, moderates=moderates)
    except Refused:
        return False
    return True


def _too_early(question: QuestionRow) -> bool:
    try:
        rules.check_self_accept(question.post.published_at)
    except Refused:
        return True
    return False
