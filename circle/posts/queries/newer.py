"""What came into a circle's newest-first feed after a given post: how many, and their cards.

"After" is the order of the feed itself (moment of publishing, then id), so what is counted is what a reload would show
above that post. A post that is pinned stands elsewhere and is no news.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select, true, tuple_

from circle.access import Actor
from circle.circles.queries import CircleRow
from circle.core import ids
from circle.core.db import db
from circle.posts.models import Post
from circle.posts.queries.feed import cards_for, listed, rows_in
from circle.posts.queries.rows import PostRow

#: nobody needs to know more exactly
MOST_COUNTED = 100


def count_newer(actor: Actor, circle: CircleRow, since: int) -> int:
    """How many posts of others came after the post `since` (0: all), at most MOST_COUNTED. One statement."""
    new = select(Post.id).where(*_newer(actor, circle, since))
    if actor.id is not None:
        new = new.where(Post.author_id != actor.id)
    return db.session.scalar(select(func.count()).select_from(new.limit(MOST_COUNTED).subquery())) or 0


def newer_posts(actor: Actor, circle: CircleRow, since: int, limit: int) -> list[PostRow]:
    """The posts that came after the post `since`, one's own too, newest first, at most `limit`."""
    statement = cards_for(actor, circle).where(*_newer(actor, circle, since))
    rows: Sequence[Any] = db.session.execute(
        statement.order_by(Post.published_at.desc(), Post.id.desc()).limit(limit)
    ).all()
    return rows_in(actor, circle, rows)


def _newer(actor: Actor, circle: CircleRow, since: int) -> tuple[ColumnElement[bool], ...]:
    return listed(actor, circle), _after(circle, since)


def _after(circle: CircleRow, since: int) -> ColumnElement[bool]:
    if not since:
        return true()
    moment = db.session.scalar(select(Post.published_at).where(Post.id == since, Post.circle_id == circle.id))
    # a post that is erased altogether still says by its id when it was made
    moment = moment or ids.moment_of(since)
    return tuple_(Post.published_at, Post.id) > tuple_(moment, since)
