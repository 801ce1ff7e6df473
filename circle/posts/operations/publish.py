"""Writing, editing and taking back a post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import zip_longest
from typing import Any

from sqlalchemy import delete, insert, select

from circle import access
from circle.access import Actor, Permission
from circle.circles import queries as circles
from circle.circles.queries import CircleRow
from circle.core import clock, ids, markup
from circle.core.db import Base, db
from circle.core.errors import NotFound, PreconditionFailed
from circle.core.operation import emit, lock, operation
from circle.media import queries as media
from circle.posts import allowances, ranking, rules, texts
from circle.posts.allowances import Attached
from circle.posts.events import PeopleMentioned, PostDeleted, PostEdited, PostMoved, PostPublished
from circle.posts.models import Post, PostMedia, TopicPost
from circle.posts.operations.counting import mirror, parts_of, refresh_parts, topic_ids_of
from circle.posts.operations.mentions import forget_mentions, keep_mentions
from circle.posts.operations.pins import drop_pin, locked_for_pins
from circle.posts.operations.polls import PollContent, attach_poll
from circle.posts.operations.revisions import keep_revision
from circle.posts.operations.today import check_room_today
from circle.posts.texts import Words
from circle.topics import queries as topics

#: an edit sooner than this is a correction of the same breath and not shown as an edit
EDIT_GRACE = timedelta(minutes=30)


def publish_post(
    actor: Actor,
    slug: str,
    *,
    body: str,
    title: str = "",
    type: str = "moment",  # the contract's word
    topic_ids: Sequence[int] = (),
    media_ids: Sequence[int] = (),
    alts: Sequence[str] = (),
    poll: PollContent | None = None,
    anonymous: bool = False,
) -> int:
    """Publish a post in the circle and return its id.

    `body` is Markdown; `media_ids` are the author's own unused uploads in order, `alts` their descriptions. A post of
    type `question` has a title, and may be `anonymous`.
    Raises NotFound, Forbidden (MUTED, BANNED), Refused TOPIC_CLOSED, LEVEL_TOO_LOW, DAILY_LIMIT, and what
    rules.check_content raises.
    """
    # before the transaction: a long text takes its time
    content = prepare_post(
        actor, slug, body=body, title=title, topic_ids=topic_ids, media_ids=media_ids, alts=alts, poll=poll,
        anonymous=anonymous,
    )  # fmt: skip
    return publish_prepared(actor, slug, content, type=type, anonymous=anonymous)


def prepare_post(
    actor: Actor,
    slug: str,
    *,
    body: str,
    title: str = "",
    topic_ids: Sequence[int] = (),
    media_ids: Sequence[int] = (),
    alts: Sequence[str] = (),
    poll: PollContent | None = None,
    anonymous: bool = False,
) -> Content:
    """The slow half of publish_post, outside of any transaction: the text becomes HTML."""
    words = texts.in_circle(actor, body, lambda: circles.readable_circle(actor, slug), anonymous=anonymous)
    return Content.of(body, title, topic_ids, media_ids, alts=alts, poll=poll, words=words)


@dataclass(frozen=True)
class Content:
    """What an author sent, with the body already rendered. None stays as it is (only in an edit)."""

    body: str | None
    words: Words
    title: str | None
    topic_ids: tuple[int, ...] | None
    media_ids: tuple[int, ...] | None
    alts: tuple[str, ...]
    #: asked with a new post; an edit leaves polls alone
    poll: PollContent | None = None

    @classmethod
    def of(
        cls,
        body: str | None,
        title: str | None,
        topic_ids: Sequence[int] | None,
        media_ids: Sequence[int] | None,
        *,
        alts: Sequence[str],
        poll: PollContent | None = None,
        words: Words | None = None,
    ) -> Content:
        return cls(
            body=body,
            words=words or Words(""),
            title=title,
            topic_ids=None if topic_ids is None else tuple(dict.fromkeys(topic_ids)),
            media_ids=None if media_ids is None else tuple(dict.fromkeys(media_ids)),
            alts=tuple(markup.clean_line(alt)[: rules.MAX_ALT] for alt in alts),
            poll=poll,
        )


@operation
def publish_prepared(
    actor: Actor, slug: str, content: Content, *, type: str = "moment", anonymous: bool = False
) -> int:
    """The quick half of publish_post: the rows; returns the post's id. Raises what publish_post raises."""
    return publish_in(actor, publishing_in(actor, slug), content, type=type, anonymous=anonymous)


def publishing_in(actor: Actor, slug: str) -> CircleRow:
    """The circle, for somebody who may publish there. Raises NotFound, Forbidden (MUTED, BANNED)."""
    circle = circles.readable_circle(actor, slug)
    access.require(actor, Permission.POST_WRITE, circle.standing)
    return circle


def publish_in(
    actor: Actor,
    circle: CircleRow,
    content: Content,
    *,
    type: str = "moment",
    anonymous: bool = False,
    queued: bool = False,
    part: Any = None,
    topic_id: int | None = None,
) -> int:
    """Publish, inside an operation, where publishing_in let the actor; `queued`: see operations/today.py.

    `part` is what cards show of what the post stands for, kept in its parts under its type. It stands in `topic_id`
    before all others; the caller has seen that this topic of the circle is open. A check-in is not held to the posts of
    a day: a day of its campaign takes one anyway.
    """
    rules.check_type(type, content.title or "", poll=content.poll is not None, anonymous=anonymous)
    if type != "checkin":
        check_room_today(circle, queued=queued)
    body, media_ids = content.body or "", content.media_ids or ()
    given = () if topic_id is None else (topic_id,)
    topic_ids, html = with_marked((*given, *(content.topic_ids or ())), content.words), content.words.html
    files = media.media_of(actor, list(media_ids))
    asked = content.poll is not None or type == "question"
    rules.check_content(body, [file.kind for file in files], topic_ids, poll=asked)
    allowances.check_added(circle, [Attached(file.kind, file.bytes) for file in files])
    wanted = topics.writable_topics(actor, circle.id, [id_ for id_ in topic_ids if id_ != topic_id])
    topics_now = (*given, *(id_ for id_, _slug, _title in wanted))
    post_id, now = ids.new_id(), clock.now()  # together, so that the id of a post that is gone still says when it came
    excerpt, hot_score = markup.excerpt(html, rules.EXCERPT), ranking.hot_score(0, now, checkin=type == "checkin")
    # as a statement: nobody here needs the object, and the session takes its time to keep one
    row = {
        "id": post_id,
        "circle_id": circle.id,
        "author_id": actor.person_id,
        "anonymous": anonymous,
        "type": type,
        "status": "published",
        "title": content.title or "",
        "body": body,
        "body_html": html,
        "excerpt": excerpt,
        "published_at": now,
        "last_activity_at": now,
        "hot_score": hot_score,
        "parts": parts_of(files, content.alts[: len(files)], topics_now) | ({} if part is None else {type: part}),
    }
    db.session.execute(_inserting(Post), row)
    _attach_media(post_id, media_ids, content.alts)
    _attach_topics(post_id, topics_now, published_at=now, last_activity_at=now, hot_score=hot_score)
    if content.poll is not None:
        attach_poll(post_id, content.poll)
    named = keep_mentions(actor, "post", post_id, content.words.people, new=True)
    emit(
        PostPublished(
            post_id, circle.id, actor.person_id, actor.id, topics_now, named, excerpt, length=len(body.strip()),
            has_media=any(file.kind != "file" for file in files), type=type, anonymous=anonymous,
        )
    )  # fmt: skip
    return post_id


@cache
def _inserting(model: type[Base]) -> Any:
    return insert(model.__table__)  # type: ignore[arg-type]


def with_marked(chosen: Sequence[int], words: Words) -> tuple[int, ...]:
    """The chosen topics, and those that the text is marked with while there is room."""
    return (*chosen, *[id_ for id_ in words.topic_ids if id_ not in chosen][: max(0, rules.MAX_TOPICS - len(chosen))])


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

    `alts` describe the files in their order; a file they do not reach to keeps its description.

    Raises NotFound, Forbidden, PreconditionFailed, Conflict (not published or hidden), and what publish_post raises.
    """
    words = None if body is None else texts.edited_post(actor, body, post_id)
    _edit(actor, post_id, version, Content.of(body, title, topic_ids, media_ids, alts=alts, words=words))


@operation
def _edit(actor: Actor, post_id: int, version: int | None, content: Content) -> None:
    post, circle = _own_post(actor, post_id)
    rules.check_status(post.status, ("published",))
    if version is not None and version != post.version:
        raise PreconditionFailed
    old_topics = topic_ids_of(post_id)
    new_topics = with_marked(old_topics if content.topic_ids is None else content.topic_ids, content.words)
    new_media = _media_ids_of(post_id) if content.media_ids is None else content.media_ids
    files = media.media_of(actor, list(new_media))
    rules.check_content(
        post.body if content.body is None else content.body,
        [file.kind for file in files],
        new_topics,
        poll="poll" in post.parts or post.type == "question",
    )
    if content.title is not None:
        rules.check_type(post.type, content.title, poll="poll" in post.parts, anonymous=post.anonymous)
    there = {item["id"]: item["kind"] for item in post.parts.get("media", ())}
    allowances.check_added(
        circle,
        [Attached(file.kind, file.bytes) for file in files if file.id not in there],
        images_there=sum(there.get(id_) == "image" for id_ in new_media),
    )
    if late := clock.now() - post.published_at > EDIT_GRACE:
        keep_revision(post, content.title, content.body)
    if content.body is not None:
        post.body, post.body_html = content.body, content.words.html
        post.excerpt = markup.excerpt(post.body_html, rules.EXCERPT)
        if named := keep_mentions(actor, "post", post_id, content.words.people):
            about = (post_id, None, post.circle_id, actor.person_id, named, post.excerpt)
            emit(PeopleMentioned(*about, anonymous=post.anonymous))
    if content.title is not None:
        post.title = content.title
    if content.media_ids is not None or content.alts:
        kept, given = _alts_of(post_id), content.alts[: len(new_media)]
        alts = [kept.get(id_, "") if alt is None else alt for id_, alt in zip_longest(new_media, given)]
        db.session.execute(delete(PostMedia).where(PostMedia.post_id == post_id))
        _attach_media(post_id, new_media, alts)
    _move(actor, post, old_topics, new_topics)
    refresh_parts(post)
    if late:
        post.edited_at = clock.now()
    post.version += 1
    emit(PostEdited(post.id, post.type, post.body, tuple(file.kind for file in files)))


def _move(actor: Actor, post: Post, old: Sequence[int], new: Sequence[int]) -> None:
    entered = tuple(topic for topic in new if topic not in old)
    left = tuple(topic for topic in old if topic not in new)
    if entered or left:
        topics.writable_topics(actor, post.circle_id, list(entered))
        db.session.execute(delete(TopicPost).where(TopicPost.post_id == post.id, TopicPost.topic_id.in_(left)))
        _attach_topics(
            post.id, entered, published_at=post.published_at, last_activity_at=post.last_activity_at,
            hot_score=post.hot_score, featured_at=post.featured_at,
        )  # fmt: skip
        emit(PostMoved(post.id, left, entered))


@operation
def delete_post(actor: Actor, post_id: int) -> None:
    """Take one's own post back. Raises NotFound, Forbidden; Conflict while moderators have it hidden."""
    locked_for_pins(post_id)
    post, _circle = _own_post(actor, post_id, speaking=False)
    rules.check_status(post.status, ("published", "pending", "draft"))
    counted = post.status == "published"
    db.session.execute(delete(PostMedia).where(PostMedia.post_id == post_id))  # the pictures are the author's again
    drop_pin(post)
    post.status = "deleted"
    post.parts = {**post.parts, "media": []}
    post.version += 1
    mirror(post)
    forget_mentions("post", post_id)
    if counted:
        emit(PostDeleted(post.id, post.circle_id, post.author_id, actor.id, topic_ids_of(post.id)))


def _own_post(actor: Actor, post_id: int, *, speaking: bool = True) -> tuple[Post, CircleRow]:
    """The actor's own post, locked, and its circle. A stranger to the circle learns nothing; a reader learns it is not
    theirs."""
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
    return post, circle


def _media_ids_of(post_id: int) -> tuple[int, ...]:
    from_post = PostMedia.post_id == post_id
    return tuple(db.session.scalars(PostMedia.__table__.select().with_only_columns(PostMedia.media_id)
                                    .where(from_post).order_by(PostMedia.position)))  # fmt: skip


def _alts_of(post_id: int) -> dict[int, str]:
    rows = db.session.execute(select(PostMedia.media_id, PostMedia.alt).where(PostMedia.post_id == post_id))
    return {row.media_id: row.alt for row in rows}


def _attach_media(post_id: int, media_ids: Sequence[int], alts: Sequence[str]) -> None:
    rows = [
        {
            "post_id": post_id,
            "position": position,
            "media_id": id_,
            "alt": alts[position] if position < len(alts) else "",
        }
        for position, id_ in enumerate(media_ids)
    ]
    if rows:
        db.session.execute(_inserting(PostMedia), rows)


def _attach_topics(post_id: int, topic_ids: Sequence[int], **of_post: Any) -> None:
    """Let a post stand in topics; `of_post` is what they are sorted by there."""
    rows = [{"topic_id": id_, "post_id": post_id, "visible": 1, **of_post} for id_ in topic_ids]
    if rows:
        db.session.execute(_inserting(TopicPost), rows)
