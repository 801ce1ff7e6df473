"""What follows from questions and answers, and what posts mean for them."""

from __future__ import annotations

from circle.points.operations import Cause, set_earned, switch_all
from circle.posts import events as posts
from circle.qa import events as qa
from circle.qa import operations as qa_operations


def begin_question(event: posts.PostPublished) -> None:
    if event.type == "question":
        qa_operations.begin_question(event.post_id, event.circle_id)


def keep_answered_question(event: posts.PostDeleted) -> None:
    # the rule is that of questions, and the deletion that of posts: refusing here undoes it
    qa_operations.keep_answered_question(event.post_id, event.author_id, event.by)


def _giver(event: qa.AnswerEvent) -> int | None:
    # only to say that one's own question earns nothing: who asked is not kept beside the points of others
    return event.asker_id if event.asker_id == event.author_id else None


def earn_by_answer(event: qa.AnswerPublished) -> None:
    subject = f"answer:{event.answer_id}"
    cause = Cause(subject, "answer", subject, giver_id=_giver(event), length=event.length)
    set_earned(event.circle_id, event.author_id, cause, on=True)


def earn_by_acceptance(event: qa.AnswerAccepted | qa.AnswerUnaccepted) -> None:
    key, subject = f"accept:{event.question_id}:{event.answer_id}", f"answer:{event.answer_id}"
    cause = Cause(key, "answer.accepted", subject, giver_id=_giver(event))
    set_earned(event.circle_id, event.author_id, cause, on=isinstance(event, qa.AnswerAccepted))


def unearn_with_answer(event: qa.AnswerDeleted | qa.AnswerHidden | qa.AnswerRemoved) -> None:
    switch_all(f"answer:{event.answer_id}", on=False)


def earn_again_with_answer(event: qa.AnswerRestored) -> None:
    # whether it is accepted again is told by an event of its own
    switch_all(f"answer:{event.answer_id}", on=True, except_rules=("answer.accepted",))
