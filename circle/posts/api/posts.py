"""One post: writing, reading, editing, taking back, moderating."""

from __future__ import annotations

from typing import Any

from circle.core.api import actor, expected_version
from circle.posts import operations, queries
from circle.posts.api.blueprint import bp
from circle.posts.queries import PostRow
from circle.posts.schemas import (
    PostEditInput,
    PostInput,
    PostOut,
    ReasonInput,
    RestoreInput,
)


@bp.endpoint("POST", "/circles/<slug:slug>/posts", takes=PostInput, gives=PostOut, status=201, limit="publish")
def publish(data: dict[str, Any], slug: str) -> PostRow:
    """Publish a post."""
    poll = data.pop("poll")
    asked = operations.PollContent.of(**poll) if poll else None
    return queries.get_post(actor(), operations.publish_post(actor(), slug, poll=asked, **data), slug=slug)


@bp.endpoint("GET", "/posts/<id:post_id>", gives=PostOut, signed_in=False)
def show(post_id: int) -> PostRow:
    """One post."""
    return queries.get_post(actor(), post_id)


@bp.endpoint(
    "PATCH", "/posts/<id:post_id>", takes=PostEditInput, gives=PostOut, versioned=True, limit="publish", errors=(409,)
)
def edit(data: dict[str, Any], post_id: int) -> PostRow:
    """Change one's own post; what is left out stays."""
    operations.edit_post(actor(), post_id, version=expected_version(), **data)
    return queries.get_post(actor(), post_id)


@bp.endpoint("DELETE", "/posts/<id:post_id>", gives=None, status=204, limit="publish", errors=(409,))
def delete(post_id: int) -> None:
    """Take one's own post back."""
    operations.delete_post(actor(), post_id)


@bp.endpoint("POST", "/posts/<id:post_id>/hide", takes=ReasonInput, gives=PostOut, limit="manage")
def hide(data: dict[str, Any], post_id: int) -> PostRow:
    """Hide a post; its author is told why."""
    operations.hide_post(actor(), post_id, **data)
    return queries.get_post(actor(), post_id)


@bp.endpoint("POST", "/posts/<id:post_id>/restore", takes=RestoreInput, gives=PostOut, limit="manage")
def restore(data: dict[str, Any], post_id: int) -> PostRow:
    """Show a hidden post again."""
    operations.restore_post(actor(), post_id, **data)
    return queries.get_post(actor(), post_id)


@bp.endpoint("POST", "/posts/<id:post_id>/remove", takes=ReasonInput, gives=None, status=204, limit="manage")
def remove(data: dict[str, Any], post_id: int) -> None:
    """Remove a post for good; its author is told why."""
    operations.remove_post(actor(), post_id, **data)
