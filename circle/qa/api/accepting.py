"""Accepting an answer."""

from __future__ import annotations

from typing import Any

from circle.core.api import actor
from circle.qa import operations, queries
from circle.qa.api.blueprint import bp
from circle.qa.input_schemas import AcceptInput
from circle.qa.queries import QuestionRow
from circle.qa.schemas import QuestionOut


@bp.endpoint(
    "PUT", "/questions/<id:question_id>/accepted", takes=AcceptInput, gives=QuestionOut, limit="react", errors=(409,)
)
def accept(data: dict[str, Any], question_id: int) -> QuestionRow:
    """Accept an answer, another one instead, or none (null). Repeating it changes nothing."""
    operations.accept_answer(actor(), question_id, **data)
    return queries.get_question(actor(), question_id)
