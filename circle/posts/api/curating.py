"""Pinning and featuring posts."""

from __future__ import annotations

from typing import Any

from circle.core.api import actor
from circle.posts import operations, queries
from circle.posts.api.blueprint import bp
from circle.posts.queries import PostRow
from circle.posts.schemas import PinInput, PostOut


@bp.endpoint(
    "PUT", "/posts/<id:post_id>/pin", takes=PinInput, gives=PostOut, limit="manage", errors=(409,)
)  # fmt: skip
def pin(data: dict[str, Any], post_id: int) -> PostRow:
    """Pin a post at a place from 1 to 5; the others move down."""
    operations.pin_post(actor(), post_id, **data)
    return queries.get_post(actor(), post_id)


@bp.endpoint("DELETE", "/posts/<id:post_id>/pin", gives=PostOut, limit="manage")
def unpin(post_id: int) -> PostRow:
    """Take a pin off; the others move up. Repeating it changes nothing."""
    operations.unpin_post(actor(), post_id)
    return queries.get_post(actor(), post_id)


@bp.endpoint("PUT", "/posts/<id:post_id>/feature", gives=PostOut, limit="manage", errors=(409,))
def feature(post_id: int) -> PostRow:
    """Feature a post; its author is told. Repeating it changes nothing."""
    operations.feature_post(actor(), post_id, on=True)
    return queries.get_post(actor(), post_id)


@bp.endpoint("DELETE", "/posts/<id:post_id>/feature", gives=PostOut, limit="manage")
def unfeature(post_id: int) -> PostRow:
    """Take a post out of the featured ones. Repeating it changes nothing."""
    operations.feature_post(actor(), post_id, on=False)
    return queries.get_post(actor(), post_id)
