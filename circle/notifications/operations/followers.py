"""Followers of a topic hear of new posts there, gathered: one unread notice per topic.

Thousands may follow, so this is the work of a job, some hundred people at a time, each batch in a transaction of its
own that asks for the next one. Run twice, it tells nobody twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, Boolean, case, column, func, insert, null, select, table, update

from circle.core import clock, ids
from circle.core.db import UTCDateTime, db
from circle.core.operation import emit, operation
from circle.notifications.audience import hearers
from circle.notifications.events import FollowersWait, MailWaits
from circle.notifications.kinds import KINDS
from circle.notifications.models import Notice, NoticePost

#: people told in one transaction
BATCH = 500
#: a post that is older when its turn comes (the worker was away) is no news any more
NEWS_FOR = timedelta(days=1)
_KIND = "topic.posted"

#: posts and topics stand on this feature, so only the columns needed are named here
posts = table(
    "posts",
    *(column(name, BigInteger) for name in ("id", "circle_id", "author_id")),
    column("status"),
    column("published_at", UTCDateTime),
    column("anonymous", Boolean),
)
#: whom a notice may name: nobody for what was asked without a name
shown_author = case((posts.c.anonymous, null()), else_=posts.c.author_id)
_topics = table("topics", column("id", BigInteger), column("slug"), column("title"))
_topic_posts = table("topic_posts", column("topic_id", BigInteger), column("post_id", BigInteger))
_follows = table("topic_follows", column("topic_id", BigInteger), column("user_id", BigInteger))


@operation
def tell_followers(post_id: int, after: int = 0, batch: int = BATCH) -> int:
    """Tell the next followers (by user id, after `after`) of the post's topics; returns how many were looked at.

    Nobody hears of a post that is no longer there to be read, or of which they were told for a better reason.
    """
    # locked, so that whoever hides the post meanwhile waits and takes back all of it
    post = db.session.execute(
        select(posts.c.circle_id, posts.c.author_id, shown_author.label("by"))
        .where(posts.c.id == post_id, posts.c.status == "published", posts.c.published_at > clock.now() - NEWS_FOR)
        .with_for_update()
    ).one_or_none()
    if post is None:
        return 0
    followers = _followers(post_id, after, batch)
    if len(followers) == batch:
        emit(FollowersWait(post_id, max(followers)))
    others = followers.keys() - _knowing(post_id, followers) - {post.author_id}
    told = hearers(others, KINDS[_KIND], by=post.by, circle_id=post.circle_id)
    by_topic: dict[int, list[int]] = defaultdict(list)
    for user_id in sorted(told):
        by_topic[followers[user_id]].append(user_id)
    for topic in _topics_named(by_topic):
        for user_id in _tell(post_id, post, topic, by_topic[topic.id]):
            if told[user_id]:
                emit(MailWaits(user_id))
    return len(followers)


def _followers(post_id: int, after: int, batch: int) -> dict[int, int]:
    """Person -> the first topic of the post that they follow."""
    found = db.session.execute(
        select(_follows.c.user_id, func.min(_follows.c.topic_id).label("topic_id"))
        .join(_topic_posts, _topic_posts.c.topic_id == _follows.c.topic_id)
        .where(_topic_posts.c.post_id == post_id, _follows.c.user_id > after)
        .group_by(_follows.c.user_id)
        .order_by(_follows.c.user_id)
        .limit(batch)
    )
    return {row.user_id: row.topic_id for row in found}


def _knowing(post_id: int, user_ids: Collection[int]) -> set[int]:
    """Who was told of the post already: as named in it, or by this job."""
    named = select(Notice.user_id).where(
        Notice.post_id == post_id, Notice.comment_id.is_(None), Notice.answer_id.is_(None)
    )
    gathered = (
        select(Notice.user_id).join(NoticePost, NoticePost.notice_id == Notice.id).where(NoticePost.post_id == post_id)
    )
    found = named.where(Notice.user_id.in_(user_ids)).union(gathered.where(Notice.user_id.in_(user_ids)))
    return set(db.session.scalars(found))


def _topics_named(topic_ids: Collection[int]) -> Sequence[Any]:
    found = select(_topics.c.id, _topics.c.slug, _topics.c.title).where(_topics.c.id.in_(topic_ids))
    return db.session.execute(found.order_by(_topics.c.id)).all()


def _tell(post_id: int, post: Any, topic: Any, user_ids: list[int]) -> list[int]:
    """Let what each has not read about the topic grow by the post, or begin it. Returns for whom it began."""
    now = clock.now()
    open_ = _unread(topic.id, user_ids)
    if open_:
        db.session.execute(
            update(Notice)
            .where(Notice.id.in_(open_.values()))
            .values(people_count=Notice.people_count + 1, by_id=post.by, post_id=post_id, told_at=now)
            .execution_options(synchronize_session=False)
        )
    data = {"topic": topic.title, "topic_slug": topic.slug, "topic_id": str(topic.id)}
    begun = [user_id for user_id in user_ids if user_id not in open_]
    made = [
        {
            "id": ids.new_id(), "created_at": now, "told_at": now, "user_id": user_id, "circle_id": post.circle_id,
            "kind": _KIND, "by_id": post.by, "post_id": post_id, "data": data, "people_count": 1,
            "dedupe_key": f"{user_id}:{_KIND}:{topic.id}#{post_id}",
        }
        for user_id in begun
    ]  # fmt: skip
    if made:
        db.session.execute(insert(Notice), made)
    both = [*open_.values(), *(row["id"] for row in made)]
    if both:
        db.session.execute(insert(NoticePost), [{"notice_id": id_, "post_id": post_id} for id_ in both])
    return begun


def _unread(topic_id: int, user_ids: Collection[int]) -> dict[int, int]:
    """Person -> their notice of this topic that still grows, locked."""
    found = db.session.execute(
        select(Notice.user_id, Notice.id)
        .where(
            Notice.user_id.in_(user_ids), Notice.read_at.is_(None), Notice.kind == _KIND,
            Notice.data["topic_id"].as_string() == str(topic_id),
        )
        .order_by(Notice.id)
        .with_for_update()
    )  # fmt: skip
    return {row.user_id: row.id for row in found}
