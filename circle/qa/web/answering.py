"""Writing, editing and taking back an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request

from circle import access
from circle.core.errors import Conflict, PreconditionFailed
from circle.core.fields import parse_id
from circle.core.i18n import _
from circle.core.web import actor, fragment_or_redirect, go, is_htmx, limited, once, signed_in, takes_form
from circle.qa import operations, queries, rules
from circle.qa.input_schemas import AnswerInput, NothingInput
from circle.qa.web.blueprint import bp
from circle.qa.web.reading import show_page


def _write_again(values: Mapping[str, str], errors: Mapping[str, Any], slug: str, question_id: int) -> str:
    if is_htmx():
        question = queries.get_question(actor(), question_id, slug=slug)
        return render_template(
            "qa/_answer_form.html", circle=question.post.circle, question=question, values=values, errors=errors,
            MAX_ANSWER=rules.MAX_ANSWER,
        )  # fmt: skip
    return show_page(slug, question_id, values, errors)


@bp.post("/<slug:slug>/questions/<id:question_id>/answers")
@signed_in
@limited("comment")
@once
@takes_form(AnswerInput, again=_write_again)
def answer(data: dict[str, Any], slug: str, question_id: int) -> Any:
    """Answer a question; htmx gets the new answer, and what stands in the place of the form from now on."""
    question = queries.get_question(actor(), question_id, slug=slug)
    answer_id = operations.write_answer(actor(), question_id, **data)

    def fragment() -> str:
        row, after = queries.get_answer(actor(), answer_id, slug=slug)
        return render_template("qa/_answered.html", circle=after.post.circle, question=after, answer=row)

    return fragment_or_redirect(fragment, f"{question.url}#answer-{answer_id}", toast=_("Your answer is published"))


@bp.get("/<slug:slug>/answers/<id:answer_id>/edit")
@signed_in
def edit_answer(slug: str, answer_id: int) -> str:
    """A form with an answer of one's own."""
    row, _question = queries.get_answer(actor(), answer_id, slug=slug)
    return _edit_form({"body": row.body}, {}, slug, answer_id)


def _edit_form(values: Mapping[str, str], errors: Mapping[str, Any], slug: str, answer_id: int) -> str:
    row, question = queries.get_answer(actor(), answer_id, slug=slug)
    if not row.can.edit:
        raise access.not_yours()
    return render_template(
        "qa/edit_answer.html", circle=question.post.circle, question=question, answer=row, values=values, errors=errors,
        max_length=rules.MAX_ANSWER,
    )  # fmt: skip


@bp.post("/<slug:slug>/answers/<id:answer_id>/edit")
@signed_in
@limited("comment")
@takes_form(AnswerInput, again=_edit_form)
def update_answer(data: dict[str, Any], slug: str, answer_id: int) -> Any:
    """Save a changed answer."""
    _row, question = queries.get_answer(actor(), answer_id, slug=slug)
    try:
        operations.edit_answer(actor(), answer_id, version=parse_id(request.form.get("version")), **data)
    except PreconditionFailed as error:
        raise Conflict(error.sentence) from None  # the form comes back with what was typed
    return go(f"{question.url}#answer-{answer_id}", toast=_("Saved"))


def _delete_again(_values: Any, errors: Mapping[str, Any], slug: str, answer_id: int) -> str:
    return show_page(slug, queries.get_answer(actor(), answer_id, slug=slug)[1].id, {}, errors)


@bp.post("/<slug:slug>/answers/<id:answer_id>/delete")
@signed_in
@limited("comment")
@takes_form(NothingInput, again=_delete_again)
def delete_answer(_data: dict[str, Any], slug: str, answer_id: int) -> Any:
    """Take one's own answer back; an accepted one stays, and the page says so."""
    _row, question = queries.get_answer(actor(), answer_id, slug=slug)
    operations.delete_answer(actor(), answer_id)
    return go(f"{question.url}#answers", toast=_("Deleted"))
