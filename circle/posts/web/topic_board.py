"""The weekly leaderboard of a topic on a page of its own."""

from __future__ import annotations

from flask import render_template, request

from circle.circles import queries as circles
from circle.core.web import actor, count_hit, is_htmx
from circle.posts import queries
from circle.posts.web.blueprint import bp
from circle.posts.weeks import Week
from circle.topics import queries as topics


@bp.get("/<slug:slug>/topics/<slug:topic_slug>/leaderboard")
def topic_board(slug: str, topic_slug: str) -> str:
    """Whose posts of a week met most; what is no week is the one that runs."""
    count_hit("read")
    circle = circles.readable_circle(actor(), slug)
    topic = topics.topic_in(actor(), circle, topic_slug)
    week = Week.named(request.args.get("week", ""), circle.tz)
    board = queries.with_neighbours(queries.topic_board(actor(), circle, topic.id, week), topic.id)
    name = "posts/_topic_board.html" if is_htmx() else "posts/topic_board.html"
    return render_template(name, circle=circle, topic=topic, board=board, whole=True)
