"""Closing a question, sending it to the one that it repeats, and opening it again.

A duplicate points at a question that is none itself (Q4). Whoever marks one locks the posts of both, and of all that
are sent on with them, in the order of their ids; so two who mark at the same time cannot make a chain or a circle.

Ranks play no part: who asked without a name must not show by who may close it, and whoever asked is not acted upon.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from circle import access
from circle.access import Actor, Permission
from circle.core import audit, clock
from circle.core.db import db
from circle.core.operation import emit, lock, lock_all, operation
from circle.posts.models import Post
from circle.qa import rules
from circle.qa.events import QuestionClosed, QuestionMarkedDuplicate, QuestionReopened
from circle.qa.models import Question
from circle.qa.operations.asking import Asked, locked_question, question_of
from circle.qa.operations.counting import refresh_question


@operation
def close_question(actor: Actor, question_id: int, *, reason: str, version: int | None = None) -> None:
    """Let a question take no more answers. Who asked may say that it is settled; moderators close for any reason.

    `version` is that of the question which the actor saw, None to decide whatever was decided meanwhile.
    Raises NotFound, Forbidden (MUTED, BANNED), Refused CLOSE_REASON, Conflict (VERSION_CONFLICT).
    """
    asked = locked_question(actor, question_id)
    own = asked.is_asker(actor)
    access.require(actor, Permission.ANSWER_WRITE if own else Permission.QUESTION_MODERATE, asked.circle.standing)
    rules.check_close_reason(reason, own=own)
    _check_seen(asked.question, version)
    rules.check_question_status(asked.question.status, ("open",))
    _set(actor, asked.post, asked.question, "closed", close_reason=reason)
    if not own:
        _record(actor, asked.post, "close", {"from": "open", "to": "closed", "reason": reason})
    emit(QuestionClosed(question_id, asked.post.circle_id, asked.post.author_id, actor.id, reason))


@operation
def reopen_question(actor: Actor, question_id: int, *, version: int | None = None) -> None:
    """Let a closed question, or one that was taken for a duplicate, have answers again.

    Who asked may open what they closed themselves; the rest is for moderators.
    Raises NotFound, Forbidden (MUTED, BANNED), Conflict (VERSION_CONFLICT).
    """
    asked = locked_question(actor, question_id)
    before = asked.question.status
    own = asked.is_asker(actor) and rules.may_reopen_own(before, asked.question.closed_by, actor.id)
    access.require(actor, Permission.ANSWER_WRITE if own else Permission.QUESTION_MODERATE, asked.circle.standing)
    _check_seen(asked.question, version)
    rules.check_question_status(before, ("closed", "duplicate"))
    _set(actor, asked.post, asked.question, "open")
    if not own:
        _record(actor, asked.post, "reopen", {"from": before, "to": "open"})
    emit(QuestionReopened(question_id, asked.post.circle_id, asked.post.author_id, actor.id))


@operation
def mark_duplicate(actor: Actor, question_id: int, *, of: int, version: int | None = None) -> None:
    """Say that a question repeats another one of its circle; what repeats it is sent on to that one (Q4).

    Raises NotFound, Forbidden (BANNED), Refused DUPLICATE_TARGET, Conflict (VERSION_CONFLICT).
    """
    sources = _sources(question_id)
    there = db.session.scalars(select(Post.id).where(Post.id.in_({question_id, of, *sources}))).all()
    posts = {post.id: post for post in lock_all(Post, there)}
    asked = locked_question(actor, question_id)
    access.require(actor, Permission.QUESTION_MODERATE, asked.circle.standing)
    _check_seen(asked.question, version)
    rules.check_question_status(asked.question.status, ("open",))
    _check_target(asked, posts.get(of))
    if not posts.keys() >= (now := _sources(question_id)):
        raise rules.decided_meanwhile()  # a duplicate more since it was looked up: its post is not locked
    _set(actor, asked.post, asked.question, "duplicate", duplicate_of_id=of)
    for source_id in sorted(now):
        question = question_of(source_id)
        question.duplicate_of_id = of
        question.version += 1
        refresh_question(posts[source_id])
    what = {"from": "open", "to": "duplicate", "of": str(of), "sent_on": [str(source_id) for source_id in sorted(now)]}
    _record(actor, asked.post, "duplicate", what)
    emit(QuestionMarkedDuplicate(question_id, asked.post.circle_id, asked.post.author_id, actor.id, of))


@operation
def reopen_left_behind(question_id: int) -> bool:
    """Open a duplicate again whose original is gone for good: there is nothing left to send anybody to.

    Returns whether it was one; doing it twice is doing it once.
    """
    post = lock(Post, question_id)
    question = question_of(question_id)
    target = db.session.get(Post, question.duplicate_of_id) if question.duplicate_of_id else None
    if target is None or target.status not in rules.GONE:
        return False
    _set(access.SYSTEM, post, question, "open")
    if post.status == "published":
        emit(QuestionReopened(question_id, post.circle_id, post.author_id, None))
    return True


def _sources(question_id: int) -> frozenset[int]:
    """The duplicates of a question, whatever state their posts are in."""
    pointing = select(Question.post_id).where(Question.duplicate_of_id == question_id)
    return frozenset(db.session.scalars(pointing))


def _check_seen(question: Question, version: int | None) -> None:
    if version is not None:
        rules.check_version(version, question.version)


def _check_target(asked: Asked, target: Post | None) -> None:
    """The original is another question of the circle, for everybody there to read, and no duplicate."""
    if target is not None and target.id == asked.post.id:
        raise rules.not_an_original("itself")
    fits = target is not None and target.circle_id == asked.post.circle_id and target.type == "question"
    if target is None or not fits or target.status != "published":
        raise rules.not_an_original("gone")  # the same for what is not there and what is elsewhere
    if question_of(target.id).status == "duplicate":
        raise rules.not_an_original("duplicate")


def _set(
    actor: Actor, post: Post, question: Question, status: str, *, close_reason: str = "",
    duplicate_of_id: int | None = None,
) -> None:  # fmt: skip
    closed = status == "closed"
    question.status, question.close_reason, question.duplicate_of_id = status, close_reason, duplicate_of_id
    question.closed_at = clock.now() if closed else None
    question.closed_by = actor.id if closed else None
    question.version += 1
    refresh_question(post)


def _record(actor: Actor, post: Post, verb: str, data: Mapping[str, object]) -> None:
    audit.record(actor, f"question.{verb}", f"post:{post.id}", data, circle_id=post.circle_id)
