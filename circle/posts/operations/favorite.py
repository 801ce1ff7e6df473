"""Keeping a post for oneself and letting it go. Both are idempotent: what counts is how it stands afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlalchemy import CursorResult, delete

from circle import access
from circle.access import Actor, Permission
from circle.circles import queries as circles
from circle.core import clock
from circle.core.db import db, insert_once
from circle.core.errors import NotFound, Unauthenticated
from circle.core.operation import emit, lock, operation
from circle.posts import ranking
from circle.posts.events import PostFavorited, PostUnfavorited
from circle.posts.models import Favorite, Post
from circle.posts.operations.counting import engage, mirror
from circle.posts.operations.meeting import check_may_meet


@dataclass(frozen=True)
class Favorited:
    """How it stands afterwards."""

    favorited: bool
    favorite_count: int


@operation
def favorite_post(actor: Actor, post_id: int, *, on: bool) -> Favorited:
    """Keep a post among one's favourites (`on`) or let it go. One's own may be kept, too; that counts for nothing.

    Letting go is for everybody who can still read it, also without being a member any more.
    Raises NotFound, Unauthenticated, Forbidden, Refused BLOCKED.
    """
    post = lock(Post, post_id)
    circle = circles.readable_circle_by_id(actor, post.circle_id)
    if post.status != "published":
        raise NotFound
    if not actor.signed_in:
        raise Unauthenticated
    if on:
        access.require(actor, Permission.LIKE_GIVE, circle.standing)
        if not post.anonymous:
            check_may_meet(actor, circle, post.author_id)
    set_favorite(post, actor.person_id, on)
    return Favorited(on, post.favorite_count)


def set_favorite(post: Post, user_id: int, on: bool) -> None:
    """Inside an operation: let it stand so on a locked post that somebody may keep."""
    if delta := _set(post.id, user_id, on):
        post.favorite_count += delta
        if user_id != post.author_id:
            engage(post, ranking.FAVORITE * delta)
            mirror(post)
        fact = PostFavorited if delta > 0 else PostUnfavorited
        emit(fact(post.id, post.circle_id, post.author_id, user_id))


def _set(post_id: int, user_id: int, on: bool) -> int:
    """Write or remove the row; returns by how much the count changes (the row decides, never a look before)."""
    if on:
        return int(insert_once(Favorite, post_id=post_id, user_id=user_id, created_at=clock.now()))
    gone = delete(Favorite).where(Favorite.post_id == post_id, Favorite.user_id == user_id)
    return -cast("CursorResult[object]", db.session.execute(gone)).rowcount
