"""Writing, editing and taking back an answer."""

from __future__ import annotations

from typing import Any

from circle.core.api import actor, expected_version
from circle.qa import operations, queries
from circle.qa.api.blueprint import bp
from circle.qa.input_schemas import AnswerInput
from circle.qa.queries import AnswerRow
from circle.qa.schemas import AnswerOut


@bp.endpoint(
    "POST", "/questions/<id:question_id>/answers", takes=AnswerInput, gives=AnswerOut, status=201, limit="comment",
    errors=(409,),
)  # fmt: skip
def answer(data: dict[str, Any], question_id: int) -> AnswerRow:
    """Answer a question, once (`ALREADY_ANSWERED`)."""
    return queries.get_answer(actor(), operations.write_answer(actor(), question_id, **data))[0]


@bp.endpoint("PATCH", "/answers/<id:answer_id>", takes=AnswerInput, gives=AnswerOut, versioned=True, limit="comment")
def edit_answer(data: dict[str, Any], answer_id: int) -> AnswerRow:
    """Change one's own answer."""
    operations.edit_answer(actor(), answer_id, version=expected_version(), **data)
    return queries.get_answer(actor(), answer_id)[0]


@bp.endpoint("DELETE", "/answers/<id:answer_id>", gives=None, status=204, limit="comment", errors=(422,))
def delete_answer(answer_id: int) -> None:
    """Take one's own answer back, unless it is accepted (`ANSWER_ACCEPTED`)."""
    operations.delete_answer(actor(), answer_id)
