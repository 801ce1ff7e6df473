"""What becomes of answers, votes and invitations when somebody's account is deleted.

Called by the job of the deletion, after the account is closed: nobody asks for these but the person who is gone. Each
operation is about one row, so none of them holds anything for long, and each does nothing the second time.
"""

from __future__ import annotations

from sqlalchemy import delete, or_, select, update

from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation
from circle.posts.models import Mention, Post
from circle.posts.operations.erasing import Unnamed
from circle.posts.operations.mentions import forget_mentions
from circle.posts.renaming import Renewed
from circle.qa.events import AnswerDeleted, AnswerNameErased, InvitesEnded
from circle.qa.models import Answer, AnswerRevision, QuestionInvite
from circle.qa.operations.accepting import unaccept
from circle.qa.operations.asking import question_of
from circle.qa.operations.counting import refresh_question
from circle.qa.operations.renaming import locked_answer, reword
from circle.qa.operations.voting import set_vote


@operation
def erase_answer(answer_id: int) -> None:
    """Take an answer back for good, whatever its state, also an accepted one: its words and their earlier versions.

    The votes of others stay with what is left of it. Raises NotFound.
    """
    post, answer = locked_answer(answer_id)
    counted = answer.status == "published"
    if answer.accepted_at is not None:
        unaccept(post, question_of(post.id), answer, None, hidden=True)
    db.session.execute(delete(AnswerRevision).where(AnswerRevision.answer_id == answer_id))
    answer.status = "deleted"
    answer.body = answer.body_html = answer.excerpt = answer.hidden_reason = ""
    answer.was_accepted_at = answer.accepted_by = None
    answer.version += 1
    forget_mentions("answer", answer_id)
    refresh_question(post)
    if counted:
        emit(AnswerDeleted(answer_id, post.id, post.circle_id, answer.author_id, post.author_id, None))


@operation
def erase_answer_vote(user_id: int, answer_id: int) -> None:
    """Take back what somebody thought of an answer. Raises NotFound."""
    set_vote(lock(Answer, answer_id), user_id, 0)


@operation
def erase_invites(user_id: int, question_id: int, *, sent: bool) -> None:
    """Forget that somebody was invited to answer a question, and with `sent` whom they invited. Raises NotFound."""
    post = lock(Post, question_id)
    here = QuestionInvite.question_id == question_id
    theirs = QuestionInvite.user_id == user_id
    if sent:
        by_them = (here, QuestionInvite.invited_by == user_id, QuestionInvite.status == "invited")
        if people := db.session.scalars(select(QuestionInvite.user_id).where(*by_them)).all():
            emit(InvitesEnded(question_id, post.circle_id, tuple(people)))
        theirs = or_(theirs, QuestionInvite.invited_by == user_id)
    db.session.execute(delete(QuestionInvite).where(here, theirs).execution_options(synchronize_session=False))


@operation
def store_unnamed_answer(user_id: int, answer_id: int, version: int, now: Unnamed) -> bool:
    """Let an answer that named somebody read as `now`; False when it was edited since it was read as `version`."""
    try:
        post, answer = locked_answer(answer_id)
    except NotFound:
        return True
    if answer.version != version:
        return False
    reword(post, answer, now.text)
    db.session.execute(
        delete(Mention).where(
            Mention.target_type == "answer", Mention.target_id == answer_id, Mention.user_id == user_id
        )
    )
    emit(AnswerNameErased(post.id, answer_id, tuple(sorted(now.names)), now.label))
    return True


@operation
def store_unnamed_answer_revision(revision_id: int, now: Renewed) -> None:
    """Let an earlier version of an answer, which nobody edits any more, read as `now`."""
    changed = update(AnswerRevision).where(AnswerRevision.id == revision_id).values(body=now.body, body_html=now.html)
    db.session.execute(changed.execution_options(synchronize_session=False))
