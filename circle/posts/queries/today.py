"""How many posts somebody published today, and how many more their level lets them."""

from __future__ import annotations

from sqlalchemy import func, select

from circle.circles.queries import CircleRow
from circle.core import clock
from circle.core.db import db
from circle.points import periods
from circle.points import queries as points
from circle.posts.models import POST_STATUSES, Post

#: whatever became of a post, it was published
_PUBLISHED_ONCE = tuple(status for status in POST_STATUSES if status != "draft")


def published_today(circle: CircleRow) -> int:
    """The actor's posts of this circle's present day, those taken back or hidden since among them."""
    today = periods.start_of(clock.local_date(clock.now(), circle.tz), circle.tz)
    # with the states named, the index by author, state and time answers
    mine = (Post.author_id == (circle.actor.id or 0), Post.status.in_(_PUBLISHED_ONCE), Post.published_at >= today)
    counted = select(func.count()).select_from(Post).where(*mine, Post.circle_id == circle.id)
    return db.session.scalar(counted) or 0


def posts_left(circle: CircleRow) -> int | None:
    """How many more posts the actor may publish today; None for as many as they like. One statement, and none where
    the level sets no limit."""
    most = points.privileges(circle).posts_per_day
    if most is None or most <= 0:
        return most
    return max(0, most - published_today(circle))
