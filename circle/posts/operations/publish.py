"""Writing, editing and taking back a post."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, insert

from circle import access
from circle.access import Actor, Permission
from circle.circles import queries as circles
from circle.core import clock, markup
from circle.core.db import db
from circle.core.errors import NotFound, PreconditionFailed
from circle.core.operation import emit, lock, operation
from circle.media import queries as media
from circle.posts import ranking, rules
from circle.posts.events import PostDeleted, PostMoved, PostPublished
from circle.posts.models import Post, PostMedia, TopicPost
from circle.posts.operations.counting import mirror, topic_ids_of
from circle.topics import queries as topics

#: an edit sooner than this is a correction of the same breath and not shown as an edit
EDIT_GRACE = timedelta(minutes=30)
EXCERPT = 140


def publish_post(
    actor: Actor,
    slug: str,
    *,
    body: str,
    title: str = "",
    type: str = "moment",  # noqa: A002  # the contract's word
    topic_ids: Sequence[int] = (),
    media_ids: Sequence[int] = (),
    alts: Sequence[str] = (),
) -> int:
    """Publish a post in the circle and return its id.

    `body` is Markdown; `media_ids` are the author's own unused pictures in order, `alts` their descriptions.
    Raises NotFound, Forbidden (MUTED, BANNED), Refused POST_EMPTY, TOO_MANY_IMAGES, TOO_MANY_TOPICS, TOPIC_CLOSED.
    """
    html = markup.render(body)  # before the transaction: a long text takes its time
    return _publish(actor, slug, body, html, title, type, tuple(topic_ids), tuple(media_ids), tuple(alts))


@operation
def _publish(
    actor: Actor,
    slug: str,
    body: str,
    html: str,
    title: str,
    type_: str,
    topic_ids: tuple[int, ...],
    media_ids: tuple[int, ...],
    alts: tuple[str, ...],
) -> int:
    circle = circles.readable_circle(actor, slug)
    access.require(actor, Permission.POST_WRITE, circle.standing)
    rules.check_content(body, media_ids, topic_ids)
    wanted_topics = topics.writable_topics(actor, circle.id, list(dict.fromkeys(topic_ids)))
    media.media_of(actor, list(media_ids))
    now = clock.now()
    post = Post(
        circle_id=circle.id,
        author_id=actor.id,
        type=type_,
        status="published",
        title=title,
        body=body,
        body_html=html,
        excerpt=markup.excerpt(html, EXCERPT),
        published_at=now,
        last_activity_at=now,
        hot_score=ranking.hot_score(0, now, checkin=type_ == "checkin"),
    )
    db.session.add(post)
    db.session.flush()  # the rows below point at it
    _attach_media(post.id, media_ids, alts)
    _attach_topics(post, [topic[0] for topic in wanted_topics])
    topics_now = tuple(topic[0] for topic in wanted_topics)
    emit(PostPublished(post.id, post.circle_id, post.author_id, actor.id, topics_now))
    return post.id


def edit_post(
    actor: Actor,
    post_id: int,
    *,
    version: int | None = None,
    body: str | None = None,
    title: str | None = None,
    topic_ids: Sequence[int] | None = None,
    media_ids: Sequence[int] | None = None,
    alts: Sequence[str] = (),
) -> None:
    """Change one's own post; what is None stays. `version` is the one that was edited, None to overwrite any.

    Raises NotFound, Forbidden, PreconditionFailed, Conflict (not published or hidden), and what publish_post raises.
    """
    html = markup.render(body) if body is not None else None
    _edit(
        actor, post_id, version, body, html, title,
        None if topic_ids is None else tuple(topic_ids), None if media_ids is None else tuple(media_ids), tuple(alts),
    )  # fmt: skip


@operation
def _edit(
    actor: Actor,
    post_id: int,
    version: int | None,
    body: str | None,
    html: str | None,
    title: str | None,
    topic_ids: tuple[int, ...] | None,
    media_ids: tuple[int, ...] | None,
    alts: tuple[str, ...],
) -> None:
    post = _own_post(actor, post_id)
    rules.check_status(post.status, ("published",))
    if version is not None and version != post.version:
        raise PreconditionFailed
    old_topics, old_media = topic_ids_of(post_id), _media_ids_of(post_id)
    new_topics = old_topics if topic_ids is None else tuple(dict.fromkeys(topic_ids))
    new_media = old_media if media_ids is None else media_ids
    rules.check_content(post.body if body is None else body, new_media, new_topics)
    if body is not None and html is not None:
        post.body, post.body_html, post.excerpt = body, html, markup.excerpt(html, EXCERPT)
    if title is not None:
        post.title = title
    if media_ids is not None:
        media.media_of(actor, list(new_media))
        db.session.execute(delete(PostMedia).where(PostMedia.post_id == post_id))
        _attach_media(post_id, new_media, alts)
    entered = tuple(topic for topic in new_topics if topic not in old_topics)
    left = tuple(topic for topic in old_topics if topic not in new_topics)
    if entered or left:
        topics.writable_topics(actor, post.circle_id, list(entered))
        db.session.execute(delete(TopicPost).where(TopicPost.post_id == post_id, TopicPost.topic_id.in_(left)))
        _attach_topics(post, entered)
        emit(PostMoved(post_id, left, entered))
    if clock.now() - post.published_at > EDIT_GRACE:
        post.edited_at = clock.now()
    post.version += 1


@operation
def delete_post(actor: Actor, post_id: int) -> None:
    """Take one's own post back. Raises NotFound, Forbidden; Conflict while moderators have it hidden."""
    post = _own_post(actor, post_id, speaking=False)
    rules.check_status(post.status, ("published", "pending", "draft"))
    counted = post.status == "published"
    post.status = "deleted"
    post.version += 1
    mirror(post)
    if counted:
        emit(PostDeleted(post.id, post.circle_id, post.author_id, actor.id, topic_ids_of(post.id)))


def _own_post(actor: Actor, post_id: int, *, speaking: bool = True) -> Post:
    """The actor's own post, locked. A stranger to the circle learns nothing; a reader learns it is not theirs."""
    post = lock(Post, post_id)
    circle = circles.readable_circle_by_id(actor, post.circle_id)
    if post.status in {"deleted", "removed"}:
        raise NotFound
    if not actor.owns(post.author_id):
        if post.status != "published" and not circle.may(Permission.POST_MODERATE):
            raise NotFound
        access.require(actor, Permission.POST_WRITE, circle.standing)
        raise access.not_yours()
    if speaking:
        access.require(actor, Permission.POST_WRITE, circle.standing)
    return post


def _media_ids_of(post_id: int) -> tuple[int, ...]:
    from_post = PostMedia.post_id == post_id
    return tuple(db.session.scalars(PostMedia.__table__.select().with_only_columns(PostMedia.media_id)
                                    .where(from_post).order_by(PostMedia.position)))  # fmt: skip


def _attach_media(post_id: int, media_ids: Sequence[int], alts: Sequence[str]) -> None:
    rows = [
        {
            "post_id": post_id,
            "position": position,
            "media_id": id_,
            "alt": alts[position] if position < len(alts) else "",
        }
        for position, id_ in enumerate(dict.fromkeys(media_ids))
    ]
    if rows:
        db.session.execute(insert(PostMedia), rows)


def _attach_topics(post: Post, topic_ids: Sequence[int]) -> None:
    rows = [
        {
            "topic_id": id_,
            "post_id": post.id,
            "visible": 1,
            "published_at": post.published_at,
            "last_activity_at": post.last_activity_at,
            "hot_score": post.hot_score,
        }
        for id_ in topic_ids
    ]
    if rows:
        db.session.execute(insert(TopicPost), rows)
