"""Hiding, restoring and removing what others wrote: with a reason, in the audit log, and the author is told."""

from __future__ import annotations

from circle import access
from circle.access import Actor, Permission, Standing
from circle.circles import queries as circles
from circle.core import audit, clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation
from circle.posts import rules
from circle.posts.events import (
    CommentHidden,
    CommentRemoved,
    CommentRestored,
    PostHidden,
    PostRemoved,
    PostRestored,
)
from circle.posts.models import Comment, Post
from circle.posts.operations.comment import parent_of
from circle.posts.operations.counting import count_comment, mirror, topic_ids_of
from circle.posts.operations.pins import drop_pin, locked_for_pins


@operation
def hide_post(actor: Actor, post_id: int, *, reason: str) -> None:
    """Hide a published post from everybody but its author and moderators. Raises NotFound, Forbidden, Conflict."""
    post = _moderated_post(actor, post_id)
    rules.check_status(post.status, ("published",))
    _set_post(actor, post, "hidden", reason)
    emit(PostHidden(post.id, post.circle_id, post.author_id, actor.id, topic_ids_of(post.id), reason))


@operation
def restore_post(actor: Actor, post_id: int, *, reason: str = "") -> None:
    """Show a hidden post again, where it stood. Raises NotFound, Forbidden, Conflict."""
    post = _moderated_post(actor, post_id)
    rules.check_status(post.status, ("hidden",))
    _set_post(actor, post, "published", reason)
    topic_ids, featured = topic_ids_of(post.id), post.featured_at is not None
    emit(PostRestored(post.id, post.circle_id, post.author_id, actor.id, topic_ids, featured=featured))


@operation
def remove_post(actor: Actor, post_id: int, *, reason: str) -> None:
    """Remove a post for good. Raises NotFound, Forbidden, Conflict."""
    post = _moderated_post(actor, post_id)
    rules.check_status(post.status, ("published", "hidden"))
    was_visible = post.status == "published"
    _set_post(actor, post, "removed", reason)
    emit(PostRemoved(post.id, post.circle_id, post.author_id, actor.id, topic_ids_of(post.id), reason, was_visible))


def _moderated_post(actor: Actor, post_id: int) -> Post:
    post = locked_for_pins(post_id)  # its circle comes first: it counts posts, and one that goes may have been pinned
    _check_may_moderate(actor, post, Permission.POST_MODERATE)
    if post.status in {"deleted", "draft"}:
        raise NotFound
    return post


def _check_may_moderate(actor: Actor, row: Post | Comment, permission: Permission) -> None:
    standing = Standing(row.circle_id, None)
    if not actor.is_system:
        standing = circles.readable_circle_by_id(actor, row.circle_id).standing
        if row.status != "published" and not actor.owns(row.author_id) and not access.can(actor, permission, standing):
            raise NotFound  # what is hidden is not there for those who do not moderate
    access.require(actor, permission, standing)
    # what somebody wrote unnamed is moderated whatever their role: a refusal would tell it
    target = Standing(row.circle_id, row.author_id)
    if not row.anonymous:
        target = circles.standing_of_user(row.circle_id, row.author_id)
    access.check_may_act_on(actor, standing, target)


def _set_post(actor: Actor, post: Post, status: str, reason: str) -> None:
    before, post.status = post.status, status
    _mark(actor, post, reason)
    if status != "published":
        drop_pin(post)
    mirror(post)
    verb = {"hidden": "hide", "published": "restore", "removed": "remove"}[status]
    audit.record(
        actor, f"post.{verb}", f"post:{post.id}", {"from": before, "to": status, "reason": reason},
        circle_id=post.circle_id,
    )  # fmt: skip


def _mark(actor: Actor, row: Post | Comment, reason: str) -> None:
    hidden = row.status != "published"
    row.hidden_at = clock.now() if hidden else None
    row.hidden_by = actor.id if hidden else None
    row.hidden_reason = reason if hidden else ""
    row.version += 1


@operation
def hide_comment(actor: Actor, comment_id: int, *, reason: str) -> None:
    """Hide a comment. Raises NotFound, Forbidden, Conflict."""
    comment = _set_comment(actor, comment_id, ("published",), "hidden", reason)
    emit(CommentHidden(comment.id, comment.post_id, comment.circle_id, comment.author_id, actor.id, reason))


@operation
def restore_comment(actor: Actor, comment_id: int, *, reason: str = "") -> None:
    """Show a hidden comment again. Raises NotFound, Forbidden, Conflict."""
    comment = _set_comment(actor, comment_id, ("hidden",), "published", reason)
    emit(CommentRestored(comment.id, comment.post_id, comment.circle_id, comment.author_id, actor.id))


@operation
def remove_comment(actor: Actor, comment_id: int, *, reason: str) -> None:
    """Remove a comment for good. Raises NotFound, Forbidden, Conflict."""
    comment = _set_comment(actor, comment_id, ("published", "hidden"), "removed", reason)
    emit(CommentRemoved(comment.id, comment.post_id, comment.circle_id, comment.author_id, actor.id, reason))


def _set_comment(actor: Actor, comment_id: int, allowed: tuple[str, ...], status: str, reason: str) -> Comment:
    known = db.session.get(Comment, comment_id)
    if known is None:
        raise NotFound
    post = lock(Post, known.post_id)
    comment = lock(Comment, comment_id)
    _check_may_moderate(actor, comment, Permission.COMMENT_MODERATE)
    if comment.status == "deleted" or post.status in {"deleted", "removed", "draft"}:
        raise NotFound
    rules.check_status(comment.status, allowed)
    before, comment.status = comment.status, status
    _mark(actor, comment, reason)
    db.session.flush()
    delta = int(status == "published") - int(before == "published")
    if delta:
        count_comment(post, parent_of(comment), comment, delta)
    verb = {"hidden": "hide", "published": "restore", "removed": "remove"}[status]
    audit.record(
        actor, f"comment.{verb}", f"comment:{comment.id}", {"from": before, "to": status, "reason": reason},
        circle_id=comment.circle_id,
    )  # fmt: skip
    return comment
