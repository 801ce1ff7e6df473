"""Reading questions and answers."""

from __future__ import annotations

from typing import Any

from circle.circles import queries as circles
from circle.core.api import actor
from circle.core.pagination import Page
from circle.posts.queries import PostRow
from circle.posts.schemas import PostOut
from circle.qa import queries
from circle.qa.api.blueprint import bp
from circle.qa.queries import AnswerRow, QuestionRow
from circle.qa.schemas import AnswerOut, AnswersQuery, QuestionOut, QuestionsQuery


@bp.endpoint(
    "GET", "/circles/<slug:slug>/questions", gives=PostOut, query=QuestionsQuery, paged=True, signed_in=False,
    errors=(401,),
)  # fmt: skip
def questions(query: dict[str, Any], slug: str) -> Page[PostRow]:
    """A circle's questions; `mine` are one's own."""
    circle = circles.readable_circle(actor(), slug)
    return queries.question_list(actor(), circle, **query)


@bp.endpoint("GET", "/questions/<id:question_id>", gives=QuestionOut, signed_in=False)
def question(question_id: int) -> QuestionRow:
    """One question, which is a post; its answers are at /questions/{id}/answers."""
    return queries.get_question(actor(), question_id)


@bp.endpoint(
    "GET", "/questions/<id:question_id>/answers", gives=AnswerOut, query=AnswersQuery, paged=True, signed_in=False
)
def answers(query: dict[str, Any], question_id: int) -> Page[AnswerRow]:
    """The answers to a question."""
    return queries.answer_page(actor(), queries.get_question(actor(), question_id), **query)


@bp.endpoint("GET", "/answers/<id:answer_id>", gives=AnswerOut, signed_in=False)
def show_answer(answer_id: int) -> AnswerRow:
    """One answer."""
    return queries.get_answer(actor(), answer_id)[0]
