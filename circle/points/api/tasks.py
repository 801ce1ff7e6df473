"""Tasks and the leaderboard over the API."""

from __future__ import annotations

from typing import Any

from circle.access import Permission, require
from circle.circles.queries import CircleRow, readable_circle, readable_circle_by_id
from circle.core.api import actor
from circle.points import operations, queries
from circle.points.api.blueprint import bp
from circle.points.queries.board import Board, board_of
from circle.points.task_schemas import BoardOut, BoardQuery, TasksOut


def _tasks(circle: CircleRow) -> dict[str, Any]:
    require(actor(), Permission.TASK_CLAIM, circle.standing)
    operations.ensure_tasks(circle.id)
    return {"rows": queries.tasks_of(actor(), circle)}


@bp.endpoint("GET", "/circles/<slug:slug>/tasks", gives=TasksOut, errors=(403,))
def tasks(slug: str) -> dict[str, Any]:
    """The tasks one has in a circle now."""
    return _tasks(readable_circle(actor(), slug))


@bp.endpoint("POST", "/tasks/<id:task_id>/claim", gives=TasksOut, limit="react", key_required=True)
def claim(task_id: int) -> dict[str, Any]:
    """Claim the reward of a finished task; answers with all tasks as they are now."""
    claimed = operations.claim_task(actor(), task_id)
    return _tasks(readable_circle_by_id(actor(), claimed.circle_id))


@bp.endpoint("GET", "/circles/<slug:slug>/leaderboard", query=BoardQuery, gives=BoardOut, signed_in=False)
def leaderboard(query: dict[str, Any], slug: str) -> Board:
    """Who grew most in a circle, in the last 7 or 30 days or ever."""
    return board_of(actor(), readable_circle(actor(), slug), query["window"])
