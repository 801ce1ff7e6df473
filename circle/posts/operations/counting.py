"""Keeping the numbers on a post true, inside the operation that changes their cause.

Each has a recount from the rows (`recount`), which tests compare with what the operations kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from circle.core.db import db
from circle.posts import ranking
from circle.posts.models import Comment, Like, Post, TopicPost


def topic_ids_of(post_id: int) -> tuple[int, ...]:
    """The topics a post stands in."""
    return tuple(db.session.scalars(select(TopicPost.topic_id).where(TopicPost.post_id == post_id)))


def comments_by(user_id: int, post_id: int) -> int:
    """How many visible comments somebody has under a post."""
    return (
        db.session.scalar(
            select(func.count()).where(
                Comment.post_id == post_id, Comment.author_id == user_id, Comment.status == "published"
            )
        )
        or 0
    )


def engage(post: Post, delta: int) -> None:
    """Change the engagement of a locked post and what is sorted by it."""
    if delta:
        post.engagement += delta
        post.hot_score = ranking.hot_score(post.engagement, post.published_at, checkin=post.type == "checkin")


def mirror(post: Post) -> None:
    """Copy the sort keys of a locked post to its topics (F3)."""
    db.session.flush()
    db.session.execute(
        update(TopicPost)
        .where(TopicPost.post_id == post.id)
        .values(
            visible=int(post.status == "published"),
            published_at=post.published_at,
            last_activity_at=post.last_activity_at,
            hot_score=post.hot_score,
        )
    )


def count_comment(post: Post, parent: Comment | None, comment: Comment, delta: int) -> None:
    """The comment became visible (+1) or stopped being so (-1); its row is written already."""
    author_id = comment.author_id
    post.comment_count += delta
    if parent is not None:
        parent.reply_count += delta
    if author_id != post.author_id:
        now = comments_by(author_id, post.id)
        before = now - delta
        most = ranking.COMMENTS_PER_PERSON
        engage(post, ranking.COMMENT * (min(most, now) - min(most, before)))
    # only a comment that goes can make the newest one older
    post.last_activity_at = max(post.last_activity_at, comment.created_at) if delta > 0 else newest_activity(post)
    mirror(post)


def newest_activity(post: Post) -> datetime:
    """When somebody last commented visibly, else when the post was published."""
    newest = db.session.scalar(
        select(func.max(Comment.created_at)).where(Comment.post_id == post.id, Comment.status == "published")
    )
    return max(post.published_at, newest) if newest else post.published_at


@dataclass(frozen=True)
class Counts:
    like_count: int
    comment_count: int
    engagement: int
    hot_score: int


def recount(post_id: int) -> Counts:
    """The numbers of a post, recomputed from the rows (F1, F2)."""
    post = db.session.get_one(Post, post_id)
    likes = select(Like.user_id).where(Like.target_type == "post", Like.target_id == post_id)
    likers = db.session.scalars(likes).all()
    by_person = db.session.execute(
        select(Comment.author_id, func.count())
        .where(Comment.post_id == post_id, Comment.status == "published")
        .group_by(Comment.author_id)
    ).all()
    value = ranking.engagement(
        len([user for user in likers if user != post.author_id]),
        [count for author, count in by_person if author != post.author_id],
    )
    return Counts(
        like_count=len(likers),
        comment_count=sum(count for _author, count in by_person),
        engagement=value,
        hot_score=ranking.hot_score(value, post.published_at, checkin=post.type == "checkin"),
    )
