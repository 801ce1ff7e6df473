"""What a circle begins with: its rules and tasks, copied from the catalogue the first time they are needed."""

from __future__ import annotations

from sqlalchemy import select

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


@operation
def begin_tasks(circle_id: int) -> None:
    """The tasks alone."""
    if db.session.scalar(select(Task.id).where(Task.circle_id == circle_id).limit(1)) is not None:
        return
    for position, (code, task) in enumerate(TASKS.items(), 1):
        insert_once(
            Task, id=ids.new_id(), created_at=clock.now(), circle_id=circle_id, code=code, title="", enabled=True,
            position=position, version=1, **task._asdict(),
        )  # fmt: skip
