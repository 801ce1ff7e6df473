"""Voting on an answer: what counts is how it stands afterwards."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, and_, bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm.attributes import set_committed_value

from circle import access
from circle.access import Actor, Permission
from circle.accounts.queries import not_blocked_for
from circle.circles import queries as circles
from circle.circles.queries import CircleRow
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import lock, operation
from circle.posts.models import Post
from circle.posts.operations.meeting import check_may_meet
from circle.qa import ranking, rules
from circle.qa.models import Answer, AnswerVote
from circle.qa.operations.counting import Votes


@operation
def vote(actor: Actor, answer_id: int, *, value: int) -> Votes:
    """Find an answer helpful (1), not helpful (-1), or take that back (0).

    Raises NotFound, Forbidden (MUTED, BANNED), Refused SELF_VOTE, LEVEL_TOO_LOW, BLOCKED.
    """
    answer = lock(Answer, answer_id)
    circle = circles.readable_circle_by_id(actor, answer.circle_id)
    stands = _standing(answer, actor.id or 0)
    if answer.status != "published" or stands.shown != "published" or (value and not _sees(circle, stands)):
        raise NotFound
    access.require(actor, Permission.ANSWER_VOTE, circle.standing)
    rules.check_vote(
        value,
        own=actor.owns(answer.author_id),
        level=circle.me.level if circle.me else 1,
        moderates=circle.may(Permission.ANSWER_MODERATE),
    )
    if value and not answer.anonymous:
        check_may_meet(actor, circle, answer.author_id)
    _set(answer, actor.person_id, stands.vote, value)
    return Votes(answer.up, answer.down, answer.score, answer.wilson)


def set_vote(answer: Answer, user_id: int, value: int) -> None:
    """Inside an operation: let the vote stand so on a locked answer."""
    _set(answer, user_id, _standing(answer, user_id).vote, value)


def _set(answer: Answer, user_id: int, before: int, value: int) -> None:
    if value == before:
        return
    if value:
        dialect = db.session.get_bind().dialect.name
        row = {"answer_id": answer.id, "user_id": user_id, "value": value, "created_at": clock.now()}
        db.session.execute(_voting(dialect), row)
    else:
        gone = delete(AnswerVote).where(AnswerVote.answer_id == answer.id, AnswerVote.user_id == user_id)
        db.session.execute(gone)
    up = answer.up + (value > 0) - (before > 0)
    down = answer.down + (value < 0) - (before < 0)
    numbers = {"up": up, "down": down, "score": up - down, "wilson": ranking.wilson(up, down)}
    # by a statement that is put together once: the session need not find out what changed
    db.session.execute(_counting(), {"of_answer": answer.id, **numbers})
    for name, number in numbers.items():
        set_committed_value(answer, name, number)


@cache
def _counting() -> Any:
    answers: Any = Answer.__table__  # what a parameter is called tells which column it is for
    return update(answers).where(answers.c.id == bindparam("of_answer", type_=BigInteger))


class _Stands(NamedTuple):
    """The status of the question's post, who asked it and whether they meet the voter; and how the vote stands."""

    shown: str
    asker_id: int
    met: bool
    vote: int


def _sees(circle: CircleRow, stands: _Stands) -> bool:
    # as the page of the question is shown: blocks shield neither from those who moderate nor from the circle's owner
    by_owner = circle.owner is not None and circle.owner.id == stands.asker_id
    return stands.met or by_owner or circle.may(Permission.POST_MODERATE)


def _standing(answer: Answer, user_id: int) -> _Stands:
    """How somebody's vote on the locked answer stands: in one statement, since voting is what happens most."""
    values = {"of_answer": answer.id, "of_user": user_id, "question": answer.question_id}
    shown, asker_id, met, before = db.session.execute(_standing_statement(), values).one()
    return _Stands(shown, asker_id, bool(met), before or 0)


@cache
def _standing_statement() -> Any:
    of_answer, of_user, question = (bindparam(name, type_=BigInteger) for name in ("of_answer", "of_user", "question"))
    posts: Any = Post.__table__
    votes: Any = AnswerVote.__table__
    mine = and_(votes.c.answer_id == of_answer, votes.c.user_id == of_user)
    met = or_(posts.c.anonymous, not_blocked_for(of_user, posts.c.author_id))
    chosen = select(posts.c.status, posts.c.author_id, met, votes.c.value)
    return chosen.join_from(posts, votes, mine, isouter=True).where(posts.c.id == question)


@cache
def _voting(dialect: str) -> Any:
    table: Any = AnswerVote.__table__
    made = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    return made.on_conflict_do_update(index_elements=["answer_id", "user_id"], set_={"value": made.excluded.value})
