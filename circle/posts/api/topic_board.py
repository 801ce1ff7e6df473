"""The weekly leaderboard of a topic over the API."""

from __future__ import annotations

from typing import Any

from circle.circles import queries as circles
from circle.core.api import actor
from circle.posts import queries
from circle.posts.api.blueprint import bp
from circle.posts.topic_board_schemas import TopicBoardOut, TopicBoardQuery
from circle.posts.weeks import Week
from circle.topics import queries as topics


@bp.endpoint(
    "GET", "/topics/<id:topic_id>/leaderboard", gives=TopicBoardOut, query=TopicBoardQuery, signed_in=False
)  # fmt: skip
def topic_board(query: dict[str, Any], topic_id: int) -> dict[str, Any]:
    """Whose posts of a week met most in a topic; of the week that runs without one. 404 for a week to come."""
    topic = topics.get_topic_by_id(actor(), topic_id)
    circle = circles.readable_circle(actor(), topic.circle_slug)
    week = Week.named(query["week"], circle.tz) if query["week"] else None
    board = queries.with_neighbours(queries.topic_board(actor(), circle, topic_id, week), topic_id)
    when = {"week": board.week.key, "starts_at": board.week.starts_at, "ends_at": board.week.ends_at}
    return {**vars(board), **when}
