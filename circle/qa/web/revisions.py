"""How an answer read before its edits."""

from __future__ import annotations

from flask import render_template, request

from circle.core.web import actor, count_hit, is_htmx, signed_in
from circle.qa import queries
from circle.qa.web.blueprint import bp


@bp.get("/<slug:slug>/answers/<id:answer_id>/revisions")
@signed_in
def revisions(slug: str, answer_id: int) -> str:
    """What each late edit of an answer changed, for its author and moderators."""
    count_hit("read")
    answer = queries.edited_answer(actor(), answer_id, slug=slug)
    page = queries.answer_revisions(actor(), answer_id, cursor=request.args.get("cursor"))
    name = "qa/_revisions.html" if is_htmx() and request.args.get("cursor") else "qa/revisions.html"
    return render_template(name, circle=answer.circle, answer=answer, page=page, more=f"{answer.url}/revisions?cursor=")
