"""What a circle begins with: its rules and tasks, copied from the catalogue the first time they are needed."""

from __future__ import annotations

from sqlalchemy import exists, select

from circle.core import clock, ids
from circle.core.db import db, insert_once
from circle.core.operation import operation
from circle.points.catalog import RULES, TASKS
from circle.points.models import EarnRule, Task


@operation
def begin_points(circle_id: int) -> None:
    """Give a circle its rules and tasks; nothing happens when it has them."""
    begin_rules(circle_id)
    begin_tasks(circle_id)


@operation
def begin_rules(circle_id: int) -> None:
    """The rules alone: whoever looks at the first of them and finds none asks for all."""
    for code, rule in RULES.items():
        insert_once(
            EarnRule, id=ids.new_id(), created_at=clock.now(), circle_id=circle_id, code=code, version=1, enabled=True,
            created_by=None, replaced_at=None, **rule._asdict(),
        )  # fmt: skip


def ensure_tasks(circle_id: int) -> None:
    """Before tasks are listed: see that the circle has its own. Only the very first look at them writes anything."""
    if not _has_tasks(circle_id):
        begin_tasks(circle_id)


@operation
def begin_tasks(circle_id: int) -> None:
    """The tasks alone."""
    if _has_tasks(circle_id):
        return
    for position, (code, task) in enumerate(TASKS.items(), 1):
        insert_once(
            Task, id=ids.new_id(), created_at=clock.now(), circle_id=circle_id, code=code, title="", enabled=True,
            position=position, version=1, **task._asdict(),
        )  # fmt: skip


def _has_tasks(circle_id: int) -> bool:
    return db.session.scalar(select(exists().where(Task.circle_id == circle_id))) or False
