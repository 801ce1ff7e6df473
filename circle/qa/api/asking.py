"""Asking, and what was asked before."""

from __future__ import annotations

from typing import Any

from circle.circles import queries as circles
from circle.core.api import actor
from circle.qa import operations, queries
from circle.qa.api.blueprint import bp
from circle.qa.input_schemas import QuestionInput, SimilarQuery
from circle.qa.queries import QuestionRow, SimilarRow
from circle.qa.schemas import QuestionOut, SimilarListOut


@bp.endpoint(
    "POST", "/circles/<slug:slug>/questions", takes=QuestionInput, gives=QuestionOut, status=201, limit="publish"
)
def ask(data: dict[str, Any], slug: str) -> QuestionRow:
    """Ask a question; the same as publishing a post of type `question`."""
    return queries.get_question(actor(), operations.ask_question(actor(), slug, **data), slug=slug)


@bp.endpoint(
    "GET", "/circles/<slug:slug>/questions/similar", query=SimilarQuery, gives=SimilarListOut, signed_in=False,
    limit="suggest",
)  # fmt: skip
def similar(query: dict[str, Any], slug: str) -> dict[str, list[SimilarRow]]:
    """Questions like the one whose `title` is being typed, the most alike first; at most five."""
    circle = circles.readable_circle(actor(), slug)
    return {"items": queries.similar_questions(actor(), circle, query["title"])}
