"""The boards of a campaign on a page of their own."""

from __future__ import annotations

from flask import render_template, request

from circle.checkins import queries
from circle.checkins.web.blueprint import bp
from circle.core.web import actor, count_hit, is_htmx


@bp.get("/<slug:slug>/campaigns/<id:campaign_id>/board")
def board(slug: str, campaign_id: int) -> str:
    """Who kept at it, which posts met most, and how the teams do."""
    count_hit("read")
    campaign = queries.get_campaign(actor(), campaign_id, slug=slug)
    cursor = request.args.get("cursor")
    found = queries.board_of(actor(), campaign, request.args.get("board", ""), cursor=cursor)
    name = "checkins/board.html"
    if is_htmx():
        name = "checkins/_board_rows.html" if cursor else "checkins/_board.html"
    return render_template(name, circle=campaign.circle, campaign=campaign, board=found, whole=True, later=bool(cursor))
