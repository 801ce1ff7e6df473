"""What somebody has answered, voted on and been asked, as plain values for the copy they take with them (takeout.py).

Their questions are among their posts, those asked without a name, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import or_, select

from circle.accounts.models import User
from circle.circles.models import Circle
from circle.core.db import db
from circle.home.batches import batches, rows
from circle.qa.models import Answer, AnswerRevision, AnswerVote, QuestionInvite

Item = dict[str, Any]
_VOTES = {1: "helpful", -1: "not helpful"}


def answers(user_id: int) -> Iterator[Item]:
    """What they answered, with what became of it."""
    mine = select(
        Answer.id, Answer.question_id, Circle.slug, Circle.name, Answer.body, Answer.status, Answer.anonymous,
        Answer.created_at, Answer.edited_at, Answer.up, Answer.down, Answer.accepted_at, Answer.hidden_reason,
    ).join(Circle, Circle.id == Answer.circle_id).where(Answer.author_id == user_id)  # fmt: skip
    for batch in batches(mine, Answer.id):
        former = _former([row.id for row in batch])
        for row in batch:
            yield {
                "id": str(row.id), "address": _address(row.slug, row.question_id, row.id), "circle": row.name,
                "body": row.body, "status": row.status, "without_name": row.anonymous, "written_at": row.created_at,
                "edited_at": row.edited_at, "helpful": row.up, "not_helpful": row.down,
                "accepted_at": row.accepted_at, "hidden_because": row.hidden_reason or None,
                "earlier_versions": former.get(row.id, []),
            }  # fmt: skip


def _former(answer_ids: Sequence[int]) -> dict[int, list[Item]]:
    chosen = select(AnswerRevision.answer_id, AnswerRevision.body, AnswerRevision.since)
    found: dict[int, list[Item]] = {}
    wanted = chosen.where(AnswerRevision.answer_id.in_(answer_ids)).order_by(AnswerRevision.version)
    for row in db.session.execute(wanted):
        found.setdefault(row.answer_id, []).append({"body": row.body, "since": row.since})
    return found


def answer_votes(user_id: int) -> Iterator[Item]:
    """What they thought of answers."""
    mine = select(AnswerVote.answer_id, AnswerVote.value, AnswerVote.created_at, Answer.question_id, Circle.slug)
    mine = mine.join(Answer, Answer.id == AnswerVote.answer_id).join(Circle, Circle.id == Answer.circle_id)
    for row in rows(mine.where(AnswerVote.user_id == user_id), AnswerVote.answer_id):
        address = _address(row.slug, row.question_id, row.answer_id)
        yield {"address": address, "found_it": _VOTES[row.value], "voted_at": row.created_at}


def question_invites(user_id: int) -> Iterator[Item]:
    """What they were invited to answer, and whom they invited."""
    mine = select(
        QuestionInvite.id, QuestionInvite.question_id, Circle.slug, QuestionInvite.user_id, User.username,
        QuestionInvite.status, QuestionInvite.created_at, QuestionInvite.expires_at,
    )  # fmt: skip
    mine = mine.join(Circle, Circle.id == QuestionInvite.circle_id).join(User, User.id == QuestionInvite.user_id)
    theirs = or_(QuestionInvite.user_id == user_id, QuestionInvite.invited_by == user_id)
    for row in rows(mine.where(theirs), QuestionInvite.id):
        yield {
            "address": f"/{row.slug}/questions/{row.question_id}",
            "invited": "me" if row.user_id == user_id else row.username, "status": row.status,
            "invited_at": row.created_at, "until": row.expires_at,
        }  # fmt: skip


def _address(slug: str, question_id: int, answer_id: int) -> str:
    return f"/{slug}/questions/{question_id}#answer-{answer_id}"
