"""Finding an answer helpful, or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template

from circle.core.web import actor, fragment_or_redirect, is_htmx, limited, signed_in, takes_form
from circle.qa import operations, queries
from circle.qa.input_schemas import VOTES, VoteFormInput
from circle.qa.web.blueprint import bp
from circle.qa.web.reading import show_page


def _vote_again(_values: Any, errors: Mapping[str, Any], slug: str, answer_id: int) -> str:
    row, question = queries.get_answer(actor(), answer_id, slug=slug)
    if is_htmx():
        return render_template("qa/_vote.html", circle=question.post.circle, answer=row, errors=errors)
    return show_page(slug, question.id, {}, errors)


@bp.post("/<slug:slug>/answers/<id:answer_id>/vote")
@signed_in
@limited("react")
@takes_form(VoteFormInput, again=_vote_again)
def vote(data: dict[str, Any], slug: str, answer_id: int) -> Any:
    """Find an answer helpful or not, or take that back; htmx gets the buttons alone."""
    row, question = queries.get_answer(actor(), answer_id, slug=slug)
    operations.vote(actor(), answer_id, value=VOTES[data["value"]])

    def fragment() -> str:
        after = queries.get_answer(actor(), answer_id, slug=slug)[0]
        return render_template("qa/_vote.html", circle=question.post.circle, answer=after, errors={})

    return fragment_or_redirect(fragment, f"{question.url}#answer-{row.id}")
