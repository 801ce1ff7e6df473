"""Keeping posts, and the list of what is kept."""

from __future__ import annotations

from typing import Any

from circle.core.api import actor
from circle.core.pagination import Page
from circle.posts import operations, queries
from circle.posts.api.blueprint import bp
from circle.posts.queries import PostRow
from circle.posts.schemas import FavoritedOut, PostOut


@bp.endpoint("PUT", "/posts/<id:post_id>/favorite", gives=FavoritedOut, limit="react")
def favorite(post_id: int) -> operations.Favorited:
    """Keep a post. Repeating it changes nothing."""
    return operations.favorite_post(actor(), post_id, on=True)


@bp.endpoint("DELETE", "/posts/<id:post_id>/favorite", gives=FavoritedOut, limit="react")
def unfavorite(post_id: int) -> operations.Favorited:
    """Let a post go that was kept. Repeating it changes nothing."""
    return operations.favorite_post(actor(), post_id, on=False)


@bp.endpoint("GET", "/me/favorites", gives=PostOut, paged=True)
def favorites(query: dict[str, Any]) -> Page[PostRow]:
    """The posts you keep, last kept first; those you cannot read any more are left out."""
    return queries.favorites(actor(), **query)
