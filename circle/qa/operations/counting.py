"""Keeping true what a post shows of its answers, from the rows, under the lock of the post."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select

from circle.core.db import db
from circle.posts import ranking as posts_ranking
from circle.posts.models import Post
from circle.posts.operations.counting import engage, mirror, newest_activity
from circle.qa import ranking
from circle.qa.models import Answer, AnswerVote, Question


def refresh_question(post: Post) -> None:
    """Write anew, from the rows, what the locked post of a question shows of its answers: their number (Q7), when the
    newest came, what they are worth in the hot order, and what its card shows of them."""
    db.session.flush()
    others = func.count(case((Answer.author_id != post.author_id, 1)))
    visible = (Answer.question_id == post.id, Answer.status == "published")
    count, newest, by_others = db.session.execute(
        select(func.count(), func.max(Answer.created_at), others).where(*visible)
    ).one()
    best = db.session.execute(
        select(Answer.id, Answer.excerpt, Answer.accepted_at)
        .where(*visible)
        .order_by(Answer.accepted_at.is_(None), Answer.wilson.desc(), Answer.score.desc(), Answer.id)
        .limit(1)
    ).first()
    status, version = db.session.execute(
        select(Question.status, Question.version).where(Question.post_id == post.id)
    ).one()
    before: dict[str, Any] = post.parts.get("question") or {}
    post.answer_count, post.answered_at = count, newest
    post.last_activity_at = newest_activity(post)
    engage(post, posts_ranking.ANSWER * (by_others - before.get("by_others", 0)))
    post.parts = {
        **post.parts,
        "question": {
            "status": status, "version": version, "accepted": bool(best and best.accepted_at),
            "accepted_id": best.id if best and best.accepted_at else None, "peek": best.excerpt if best else "",
            "by_others": by_others,
        },
    }  # fmt: skip
    mirror(post)


@dataclass(frozen=True)
class Votes:
    """The votes on an answer."""

    up: int
    down: int
    score: int
    wilson: int


def recount_votes(answer_id: int) -> Votes:
    """The numbers of an answer, recomputed from the rows (Q2)."""
    values = db.session.scalars(select(AnswerVote.value).where(AnswerVote.answer_id == answer_id)).all()
    up, down = sum(value > 0 for value in values), sum(value < 0 for value in values)
    return Votes(up, down, up - down, ranking.wilson(up, down))
