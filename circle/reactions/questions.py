"""What people are told of questions, answers and invitations to answer, and what becomes of those."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from circle.accounts import events as accounts
from circle.core.jobs import enqueue
from circle.notifications.operations import (
    notify,
    notify_each,
    requote,
    tell_mention,
    withdraw,
    withdraw_answer,
)
from circle.posts import events as posts
from circle.qa import events as qa
from circle.qa import jobs as qa_jobs
from circle.qa import operations as qa_operations
from circle.qa.queries import question_title
from circle.reactions.answering import acceptance_of
from circle.reactions.common import moment

# ---- answers ---------------------------------------------------------------------------------------------------------


def tell_answer(event: qa.AnswerPublished) -> None:
    """One notice per person, for the best reason: whose question it is, who is named."""
    by = None if event.anonymous else event.by
    data = {"by": by, "post_id": event.question_id, "answer_id": event.answer_id, "quote": event.excerpt}
    told = {event.author_id}  # of whom, unnamed, nothing is said
    for kind, people in (("question.answered", {event.asker_id}), ("answer.mentioned", set(event.mentioned))):
        told |= notify_each(people - told, kind, circle_id=event.circle_id, dedupe_key=str(event.answer_id), data=data)


def tell_mentioned_in_answer(event: qa.AnswerMentioned) -> None:
    tell_mention(
        set(event.user_ids) - {event.by},
        by=None if event.anonymous else event.by,
        circle_id=event.circle_id,
        post_id=event.question_id,
        answer_id=event.answer_id,
        quote=event.excerpt,
    )


def withdraw_about_answer(event: qa.AnswerDeleted | qa.AnswerHidden | qa.AnswerRemoved) -> None:
    withdraw_answer(event.question_id, event.answer_id)


def tell_hidden_answer(event: qa.AnswerHidden) -> None:
    _tell_author("answer.hidden", event, event.reason)


def tell_restored_answer(event: qa.AnswerRestored) -> None:
    _tell_author("answer.restored", event)


def tell_removed_answer(event: qa.AnswerRemoved) -> None:
    _tell_author("answer.removed", event, event.reason)


def _tell_author(kind: str, event: qa.AnswerEvent, reason: str = "") -> None:
    data = {"post_id": event.question_id, "answer_id": event.answer_id, "quote": reason}
    notify(event.author_id, kind, circle_id=event.circle_id, dedupe_key=moment(), data=data)


# ---- acceptance ------------------------------------------------------------------------------------------------------


def tell_accepted(event: qa.AnswerAccepted) -> None:
    """Told again when it was taken back in between, for then the first notice went."""
    key = str(event.answer_id)
    withdraw((event.author_id,), ("answer.unaccepted",), dedupe_key=key)
    if event.again or event.by == event.author_id:
        return
    earned = acceptance_of(event).granted_points
    data: dict[str, Any] = {"role": "points", "points": earned} if earned else {}
    data |= {"by": None if event.anonymous else event.by, **_about(event)}
    notify(event.author_id, "answer.accepted", circle_id=event.circle_id, dedupe_key=key, data=data)


def tell_unaccepted(event: qa.AnswerUnaccepted) -> None:
    key = str(event.answer_id)
    withdraw((event.author_id,), ("answer.accepted",), dedupe_key=key)
    if not event.hidden and event.by != event.author_id:  # hidden: its author is told of that
        notify(event.author_id, "answer.unaccepted", circle_id=event.circle_id, dedupe_key=key, data=_about(event))


def _about(event: qa.AnswerEvent) -> dict[str, Any]:
    return {
        "post_id": event.question_id, "answer_id": event.answer_id, "quote": question_title(event.question_id)
    }  # fmt: skip


# ---- questions -------------------------------------------------------------------------------------------------------


def tell_closed(event: qa.QuestionClosed) -> None:
    _tell_asker("question.closed", event, {"role": event.reason})


def tell_reopened(event: qa.QuestionReopened) -> None:
    _tell_asker("question.reopened", event, {})


def tell_duplicate(event: qa.QuestionMarkedDuplicate) -> None:
    _tell_asker("question.duplicate", event, {"of": str(event.of)})


def _tell_asker(kind: str, event: qa.QuestionEvent, more: dict[str, Any]) -> None:
    if event.by != event.asker_id:
        data = {"post_id": event.question_id, "quote": question_title(event.question_id), **more}
        notify(event.asker_id, kind, circle_id=event.circle_id, dedupe_key=moment(), data=data)


# ---- invitations -----------------------------------------------------------------------------------------------------


def tell_invited(event: qa.ExpertInvited) -> None:
    data = {
        "by": None if event.anonymous else event.by, "post_id": event.question_id,
        "quote": question_title(event.question_id), "until": event.expires_at.isoformat(),
    }  # fmt: skip
    key = str(event.question_id)
    notify(event.user_id, "question.invited", circle_id=event.circle_id, dedupe_key=key, data=data)


def tell_declined(event: qa.InviteDeclined) -> None:
    data = {"by": event.user_id, "post_id": event.question_id, "quote": question_title(event.question_id)}
    key = str(event.invite_id)
    notify(event.invited_by, "invite.declined", circle_id=event.circle_id, dedupe_key=key, data=data)


def answer_invite(event: qa.AnswerPublished) -> None:
    # what somebody answers unnamed is nobody's answer: an invitation that it met would say whose it is
    if not event.anonymous:
        qa_operations.answer_invite(event.question_id, event.author_id)


def end_invites(event: qa.QuestionClosed | qa.QuestionMarkedDuplicate) -> None:
    qa_operations.end_invites(event.question_id, event.circle_id)


def end_invites_of_post(event: posts.PostHidden | posts.PostRemoved | posts.PostDeleted) -> None:
    qa_operations.end_invites(event.post_id, event.circle_id)


def withdraw_invited(event: qa.InvitesEnded) -> None:
    withdraw(event.user_ids, ("question.invited",), dedupe_key=str(event.question_id))


# ---- names -----------------------------------------------------------------------------------------------------------


def rename_in_answers(event: accounts.UsernameChanged) -> None:
    enqueue(qa_jobs.rename_mentions, event.user_id)
    # once more for what was rendered before this moment and is stored after the first run
    enqueue(qa_jobs.rename_mentions, event.user_id, delay=timedelta(minutes=10))


def erase_name_in_notices_of_answer(event: qa.AnswerNameErased) -> None:
    requote(event.question_id, None, event.names, event.label, answer_id=event.answer_id)
