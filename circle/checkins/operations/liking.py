"""What others do with the posts of check-ins, kept where the boards are sorted by it."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, select, update

from circle.checkins import days
from circle.checkins.models import CheckinRecord, Enrollment
from circle.core.db import db
from circle.core.operation import operation


@operation
def count_like(post_id: int, delta: int) -> None:
    """A check-in was liked (+1), or that was taken back (-1). What is settled, or does not count, stays as it is."""
    db.session.execute(_counting(), {"post": post_id, "delta": delta})


@cache
def _counting() -> Any:
    table: Any = Enrollment.__table__
    record = CheckinRecord.__table__.c
    of_post = select(record.enrollment_id).where(
        record.post_id == bindparam("post", type_=BigInteger), record.status == "approved"
    )
    delta = bindparam("delta", type_=BigInteger)
    return (
        update(table)
        .where(table.c.id.in_(of_post), table.c.settled_at.is_(None))
        .values(
            likes=table.c.likes + delta, merit=table.c.merit + delta * days.LIKE,
            board_key=table.c.board_key - delta * days.LIKE,
        )
    )  # fmt: skip


@operation
def keep_engagement(post_id: int, engagement: int) -> None:
    """What the post of a check-in is worth now."""
    db.session.execute(_keeping(), {"of_post": post_id, "worth": engagement})


@cache
def _keeping() -> Any:
    table: Any = CheckinRecord.__table__
    worth = bindparam("worth", type_=BigInteger)
    return update(table).where(table.c.post_id == bindparam("of_post", type_=BigInteger)).values(engagement=worth)
