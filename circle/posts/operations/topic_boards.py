"""Keeping the leaderboard of a topic as it is when its week is over."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, String, bindparam, insert, select

from circle.circles.models import Circle
from circle.core import clock
from circle.core.db import db, insert_once
from circle.core.operation import operation
from circle.posts.models import TopicRank, TopicWeek
from circle.posts.queries.topic_board import PLACES, standings
from circle.posts.weeks import Week
from circle.topics.models import Topic


@operation
def freeze_topic_week(topic_id: int, week_key: str) -> bool:
    """Write down the first places of a topic in a week of its circle's time zone that is over; whether it was done now.

    Freezing twice is freezing once (F7): what was kept is never made anew.
    """
    here = select(Topic.circle_id, Circle.tz).join(Circle, Circle.id == Topic.circle_id).where(Topic.id == topic_id)
    found = db.session.execute(here).one_or_none()
    week = Week.named(week_key, found.tz) if found is not None else None
    if found is None or week is None or week.freezes_at > clock.now():
        return False
    if not insert_once(TopicWeek, topic_id=topic_id, week=week.key, frozen_at=clock.now()):
        return False
    values = {"topic": topic_id, "circle": found.circle_id, "week": week.key}
    db.session.execute(_keeping(), values | {"since": week.starts_at, "until": week.ends_at})
    return True


@cache
def _keeping() -> Any:
    places, table = standings(), TopicRank.__table__
    at, topic_id, week = places.c, bindparam("topic", type_=BigInteger), bindparam("week", type_=String)
    kept = select(topic_id, week, at.rank, at.user_id, at.score, at.post_count).where(at.rank <= PLACES)
    columns = ("topic_id", "week", "rank", "user_id", "score", "post_count")
    return insert(table).from_select(columns, kept, include_defaults=False)  # type: ignore[arg-type]
