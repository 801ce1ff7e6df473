"""Growth by day, for the boards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String, bindparam, text

from circle.core import clock
from circle.core.db import UTCDateTime, db
from circle.points import periods


def count_growth(circle_id: int, member_id: int, growth: int, effective_at: datetime, tz: str) -> None:
    """Add growth (or take it away) on the day when it was earned, and in all."""
    day, _week = periods.keys_of(effective_at, tz)
    values = {"circle": circle_id, "member": member_id, "growth": growth, "day": day, "now": clock.now()}
    db.session.execute(_ADDING, values)


#: both rows in one statement whose text never changes: put together from parts it would be compiled anew each time.
#: A board stands by who was there first: only what rises makes it later.
_ADDING = text(
    """
    INSERT INTO growth_totals (circle_id, period_key, member_id, growth, reached_at)
    VALUES (:circle, :day, :member, :growth, :now), (:circle, 'ALL', :member, :growth, :now)
    ON CONFLICT (circle_id, period_key, member_id) DO UPDATE SET
      growth = growth_totals.growth + excluded.growth,
      reached_at = CASE WHEN excluded.growth > 0 THEN excluded.reached_at ELSE growth_totals.reached_at END
    """
).bindparams(
    *(bindparam(name, type_=BigInteger) for name in ("circle", "member", "growth")),
    bindparam("day", type_=String),
    bindparam("now", type_=UTCDateTime),
)
