"""Writing, editing and taking back a comment."""

from __future__ import annotations

from circle import access
from circle.access import Actor, Permission
from circle.circles import queries as circles
from circle.core import clock, markup
from circle.core.db import db
from circle.core.errors import NotFound, PreconditionFailed
from circle.core.operation import emit, lock, operation
from circle.posts import rules, texts
from circle.posts.events import CommentDeleted, CommentPublished, PeopleMentioned
from circle.posts.models import Comment, Post
from circle.posts.operations.counting import count_comment
from circle.posts.operations.meeting import check_may_meet
from circle.posts.operations.mentions import forget_mentions, keep_mentions
from circle.posts.texts import Words

#: of a comment, in the notice to whom it answers
EXCERPT = 80


def write_comment(actor: Actor, post_id: int, *, body: str, parent_id: int | None = None) -> int:
    """Comment on a post, or reply to a comment of it (`parent_id`), and return the id.

    A reply to a reply stands under the same first-level comment and names whom it answers: two levels are shown.
    Raises NotFound, Forbidden (MUTED, BANNED), Refused COMMENT_EMPTY, BLOCKED.
    """
    return _write(actor, post_id, body, texts.under_post(actor, body, post_id), parent_id)


@operation
def _write(actor: Actor, post_id: int, body: str, words: Words, parent_id: int | None) -> int:
    post = lock(Post, post_id)
    circle = circles.readable_circle_by_id(actor, post.circle_id)
    if post.status != "published":
        raise NotFound
    access.require(actor, Permission.COMMENT_WRITE, circle.standing)
    rules.check_comment(body)
    if not post.anonymous:
        check_may_meet(actor, circle, post.author_id)
    answered = _answered(post_id, parent_id)
    if answered is not None and answered.author_id != post.author_id:
        check_may_meet(actor, circle, answered.author_id)
    anonymous = post.anonymous and actor.owns(post.author_id)
    root_id = answered and (answered.parent_id or answered.id)
    comment = Comment(
        circle_id=post.circle_id,
        post_id=post_id,
        parent_id=root_id,
        reply_to_id=answered.author_id if answered is not None and answered.parent_id else None,
        author_id=actor.id,
        anonymous=anonymous,
        body=body,
        body_html=words.html,
        created_at=clock.now(),
    )
    db.session.add(comment)
    db.session.flush()  # counted from the rows below
    count_comment(post, parent_of(comment), comment, +1)
    named = keep_mentions(actor, "comment", comment.id, words.people, new=True)
    emit(
        CommentPublished(
            comment.id, post_id, post.circle_id, comment.author_id, actor.id,
            post_author_id=post.author_id, answered_id=answered.author_id if answered else None,
            excerpt=markup.excerpt(words.html, EXCERPT), mentioned=named, length=len(body.strip()),
            anonymous=anonymous, post_anonymous=post.anonymous,
        )
    )  # fmt: skip
    return comment.id


def _answered(post_id: int, parent_id: int | None) -> Comment | None:
    if parent_id is None:
        return None
    answered = db.session.get(Comment, parent_id)
    if answered is None or answered.post_id != post_id or answered.status != "published":
        raise NotFound
    return answered


def edit_comment(actor: Actor, comment_id: int, *, body: str, version: int | None = None) -> None:
    """Change one's own comment. Raises NotFound, Forbidden, PreconditionFailed, Refused COMMENT_EMPTY."""
    _edit(actor, comment_id, body, texts.edited_comment(actor, body, comment_id), version)


@operation
def _edit(actor: Actor, comment_id: int, body: str, words: Words, version: int | None) -> None:
    comment = _own_comment(actor, comment_id, Permission.COMMENT_WRITE)
    rules.check_comment(body)
    if version is not None and version != comment.version:
        raise PreconditionFailed
    comment.body, comment.body_html = body, words.html
    comment.edited_at = clock.now()
    comment.version += 1
    if named := keep_mentions(actor, "comment", comment_id, words.people):
        excerpt = markup.excerpt(words.html, EXCERPT)
        about = (comment.post_id, comment_id, comment.circle_id, actor.person_id, named, excerpt)
        emit(PeopleMentioned(*about, anonymous=comment.anonymous))


@operation
def delete_comment(actor: Actor, comment_id: int) -> None:
    """Take one's own comment back; replies to it stay. Raises NotFound, Forbidden."""
    post_id = db.session.scalar(Comment.__table__.select().with_only_columns(Comment.post_id)
                                .where(Comment.id == comment_id))  # fmt: skip
    if post_id is None:
        raise NotFound
    post = lock(Post, post_id)
    comment = _own_comment(actor, comment_id, None)
    comment.status = "deleted"
    comment.version += 1
    db.session.flush()
    forget_mentions("comment", comment_id)
    count_comment(post, parent_of(comment), comment, -1)
    emit(CommentDeleted(comment.id, comment.post_id, comment.circle_id, comment.author_id, actor.id))


def parent_of(comment: Comment) -> Comment | None:
    """The first-level comment above a reply. Not locked: its post is, and all of its counts change under that lock."""
    return db.session.get_one(Comment, comment.parent_id) if comment.parent_id else None


def _own_comment(actor: Actor, comment_id: int, permission: Permission | None) -> Comment:
    comment = lock(Comment, comment_id)
    circle = circles.readable_circle_by_id(actor, comment.circle_id)
    if comment.status != "published" or db.session.get_one(Post, comment.post_id).status != "published":
        raise NotFound
    if not actor.owns(comment.author_id):
        access.require(actor, Permission.COMMENT_WRITE, circle.standing)
        raise access.not_yours()
    if permission is not None:
        access.require(actor, permission, circle.standing)
    return comment
