"""Closing a question, sending it to the one that it repeats, and opening it again."""

from __future__ import annotations

from typing import Any

from circle.core.api import actor
from circle.qa import operations, queries
from circle.qa.api.blueprint import bp
from circle.qa.manage_schemas import CloseInput, DuplicateInput, ReopenInput
from circle.qa.queries import QuestionRow
from circle.qa.schemas import QuestionOut


@bp.endpoint(
    "POST", "/questions/<id:question_id>/close", takes=CloseInput, gives=QuestionOut, limit="manage", errors=(409,)
)
def close(data: dict[str, Any], question_id: int) -> QuestionRow:
    """Let a question take no more answers. Whoever asked may, and moderators."""
    operations.close_question(actor(), question_id, **data)
    return queries.get_question(actor(), question_id)


@bp.endpoint(
    "POST", "/questions/<id:question_id>/reopen", takes=ReopenInput, gives=QuestionOut, limit="manage", errors=(409,)
)
def reopen(data: dict[str, Any], question_id: int) -> QuestionRow:
    """Let a closed question, or one that was taken for a duplicate, have answers again."""
    operations.reopen_question(actor(), question_id, **data)
    return queries.get_question(actor(), question_id)


@bp.endpoint(
    "POST", "/questions/<id:question_id>/duplicate", takes=DuplicateInput, gives=QuestionOut, limit="manage",
    errors=(409,),
)  # fmt: skip
def mark_duplicate(data: dict[str, Any], question_id: int) -> QuestionRow:
    """Say which question this one repeats (`DUPLICATE_TARGET` where that cannot be). For moderators."""
    operations.mark_duplicate(actor(), question_id, **data)
    return queries.get_question(actor(), question_id)
