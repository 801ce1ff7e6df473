"""Hiding, restoring and removing answers: with a reason, in the audit log, and the author is told.

Votes stay with an answer whatever becomes of it. One that was accepted is so no longer while it is hidden (Q1), and is
again when it comes back, unless another was accepted in the meantime.
"""

from __future__ import annotations

from sqlalchemy import exists, select

from circle import access
from circle.access import Actor, Permission, Standing
from circle.circles import queries as circles
from circle.core import audit, clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation
from circle.posts import rules as posts_rules
from circle.posts.models import Post
from circle.qa.events import AnswerHidden, AnswerRemoved, AnswerRestored
from circle.qa.models import Answer
from circle.qa.operations.accepting import accept, unaccept
from circle.qa.operations.asking import question_of
from circle.qa.operations.counting import refresh_question


@operation
def hide_answer(actor: Actor, answer_id: int, *, reason: str) -> None:
    """Hide an answer from everybody but its author and moderators. Raises NotFound, Forbidden, Conflict."""
    post, answer = _moderated(actor, answer_id, ("published",))
    moment, who = answer.accepted_at, answer.accepted_by
    _let_go(actor, post, answer)
    answer.was_accepted_at, answer.accepted_by = moment, who  # to be accepted again as it was
    _set(actor, post, answer, "hidden", reason)
    emit(AnswerHidden(*_about(actor, post, answer), reason=reason))


@operation
def restore_answer(actor: Actor, answer_id: int, *, reason: str = "") -> None:
    """Show a hidden answer again, accepted if it was and no other was since. Raises NotFound, Forbidden, Conflict."""
    post, answer = _moderated(actor, answer_id, ("hidden",))
    moment, who = answer.was_accepted_at, answer.accepted_by
    answer.was_accepted_at = answer.accepted_by = None
    _set(actor, post, answer, "published", reason)
    emit(AnswerRestored(*_about(actor, post, answer)))
    others = exists().where(Answer.question_id == post.id, Answer.accepted_at.is_not(None))
    if moment is not None and not db.session.scalar(select(others)):
        # after AnswerRestored: what it earned by being accepted is told by an event of its own
        accept(post, question_of(post.id), answer, who, again=True)
        answer.accepted_at = moment
        refresh_question(post)


@operation
def remove_answer(actor: Actor, answer_id: int, *, reason: str) -> None:
    """Remove an answer for good; its author cannot write another. Raises NotFound, Forbidden, Conflict."""
    post, answer = _moderated(actor, answer_id, ("published", "hidden"))
    was_visible = answer.status == "published"
    _let_go(actor, post, answer)
    answer.was_accepted_at = answer.accepted_by = None
    _set(actor, post, answer, "removed", reason)
    emit(AnswerRemoved(*_about(actor, post, answer), reason=reason, was_visible=was_visible))


def _moderated(actor: Actor, answer_id: int, allowed: tuple[str, ...]) -> tuple[Post, Answer]:
    question_id = db.session.scalar(select(Answer.question_id).where(Answer.id == answer_id))
    if question_id is None:
        raise NotFound
    post = lock(Post, question_id)
    answer = lock(Answer, answer_id)
    _check_may_moderate(actor, post, answer)
    if answer.status == "deleted" or post.status in {"deleted", "removed", "draft"}:
        raise NotFound
    posts_rules.check_status(answer.status, allowed)
    return post, answer


def _check_may_moderate(actor: Actor, post: Post, answer: Answer) -> None:
    standing = Standing(answer.circle_id, None)
    if not actor.is_system:
        standing = circles.readable_circle_by_id(actor, answer.circle_id).standing
        own = actor.owns(answer.author_id) and post.status == "published"
        visible = "published" == answer.status == post.status
        if not visible and not own and not access.can(actor, Permission.ANSWER_MODERATE, standing):
            raise NotFound  # what is hidden is not there for those who do not moderate
    access.require(actor, Permission.ANSWER_MODERATE, standing)
    # what the asker wrote unnamed is moderated whatever their role: a refusal would tell it
    target = Standing(answer.circle_id, answer.author_id)
    if not answer.anonymous:
        target = circles.standing_of_user(answer.circle_id, answer.author_id)
    access.check_may_act_on(actor, standing, target)


def _let_go(actor: Actor, post: Post, answer: Answer) -> None:
    if answer.accepted_at is not None:
        unaccept(post, question_of(post.id), answer, actor.id, hidden=True)


def _set(actor: Actor, post: Post, answer: Answer, status: str, reason: str) -> None:
    before, answer.status = answer.status, status
    hidden = status != "published"
    answer.hidden_at = clock.now() if hidden else None
    answer.hidden_by = actor.id if hidden else None
    answer.hidden_reason = reason if hidden else ""
    answer.version += 1
    refresh_question(post)
    verb = {"hidden": "hide", "published": "restore", "removed": "remove"}[status]
    audit.record(
        actor, f"answer.{verb}", f"answer:{answer.id}", {"from": before, "to": status, "reason": reason},
        circle_id=answer.circle_id,
    )  # fmt: skip


def _about(actor: Actor, post: Post, answer: Answer) -> tuple[int, int, int, int, int, int | None]:
    return answer.id, post.id, post.circle_id, answer.author_id, post.author_id, actor.id
