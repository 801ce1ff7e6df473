"""Who asked without a name, for those who may know; and giving one's name after all."""

from __future__ import annotations

from typing import Any

from flask import after_this_request
from werkzeug.wrappers import Response

from circle.accounts.queries import Author
from circle.core.api import actor
from circle.qa import operations, queries
from circle.qa.api.blueprint import bp
from circle.qa.queries import QuestionRow
from circle.qa.reveal_schemas import RevealedOut, RevealInput
from circle.qa.schemas import QuestionOut


@bp.endpoint(
    "POST", "/questions/<id:question_id>/reveal", takes=RevealInput, gives=RevealedOut, limit="reveal", keyless=True,
)  # fmt: skip
def reveal(data: dict[str, Any], question_id: int) -> dict[str, Author]:
    """Learn who asked an anonymous question.

    For admins and the owner of the circle. The reason goes into the audit log, and the asker is told. The answer is
    not stored: each request is recorded anew, also one with an Idempotency-Key.
    """
    person = operations.reveal_identity(actor(), question_id, **data)

    @after_this_request
    def kept_by_nobody(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        return response

    return {"author": person}


@bp.endpoint("POST", "/questions/<id:question_id>/show-name", gives=QuestionOut, limit="publish")
def show_name(question_id: int) -> QuestionRow:
    """Show one's name at one's anonymous question, and at what one wrote below it. It cannot be taken back."""
    operations.show_name(actor(), question_id)
    return queries.get_question(actor(), question_id)
