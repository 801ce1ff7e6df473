"""Help for the kernel's tests: things that can be counted, and many threads at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import select

from circle.core.audit import AuditHead
from circle.core.db import db
from circle.core.ids import new_id
from circle.core.operation import operation
from tests import patience

#: things are heads of audit streams that nobody else uses: a small table that every test may write to
_PREFIX = "thing:"


@operation
def make_thing(name: str = "thing") -> int:
    """Write one row, so that a test can count effects."""
    number = new_id()
    db.session.add(AuditHead(stream=f"{_PREFIX}{number}", seq=0, hash=name.ljust(64)[:64]))
    db.session.flush()
    return number


def things() -> list[str]:
    """The names of all things, oldest first."""
    db.session.rollback()  # look at what is stored now
    rows = db.session.execute(
        select(AuditHead.hash).where(AuditHead.stream.startswith(_PREFIX)).order_by(AuditHead.stream)
    )
    return [name.strip() for (name,) in rows]


def at_once(app: Flask, count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work(number)` in `count` threads that start together; what each returned or raised, by number."""

    def run(number: int) -> Any:
        with app.app_context():
            try:
                return work(number)
            except Exception as error:
                return error
            finally:
                db.session.remove()

    return patience.at_once(run, range(count))
