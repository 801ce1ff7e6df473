"""JSON routes of posts, comments and likes."""

from __future__ import annotations

from typing import Any

from circle.circles import queries as circles
from circle.core.api import ApiBlueprint, actor, expected_version
from circle.core.pagination import Page
from circle.posts import operations, queries
from circle.posts.queries import CommentRow, PostRow
from circle.posts.schemas import (
    CommentEditInput,
    CommentInput,
    CommentOut,
    CommentQuery,
    FeedOut,
    FeedQuery,
    LikedOut,
    PostEditInput,
    PostInput,
    PostOut,
    ReasonInput,
    RestoreInput,
    TopicFeedQuery,
)
from circle.topics import queries as topics

bp = ApiBlueprint("posts", __name__)


@bp.endpoint("GET", "/circles/<slug:slug>/feed", gives=FeedOut, query=FeedQuery, signed_in=False, errors=(400,))
def feed(query: dict[str, Any], slug: str) -> dict[str, Any]:
    """A circle's posts, newest, active, hot, or following first."""
    circle = circles.readable_circle(actor(), slug)
    page = queries.feed(
        actor(), circle, sort=query["sort"], type_=query["type"], cursor=query["cursor"], limit=query["limit"]
    )
    return {"pinned": [], "items": page.items, "next_cursor": page.next_cursor}


@bp.endpoint("POST", "/circles/<slug:slug>/posts", takes=PostInput, gives=PostOut, status=201, limit="publish")
def publish(data: dict[str, Any], slug: str) -> PostRow:
    """Publish a post."""
    return queries.get_post(actor(), operations.publish_post(actor(), slug, **data))


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


@bp.endpoint("GET", "/topics/<id:topic_id>/feed", gives=FeedOut, query=TopicFeedQuery, signed_in=False, errors=(400,))
def topic_feed(query: dict[str, Any], topic_id: int) -> dict[str, Any]:
    """A topic's posts."""
    topic = topics.get_topic_by_id(actor(), topic_id)
    circle = circles.readable_circle(actor(), topic.circle_slug)
    page = queries.topic_feed(
        actor(), circle, topic.id, sort=query["sort"], cursor=query["cursor"], limit=query["limit"]
    )
    return {"pinned": [], "items": page.items, "next_cursor": page.next_cursor}


@bp.endpoint("GET", "/users/<id:user_id>/posts", gives=PostOut, paged=True, signed_in=False)
def by_user(query: dict[str, Any], user_id: int) -> Page[PostRow]:
    """Somebody's posts in the circles that you may read."""
    return queries.posts_by(actor(), user_id, **query)
