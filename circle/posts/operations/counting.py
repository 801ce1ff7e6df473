"""Keeping the numbers on a post true, inside the operation that changes their cause.

Each has a recount from the rows (`recount`), which tests compare with what the operations kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain, repeat
from typing import Any

from sqlalchemy import Update, bindparam, func, select, update

from circle.core.db import db
from circle.core.operation import emit
from circle.media.models import Media
from circle.media.queries import media_row
from circle.posts import ranking
from circle.posts.events import PostEngaged
from circle.posts.models import Comment, Favorite, Like, Post, PostMedia, TopicPost


def topic_ids_of(post_id: int) -> tuple[int, ...]:
    """The topics a post stands in."""
    return tuple(db.session.scalars(select(TopicPost.topic_id).where(TopicPost.post_id == post_id)))


def parts_of(media: Iterable[Any], alts: Sequence[str], topic_ids: Iterable[int]) -> dict[str, Any]:
    """What lists show of a post's files and topics, kept in its own row so that they need no statement for them.

    `media` are rows with the attributes of MediaRow, `alts` their descriptions in the same order.
    """
    return {
        "media": [
            {
                "id": item.id, "kind": item.kind, "thumb": item.thumb_url is not None, "width": item.width,
                "height": item.height, "duration_ms": item.duration_ms, "wave": item.wave, "bytes": item.bytes,
                "name": item.name, "mime": item.mime, "alt": alt,
            }
            for item, alt in zip(media, chain(alts, repeat("")), strict=False)
        ],
        "topics": sorted(topic_ids),
    }  # fmt: skip


def refresh_parts(post: Post) -> None:
    """Make the parts of a locked post anew from its rows; what else is in them (a poll) stays."""
    db.session.flush()
    files = db.session.execute(
        select(Media, PostMedia.alt)
        .join(PostMedia, PostMedia.media_id == Media.id)
        .where(PostMedia.post_id == post.id)
        .order_by(PostMedia.position)
    ).all()
    media = [media_row(item, signed=False) for item, _alt in files]
    post.parts = {**post.parts, **parts_of(media, [alt for _media, alt in files], topic_ids_of(post.id))}


def refresh_peek(post: Post) -> None:
    """Choose anew which comment the card of a locked post shows: the most liked visible one of the first level."""
    db.session.flush()
    post.peek_id = db.session.scalar(
        select(Comment.id)
        .where(Comment.post_id == post.id, Comment.parent_id.is_(None), Comment.status == "published")
        .order_by(Comment.like_count.desc(), Comment.id)
        .limit(1)
    )


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
        rescore(post)
        emit(PostEngaged(post.id, post.type, post.engagement))


def rescore(post: Post) -> None:
    """Make the hot score of a locked post anew from its row (F2)."""
    post.hot_score = _hot_score(post, post.engagement)


def _hot_score(post: Post, engagement: int) -> int:
    featured, checkin = post.featured_at is not None, post.type == "checkin"
    return ranking.hot_score(engagement, post.published_at, featured=featured, checkin=checkin)


def mirror(post: Post) -> None:
    """Copy the sort keys of a locked post to its topics (F3)."""
    db.session.flush()
    keys = {
        "visible": int(post.status == "published"),
        "published_at": post.published_at,
        "last_activity_at": post.last_activity_at,
        "hot_score": post.hot_score,
        "featured_at": post.featured_at,
    }
    db.session.execute(_mirroring(), {"of_post": post.id, **keys})


@cache
def _mirroring() -> Update:
    rows: Any = TopicPost.__table__  # what a parameter is called tells which column it is for
    return update(rows).where(rows.c.post_id == bindparam("of_post", type_=rows.c.post_id.type))


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
    if parent is None:
        # a later one without likes is shown nowhere else; an earlier one comes back when it is restored
        behind = post.peek_id is not None and not comment.like_count and comment.id > post.peek_id
        if (delta > 0 and not behind) or post.peek_id == comment.id:
            refresh_peek(post)
    # only a comment that goes can make the newest one older
    post.last_activity_at = max(post.last_activity_at, comment.created_at) if delta > 0 else newest_activity(post)
    mirror(post)


def newest_activity(post: Post) -> datetime:
    """When somebody last commented or answered visibly, else when the post was published."""
    newest = db.session.scalar(
        select(func.max(Comment.created_at)).where(Comment.post_id == post.id, Comment.status == "published")
    )
    return max(moment for moment in (post.published_at, newest, post.answered_at) if moment is not None)


@dataclass(frozen=True)
class Counts:
    like_count: int
    comment_count: int
    favorite_count: int
    engagement: int
    hot_score: int


def recount(post_id: int, *, answers: int = 0) -> Counts:
    """The numbers of a post, recomputed from the rows (F1, F2); `answers` are those of others to a question."""
    post = db.session.get_one(Post, post_id)
    likes = select(Like.user_id).where(Like.target_type == "post", Like.target_id == post_id)
    likers = db.session.scalars(likes).all()
    keepers = db.session.scalars(select(Favorite.user_id).where(Favorite.post_id == post_id)).all()
    by_person = db.session.execute(
        select(Comment.author_id, func.count())
        .where(Comment.post_id == post_id, Comment.status == "published")
        .group_by(Comment.author_id)
    ).all()
    value = ranking.engagement(
        len([user for user in likers if user != post.author_id]),
        [count for author, count in by_person if author != post.author_id],
        len([user for user in keepers if user != post.author_id]),
        answers,
    )
    return Counts(
        like_count=len(likers),
        comment_count=sum(count for _author, count in by_person),
        favorite_count=len(keepers),
        engagement=value,
        hot_score=_hot_score(post, value),
    )
