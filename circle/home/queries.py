"""Numbers that a composed page shows and no single feature owns."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from circle.access import Actor
from circle.core.db import db
from circle.posts.models import Comment, Post


@dataclass(frozen=True)
class MyCounts:
    posts: int
    comments: int
    likes: int


def my_counts(actor: Actor) -> MyCounts:
    """How much somebody wrote, and the likes it got; what is hidden does not count. One statement."""
    posts = select(func.count()).where(Post.author_id == actor.id, Post.status == "published").scalar_subquery()
    comments = (
        select(func.count()).where(Comment.author_id == actor.id, Comment.status == "published").scalar_subquery()
    )
    likes = (
        select(func.coalesce(func.sum(Post.like_count), 0))
        .where(Post.author_id == actor.id, Post.status == "published")
        .scalar_subquery()
    )
    row = db.session.execute(select(posts, comments, likes)).one()
    return MyCounts(int(row[0]), int(row[1]), int(row[2]))
