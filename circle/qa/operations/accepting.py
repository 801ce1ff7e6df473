"""Accepting an answer, another one instead, or none any more; all in one transaction."""

from __future__ import annotations

from sqlalchemy import select, update

from circle import access
from circle.access import Actor, Permission, Role
from circle.core import audit, clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, lock_all, operation
from circle.posts.models import Post
from circle.qa import rules
from circle.qa.events import AnswerAccepted, AnswerUnaccepted
from circle.qa.models import Answer, Question
from circle.qa.operations.asking import Asked, locked_question
from circle.qa.operations.counting import refresh_question
from circle.qa.queries import asker_gone


@operation
def accept_answer(actor: Actor, question_id: int, *, answer_id: int | None, version: int) -> None:
    """Accept the answer `answer_id`, in place of the one accepted before, or none (None).

    `version` is that of the question which the actor saw. Who asked may do it; where they are gone, the owner of the
    circle. Accepting what is accepted already changes nothing.

    Raises NotFound, Forbidden (NOT_ASKER, MUTED, BANNED), Conflict VERSION_CONFLICT, Refused ACCEPT_LOCKED,
    SELF_ACCEPT_EARLY.
    """
    asked = locked_question(actor, question_id)
    access.require(actor, Permission.ANSWER_WRITE, asked.circle.standing)
    for_asker = not asked.is_asker(actor)
    if for_asker and not _stands_in(actor, asked):
        raise rules.not_asker()
    accepted_id = db.session.scalar(
        select(Answer.id).where(Answer.question_id == question_id, Answer.accepted_at.is_not(None))
    )
    if answer_id == accepted_id:
        return
    rules.check_version(version, asked.question.version)
    if accepted_id is not None:
        rules.check_change(asked.question.first_accepted_at)
    rows = {row.id: row for row in lock_all(Answer, {id_ for id_ in (answer_id, accepted_id) if id_ is not None})}
    if accepted_id is not None:
        unaccept(asked.post, asked.question, rows[accepted_id], actor.id)
    if answer_id is not None:
        _check_acceptable(actor, asked, rows[answer_id])
        accept(asked.post, asked.question, rows[answer_id], actor.id)
        _replace_hidden(question_id)
    refresh_question(asked.post)
    if for_asker:
        audit.record(
            actor, "question.accept", f"post:{question_id}", {"from": accepted_id, "to": answer_id},
            circle_id=asked.post.circle_id,
        )  # fmt: skip


def _check_acceptable(actor: Actor, asked: Asked, answer: Answer) -> None:
    if answer.question_id != asked.post.id or answer.status != "published":
        raise NotFound
    if answer.author_id == asked.post.author_id or actor.owns(answer.author_id):
        rules.check_self_accept(asked.post.published_at)


def _replace_hidden(question_id: int) -> None:
    # what was accepted until it was hidden has been replaced: if it comes back, then as any other
    replaced = (Answer.question_id == question_id, Answer.was_accepted_at.is_not(None))
    let_go = update(Answer).where(*replaced).values(was_accepted_at=None, accepted_by=None)
    db.session.execute(let_go.execution_options(synchronize_session=False))


def _stands_in(actor: Actor, asked: Asked) -> bool:
    """Whether the actor owns the circle and whoever asked has gone: from the circle, or not seen for a month."""
    if asked.circle.standing.role != Role.OWNER or not asked.circle.standing.active:
        return False
    post = asked.post
    since = max(post.published_at, asked.question.first_accepted_at or post.published_at) if post.anonymous else None
    return asker_gone(post.circle_id, post.author_id, asked_at=post.published_at, unnamed_since=since)


def accept(post: Post, question: Question, answer: Answer, by: int | None, *, again: bool = False) -> None:
    """Inside an operation: accept an answer of a locked question that has no accepted one."""
    answer.accepted_at, answer.accepted_by = clock.now(), by
    question.first_accepted_at = question.first_accepted_at or clock.now()
    question.version += 1
    db.session.flush()
    about = (answer.id, post.id, post.circle_id, answer.author_id, post.author_id, by)
    emit(AnswerAccepted(*about, anonymous=post.anonymous, again=again))


def unaccept(post: Post, question: Question, answer: Answer, by: int | None, *, hidden: bool = False) -> None:
    """Inside an operation: the locked answer is accepted no longer."""
    answer.accepted_at = answer.accepted_by = None
    question.version += 1
    db.session.flush()  # before another one is accepted: there is at most one at any moment
    about = (answer.id, post.id, post.circle_id, answer.author_id, post.author_id, by)
    emit(AnswerUnaccepted(*about, anonymous=post.anonymous, hidden=hidden))
