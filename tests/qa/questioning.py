"""What the tests of deciding about questions have in common: making them, and looking at their rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from circle.core.audit import AuditEntry
from circle.core.db import db
from circle.ledger.models import LedgerAccount
from circle.points.models import EarnSource
from circle.posts import operations as posts
from circle.posts.models import Post
from circle.posts.operations.counting import recount
from circle.qa import operations
from circle.qa.models import Answer, Question
from circle.qa.operations.counting import recount_votes
from tests.factories import Actor


def ask(place: Any, who: str = "ann", **values: Any) -> int:
    """A question by one of the people of the place."""
    said = {"title": "晨读从哪一篇开始？", "body": "想听听大家的建议。"} | values
    return posts.publish_post(getattr(place, who), place.slug, type="question", **said)


def answer(actor: Actor, question_id: int, body: str = "从最短的一篇开始，每天读一页。") -> int:
    return operations.write_answer(actor, question_id, body=body)


def question(question_id: int) -> Question:
    return db.session.get_one(Question, question_id, populate_existing=True)


def post(post_id: int) -> Post:
    return db.session.get_one(Post, post_id, populate_existing=True)


def answer_row(answer_id: int) -> Answer:
    return db.session.get_one(Answer, answer_id, populate_existing=True)


def accept(actor: Actor, question_id: int, answer_id: int | None) -> None:
    operations.accept_answer(actor, question_id, answer_id=answer_id, version=question(question_id).version)


def audited(*actions: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(actor, target, data) of these entries, in their order."""
    statement = select(AuditEntry).where(AuditEntry.action.in_(actions)).order_by(AuditEntry.seq)
    return [(entry.actor, entry.target, entry.data) for entry in db.session.scalars(statement)]


def columns(row: Any, *but: str) -> dict[str, Any]:
    """All values of a row, but for those that may differ."""
    return {column.key: getattr(row, column.key) for column in row.__table__.columns if column.key not in but}


def earned() -> list[tuple[Any, ...]]:
    """What every account holds, and what stands of everything that ever earned."""
    accounts = select(LedgerAccount.id, LedgerAccount.balance, LedgerAccount.owed).where(LedgerAccount.owner_id > 0)
    sources = select(EarnSource.source_key, EarnSource.state, EarnSource.active_points, EarnSource.active_growth)
    return sorted(tuple(row) for row in db.session.execute(accounts)) + sorted(
        tuple(row) for row in db.session.execute(sources)
    )


def check_question(question_id: int) -> None:
    """Q1, Q2, Q4 and Q7 hold, and the numbers of the post are those of the rows."""
    found = db.session.scalars(select(Answer).where(Answer.question_id == question_id)).all()
    visible = [row for row in found if row.status == "published"]
    accepted = [row for row in found if row.accepted_at is not None]
    assert len(accepted) <= 1
    assert all(row.status == "published" for row in accepted)
    for row in found:
        votes = recount_votes(row.id)
        assert (row.up, row.down, row.score, row.wilson) == (votes.up, votes.down, votes.score, votes.wilson)
    shown, asked = post(question_id), question(question_id)
    others = sum(row.author_id != shown.author_id for row in visible)
    assert shown.answer_count == len(visible)
    assert shown.answered_at == max((row.created_at for row in visible), default=None)
    assert shown.parts["question"]["status"] == asked.status
    assert shown.parts["question"]["accepted"] == bool(accepted)
    counts = recount(question_id, answers=others)
    assert (shown.engagement, shown.hot_score) == (counts.engagement, counts.hot_score)
    assert (asked.status == "duplicate") == (asked.duplicate_of_id is not None)
    if asked.duplicate_of_id is not None:
        assert asked.duplicate_of_id != question_id
        assert question(asked.duplicate_of_id).status != "duplicate"
