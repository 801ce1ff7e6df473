"""What those who run a circle look after: questions that nobody answers."""

from __future__ import annotations

from flask import render_template, request, url_for

from circle.core.web import actor, is_htmx, signed_in
from circle.qa import queries
from circle.qa.web.blueprint import bp

_HOURS = {str(hours): hours for hours in queries.WAITS}


@bp.get("/<slug:slug>/manage/questions")
@signed_in
def manage(slug: str) -> str:
    """Questions that wait for an answer for so many `hours`, and the experts of the circle."""
    circle = queries.desk(actor(), slug)
    hours = _HOURS.get(request.args.get("hours", ""), 24)
    page = queries.waiting(actor(), circle, hours=hours, cursor=request.args.get("cursor"))
    more = url_for("qa.manage", slug=slug, hours=hours, cursor=page.next_cursor) if page.next_cursor else None
    if is_htmx() and request.args.get("cursor"):
        return render_template("qa/_manage_rows.html", circle=circle, waiting=page.items, next_url=more)
    return render_template(
        "qa/manage.html", circle=circle, waiting=page.items, next_url=more, hours=hours, waits=queries.WAITS,
        figures=queries.figures(actor(), circle), experts=queries.experts(actor(), circle),
    )  # fmt: skip
