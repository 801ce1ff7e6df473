"""What a question has beside its post: it begins with it, and may keep it from going."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, or_, select

from circle.access import Actor
from circle.circles import queries as circles
from circle.circles.queries import CircleRow
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import lock, operation
from circle.posts.models import Post
from circle.posts.operations.publish import Content, prepare_post, publish_prepared
from circle.qa import rules
from circle.qa.models import Answer, Question
from circle.qa.operations.counting import refresh_question


@dataclass(frozen=True)
class Asked:
    """A locked question with its post and the circle as the actor sees it."""

    post: Post
    question: Question
    circle: CircleRow

    def is_asker(self, actor: Actor) -> bool:
        """Whether the actor asked it."""
        return actor.owns(self.post.author_id)


def ask_question(
    actor: Actor,
    slug: str,
    *,
    title: str,
    body: str = "",
    topic_ids: Sequence[int] = (),
    media_ids: Sequence[int] = (),
    alts: Sequence[str] = (),
    anonymous: bool = False,
) -> int:
    """Ask a question in the circle and return its id: as publishing a post of type `question`, and there to be read
    also before the transaction around it (of an idempotent request) has ended. Raises what publish_post raises."""
    content = prepare_post(
        actor, slug, body=body, title=title, topic_ids=topic_ids, media_ids=media_ids, alts=alts, anonymous=anonymous
    )
    return _ask(actor, slug, content, anonymous)


@operation
def _ask(actor: Actor, slug: str, content: Content, anonymous: bool) -> int:
    question_id = publish_prepared(actor, slug, content, type="question", anonymous=anonymous)
    begin_question(question_id, circles.readable_circle(actor, slug).id)
    return question_id


@operation
def begin_question(post_id: int, circle_id: int) -> None:
    """Give a new post of type `question` what questions have. Doing it twice is doing it once."""
    if db.session.get(Question, post_id) is not None:
        return
    db.session.add(Question(post_id=post_id, circle_id=circle_id, created_at=clock.now()))
    post = lock(Post, post_id)
    db.session.flush()
    refresh_question(post)


def locked_question(actor: Actor, question_id: int) -> Asked:
    """The question, locked with its post; all that concerns it is decided under that lock.

    Raises NotFound when it is not there or not for this actor, or not published.
    """
    post = lock(Post, question_id)
    circle = circles.readable_circle_by_id(actor, post.circle_id)
    if post.type != "question" or post.status != "published":
        raise NotFound
    return Asked(post, question_of(question_id), circle)


def question_of(question_id: int) -> Question:
    """The row of a question whose post is locked, fresh."""
    return db.session.get_one(Question, question_id, populate_existing=True)


@operation
def keep_answered_question(question_id: int, asker_id: int, by: int | None) -> None:
    """Refuse to let whoever asked take a question back to which somebody else gave an answer that was accepted or
    voted up. Raises Refused QUESTION_ANSWERED."""
    if by != asker_id:
        return  # the erasure of an account, which leaves nothing behind
    valued = select(
        exists().where(
            Answer.question_id == question_id, Answer.author_id != asker_id, Answer.status == "published",
            or_(Answer.score >= 1, Answer.accepted_at.is_not(None)),
        )
    )  # fmt: skip
    rules.check_question_may_go(valued=bool(db.session.scalar(valued)))
