"""The questions of a circle, one question with its answers, one answer alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app, render_template, request, url_for

from circle.circles import queries as circles
from circle.core.web import actor, count_hit, is_htmx
from circle.qa import queries, rules
from circle.qa.queries import AnswerRow, QuestionRow
from circle.qa.structured_data import qa_page
from circle.qa.web.blueprint import bp


@bp.get("/<slug:slug>/questions")
def index(slug: str) -> str:
    """The questions of a circle, in five lists."""
    count_hit("read")
    circle = circles.readable_circle(actor(), slug)
    tab = request.args.get("tab", "newest")
    tab = tab if tab in {*queries.TABS, "mine"} else "newest"
    page = queries.question_list(actor(), circle, tab=tab, cursor=request.args.get("cursor"))
    more = url_for(".index", slug=slug, tab=tab, cursor="")
    if is_htmx() and request.args.get("cursor"):
        return render_template("qa/_list.html", circle=circle, page=page, tab=tab, more=more)
    asked = queries.first_invites(actor(), circle)
    return render_template("qa/index.html", circle=circle, page=page, tab=tab, more=more, asked=asked)


@bp.get("/<slug:slug>/questions/<id:question_id>")
def show(slug: str, question_id: int) -> str:
    """A question with its answers."""
    return show_page(slug, question_id)


def show_page(slug: str, question_id: int, values: Mapping[str, str] | None = None, errors: Any = None) -> str:
    """The page of a question; with `values` and `errors`, the answer form as it was sent and what is wrong with it."""
    count_hit("read")
    question = queries.get_question(actor(), question_id, slug=slug)
    sort, cursor = request.args.get("sort", "best"), request.args.get("cursor")
    sort = sort if sort in queries.ANSWER_SORTS else "best"
    page = queries.answer_page(actor(), question, sort=sort, cursor=cursor)
    circle = question.post.circle
    if is_htmx() and cursor:
        return render_template("qa/_answers.html", circle=circle, question=question, page=page, sort=sort)
    structured = None if cursor or sort != "best" else _structured(question, page.items)
    return render_template(
        "qa/show.html", circle=circle, question=question, page=page, sort=sort, structured=structured,
        values=values or {}, errors=errors, MAX_ANSWER=rules.MAX_ANSWER,
    )  # fmt: skip


def _structured(question: QuestionRow, answers: Sequence[AnswerRow]) -> dict[str, Any] | None:
    """For those who come without signing in, as search engines do: it costs, and nobody else's browser reads it."""
    public = question.post.circle.visibility == "public" and question.post.status == "published"
    if not public or actor().signed_in:
        return None
    return qa_page(question, answers, current_app.config["SETTINGS"].base_url)


@bp.get("/<slug:slug>/answers/<id:answer_id>")
def show_answer(slug: str, answer_id: int) -> str:
    """One answer, wherever it stands among the others."""
    count_hit("read")
    row, question = queries.get_answer(actor(), answer_id, slug=slug)
    return render_template("qa/answer.html", circle=question.post.circle, question=question, answer=row)
