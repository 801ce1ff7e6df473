"""The pinned posts of a circle: at most five, in places 1 to n without gaps (F6).

All pins of a circle change under the lock of its row, so whoever holds that may read them without locking the posts.
The order is always circle, then posts by id; what takes a pin away (hiding, deleting) begins with `locked_for_pins`
as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from circle.circles.models import Circle
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import lock, lock_all
from circle.posts.models import Post


def locked_for_pins(post_id: int, *, all_pins: bool = False) -> Post:
    """The post, locked after its circle; with it the pinned posts, if it is one of them or `all_pins`.

    Raises NotFound.
    """
    circle_id = db.session.scalar(select(Post.circle_id).where(Post.id == post_id))
    if circle_id is None:
        raise NotFound
    lock(Circle, circle_id)
    pinned = _pinned_ids(circle_id)
    wanted = {post_id, *pinned} if all_pins or post_id in pinned else {post_id}
    return next(post for post in lock_all(Post, wanted) if post.id == post_id)


def pins_of(circle_id: int) -> list[Post]:
    """The pinned posts in their order, those that ran out too; circle and posts must be locked."""
    pinned = select(Post).where(Post.circle_id == circle_id, Post.pin_rank.is_not(None))
    return list(db.session.scalars(pinned.order_by(Post.pin_rank, Post.id)))


def has_run_out(post: Post) -> bool:
    """Whether the pin's time is over."""
    return post.pin_until is not None and post.pin_until <= clock.now()


def drop_pin(post: Post) -> None:
    """Take the pin off a post that `locked_for_pins` gave; the others move up."""
    if post.pin_rank is not None:
        arrange([other for other in pins_of(post.circle_id) if other.id != post.id], gone=[post])


def arrange(pins: Sequence[Post], gone: Sequence[Post] = ()) -> None:
    """Give `pins` the places 1 to n in this order, and take the pin off those that are `gone`."""
    for post in gone:
        post.pin_rank = post.pin_until = None
    for rank, post in enumerate(pins, 1):
        post.pin_rank = rank


def lock_pins(circle_id: int) -> list[Post]:
    """The circle's pinned posts in their order, locked after the circle. Raises NotFound."""
    lock(Circle, circle_id)
    lock_all(Post, _pinned_ids(circle_id))
    return pins_of(circle_id)


def _pinned_ids(circle_id: int) -> set[int]:
    return set(db.session.scalars(select(Post.id).where(Post.circle_id == circle_id, Post.pin_rank.is_not(None))))
