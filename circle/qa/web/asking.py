"""On the way to a question: the composer, and what was asked before. (Publishing it is posts.publish.)"""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from circle import access
from circle.access import Permission
from circle.circles import queries as circles
from circle.core.fields import parse_id
from circle.core.web import actor, is_htmx, limited, load_form, signed_in
from circle.posts.schemas import MAX_TITLE
from circle.qa import queries
from circle.qa.input_schemas import SimilarQuery
from circle.qa.web.blueprint import bp


@bp.get("/<slug:slug>/questions/new")
@signed_in
def ask(slug: str) -> Response:
    """To the composer, ready for a question."""
    circle = circles.readable_circle(actor(), slug)
    access.require(actor(), Permission.POST_WRITE, circle.standing)
    chosen = [id_ for id_ in map(parse_id, request.args.getlist("topic")) if id_]
    return redirect(url_for("posts.new", slug=slug, type="question", topic=chosen), 303)


@bp.get("/<slug:slug>/questions/similar")
@limited("suggest")
def similar(slug: str) -> str:
    """Questions like the one that is being typed (`title`): a fragment under the title, else a page to search with.

    `draft` is what somebody was writing when they asked for this page without scripts; it leads back there.
    """
    circle = circles.readable_circle(actor(), slug)
    typed = load_form(SimilarQuery(), request.args)[0].get("title", "")
    found = queries.similar_questions(actor(), circle, typed)
    if is_htmx():
        return render_template("qa/_similar.html", circle=circle, found=found)
    return render_template(
        "qa/similar.html", circle=circle, found=found, typed=typed, draft=parse_id(request.args.get("draft")),
        max_title=MAX_TITLE,
    )  # fmt: skip
