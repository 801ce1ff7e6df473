"""Likes and comments."""

from __future__ import annotations

from typing import Any

from circle.core.api import actor, expected_version
from circle.core.pagination import Page
from circle.posts import operations, queries
from circle.posts.api.blueprint import bp
from circle.posts.queries import CommentRow
from circle.posts.schemas import (
    CommentEditInput,
    CommentInput,
    CommentOut,
    CommentQuery,
    LikedOut,
    ReasonInput,
    RestoreInput,
)


@bp.endpoint("PUT", "/posts/<id:post_id>/like", gives=LikedOut, limit="react", errors=(422,))
def like(post_id: int) -> operations.Liked:
    """Like a post. Repeating it changes nothing."""
    return operations.like_post(actor(), post_id, on=True)


@bp.endpoint("DELETE", "/posts/<id:post_id>/like", gives=LikedOut, limit="react", errors=(422,))
def unlike(post_id: int) -> operations.Liked:
    """Take a like back. Repeating it changes nothing."""
    return operations.like_post(actor(), post_id, on=False)


@bp.endpoint("GET", "/posts/<id:post_id>/comments", gives=CommentOut, query=CommentQuery, paged=True, signed_in=False)
def comments(query: dict[str, Any], post_id: int) -> Page[CommentRow]:
    """A post's comments of the first level, or the replies to one of them."""
    post = queries.get_post(actor(), post_id)
    if query["parent_id"] is not None:
        return queries.reply_page(actor(), post, query["parent_id"], cursor=query["cursor"], limit=query["limit"])
    return queries.comment_page(
        actor(), post, sort=query["sort"], cursor=query["cursor"], limit=query["limit"], replies=False
    )


@bp.endpoint("POST", "/posts/<id:post_id>/comments", takes=CommentInput, gives=CommentOut, status=201, limit="comment")
def comment(data: dict[str, Any], post_id: int) -> CommentRow:
    """Comment on a post, or reply to one of its comments."""
    return queries.get_comment(actor(), operations.write_comment(actor(), post_id, **data))[0]


@bp.endpoint(
    "PATCH", "/comments/<id:comment_id>", takes=CommentEditInput, gives=CommentOut, versioned=True, limit="comment"
)
def edit_comment(data: dict[str, Any], comment_id: int) -> CommentRow:
    """Change one's own comment."""
    operations.edit_comment(actor(), comment_id, version=expected_version(), **data)
    return queries.get_comment(actor(), comment_id)[0]


@bp.endpoint("DELETE", "/comments/<id:comment_id>", gives=None, status=204, limit="comment")
def delete_comment(comment_id: int) -> None:
    """Take one's own comment back; replies to it stay."""
    operations.delete_comment(actor(), comment_id)


@bp.endpoint("POST", "/comments/<id:comment_id>/hide", takes=ReasonInput, gives=CommentOut, limit="manage")
def hide_comment(data: dict[str, Any], comment_id: int) -> CommentRow:
    """Hide a comment; its author is told why."""
    operations.hide_comment(actor(), comment_id, **data)
    return queries.get_comment(actor(), comment_id)[0]


@bp.endpoint("POST", "/comments/<id:comment_id>/restore", takes=RestoreInput, gives=CommentOut, limit="manage")
def restore_comment(data: dict[str, Any], comment_id: int) -> CommentRow:
    """Show a hidden comment again."""
    operations.restore_comment(actor(), comment_id, **data)
    return queries.get_comment(actor(), comment_id)[0]


@bp.endpoint("POST", "/comments/<id:comment_id>/remove", takes=ReasonInput, gives=None, status=204, limit="manage")
def remove_comment(data: dict[str, Any], comment_id: int) -> None:
    """Remove a comment for good; its author is told why."""
    operations.remove_comment(actor(), comment_id, **data)


@bp.endpoint("PUT", "/comments/<id:comment_id>/like", gives=LikedOut, limit="react", errors=(422,))
def like_comment(comment_id: int) -> operations.Liked:
    """Like a comment. Repeating it changes nothing."""
    return operations.like_comment(actor(), comment_id, on=True)


@bp.endpoint("DELETE", "/comments/<id:comment_id>/like", gives=LikedOut, limit="react", errors=(422,))
def unlike_comment(comment_id: int) -> operations.Liked:
    """Take a like back. Repeating it changes nothing."""
    return operations.like_comment(actor(), comment_id, on=False)
