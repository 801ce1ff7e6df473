"""Pages of tasks: a member's list with what to claim, the leaderboard, and what those who run the circle set."""

from __future__ import annotations

import json
from typing import Any

from flask import render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.access import Permission, require
from circle.circles.queries import CircleRow, readable_circle
from circle.core.errors import Conflict, PreconditionFailed
from circle.core.i18n import _
from circle.core.web import actor, count_hit, fragment_or_redirect, go, is_htmx, limited, once, signed_in, takes_form
from circle.points import operations, queries
from circle.points.catalog import TASK_EVENTS
from circle.points.queries.board import WINDOWS
from circle.points.task_schemas import ClaimForm, NewTaskForm, TaskForm
from circle.points.web.blueprint import bp

# ---- a member's tasks ------------------------------------------------------------------------------------------------


def _joined(slug: str) -> CircleRow:
    """The circle, for one of its members, with its tasks begun."""
    circle = readable_circle(actor(), slug)
    require(actor(), Permission.TASK_CLAIM, circle.standing)
    operations.ensure_tasks(circle.id)
    return circle


def _tasks_page(_values: Any, errors: Any, slug: str, **_path: Any) -> str:
    circle = _joined(slug)
    name = "points/_tasks.html" if is_htmx() else "points/tasks.html"
    return render_template(name, circle=circle, tasks=queries.tasks_of(actor(), circle), errors=errors)


@bp.get("/<slug:slug>/tasks")
@signed_in
def tasks(slug: str) -> str:
    """What one can do here now, and what one gets for it."""
    count_hit("read")
    return _tasks_page({}, {}, slug)


@bp.post("/<slug:slug>/tasks/<id:task_id>/claim")
@signed_in
@limited("react")
@takes_form(ClaimForm, again=_tasks_page)
def claim_task(_data: dict[str, Any], slug: str, task_id: int) -> AnyResponse:
    """Claim the reward of a finished task."""
    queries.task_in(_joined(slug), task_id)  # not of another circle
    try:
        got = operations.claim_task(actor(), task_id)
        told = _told(got.points, got.growth)
    except Conflict as error:
        if all(task.id != task_id or not task.done for task in queries.tasks_of(actor(), _joined(slug))):
            raise
        told = str(error.sentence)  # a double click, or another device: what was wanted is so
    answer = fragment_or_redirect(lambda: _tasks_page({}, {}, slug), url_for("points.tasks", slug=slug), toast=told)
    if "HX-Trigger" in answer.headers:  # the numbers on the same page are older now
        answer.headers["HX-Trigger"] = json.dumps(json.loads(answer.headers["HX-Trigger"]) | {"claimed": True})
    return answer


def _told(points: int, growth: int) -> str:
    """What was given, in a few words."""
    if points and growth:
        told = _("Yours: %(points)s points and %(growth)s growth", points=points, growth=growth)
    elif points:
        told = _("Yours: %(points)s points", points=points)
    else:
        told = _("Yours: %(growth)s growth", growth=growth)
    return str(told)


# ---- the board -------------------------------------------------------------------------------------------------------


@bp.get("/<slug:slug>/leaderboard")
def leaderboard(slug: str) -> str:
    """Who grew most."""
    count_hit("read")
    circle = readable_circle(actor(), slug)
    window = request.args.get("window", WINDOWS[0])
    window = window if window in WINDOWS else WINDOWS[0]
    board = queries.board_of(actor(), circle, window)
    return render_template("points/leaderboard.html", circle=circle, board=board)


# ---- for those who run the circle ------------------------------------------------------------------------------------


def _managed(slug: str) -> CircleRow:
    circle = readable_circle(actor(), slug)
    require(actor(), Permission.POINTS_CONFIGURE, circle.standing)
    return circle


@bp.get("/<slug:slug>/manage/points/tasks")
@signed_in
def manage_tasks(slug: str) -> str:
    """All tasks of the circle."""
    circle = _managed(slug)
    operations.ensure_tasks(circle.id)
    return render_template("points/manage_tasks.html", circle=circle, tasks=queries.tasks_to_manage(circle))


def _new_page(values: Any, errors: Any, slug: str) -> str:
    return render_template(
        "points/manage_task_new.html", circle=_managed(slug), values=values, errors=errors, events=TASK_EVENTS.items()
    )


@bp.get("/<slug:slug>/manage/points/tasks/new")
@signed_in
def new_task(slug: str) -> str:
    """The form of a task of one's own."""
    return _new_page({}, {}, slug)


@bp.post("/<slug:slug>/manage/points/tasks")
@signed_in
@limited("manage")
@once
@takes_form(NewTaskForm, again=_new_page)
def create_task(data: dict[str, Any], slug: str) -> AnyResponse:
    """Ask something new."""
    operations.create_task(actor(), slug, **data)
    return go(url_for("points.manage_tasks", slug=slug), toast=_("The task is there."))


def _edit_page(values: Any, errors: Any, slug: str, task_id: int) -> str:
    circle = _managed(slug)
    task = queries.task_in(circle, task_id)
    # after an error what was typed, where a switch that is off is missing
    shown = values if errors else vars(task)
    return render_template("points/manage_task.html", circle=circle, task=task, values=shown, errors=errors)


@bp.get("/<slug:slug>/manage/points/tasks/<id:task_id>")
@signed_in
def edit_task(slug: str, task_id: int) -> str:
    """The form of a task."""
    return _edit_page({}, {}, slug, task_id)


@bp.post("/<slug:slug>/manage/points/tasks/<id:task_id>")
@signed_in
@limited("manage")
@takes_form(TaskForm, again=_edit_page)
def update_task(data: dict[str, Any], slug: str, task_id: int) -> AnyResponse:
    """Store the changed task."""
    queries.task_in(_managed(slug), task_id)  # not of another circle
    version = data.pop("version")
    try:
        operations.update_task(actor(), task_id, expected_version=version, **data)
    except PreconditionFailed as error:
        raise Conflict(error.sentence) from None  # the form again, with what was typed
    return go(url_for("points.manage_tasks", slug=slug), toast=_("Saved."))
