"""Every write of topics."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, TypedDict, Unpack

from sqlalchemy import BigInteger, bindparam, delete, func, select, update

from circle.access import Actor, Permission, require
from circle.circles.models import Circle
from circle.circles.queries import CircleRow, readable_circle, readable_circle_by_id
from circle.core import audit, clock, ids
from circle.core.db import db, insert_once
from circle.core.errors import NotFound, PreconditionFailed, Unauthenticated
from circle.core.operation import emit, lock, operation
from circle.topics import rules
from circle.topics.events import TopicFollowed
from circle.topics.models import Topic, TopicFollow


class Changes(TypedDict, total=False):
    """What may be changed; what is absent stays."""

    title: str
    intro: str
    #: active, or archived (read-only)
    status: str


@operation
def create_topic(
    actor: Actor, circle_slug: str, *, title: str, intro: str = "", slug: str = "", kind: str = "normal"
) -> int:
    """Open a topic; returns its id. Without `slug` the address is made from an ASCII title, else from the id.

    Raises NotFound, Forbidden (LEVEL_TOO_LOW), Refused TOPIC_TITLE, TOPIC_TITLE_TAKEN, TOPIC_SLUG,
    TOPIC_SLUG_TAKEN, TOO_MANY_TOPICS.
    """
    circle = readable_circle(actor, circle_slug)
    rules.check_may_create(circle)
    title = rules.check_title(title)
    lock(Circle, circle.id)  # one at a time: names stay unique and the number within its limit
    if _count(circle.id) >= rules.TOPICS_MAX:
        raise rules.too_many()
    _check_title_free(circle.id, title)
    id_ = ids.new_id()
    topic = Topic(
        id=id_,
        circle_id=circle.id,
        slug=_slug(circle.id, slug, title, id_),
        title=title,
        intro=intro,
        kind=kind,
        created_by=actor.id or (circle.owner.id if circle.owner else None),
    )
    db.session.add(topic)
    db.session.flush()
    _record(actor, topic, "topic.create", {"title": title, "slug": topic.slug})
    return topic.id


@operation
def update_topic(
    actor: Actor, topic_id: int, *, expected_version: int | None = None, **changes: Unpack[Changes]
) -> None:
    """Change name, introduction or state of a topic; its address stays.

    Raises NotFound, Forbidden, PreconditionFailed when `expected_version` is not the current one, Refused TOPIC_TITLE,
    TOPIC_TITLE_TAKEN.
    """
    circle = _circle_of(actor, topic_id)
    require(actor, Permission.TOPIC_MANAGE, circle.standing)
    lock(Circle, circle.id)
    topic = lock(Topic, topic_id)
    if expected_version is not None and expected_version != topic.version:
        raise PreconditionFailed
    if "title" in changes:
        changes["title"] = rules.check_title(changes["title"])
        if changes["title"] != topic.title:
            _check_title_free(circle.id, changes["title"])
    before = {name: getattr(topic, name) for name, value in changes.items() if getattr(topic, name) != value}
    if not before:
        return
    for name in before:
        setattr(topic, name, changes[name])  # type: ignore[literal-required]
    topic.version += 1
    act = "topic.update"
    if "status" in before:
        act = "topic.archive" if topic.status == "archived" else "topic.reopen"
    _record(actor, topic, act, {"before": before, "after": {name: getattr(topic, name) for name in before}})


@operation
def follow_topic(actor: Actor, topic_id: int) -> None:
    """Follow a topic; following it again changes nothing. Raises NotFound, Unauthenticated, Forbidden."""
    circle_id, user_id = _follower(actor, topic_id)
    if insert_once(TopicFollow, topic_id=topic_id, user_id=user_id, created_at=clock.now()):
        _adjust(topic_id, followers=1)
        emit(TopicFollowed(topic_id, circle_id, user_id))


@operation
def unfollow_topic(actor: Actor, topic_id: int) -> None:
    """Follow a topic no longer. Raises as `follow_topic`."""
    _circle_id, user_id = _follower(actor, topic_id)
    mine = (TopicFollow.topic_id == topic_id, TopicFollow.user_id == user_id)
    if db.session.execute(delete(TopicFollow).where(*mine)).rowcount:  # type: ignore[attr-defined]
        _adjust(topic_id, followers=-1)


@operation
def forget_follows(user_id: int) -> None:
    """Let a deleted account follow nothing any more."""
    mine = select(TopicFollow.topic_id).where(TopicFollow.user_id == user_id).order_by(TopicFollow.topic_id)
    for topic_id in db.session.scalars(mine).all():
        gone = delete(TopicFollow).where(TopicFollow.topic_id == topic_id, TopicFollow.user_id == user_id)
        if db.session.execute(gone).rowcount:  # type: ignore[attr-defined]
            _adjust(topic_id, followers=-1)


@operation
def adjust_post_count(topic_ids: Iterable[int], delta: int) -> None:
    """Add `delta` published posts to the count of each topic. For posts, which know when that changes."""
    for topic_id in sorted(set(topic_ids)):  # always in this order, so that two posts never wait for each other
        _adjust(topic_id, posts=delta)


def _adjust(topic_id: int, *, posts: int = 0, followers: int = 0) -> None:
    db.session.execute(_adjusting(), {"topic": topic_id, "posts": posts, "followers": followers})


@cache
def _adjusting() -> Any:
    topics: Any = Topic.__table__
    posts, followers = (bindparam(name, type_=BigInteger) for name in ("posts", "followers"))
    more = {"post_count": topics.c.post_count + posts, "follower_count": topics.c.follower_count + followers}
    return update(topics).where(topics.c.id == bindparam("topic", type_=BigInteger)).values(more)


def _circle_of(actor: Actor, topic_id: int) -> CircleRow:
    circle_id = db.session.scalar(select(Topic.circle_id).where(Topic.id == topic_id))
    if circle_id is None:
        raise NotFound
    return readable_circle_by_id(actor, circle_id)


def _follower(actor: Actor, topic_id: int) -> tuple[int, int]:
    """The ids of the topic's circle and of the actor, who may follow it."""
    circle = _circle_of(actor, topic_id)
    require(actor, Permission.TOPIC_FOLLOW, circle.standing)
    if actor.id is None:
        raise Unauthenticated
    return circle.id, actor.id


def _count(circle_id: int) -> int:
    return db.session.scalar(select(func.count()).select_from(Topic).where(Topic.circle_id == circle_id)) or 0


def _check_title_free(circle_id: int, title: str) -> None:
    if db.session.scalar(select(Topic.id).where(Topic.circle_id == circle_id, Topic.title == title)) is not None:
        raise rules.title_taken()


def _slug(circle_id: int, wanted: str, title: str, id_: int) -> str:
    """The address of a new topic: as wanted, else by its title, else by its id."""
    if wanted:
        rules.check_slug(wanted)
        if _is_taken(circle_id, wanted):
            raise rules.slug_taken()
        return wanted
    made = rules.slug_for(title)
    return made if made and not _is_taken(circle_id, made) else rules.slug_of_id(id_)


def _is_taken(circle_id: int, slug: str) -> bool:
    return db.session.scalar(select(Topic.id).where(Topic.circle_id == circle_id, Topic.slug == slug)) is not None


def _record(actor: Actor, topic: Topic, act: str, data: dict[str, object]) -> None:
    audit.record(actor, act, f"topic:{topic.id}", data, circle_id=topic.circle_id)
