"""Closing a question, sending it to the one that it repeats, and opening it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request
from werkzeug.wrappers import Response as AnyResponse

from circle import access
from circle.access import Permission
from circle.core.i18n import _
from circle.core.web import actor, count_hit, go, limited, signed_in, takes_form
from circle.qa import operations, queries
from circle.qa.manage_schemas import MAX_ADDRESS, CloseInput, DuplicateInput, ReopenInput
from circle.qa.web.blueprint import bp


def _decide_page(values: Mapping[str, str], errors: Mapping[str, Any], slug: str, question_id: int) -> str:
    """What could not be done: the question as it stands now, with the forms again."""
    question = queries.get_question(actor(), question_id, slug=slug)
    return render_template(
        "qa/decide.html", circle=question.post.circle, question=question, values=values, errors=errors
    )


@bp.post("/<slug:slug>/questions/<id:question_id>/close")
@signed_in
@limited("manage")
@takes_form(CloseInput, again=_decide_page)
def close(data: dict[str, Any], slug: str, question_id: int) -> AnyResponse:
    """Let a question take no more answers."""
    question = queries.get_question(actor(), question_id, slug=slug)
    operations.close_question(actor(), question_id, **data)
    return go(question.url, toast=_("Closed. It takes no more answers."))


@bp.post("/<slug:slug>/questions/<id:question_id>/reopen")
@signed_in
@limited("manage")
@takes_form(ReopenInput, again=_decide_page)
def reopen(data: dict[str, Any], slug: str, question_id: int) -> AnyResponse:
    """Let a question take answers again."""
    question = queries.get_question(actor(), question_id, slug=slug)
    operations.reopen_question(actor(), question_id, **data)
    return go(question.url, toast=_("Open again."))


def _duplicate_page(values: Mapping[str, str], errors: Mapping[str, Any], slug: str, question_id: int) -> str:
    question = queries.get_question(actor(), question_id, slug=slug)
    circle = question.post.circle
    access.require(actor(), Permission.QUESTION_MODERATE, circle.standing)
    # what was found with other words; without any, with those of the question
    words = request.args.get("q", "").strip()[:80]
    found = queries.similar_questions(actor(), circle, words or question.title, without=question_id)
    return render_template(
        "qa/duplicate.html", circle=circle, question=question, values=values, errors=errors, words=words, found=found,
        max_address=MAX_ADDRESS,
    )  # fmt: skip


@bp.get("/<slug:slug>/questions/<id:question_id>/duplicate")
@signed_in
def choose_original(slug: str, question_id: int) -> str:
    """Which question is repeated: those that are like it, or one whose address is pasted."""
    count_hit("suggest")
    return _duplicate_page({}, {}, slug, question_id)


@bp.post("/<slug:slug>/questions/<id:question_id>/duplicate")
@signed_in
@limited("manage")
@takes_form(DuplicateInput, again=_duplicate_page)
def mark_duplicate(data: dict[str, Any], slug: str, question_id: int) -> AnyResponse:
    """Send a question to the one that it repeats."""
    question = queries.get_question(actor(), question_id, slug=slug)
    operations.mark_duplicate(actor(), question_id, **data)
    return go(question.url, toast=_("Marked. The question now leads to the other one."))
