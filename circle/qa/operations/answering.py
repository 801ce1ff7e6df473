"""Writing, editing and taking back an answer."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from circle import access
from circle.access import Actor, Permission
from circle.circles import queries as circles
from circle.core import clock, markup
from circle.core.db import db
from circle.core.errors import NotFound, PreconditionFailed
from circle.core.operation import emit, lock, operation
from circle.posts import texts
from circle.posts.models import Post
from circle.posts.operations.meeting import check_may_meet
from circle.posts.operations.mentions import forget_mentions, keep_mentions
from circle.posts.texts import Words
from circle.qa import rules
from circle.qa.events import AnswerDeleted, AnswerMentioned, AnswerPublished
from circle.qa.models import Answer, AnswerRevision
from circle.qa.operations.asking import locked_question
from circle.qa.operations.counting import refresh_question

#: an edit sooner than this is a correction of the same breath and not shown as an edit
EDIT_GRACE = timedelta(minutes=30)


def write_answer(actor: Actor, question_id: int, *, body: str) -> int:
    """Answer a question and return the answer's id. `body` is Markdown.

    Raises NotFound, Forbidden (MUTED, BANNED), Refused QUESTION_CLOSED, ANSWER_EMPTY, BLOCKED, Conflict
    ALREADY_ANSWERED.
    """
    return _write(actor, question_id, body, texts.under_post(actor, body, question_id))


@operation
def _write(actor: Actor, question_id: int, body: str, words: Words) -> int:
    asked = locked_question(actor, question_id)
    post, circle = asked.post, asked.circle
    access.require(actor, Permission.ANSWER_WRITE, circle.standing)
    if not post.anonymous:
        check_may_meet(actor, circle, post.author_id)
    rules.check_takes_answers(asked.question.status)
    rules.check_answer(body)
    mine = (Answer.question_id == question_id, Answer.author_id == actor.id, Answer.status != "deleted")
    rules.check_no_answer_yet(db.session.scalar(select(Answer.status).where(*mine)))
    anonymous = post.anonymous and asked.is_asker(actor)
    answer = Answer(
        circle_id=post.circle_id, question_id=question_id, author_id=actor.id, anonymous=anonymous, body=body,
        body_html=words.html, excerpt=markup.excerpt(words.html, rules.EXCERPT), created_at=clock.now(),
    )  # fmt: skip
    db.session.add(answer)
    refresh_question(post)
    named = keep_mentions(actor, "answer", answer.id, words.people, new=True)
    emit(
        AnswerPublished(
            answer.id, question_id, post.circle_id, answer.author_id, post.author_id, actor.id,
            excerpt=answer.excerpt, mentioned=named, length=len(body.strip()), anonymous=anonymous,
        )
    )  # fmt: skip
    return answer.id


def edit_answer(actor: Actor, answer_id: int, *, body: str, version: int | None = None) -> None:
    """Change one's own answer; `version` is the one that was edited, None to overwrite any.

    Raises NotFound, Forbidden, PreconditionFailed, Refused ANSWER_EMPTY.
    """
    question_id = _question_of(answer_id)
    _edit(actor, answer_id, body, texts.edited_in(actor, body, question_id, "answer", answer_id), version)


@operation
def _edit(actor: Actor, answer_id: int, body: str, words: Words, version: int | None) -> None:
    post, answer = own_answer(actor, answer_id, Permission.ANSWER_WRITE)
    rules.check_answer(body)
    if version is not None and version != answer.version:
        raise PreconditionFailed
    if late := clock.now() - answer.created_at > EDIT_GRACE:
        _keep_revision(answer, body)
    answer.body, answer.body_html = body, words.html
    answer.excerpt = markup.excerpt(words.html, rules.EXCERPT)
    if late:
        answer.edited_at = clock.now()
    answer.version += 1
    refresh_question(post)  # its card may show the beginning
    if named := keep_mentions(actor, "answer", answer_id, words.people):
        about = (answer_id, post.id, post.circle_id, actor.person_id, named, answer.excerpt)
        emit(AnswerMentioned(*about, anonymous=answer.anonymous))


def _keep_revision(answer: Answer, body: str) -> None:
    if body != answer.body:
        db.session.add(
            AnswerRevision(
                answer_id=answer.id, version=answer.version, body=answer.body, body_html=answer.body_html,
                since=answer.edited_at or answer.created_at, created_at=clock.now(),
            )
        )  # fmt: skip


@operation
def delete_answer(actor: Actor, answer_id: int) -> None:
    """Take one's own answer back. Raises NotFound, Forbidden, Refused ANSWER_ACCEPTED."""
    post, answer = own_answer(actor, answer_id, None)
    rules.check_may_go(accepted=answer.accepted_at is not None)
    answer.status = "deleted"
    answer.version += 1
    forget_mentions("answer", answer_id)
    refresh_question(post)
    emit(AnswerDeleted(answer_id, post.id, post.circle_id, answer.author_id, post.author_id, actor.id))


def own_answer(actor: Actor, answer_id: int, permission: Permission | None) -> tuple[Post, Answer]:
    """The actor's own visible answer, locked after its post. A stranger to the circle learns nothing; a reader learns
    it is not theirs."""
    post = lock(Post, _question_of(answer_id))
    answer = lock(Answer, answer_id)
    circle = circles.readable_circle_by_id(actor, answer.circle_id)
    if answer.status != "published" or post.status != "published":
        raise NotFound
    if not actor.owns(answer.author_id):
        access.require(actor, Permission.ANSWER_WRITE, circle.standing)
        raise access.not_yours()
    if permission is not None:
        access.require(actor, permission, circle.standing)
    return post, answer


def _question_of(answer_id: int) -> int:
    question_id = db.session.scalar(select(Answer.question_id).where(Answer.id == answer_id))
    if question_id is None:
        raise NotFound
    return question_id
