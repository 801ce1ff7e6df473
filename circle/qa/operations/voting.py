"""Voting on an answer: what counts is how it stands afterwards."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from circle import access
from circle.access import Actor, Permission
from circle.circles import queries as circles
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
    if answer.status != "published" or _question_status(answer.question_id) != "published":
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
    set_vote(answer, actor.person_id, value)
    return Votes(answer.up, answer.down, answer.score, answer.wilson)


def set_vote(answer: Answer, user_id: int, value: int) -> None:
    """Inside an operation: let the vote stand so on a locked answer."""
    values = {"of_answer": answer.id, "of_user": user_id}
    before = db.session.scalar(_mine(), values) or 0
    if value == before:
        return
    if value:
        dialect = db.session.get_bind().dialect.name
        row = {"answer_id": answer.id, "user_id": user_id, "value": value, "created_at": clock.now()}
        db.session.execute(_voting(dialect), row)
    else:
        gone = delete(AnswerVote).where(AnswerVote.answer_id == answer.id, AnswerVote.user_id == user_id)
        db.session.execute(gone)
    answer.up += (value > 0) - (before > 0)
    answer.down += (value < 0) - (before < 0)
    answer.score = answer.up - answer.down
    answer.wilson = ranking.wilson(answer.up, answer.down)
    db.session.flush()


@cache
def _mine() -> Any:
    of_answer, of_user = (bindparam(name, type_=BigInteger) for name in ("of_answer", "of_user"))
    return select(AnswerVote.value).where(AnswerVote.answer_id == of_answer, AnswerVote.user_id == of_user)


@cache
def _voting(dialect: str) -> Any:
    table: Any = AnswerVote.__table__
    made = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    return made.on_conflict_do_update(index_elements=["answer_id", "user_id"], set_={"value": made.excluded.value})


def _question_status(question_id: int) -> str | None:
    status: str | None = db.session.scalar(_status_statement(), {"question": question_id})
    return status


@cache
def _status_statement() -> Any:
    return select(Post.status).where(Post.id == bindparam("question", type_=BigInteger))
