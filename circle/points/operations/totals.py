"""Growth by day, for the boards."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import case
from sqlalchemy.dialects import postgresql, sqlite

from circle.core import clock
from circle.core.db import db
from circle.points import periods
from circle.points.models import GrowthTotal


def count_growth(circle_id: int, member_id: int, growth: int, effective_at: datetime, tz: str) -> None:
    """Add growth (or take it away) on the day when it was earned, and in all."""
    day, _week = periods.keys_of(effective_at, tz)
    row = {"circle_id": circle_id, "member_id": member_id, "growth": growth, "reached_at": clock.now()}
    rows = [{**row, "period_key": period} for period in (day, periods.ALL)]
    db.session.execute(_adding(db.session.get_bind().dialect.name), rows)


@cache
def _adding(dialect: str) -> Any:
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    table: Any = GrowthTotal.__table__
    # the rows come as parameters: a statement that holds them itself would be put together anew each time
    statement = make(table)
    more = table.c.growth + statement.excluded.growth
    # a board stands by who was there first: only what rises makes it later
    when = case((statement.excluded.growth > 0, statement.excluded.reached_at), else_=table.c.reached_at)
    return statement.on_conflict_do_update(
        index_elements=[table.c.circle_id, table.c.period_key, table.c.member_id],
        set_={"growth": more, "reached_at": when},
    )
