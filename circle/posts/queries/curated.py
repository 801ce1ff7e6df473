"""What the jobs of curating need to know."""

from __future__ import annotations

from sqlalchemy import select

from circle.core import clock
from circle.core.db import db
from circle.posts.models import Post


def circles_with_expired_pins() -> list[int]:
    """Ids of circles in which a pin's time is over."""
    over = select(Post.circle_id).where(Post.pin_rank.is_not(None), Post.pin_until <= clock.now())
    return list(db.session.scalars(over.distinct().order_by(Post.circle_id)))
