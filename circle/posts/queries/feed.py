"""Reading posts: the feeds and one post. A page is a fixed number of statements whatever its length.

Who may see what is decided in SQL (`visible`), so a post that is not for this reader is in no list and no count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, and_, literal, or_, select

from circle import access
from circle.access import Actor, Permission
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, author_of, not_blocked
from circle.circles import queries as circles
from circle.circles.models import Circle, Member
from circle.circles.queries import CircleRow
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.markup import excerpt
from circle.core.pagination import Keyset, Page
from circle.core.storage import file_url
from circle.posts.models import Comment, Favorite, Like, Post, TopicPost
from circle.posts.queries.rows import Peek, PostCan, PostMediaRow, PostRow, TopicRef
from circle.topics import queries as topics
from circle.topics.models import TopicFollow
from circle.topics.queries import TopicLink

SORTS = ("newest", "active", "hot", "featured", "following")
_KEYS = {
    "newest": "published_at",
    "following": "published_at",
    "active": "last_activity_at",
    "hot": "hot_score",
    "featured": "featured_at",
}
_PEEK_LENGTH = 70

_COLUMNS = (
    Post.id, Post.type, Post.status, Post.title, Post.body, Post.body_html, Post.excerpt, Post.like_count,
    Post.comment_count, Post.favorite_count, Post.published_at, Post.edited_at, Post.last_activity_at,
    Post.featured_at, Post.pin_rank, Post.pin_until, Post.hidden_reason, Post.version, Post.circle_id, Post.parts,
    Post.peek_id, Member.role, *AUTHOR_COLUMNS,
)  # fmt: skip
_AUTHOR_AT = 22
_MINE_AT = _AUTHOR_AT + len(AUTHOR_COLUMNS)


@dataclass(frozen=True)
class Front:
    """What the home of a circle shows: pinned posts (on the first page only), the feed, topics being talked about."""

    pinned: list[PostRow]
    page: Page[PostRow]
    topics: list[TopicLink]


def visible(actor: Actor, circle: CircleRow) -> ColumnElement[bool]:
    """Which posts of a readable circle this actor may open by its address (lists show published ones only)."""
    allowed: list[ColumnElement[bool]] = [Post.status == "published"]
    if actor.id is not None:
        allowed.append(and_(Post.author_id == actor.id, Post.status.in_(("pending", "hidden"))))
    if circle.may(Permission.POST_MODERATE):
        allowed.append(Post.status.in_(("pending", "hidden")))
    return or_(*allowed)


def _cards(actor: Actor) -> Select[Any]:
    """Posts with their authors, the authors' roles, and what this actor likes and keeps: one statement."""
    me = actor.id or 0
    liked = and_(Like.target_type == "post", Like.target_id == Post.id, Like.user_id == me)
    kept = and_(Favorite.post_id == Post.id, Favorite.user_id == me)
    mine = (Like.user_id.is_not(None), Favorite.user_id.is_not(None)) if actor.signed_in else (literal(False),) * 2
    cards = (
        select(*_COLUMNS, *mine)
        .select_from(Post)
        .join(User, User.id == Post.author_id)
        .outerjoin(Member, and_(Member.circle_id == Post.circle_id, Member.user_id == Post.author_id))
    )
    if actor.signed_in:
        cards = cards.outerjoin(Like, liked).outerjoin(Favorite, kept)
    return cast("Select[Any]", cards)


def _met(actor: Actor, circle: CircleRow | None) -> ColumnElement[bool]:
    """Whose posts this actor meets: nobody's they have blocked or who has blocked them.

    Those who moderate a circle see everything there, or a block would shield from them.
    """
    if circle is not None and circle.may(Permission.POST_MODERATE):
        return literal(True)
    return not_blocked(actor, Post.author_id)


def _pinned_now() -> ColumnElement[bool]:
    """A pin falls off by itself when its time is over, also before the job has cleared it away."""
    return and_(Post.pin_rank.is_not(None), or_(Post.pin_until.is_(None), Post.pin_until > clock.now()))


def front(
    actor: Actor, circle: CircleRow, *, sort: str, by_owner: bool = False, cursor: str | None = None, topic_count: int
) -> Front:
    """The home of a circle. Raises BadRequest CURSOR_INVALID."""
    pinned = _pinned_rows(actor, circle) if cursor is None and not by_owner else []
    page = _feed_rows(actor, circle, sort=sort, by_owner=by_owner, cursor=cursor, limit=20)
    together = [*pinned, *page.items]
    ids = {id_ for row in together for id_ in row.parts.get("topics", ())}
    links = topics.known_and_popular(circle, ids, topic_count)
    made = _post_rows(actor, circle, together, {link.id: link for link in links})
    here = [link for link in links if link.popular]
    return Front(made[: len(pinned)], Page(made[len(pinned) :], page.next_cursor), here)


def feed(
    actor: Actor,
    circle: CircleRow,
    *,
    sort: str = "newest",
    type_: str | None = None,
    cursor: str | None = None,
    limit: int = 20,
) -> Page[PostRow]:
    """A page of the circle's posts, without the pinned ones: newest, active (latest comment), hot, featured (last
    featured first), or following (newest in followed topics).

    Raises BadRequest CURSOR_INVALID.
    """
    page = _feed_rows(actor, circle, sort=sort, type_=type_, cursor=cursor, limit=limit)
    return page.map(lambda rows: _with_parts(actor, circle, rows))


def pinned_posts(actor: Actor, circle: CircleRow) -> list[PostRow]:
    """The pinned posts of a circle in their order, at most five."""
    return _with_parts(actor, circle, _pinned_rows(actor, circle), peeks=False)


def _pinned_rows(actor: Actor, circle: CircleRow) -> Sequence[Row[Any]]:
    pinned = _cards(actor).where(Post.circle_id == circle.id, Post.status == "published", _pinned_now())
    return db.session.execute(pinned.where(_met(actor, circle)).order_by(Post.pin_rank, Post.id)).all()


def _feed_rows(
    actor: Actor,
    circle: CircleRow,
    *,
    sort: str,
    type_: str | None = None,
    by_owner: bool = False,
    cursor: str | None,
    limit: int,
) -> Page[Row[Any]]:
    key = getattr(Post, _KEYS[sort])
    statement = _cards(actor).where(Post.circle_id == circle.id, Post.status == "published", _met(actor, circle))
    if sort == "featured":
        statement = statement.where(Post.featured_at.is_not(None))
    else:
        statement = statement.where(~_pinned_now())
    if type_ is not None:
        statement = statement.where(Post.type == type_)
    if by_owner:
        statement = statement.where(Member.role == "owner")
    if sort == "following":
        followed = select(TopicPost.post_id).join(TopicFollow, TopicFollow.topic_id == TopicPost.topic_id)
        statement = statement.where(Post.id.in_(followed.where(TopicFollow.user_id == (actor.id or 0))))
    return Keyset(f"feed.{circle.id}.{sort}", (key, Post.id)).read(statement, cursor, limit)


def topic_feed(
    actor: Actor, circle: CircleRow, topic_id: int, *, sort: str = "newest", cursor: str | None = None, limit: int = 20
) -> Page[PostRow]:
    """A page of a topic's posts, read along the topic's own index. Raises BadRequest CURSOR_INVALID."""
    key = getattr(TopicPost, _KEYS[sort])
    statement = (
        _cards(actor)
        .join(TopicPost, TopicPost.post_id == Post.id)
        .where(TopicPost.topic_id == topic_id, TopicPost.visible == 1, Post.status == "published")
        .where(_met(actor, circle))
    )
    if sort == "featured":
        statement = statement.where(TopicPost.featured_at.is_not(None))
    page = Keyset(f"topic.{topic_id}.{sort}", (key, TopicPost.post_id)).read(statement, cursor, limit)
    return page.map(lambda rows: _with_parts(actor, circle, rows))


def posts_by(actor: Actor, user_id: int, *, cursor: str | None = None, limit: int = 20) -> Page[PostRow]:
    """Somebody's published posts in the circles this actor may read, newest first."""
    open_ = select(Circle.id).where(Circle.visibility == "public", Circle.status == "active")
    mine = select(Member.circle_id).where(Member.user_id == (actor.id or 0), Member.status == "active")
    readable = open_.union(mine)
    statement = _cards(actor).where(Post.author_id == user_id, Post.status == "published", Post.circle_id.in_(readable))
    statement = statement.where(_met(actor, None))
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
    found = _cards(actor).where(Post.id == post_id, visible(actor, circle), _met(actor, circle))
    row = db.session.execute(found).one_or_none()
    if row is None:
        raise NotFound
    return _with_parts(actor, circle, [row], peeks=False)[0]


def posts_by_ids(actor: Actor, post_ids: Sequence[int]) -> list[PostRow]:
    """Published posts of any circles that this actor may read, in the order of `post_ids`; others are left out."""
    if not post_ids:
        return []
    rows = db.session.execute(
        _cards(actor).where(Post.id.in_(post_ids), Post.status == "published", _met(actor, None))
    ).all()
    found = {post.id: post for post in _across_circles(actor, rows)}
    return [found[id_] for id_ in post_ids if id_ in found]


def _with_parts(actor: Actor, circle: CircleRow, rows: Sequence[Row[Any]], *, peeks: bool = True) -> list[PostRow]:
    """Rows with their topics, files and one comment each: at most two statements for any number of posts."""
    ids = {id_ for row in rows for id_ in row.parts.get("topics", ())}
    known = {link.id: link for link in topics.known_and_popular(circle, ids, 0)} if ids else {}
    return _post_rows(actor, circle, rows, known, peeks=peeks)


def _post_rows(
    actor: Actor, circle: CircleRow, rows: Sequence[Row[Any]], known: dict[int, TopicLink], *, peeks: bool = True
) -> list[PostRow]:
    shown = _peeks_of(actor, [row.peek_id for row in rows if row.peek_id]) if peeks else {}
    return [_post_row(actor, circle, row, known, shown) for row in rows]


def _post_row(
    actor: Actor, circle: CircleRow, row: Row[Any], known: dict[int, TopicLink], peeks: dict[int, Peek]
) -> PostRow:
    author = author_of(row[_AUTHOR_AT:_MINE_AT], row.role)
    parts, signed = row.parts, circle.visibility != "public"
    here = [known[id_] for id_ in parts.get("topics", ()) if id_ in known]
    expired = row.pin_until is not None and row.pin_until <= clock.now()
    return PostRow(
        id=row.id, type=row.type, status=row.status, circle=circle, author=author, title=row.title, body=row.body,
        body_html=row.body_html, excerpt=row.excerpt, like_count=row.like_count, comment_count=row.comment_count,
        favorite_count=row.favorite_count, liked=bool(row[_MINE_AT]), favorited=bool(row[_MINE_AT + 1]),
        published_at=row.published_at, edited_at=row.edited_at, last_activity_at=row.last_activity_at,
        featured_at=row.featured_at, pin_rank=None if expired else row.pin_rank, pin_until=row.pin_until,
        hidden_reason=row.hidden_reason, version=row.version, can=_can(actor, circle, author.id, row),
        topics=[TopicRef(link.id, link.slug, link.title, link.url) for link in here],
        media=[_media_row(item, signed) for item in parts.get("media", ())],
        poll=parts.get("poll"), peek=peeks.get(row.peek_id),
    )  # fmt: skip


def _media_row(item: dict[str, Any], signed: bool) -> PostMediaRow:
    id_, poster = item["id"], item.get("thumb", item["kind"] == "image")
    return PostMediaRow(
        id_, item["kind"], file_url(id_, signed=signed) or "", file_url(id_, "thumb", signed=signed) if poster else None,
        item["width"], item["height"], item["duration_ms"], item["wave"], item["bytes"], item["name"], item["alt"],
        item["mime"],
    )  # fmt: skip


def _can(actor: Actor, circle: CircleRow, author_id: int, row: Row[Any]) -> PostCan:
    own, published, status = actor.owns(author_id), row.status == "published", row.status
    above = access.outranks_or_equals(circle.standing, row.role)
    moderates = circle.may(Permission.POST_MODERATE) and not own and above
    return PostCan(
        edit=own and published and circle.may(Permission.POST_WRITE),
        delete=own and status in {"published", "pending"},
        like=published and not own and circle.may(Permission.LIKE_GIVE),
        favorite=published and circle.may(Permission.LIKE_GIVE),
        comment=published and circle.may(Permission.COMMENT_WRITE),
        hide=moderates and published,
        restore=moderates and status == "hidden",
        remove=moderates and status in {"published", "hidden"},
        pin=published and circle.may(Permission.POST_PIN),
        feature=published and circle.may(Permission.POST_FEATURE) and (not own or circle.standing.role == "owner"),
        revisions=row.edited_at is not None and (own or circle.may(Permission.POST_MODERATE)),
    )


def _peeks_of(actor: Actor, comment_ids: Sequence[int]) -> dict[int, Peek]:
    """The comments that cards show, by id; one statement, by primary key."""
    if not comment_ids:
        return {}
    rows = db.session.execute(
        select(Comment.id, Comment.body_html, User.nickname, Member.role)
        .join(User, User.id == Comment.author_id)
        .outerjoin(Member, and_(Member.circle_id == Comment.circle_id, Member.user_id == Comment.author_id))
        .where(Comment.id.in_(comment_ids), Comment.status == "published", User.status != "deleted")
        .where(not_blocked(actor, Comment.author_id))
    )
    return {id_: Peek(nickname, role or "member", excerpt(html, _PEEK_LENGTH)) for id_, html, nickname, role in rows}
