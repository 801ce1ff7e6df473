"""Accepting an answer, another one instead, or none any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from circle.core.i18n import _
from circle.core.web import actor, go, limited, signed_in, takes_form
from circle.qa import operations, queries
from circle.qa.input_schemas import AcceptFormInput
from circle.qa.web.blueprint import bp
from circle.qa.web.reading import show_page


def _accept_again(_values: Any, errors: Mapping[str, Any], slug: str, question_id: int) -> str:
    return show_page(slug, question_id, {}, errors)


@bp.post("/<slug:slug>/questions/<id:question_id>/accept")
@signed_in
@limited("react")
@takes_form(AcceptFormInput, again=_accept_again)
def accept(data: dict[str, Any], slug: str, question_id: int) -> Any:
    """Accept the answer `answer_id`, or none; so much of the page changes that it is shown anew."""
    question = queries.get_question(actor(), question_id, slug=slug)
    operations.accept_answer(actor(), question_id, **data)
    chosen = data["answer_id"]
    said = _("Accepted. Thank you for telling everybody what helped.") if chosen else _("No answer is accepted now.")
    return go(f"{question.url}#answer-{chosen}" if chosen else f"{question.url}#answers", toast=said)
