"""Reading posts: the feeds and one post. A page is a fixed number of statements whatever its length.

Who may see what is decided in SQL (`visible`), so a post that is not for this reader is in no list and no count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal, or_, select

from circle import access
from circle.access import Actor, Permission
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, author_of
from circle.circles import queries as circles
from circle.circles.models import Circle, Member
from circle.circles.queries import CircleRow
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.markup import excerpt
from circle.core.pagination import Keyset, Page
from circle.core.storage import file_url
from circle.media.models import Media
from circle.posts.models import Comment, Like, Post, PostMedia, TopicPost
from circle.posts.queries.rows import Peek, PostCan, PostImage, PostRow, TopicRef
from circle.topics.models import Topic, TopicFollow

SORTS = ("newest", "active", "hot", "following")
_KEYS = {"newest": "published_at", "following": "published_at", "active": "last_activity_at", "hot": "hot_score"}
_PEEK_LENGTH = 70

_COLUMNS = (
    Post.id, Post.type, Post.status, Post.title, Post.body, Post.body_html, Post.excerpt, Post.like_count,
    Post.comment_count, Post.published_at, Post.edited_at, Post.last_activity_at, Post.hidden_reason, Post.version,
    Post.circle_id, Member.role, *AUTHOR_COLUMNS,
)  # fmt: skip
_AUTHOR_AT = 16


def visible(actor: Actor, circle: CircleRow) -> ColumnElement[bool]:
    """Which posts of a readable circle this actor may open by its address (lists show published ones only)."""
    allowed: list[ColumnElement[bool]] = [Post.status == "published"]
    if actor.id is not None:
        allowed.append(and_(Post.author_id == actor.id, Post.status.in_(("pending", "hidden"))))
    if circle.may(Permission.POST_MODERATE):
        allowed.append(Post.status.in_(("pending", "hidden")))
    return or_(*allowed)


def _cards(actor: Actor) -> Select[Any]:
    """Posts with their authors, the authors' roles, and whether this actor likes them: one statement."""
    mine = and_(Like.target_type == "post", Like.target_id == Post.id, Like.user_id == (actor.id or 0))
    cards = (
        select(*_COLUMNS, Like.user_id.is_not(None) if actor.signed_in else literal(False))
        .select_from(Post)
        .join(User, User.id == Post.author_id)
        .outerjoin(Member, and_(Member.circle_id == Post.circle_id, Member.user_id == Post.author_id))
        .outerjoin(Like, mine)
    )
    return cast("Select[Any]", cards)


def feed(
    actor: Actor,
    circle: CircleRow,
    *,
    sort: str = "newest",
    type_: str | None = None,
    by_owner: bool = False,
    cursor: str | None = None,
    limit: int = 20,
) -> Page[PostRow]:
    """A page of the circle's posts: newest, active (latest comment), hot, or following (newest in followed topics).

    Raises BadRequest CURSOR_INVALID.
    """
    key = getattr(Post, _KEYS[sort])
    statement = _cards(actor).where(Post.circle_id == circle.id, Post.status == "published")
    if type_ is not None:
        statement = statement.where(Post.type == type_)
    if by_owner:
        statement = statement.where(Member.role == "owner")
    if sort == "following":
        followed = select(TopicPost.post_id).join(TopicFollow, TopicFollow.topic_id == TopicPost.topic_id)
        statement = statement.where(Post.id.in_(followed.where(TopicFollow.user_id == (actor.id or 0))))
    page = Keyset(f"feed.{circle.id}.{sort}", (key, Post.id)).read(statement, cursor, limit)
    return page.map(lambda rows: _with_parts(actor, circle, rows))


def topic_feed(
    actor: Actor, circle: CircleRow, topic_id: int, *, sort: str = "newest", cursor: str | None = None, limit: int = 20
) -> Page[PostRow]:
    """A page of a topic's posts, read along the topic's own index. Raises BadRequest CURSOR_INVALID."""
    key = getattr(TopicPost, _KEYS[sort])
    statement = (
        _cards(actor)
        .join(TopicPost, TopicPost.post_id == Post.id)
        .where(TopicPost.topic_id == topic_id, TopicPost.visible == 1, Post.status == "published")
    )
    page = Keyset(f"topic.{topic_id}.{sort}", (key, TopicPost.post_id)).read(statement, cursor, limit)
    return page.map(lambda rows: _with_parts(actor, circle, rows))


def posts_by(actor: Actor, user_id: int, *, cursor: str | None = None, limit: int = 20) -> Page[PostRow]:
    """Somebody's published posts in the circles this actor may read, newest first."""
    open_ = select(Circle.id).where(Circle.visibility == "public", Circle.status == "active")
    mine = select(Member.circle_id).where(Member.user_id == (actor.id or 0), Member.status == "active")
    readable = open_.union(mine)
    statement = _cards(actor).where(Post.author_id == user_id, Post.status == "published", Post.circle_id.in_(readable))
    page = Keyset(f"by.{user_id}", (Post.published_at, Post.id)).read(statement, cursor, limit)
    return page.map(lambda rows: _across_circles(actor, rows))


def _across_circles(actor: Actor, rows: Sequence[Row[Any]]) -> list[PostRow]:
    """Rows of several circles: one more statement for the circles they stand in."""
    known = circles.circles_by_id(actor, {row.circle_id for row in rows})
    by_circle: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        by_circle[row.circle_id].append(row)
    done = {
        post.id: post for id_, group in by_circle.items() if id_ in known
        for post in _with_parts(actor, known[id_], group)
    }  # fmt: skip
    return [done[row.id] for row in rows if row.id in done]


def get_post(actor: Actor, post_id: int, *, slug: str | None = None) -> PostRow:
    """One post. Raises NotFound when it is not there, not for this actor, or not in the circle `slug`."""
    circle_id = db.session.scalar(select(Post.circle_id).where(Post.id == post_id))
    if circle_id is None:
        raise NotFound
    circle = circles.readable_circle_by_id(actor, circle_id)
    if slug is not None and slug != circle.slug:
        raise NotFound
    row = db.session.execute(_cards(actor).where(Post.id == post_id, visible(actor, circle))).one_or_none()
    if row is None:
        raise NotFound
    return _with_parts(actor, circle, [row], peeks=False)[0]


def _with_parts(actor: Actor, circle: CircleRow, rows: Sequence[Row[Any]], *, peeks: bool = True) -> list[PostRow]:
    """Rows with their topics, pictures and one comment each: three statements for any number of posts."""
    ids = [row.id for row in rows]
    if not ids:
        return []
    topics, images = _topics_of(circle, ids), _images_of(circle, ids)
    shown = _peeks_of([row.id for row in rows if row.comment_count]) if peeks else {}
    return [_post_row(actor, circle, row).with_parts(topics[row.id], images[row.id], shown.get(row.id)) for row in rows]


def _post_row(actor: Actor, circle: CircleRow, row: Row[Any]) -> PostRow:
    author = author_of(row[_AUTHOR_AT : _AUTHOR_AT + 5], row.role)
    return PostRow(
        id=row.id, type=row.type, status=row.status, circle=circle, author=author, title=row.title, body=row.body,
        body_html=row.body_html, excerpt=row.excerpt, like_count=row.like_count, comment_count=row.comment_count,
        liked=bool(row[_AUTHOR_AT + 5]), published_at=row.published_at, edited_at=row.edited_at,
        last_activity_at=row.last_activity_at, hidden_reason=row.hidden_reason, version=row.version,
        can=_can(actor, circle, author.id, row.role, row.status),
    )  # fmt: skip


def _can(actor: Actor, circle: CircleRow, author_id: int, author_role: str | None, status: str) -> PostCan:
    own, published = actor.owns(author_id), status == "published"
    above = access.outranks_or_equals(circle.standing, author_role)
    moderates = circle.may(Permission.POST_MODERATE) and not own and above
    return PostCan(
        edit=own and published and circle.may(Permission.POST_WRITE),
        delete=own and status in {"published", "pending"},
        like=published and not own and circle.may(Permission.LIKE_GIVE),
        comment=published and circle.may(Permission.COMMENT_WRITE),
        hide=moderates and published,
        restore=moderates and status == "hidden",
        remove=moderates and status in {"published", "hidden"},
    )


def _topics_of(circle: CircleRow, ids: Sequence[int]) -> dict[int, list[TopicRef]]:
    found: dict[int, list[TopicRef]] = defaultdict(list)
    rows = db.session.execute(
        select(TopicPost.post_id, Topic.id, Topic.slug, Topic.title)
        .join(Topic, Topic.id == TopicPost.topic_id)
        .where(TopicPost.post_id.in_(ids))
        .order_by(TopicPost.post_id, Topic.id)
    )
    for post_id, id_, slug, title in rows:
        found[post_id].append(TopicRef(id_, slug, title, f"/{circle.slug}/topics/{slug}"))
    return found


def _images_of(circle: CircleRow, ids: Sequence[int]) -> dict[int, list[PostImage]]:
    found: dict[int, list[PostImage]] = defaultdict(list)
    signed = circle.visibility != "public"
    rows = db.session.execute(
        select(PostMedia.post_id, Media.id, Media.width, Media.height, Media.bytes, Media.name, PostMedia.alt)
        .join(Media, Media.id == PostMedia.media_id)
        .where(PostMedia.post_id.in_(ids))
        .order_by(PostMedia.post_id, PostMedia.position)
    )
    for post_id, id_, width, height, size, name, alt in rows:
        full, thumb = file_url(id_, signed=signed) or "", file_url(id_, "thumb", signed=signed) or ""
        found[post_id].append(PostImage(id_, full, thumb, width, height, size, name, alt))
    return found


def _peeks_of(ids: Sequence[int]) -> dict[int, Peek]:
    """The most liked first-level comment of each post (the earliest among equals)."""
    if not ids:
        return {}
    rank = func.row_number().over(partition_by=Comment.post_id, order_by=(Comment.like_count.desc(), Comment.id))
    best = (
        select(Comment.id, rank.label("rank"))
        .where(Comment.post_id.in_(ids), Comment.parent_id.is_(None), Comment.status == "published")
        .subquery()
    )
    rows = db.session.execute(
        select(Comment.post_id, Comment.body_html, User.nickname, User.status, Member.role)
        .join(best, best.c.id == Comment.id)
        .join(User, User.id == Comment.author_id)
        .outerjoin(Member, and_(Member.circle_id == Comment.circle_id, Member.user_id == Comment.author_id))
        .where(best.c.rank == 1)
    )
    return {
        post_id: Peek(nickname, role or "member", None, excerpt(html, _PEEK_LENGTH))
        for post_id, html, nickname, status, role in rows
        if status != "deleted"
    }
