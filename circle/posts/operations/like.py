"""Liking and taking a like back. Both are idempotent: what counts is how it stands afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlalchemy import CursorResult, delete, select

from circle import access
from circle.access import Actor, Permission
from circle.circles import queries as circles
from circle.core import clock
from circle.core.db import db, insert_once
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation
from circle.posts import ranking, rules
from circle.posts.events import CommentLiked, CommentUnliked, PostLiked, PostUnliked
from circle.posts.models import Comment, Like, Post
from circle.posts.operations.counting import engage, mirror, refresh_peek
from circle.posts.operations.meeting import check_may_meet


@dataclass(frozen=True)
class Liked:
    """How it stands afterwards."""

    liked: bool
    like_count: int


@operation
def like_post(actor: Actor, post_id: int, *, on: bool) -> Liked:
    """Like a post (`on`) or take the like back. Raises NotFound, Forbidden, Refused OWN_CONTENT, BLOCKED."""
    post = lock(Post, post_id)
    circle = circles.readable_circle_by_id(actor, post.circle_id)
    if post.status != "published":
        raise NotFound
    access.require(actor, Permission.LIKE_GIVE, circle.standing)
    rules.check_not_own(actor.id, post.author_id)
    if on and not post.anonymous:
        check_may_meet(actor, circle, post.author_id)
    set_post_like(post, actor.person_id, on)
    return Liked(on, post.like_count)


def set_post_like(post: Post, user_id: int, on: bool) -> None:
    """Inside an operation: let it stand so on a locked post that somebody may like."""
    if delta := _set("post", post.id, user_id, on):
        post.like_count += delta
        engage(post, ranking.LIKE * delta)
        mirror(post)
        fact = PostLiked if delta > 0 else PostUnliked
        emit(fact(post.id, post.circle_id, post.author_id, user_id, post.anonymous, post.type))


@operation
def like_comment(actor: Actor, comment_id: int, *, on: bool) -> Liked:
    """Like a comment (`on`) or take the like back. Raises NotFound, Forbidden, Refused OWN_CONTENT, BLOCKED."""
    post_id = db.session.scalar(select(Comment.post_id).where(Comment.id == comment_id))
    if post_id is None:
        raise NotFound
    post = lock(Post, post_id)  # its card shows the most liked comment
    comment = lock(Comment, comment_id)
    circle = circles.readable_circle_by_id(actor, comment.circle_id)
    if comment.status != "published" or post.status != "published":
        raise NotFound
    access.require(actor, Permission.LIKE_GIVE, circle.standing)
    rules.check_not_own(actor.id, comment.author_id)
    if on:
        for row in (post, comment):
            if not row.anonymous:
                check_may_meet(actor, circle, row.author_id)
    set_comment_like(post, comment, actor.person_id, on)
    return Liked(on, comment.like_count)


def set_comment_like(post: Post, comment: Comment, user_id: int, on: bool) -> None:
    """The same for a comment; its post is locked, too."""
    if delta := _set("comment", comment.id, user_id, on):
        comment.like_count += delta
        if comment.parent_id is None:
            refresh_peek(post)
        fact = CommentLiked if delta > 0 else CommentUnliked
        emit(fact(comment.id, comment.post_id, comment.circle_id, comment.author_id, user_id))


def _set(target_type: str, target_id: int, user_id: int, on: bool) -> int:
    """Write or remove the row; returns by how much the count changes (the row decides, never a look before)."""
    if on:
        return int(
            insert_once(Like, target_type=target_type, target_id=target_id, user_id=user_id, created_at=clock.now())
        )
    gone = delete(Like).where(Like.target_type == target_type, Like.target_id == target_id, Like.user_id == user_id)
    return -cast("CursorResult[object]", db.session.execute(gone)).rowcount
