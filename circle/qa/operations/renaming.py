"""Letting answers show the names that people have now."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from circle.core import markup
from circle.core.db import db
from circle.core.errors import Conflict, NotFound
from circle.core.operation import lock, operation
from circle.posts import renaming, texts
from circle.posts.models import Mention, Post
from circle.posts.renaming import Renewed
from circle.qa import rules
from circle.qa.models import Answer
from circle.qa.operations.counting import refresh_question

#: how often a text that is edited at the same time is looked at again
_PATIENCE = 5


def renew_mention(user_id: int, answer_id: int) -> None:
    """Let an answer show the name that somebody it names has now. Doing it twice is doing it once.

    The text is rendered outside of the transaction. Raises Conflict when it was edited again and again meanwhile.
    """
    for _time in range(_PATIENCE):
        text = texts.text_of(Answer, "answer", answer_id)
        if text is None:
            return
        now = renaming.renewed(text.body, text.people, user_id, text.tags, longest=rules.MAX_ANSWER)
        if _store_renewed(user_id, answer_id, text.version, now):
            return
    raise Conflict


@operation
def _store_renewed(user_id: int, answer_id: int, version: int, now: Renewed) -> bool:
    try:
        post, answer = locked_answer(answer_id)
    except NotFound:
        return True
    if answer.version != version:
        return False
    reword(post, answer, now)
    here = (Mention.target_type == "answer", Mention.target_id == answer_id, Mention.user_id == user_id)
    if now.written is None:
        db.session.execute(delete(Mention).where(*here))
    else:
        changed = update(Mention).where(*here).values(written=now.written)
        db.session.execute(changed.execution_options(synchronize_session=False))
    return True


def locked_answer(answer_id: int) -> tuple[Post, Answer]:
    """Inside an operation: an answer, whatever its state, locked after its post. Raises NotFound."""
    question_id = db.session.scalar(select(Answer.question_id).where(Answer.id == answer_id))
    if question_id is None:
        raise NotFound
    return lock(Post, question_id), lock(Answer, answer_id)


def reword(post: Post, answer: Answer, now: Renewed) -> None:
    """Inside an operation: let a locked answer read so. Its version stays: for readers this is no edit."""
    answer.body, answer.body_html = now.body, now.html
    answer.excerpt = markup.excerpt(now.html, rules.EXCERPT)
    refresh_question(post)  # its card may show the beginning
