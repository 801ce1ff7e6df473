"""What moderators do to answers, always with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request
from werkzeug.wrappers import Response as AnyResponse

from circle.core.i18n import _
from circle.core.web import actor, go, limited, signed_in, takes_form
from circle.posts.schemas import ReasonInput, RestoreInput
from circle.qa import operations, queries
from circle.qa.web.blueprint import bp


def _reason_page(values: Mapping[str, str], errors: Mapping[str, Any], slug: str, answer_id: int) -> str:
    """A reason that could not be taken: the form again."""
    answer, question = queries.get_answer(actor(), answer_id, slug=slug)
    return render_template(
        "qa/reason.html", circle=question.post.circle, question=question, answer=answer, values=values, errors=errors,
        action=request.path,
    )  # fmt: skip


@bp.post("/<slug:slug>/answers/<id:answer_id>/hide")
@signed_in
@limited("manage")
@takes_form(ReasonInput, again=_reason_page)
def hide_answer(data: dict[str, Any], slug: str, answer_id: int) -> AnyResponse:
    """Hide an answer with a reason."""
    answer, question = queries.get_answer(actor(), answer_id, slug=slug)
    operations.hide_answer(actor(), answer_id, **data)
    return go(f"{question.url}#answer-{answer.id}", toast=_("Hidden. The author has been told."))


@bp.post("/<slug:slug>/answers/<id:answer_id>/restore")
@signed_in
@limited("manage")
@takes_form(RestoreInput, again=_reason_page)
def restore_answer(data: dict[str, Any], slug: str, answer_id: int) -> AnyResponse:
    """Show a hidden answer again."""
    answer, question = queries.get_answer(actor(), answer_id, slug=slug)
    operations.restore_answer(actor(), answer_id, **data)
    return go(f"{question.url}#answer-{answer.id}", toast=_("Visible again."))


@bp.post("/<slug:slug>/answers/<id:answer_id>/remove")
@signed_in
@limited("manage")
@takes_form(ReasonInput, again=_reason_page)
def remove_answer(data: dict[str, Any], slug: str, answer_id: int) -> AnyResponse:
    """Remove an answer for good, with a reason."""
    _answer, question = queries.get_answer(actor(), answer_id, slug=slug)
    operations.remove_answer(actor(), answer_id, **data)
    return go(f"{question.url}#answers", toast=_("Removed. The author has been told."))
