"""Learning who asked without a name, which leaves a trace; and giving one's name after all."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, select, update

from circle import access
from circle.access import Actor, Permission
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of
from circle.circles import queries as circles
from circle.circles.models import Member
from circle.circles.queries import CircleRow
from circle.core import audit
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation
from circle.posts.models import Comment, Post
from circle.qa import rules
from circle.qa.events import IdentityRevealed, NameShown
from circle.qa.models import Answer
from circle.qa.operations.asking import locked_question
from circle.qa.queries.revealing import UNSEEN


@operation
def reveal_identity(actor: Actor, question_id: int, *, reason: str) -> Author:
    """Learn who asked a question without a name; returns the person as they are in the circle now.

    For whoever may in the circle, also when the question was hidden or taken back. What it was for is recorded (who it
    was is not), and the asker is told. Ranks play no part: a refusal would tell.
    Raises NotFound, Forbidden, Refused NOT_ANONYMOUS, OWN_CONTENT.
    """
    post = lock(Post, question_id)
    circle = circles.readable_circle_by_id(actor, post.circle_id)
    may = actor.is_system or circle.may(Permission.IDENTITY_REVEAL)
    if post.type != "question" or post.status in UNSEEN or (post.status != "published" and not may):
        raise NotFound
    access.require(actor, Permission.IDENTITY_REVEAL, circle.standing)
    rules.check_veiled(post.anonymous, own=actor.owns(post.author_id))
    audit.record(actor, "identity.reveal", f"post:{question_id}", {"reason": reason}, circle_id=post.circle_id)
    emit(IdentityRevealed(question_id, post.circle_id, post.author_id, actor.person_id, reason))
    return _person(circle, post.author_id)


def _person(circle: CircleRow, user_id: int) -> Author:
    here = and_(Member.user_id == User.id, Member.circle_id == circle.id)
    chosen: Any = select(*AUTHOR_COLUMNS, Member.role, Member.level)
    row = db.session.execute(chosen.select_from(User).outerjoin(Member, here).where(User.id == user_id)).one()
    size = len(AUTHOR_COLUMNS)
    return author_of(row[:size], row.role, circle.tag(row.level))


@operation
def show_name(actor: Actor, question_id: int) -> None:
    """Stand by one's anonymous question after all: it, and what one wrote below it, show one's name from now on.

    It cannot be taken back, and nobody does it for another. Doing it twice is doing it once.
    Raises NotFound, Forbidden.
    """
    asked = locked_question(actor, question_id)
    if not asked.is_asker(actor):
        access.require(actor, Permission.POST_WRITE, asked.circle.standing)
        raise access.not_yours()
    post = asked.post
    if not post.anonymous:
        return
    post.anonymous = False
    post.version += 1  # what was drawn or kept of it elsewhere is out of date
    for model, column in ((Comment, Comment.post_id), (Answer, Answer.question_id)):
        theirs = (column == question_id, model.author_id == post.author_id, model.anonymous.is_(True))
        named = update(model).where(*theirs).values(anonymous=False, version=model.version + 1)
        db.session.execute(named.execution_options(synchronize_session=False))
    emit(NameShown(question_id, post.circle_id, post.author_id))
