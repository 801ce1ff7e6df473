"""What those who run a circle decide about its tasks.

Changing a task is honest to those who are at it: what somebody has finished keeps the reward that was promised, also
when the task is changed or switched off afterwards. Who is on the way keeps what they have done; when less is asked
for now and they have that, they have finished. What is counted and how often it comes round never changes: that would
be another task.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, func, select, update

from circle.access import Actor, Permission, require
from circle.circles.models import Circle
from circle.circles.queries import readable_circle, readable_circle_by_id
from circle.core import audit, clock, ids
from circle.core.db import db
from circle.core.errors import NotFound, PreconditionFailed
from circle.core.operation import lock, operation
from circle.points import task_rules
from circle.points.models import Task, TaskProgress
from circle.points.operations.beginning import begin_tasks

_CHANGEABLE = ("title", "target", "points", "growth", "enabled")


@operation
def create_task(
    actor: Actor, circle_slug: str, *, title: str, event: str, cadence: str, target: int, points: int, growth: int
) -> int:
    """Ask something new of the members of a circle; returns the task's id.

    Raises NotFound, Forbidden, Invalid, Refused TOO_MANY_TASKS.
    """
    circle = readable_circle(actor, circle_slug)
    require(actor, Permission.POINTS_CONFIGURE, circle.standing)
    task_rules.check_title(title, None)
    task_rules.check_event(event, cadence)
    task_rules.check_reward(points, growth)
    lock(Circle, circle.id)  # one at a time, so that the number stays within its limit
    begin_tasks(circle.id)
    last, count = db.session.execute(
        select(func.max(Task.position), func.count()).where(Task.circle_id == circle.id)
    ).one()
    if count >= task_rules.TASKS_MAX:
        raise task_rules.too_many()
    task = Task(
        id=ids.new_id(), circle_id=circle.id, code=None, title=title, event=event, cadence=cadence, target=target,
        points=points, growth=growth, position=last + 1,
    )  # fmt: skip
    db.session.add(task)
    db.session.flush()
    _record(actor, task, "task.create", {"event": event, "cadence": cadence, **_state(task)})
    return task.id


@operation
def update_task(
    actor: Actor,
    task_id: int,
    *,
    title: str,
    target: int,
    points: int,
    growth: int,
    enabled: bool,
    expected_version: int | None = None,
) -> None:
    """Change a task, or switch it on or off; what members have done and finished stays (see above).

    Raises NotFound, Forbidden, Invalid, PreconditionFailed when `expected_version` is not the current one.
    """
    circle_id = db.session.scalar(select(Task.circle_id).where(Task.id == task_id))
    if circle_id is None:
        raise NotFound
    require(actor, Permission.POINTS_CONFIGURE, readable_circle_by_id(actor, circle_id).standing)
    task = lock(Task, task_id)
    if expected_version is not None and expected_version != task.version:
        raise PreconditionFailed
    task_rules.check_title(title, task.code)
    task_rules.check_reward(points, growth)
    before = _state(task)
    wanted = {"title": title, "target": target, "points": points, "growth": growth, "enabled": enabled}
    changed = {name: value for name, value in wanted.items() if before[name] != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(task, name, value)
    task.version += 1
    db.session.flush()
    if target < before["target"]:
        _finish(task)
    _record(actor, task, "task.update", {"before": {name: before[name] for name in changed}, "after": changed})


def _finish(task: Task) -> None:
    """Who has done as much as is asked for now has finished, for what it gives now."""
    now = clock.now()
    enough = (TaskProgress.task_id == task.id, TaskProgress.state == "open", TaskProgress.count >= task.target)
    db.session.execute(
        update(TaskProgress)
        .where(*enough, TaskProgress.expires_at > now)
        .values(
            state="claimable",
            count=case((TaskProgress.count > task.target, task.target), else_=TaskProgress.count),
            done_at=now,
            points=task.points,
            growth=task.growth,
        )
        .execution_options(synchronize_session=False)
    )


def _state(task: Task) -> dict[str, Any]:
    return {name: getattr(task, name) for name in _CHANGEABLE}


def _record(actor: Actor, task: Task, action: str, data: dict[str, Any]) -> None:
    about = {"name": task.title or task.code, **data}
    audit.record(actor, action, f"task:{task.id}", about, circle_id=task.circle_id)
