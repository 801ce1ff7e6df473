"""Who asked without a name: told once to those who may know, in the answer to a form and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import make_response, render_template
from werkzeug.wrappers import Response as AnyResponse

from circle.core.i18n import _
from circle.core.web import actor, go, limited, signed_in, takes_form
from circle.qa import operations, queries
from circle.qa.reveal_schemas import MAX_REASON, MIN_REASON, RevealInput
from circle.qa.web.blueprint import bp


def _form(values: Mapping[str, Any], errors: Mapping[str, Any], slug: str, question_id: int) -> str:
    veiled = queries.veiled_question(actor(), question_id, slug=slug)
    return render_template(
        "qa/reveal.html", circle=veiled.circle, question=veiled, values=values, errors=errors, least=MIN_REASON,
        most=MAX_REASON,
    )  # fmt: skip


@bp.get("/<slug:slug>/questions/<id:question_id>/reveal")
@signed_in
def ask_to_reveal(slug: str, question_id: int) -> str:
    """The form that asks what it is for."""
    return _form({}, {}, slug, question_id)


@bp.post("/<slug:slug>/questions/<id:question_id>/reveal")
@signed_in
@limited("reveal")
@takes_form(RevealInput, again=_form)
def reveal(data: dict[str, Any], slug: str, question_id: int) -> AnyResponse:
    """Who it was: on this page alone, which nobody keeps. Whoever wants to see it again gives a reason again."""
    veiled = queries.veiled_question(actor(), question_id, slug=slug)
    person = operations.reveal_identity(actor(), question_id, **data)
    shown = render_template(
        "qa/revealed.html", circle=veiled.circle, question=veiled, person=person, reason=data["reason"]
    )
    response = make_response(shown)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.post("/<slug:slug>/questions/<id:question_id>/show-name")
@signed_in
@limited("publish")
def show_name(slug: str, question_id: int) -> AnyResponse:
    """Stand by one's question with one's name."""
    question = queries.get_question(actor(), question_id, slug=slug)
    operations.show_name(actor(), question_id)
    return go(question.url, toast=_("Your name is shown now."))
