"""What moderators do to answers, and how answers read before their edits."""

from __future__ import annotations

from typing import Any

from circle.core.api import actor
from circle.core.pagination import Page
from circle.posts.schemas import ReasonInput, RestoreInput
from circle.qa import operations, queries
from circle.qa.api.blueprint import bp
from circle.qa.manage_schemas import AnswerRevisionOut
from circle.qa.queries import AnswerRevisionRow, AnswerRow
from circle.qa.schemas import AnswerOut


@bp.endpoint("POST", "/answers/<id:answer_id>/hide", takes=ReasonInput, gives=AnswerOut, limit="manage", errors=(409,))
def hide_answer(data: dict[str, Any], answer_id: int) -> AnswerRow:
    """Hide an answer; its author is told why. An accepted one is so no longer until it is restored."""
    operations.hide_answer(actor(), answer_id, **data)
    return queries.get_answer(actor(), answer_id)[0]


@bp.endpoint(
    "POST", "/answers/<id:answer_id>/restore", takes=RestoreInput, gives=AnswerOut, limit="manage", errors=(409,)
)
def restore_answer(data: dict[str, Any], answer_id: int) -> AnswerRow:
    """Show a hidden answer again, accepted if it was and no other is."""
    operations.restore_answer(actor(), answer_id, **data)
    return queries.get_answer(actor(), answer_id)[0]


@bp.endpoint(
    "POST", "/answers/<id:answer_id>/remove", takes=ReasonInput, gives=None, status=204, limit="manage", errors=(409,)
)
def remove_answer(data: dict[str, Any], answer_id: int) -> None:
    """Remove an answer for good; its author is told why."""
    operations.remove_answer(actor(), answer_id, **data)


@bp.endpoint("GET", "/answers/<id:answer_id>/revisions", gives=AnswerRevisionOut, paged=True)
def answer_revisions(query: dict[str, Any], answer_id: int) -> Page[AnswerRevisionRow]:
    """How an answer read before each late edit, for its author and moderators; the latest of them first."""
    return queries.answer_revisions(actor(), answer_id, **query)
