"""What follows from questions and answers, and what posts mean for them."""

from __future__ import annotations

from circle.core import clock
from circle.core.jobs import enqueue
from circle.notifications.operations import notify
from circle.points.operations import Cause, Earned, count_task_events, set_earned, switch_all, uncount_task_events
from circle.posts import events as posts
from circle.qa import events as qa
from circle.qa import jobs as qa_jobs
from circle.qa import operations as qa_operations
from circle.qa import queries as qa_queries


def begin_question(event: posts.PostPublished) -> None:
    if event.type == "question":
        qa_operations.begin_question(event.post_id, event.circle_id)


def keep_answered_question(event: posts.PostDeleted) -> None:
    # the rule is that of questions, and the deletion that of posts: refusing here undoes it
    qa_operations.keep_answered_question(event.post_id, event.author_id, event.by)


def reopen_duplicates(event: posts.PostDeleted | posts.PostRemoved) -> None:
    # not at once: their posts may come before this one in the order of locks
    if qa_queries.has_duplicates(event.post_id):
        enqueue(qa_jobs.reopen_duplicates, event.post_id)


def _giver(event: qa.AnswerEvent) -> int | None:
    # only to say that one's own question earns nothing: who asked is not kept beside the points of others
    return event.asker_id if event.asker_id == event.author_id else None


def _accepter(event: qa.AnswerEvent) -> int | None:
    # nor does what one accepts oneself: the owner's own answer, in place of whoever asked
    return event.author_id if event.by == event.author_id else _giver(event)


def earn_by_answer(event: qa.AnswerPublished) -> None:
    subject = f"answer:{event.answer_id}"
    cause = Cause(subject, "answer", subject, giver_id=_giver(event), length=event.length)
    set_earned(event.circle_id, event.author_id, cause, on=True)


def count_answer_for_tasks(event: qa.AnswerPublished) -> None:
    if event.author_id != event.asker_id:
        count_task_events(event.circle_id, event.author_id, ("answer",), f"answer:{event.answer_id}")


def uncount_answer(event: qa.AnswerDeleted | qa.AnswerRemoved) -> None:
    uncount_task_events(event.circle_id, event.author_id, f"answer:{event.answer_id}")


def earn_by_acceptance(event: qa.AnswerAccepted | qa.AnswerUnaccepted) -> None:
    acceptance_of(event)


def acceptance_of(event: qa.AnswerAccepted | qa.AnswerUnaccepted) -> Earned:
    """Let what is earned by it stand as it should, and tell what that is; asked again, it only tells."""
    key, subject = f"accept:{event.question_id}:{event.answer_id}", f"answer:{event.answer_id}"
    cause = Cause(key, "answer.accepted", subject, giver_id=_accepter(event))
    return set_earned(event.circle_id, event.author_id, cause, on=isinstance(event, qa.AnswerAccepted))


def unearn_with_answer(event: qa.AnswerDeleted | qa.AnswerHidden | qa.AnswerRemoved) -> None:
    switch_all(f"answer:{event.answer_id}", on=False)


def earn_again_with_answer(event: qa.AnswerRestored) -> None:
    # whether it is accepted again is told by an event of its own
    switch_all(f"answer:{event.answer_id}", on=True, except_rules=("answer.accepted",))


def tell_revealed(event: qa.IdentityRevealed) -> None:
    # once a day for each who looks, however often they do; the audit log has every time
    key = f"{event.question_id}:{event.by}:{clock.now():%Y-%m-%d}"
    data = {"post_id": event.question_id, "quote": event.reason}
    notify(event.asker_id, "question.revealed", circle_id=event.circle_id, dedupe_key=key, data=data)
