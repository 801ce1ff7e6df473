"""The number of posts that a level allows in a day, held to exactly.

Who is far from their limit is only counted. Near it they queue at their own member row before they are counted, or on
PostgreSQL two posts sent at once would each not see the other. Near means `NEAR` posts: more than one person's
requests may be under way at the same time (core/limits.py), so that nobody runs past the limit uncounted. On SQLite
there is one writer at a time anyway.
"""

from __future__ import annotations

from sqlalchemy import select

from circle.circles.models import Member
from circle.circles.queries import CircleRow
from circle.core.db import db
from circle.core.operation import lock
from circle.points import queries as points
from circle.posts.allowances import no_room_today
from circle.posts.queries.today import published_today

NEAR = 20


def queue_near_limit(circle: CircleRow) -> None:
    """Lock the actor's member row if few posts are left today: for operations that lock rows of a higher rank (a
    draft) before they publish."""
    most = points.privileges(circle).posts_per_day
    if most is not None and most - published_today(circle) <= NEAR:
        _lock_member(circle)


def check_room_today(circle: CircleRow, *, queued: bool) -> None:
    """One more post is allowed today; `queued` when queue_near_limit was asked before.

    Raises Refused DAILY_LIMIT, or LEVEL_TOO_LOW where the level publishes nothing.
    """
    most = points.privileges(circle).posts_per_day
    if most is None:
        return
    left = most - published_today(circle) if most > 0 else 0
    if 0 < left <= NEAR and not queued:
        _lock_member(circle)
        left = most - published_today(circle)
    if left <= 0:
        raise no_room_today(circle, most)


def _lock_member(circle: CircleRow) -> None:
    mine = select(Member.id).where(Member.circle_id == circle.id, Member.user_id == circle.actor.id)
    if (member_id := db.session.scalar(mine)) is not None:
        lock(Member, member_id)
