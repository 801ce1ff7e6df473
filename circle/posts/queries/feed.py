"""Reading posts: the feeds and one post. A page is a fixed number of statements whatever its length.

Who may see what is decided in SQL, so a post that is not for this reader is in no list and no count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, Select, and_, bindparam, literal, or_, select

from circle.access import Actor, Permission
from circle.accounts.models import User
from circle.accounts.queries import not_blocked_for
from circle.circles import queries as circles
from circle.circles.models import Circle, Member
from circle.circles.queries import CircleRow
from circle.core import clock
from circle.core.db import UTCDateTime, db
from circle.core.errors import NotFound
from circle.core.pagination import Keyset, Page
from circle.posts.models import Comment, Favorite, Like, Post, TopicPost
from circle.posts.queries.making import post_rows
from circle.posts.queries.rows import PostRow
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

#: plain tables instead of mapped classes: rows come as tuples, without the mapper's work on each of them
_posts, _users, _members = Post.__table__.c, User.__table__.c, Member.__table__.c
_COLUMNS = (
    _posts.id, _posts.type, _posts.status, _posts.title, _posts.body, _posts.body_html, _posts.excerpt,
    _posts.like_count, _posts.comment_count, _posts.favorite_count, _posts.published_at, _posts.edited_at,
    _posts.last_activity_at, _posts.featured_at, _posts.pin_rank, _posts.pin_until, _posts.hidden_reason,
    _posts.version, _posts.circle_id, _posts.parts, _posts.anonymous, _posts.answer_count,
    _members.role, _members.level,
    _users.id.label("user_id"), _users.username, _users.nickname, _users.avatar_id, _users.status.label("user_status"),
)  # fmt: skip
#: what stands for the reader in a statement that is built once; no row has user 0, so a visitor simply has nothing
_ME = bindparam("me", type_=BigInteger)
_HERE = bindparam("circle", type_=BigInteger)
_NOW = bindparam("now", type_=UTCDateTime)


@dataclass(frozen=True)
class Front:
    """What the home of a circle shows: pinned posts (on the first page only), the feed, topics being talked about."""

    pinned: list[PostRow]
    page: Page[PostRow]
    topics: list[TopicLink]


def _cards(*, signed_in: bool, peeks: bool = False, by_topic: bool = False) -> Select[Any]:
    """Posts with their authors and the authors' roles, what the reader `me` likes and keeps, and, with `peeks`, the
    comment each card shows: one statement. `by_topic` begins with the topics' index of their posts: PostgreSQL changes
    the order of the first eight tables only, and would read every post before it came to the ninth."""
    likes, kept = Like.__table__, Favorite.__table__
    by = and_(_members.circle_id == _posts.circle_id, _members.user_id == _posts.author_id)
    first: Any = Post.__table__
    if by_topic:
        first = TopicPost.__table__.join(first, TopicPost.__table__.c.post_id == _posts.id)
    source = first.join(User.__table__, _users.id == _posts.author_id).outerjoin(Member.__table__, by)
    mine: tuple[Any, ...] = (literal(False), literal(False))
    if signed_in:
        here = likes.c
        liked = and_(here.target_type == "post", here.target_id == _posts.id, here.user_id == _ME)
        source = source.outerjoin(likes, liked)
        source = source.outerjoin(kept, and_(kept.c.post_id == _posts.id, kept.c.user_id == _ME))
        mine = (here.user_id.is_not(None), kept.c.user_id.is_not(None))
    shown: tuple[Any, ...] = ()
    if peeks:
        who, member = User.__table__.alias("peek_user"), Member.__table__.alias("peek_member")
        said = Comment.__table__.c
        met = or_(said.anonymous, not_blocked_for(_ME, said.author_id))
        readable = and_(said.id == _posts.peek_id, said.status == "published", met)
        source = source.outerjoin(Comment.__table__, readable)
        source = source.outerjoin(who, and_(who.c.id == said.author_id, who.c.status != "deleted"))
        here_too = and_(member.c.circle_id == _posts.circle_id, member.c.user_id == said.author_id)
        source = source.outerjoin(member, here_too)
        name, role = who.c.nickname.label("peek_nickname"), member.c.role.label("peek_role")
        unnamed_ = said.anonymous.label("peek_anonymous")
        shown = (said.body_html.label("peek_html"), name, role, member.c.level.label("peek_level"), unnamed_)
    return select(*_COLUMNS, *(m.label(f"mine_{n}") for n, m in enumerate(mine)), *shown).select_from(source)


def cards_for(actor: Actor, circle: CircleRow | None = None) -> Select[Any]:
    """The cards of a list that is not read often: published posts that this actor may meet, to be narrowed further.

    Columns are those of the table (`Post.__table__.c`). Make rows of what comes with `rows_in` or `rows_across`.
    """
    cards = _cards(signed_in=actor.signed_in).where(_posts.status == "published")
    if blocks_matter(actor, circle):
        cards = cards.where(_met_anywhere() if circle is None else _met_here())
    return cards.params(**values_for(actor, circle))


def cards_in(*, signed_in: bool, met: bool) -> Select[Any]:
    """Cards of any status for a list that is put together once (`met`: `blocks_matter`); run it with `values_for`."""
    cards = _cards(signed_in=signed_in)
    return cards.where(_met_here()) if met else cards


def blocks_matter(actor: Actor, circle: CircleRow | None) -> bool:
    """Whether blocks matter: nobody meets posts of those they have blocked or who have blocked them.

    Those who moderate a circle see everything there, or a block would shield from them.
    """
    return actor.signed_in and not (circle is not None and circle.may(Permission.POST_MODERATE))


def _met_here() -> ColumnElement[bool]:
    """Posts in a circle by people the reader meets; its owner, whose word concerns everybody there, cannot be blocked
    away. For statements that have the author's place in the circle joined."""
    return or_(_members.role == "owner", _met_anywhere())


def _met_anywhere() -> ColumnElement[bool]:
    """Posts by people the reader meets. Blocks do not hide what is anonymous, or blocking people one by one would tell
    who wrote it."""
    return or_(_posts.anonymous, not_blocked_for(_ME, _posts.author_id))


def listed(actor: Actor, circle: CircleRow) -> ColumnElement[bool]:
    """Which posts stand in this circle's feed for this actor: published, not pinned, by people they meet."""
    standing = and_(_posts.circle_id == circle.id, _posts.status == "published", ~_pinned_now(clock.now()))
    if blocks_matter(actor, circle):
        by_owner = _posts.author_id == (circle.owner.id if circle.owner else 0)
        standing = and_(standing, or_(by_owner, _posts.anonymous, not_blocked_for(actor.id, _posts.author_id)))
    return standing


def _pinned_now(now: Any = _NOW) -> ColumnElement[bool]:
    """A pin falls off by itself when its time is over, also before the job has cleared it away."""
    return and_(_posts.pin_rank.is_not(None), or_(_posts.pin_until.is_(None), _posts.pin_until > now))


def values_for(actor: Actor, circle: CircleRow | None = None) -> dict[str, Any]:
    """What stands for the reader and the place in statements that are put together once."""
    return {"me": actor.id or 0, "now": clock.now(), "circle": circle.id if circle is not None else 0}


# Statements are built once for each combination of what shapes them: putting one together costs more than running it.


@cache
def _pinned_statement(signed_in: bool, met: bool) -> Select[Any]:
    pinned = _cards(signed_in=signed_in).where(_posts.circle_id == _HERE, _posts.status == "published", _pinned_now())
    if met:
        pinned = pinned.where(_met_here())
    return pinned.order_by(_posts.pin_rank, _posts.id)


def _keyset(sort: str) -> Keyset:
    return Keyset("feed", (_posts[_KEYS[sort]], _posts.id))


@cache
def _feed_statement(
    sort: str, *, signed_in: bool, met: bool, typed: bool, by_owner: bool, after: bool, peeks: bool
) -> Select[Any]:
    statement = _cards(signed_in=signed_in, peeks=peeks)
    statement = statement.where(_posts.circle_id == _HERE, _posts.status == "published")
    if met:
        statement = statement.where(_met_here())
    if sort == "featured":
        statement = statement.where(_posts.featured_at.is_not(None))
    else:
        statement = statement.where(~_pinned_now())
    if typed:
        statement = statement.where(_posts.type == bindparam("type"))
    if by_owner:
        statement = statement.where(_members.role == "owner", ~_posts.anonymous)
    if sort == "following":
        followed = select(TopicPost.post_id).join(TopicFollow, TopicFollow.topic_id == TopicPost.topic_id)
        statement = statement.where(_posts.id.in_(followed.where(TopicFollow.user_id == _ME)))
    return _keyset(sort).prepare(statement, after=after)


def _topic_keyset(sort: str) -> Keyset:
    return Keyset("topic", (TopicPost.__table__.c[_KEYS[sort]], TopicPost.__table__.c.post_id))


@cache
def _topic_statement(sort: str, *, signed_in: bool, met: bool, after: bool) -> Select[Any]:
    placed = TopicPost.__table__.c
    statement = _cards(signed_in=signed_in, peeks=True, by_topic=True).where(
        placed.topic_id == bindparam("topic", type_=BigInteger), placed.visible == 1, _posts.status == "published"
    )
    if met:
        statement = statement.where(_met_here())
    if sort == "featured":
        statement = statement.where(placed.featured_at.is_not(None))
    return _topic_keyset(sort).prepare(statement, after=after)


@cache
def one_card(signed_in: bool, met: bool, moderates: bool) -> Select[Any]:
    """The card of `post`, if it is for this reader (`met`: `blocks_matter`); run it with `values_for`."""
    allowed = [_posts.status == "published", and_(_posts.author_id == _ME, _posts.status.in_(("pending", "hidden")))]
    if moderates:
        allowed.append(_posts.status.in_(("pending", "hidden")))
    statement = _cards(signed_in=signed_in).where(_posts.id == bindparam("post", type_=BigInteger), or_(*allowed))
    return statement.where(_met_here()) if met else statement


def front(
    actor: Actor, circle: CircleRow, *, sort: str, by_owner: bool = False, cursor: str | None = None, topic_count: int
) -> Front:
    """The home of a circle. Raises BadRequest CURSOR_INVALID."""
    first = cursor is None and not by_owner and sort != "featured"
    pinned = _pinned_rows(actor, circle) if first else []
    page = _feed_rows(actor, circle, sort=sort, by_owner=by_owner, cursor=cursor, limit=20)
    together = [*pinned, *page.items]
    ids = {id_ for row in together for id_ in row.parts.get("topics", ())}
    links = topics.known_and_popular(circle, ids, topic_count)
    made = post_rows(actor, circle, together, {link.id: link for link in links})
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
    featured first, pinned ones too), or following (newest in followed topics).

    Raises BadRequest CURSOR_INVALID.
    """
    page = _feed_rows(actor, circle, sort=sort, type_=type_, cursor=cursor, limit=limit, peeks=False)
    return page.map(lambda rows: rows_in(actor, circle, rows))


def pinned_posts(actor: Actor, circle: CircleRow) -> list[PostRow]:
    """The pinned posts of a circle in their order, at most five."""
    return rows_in(actor, circle, _pinned_rows(actor, circle))


def _pinned_rows(actor: Actor, circle: CircleRow) -> Sequence[Row[Any]]:
    statement = _pinned_statement(actor.signed_in, blocks_matter(actor, circle))
    return db.session.execute(statement, values_for(actor, circle)).all()


def _feed_rows(
    actor: Actor,
    circle: CircleRow,
    *,
    sort: str,
    type_: str | None = None,
    by_owner: bool = False,
    cursor: str | None,
    limit: int,
    peeks: bool = True,
) -> Page[Row[Any]]:
    statement = _feed_statement(
        sort, signed_in=actor.signed_in, met=blocks_matter(actor, circle), typed=type_ is not None, by_owner=by_owner,
        after=bool(cursor), peeks=peeks,
    )  # fmt: skip
    values = values_for(actor, circle) | {"type": type_}
    which = f"{sort}.owner" if by_owner else f"{sort}.{type_}" if type_ else sort
    return _keyset(sort).fetch(statement, values, cursor, limit, name=f"feed.{circle.id}.{which}")


def topic_feed(
    actor: Actor, circle: CircleRow, topic_id: int, *, sort: str = "newest", cursor: str | None = None, limit: int = 20
) -> Page[PostRow]:
    """A page of a topic's posts, read along the topic's own index. Raises BadRequest CURSOR_INVALID."""
    statement = _topic_statement(sort, signed_in=actor.signed_in, met=blocks_matter(actor, circle), after=bool(cursor))
    values = values_for(actor) | {"topic": topic_id}
    page = _topic_keyset(sort).fetch(statement, values, cursor, limit, name=f"topic.{topic_id}.{sort}")
    return page.map(lambda rows: rows_in(actor, circle, rows))


def posts_by(actor: Actor, user_id: int, *, cursor: str | None = None, limit: int = 20) -> Page[PostRow]:
    """Somebody's published posts in the circles this actor may read, newest first; none that they wrote unnamed."""
    open_ = select(Circle.id).where(Circle.visibility == "public", Circle.status == "active")
    mine = select(Member.circle_id).where(Member.user_id == (actor.id or 0), Member.status == "active")
    statement = _cards(signed_in=actor.signed_in, peeks=True).where(
        _posts.author_id == user_id, _posts.status == "published", _posts.circle_id.in_(open_.union(mine)),
        ~_posts.anonymous,  # also for themself: who looks over their shoulder learns nothing
    )  # fmt: skip
    if blocks_matter(actor, None):
        statement = statement.where(not_blocked_for(_ME, _posts.author_id))
    keyset = Keyset(f"by.{user_id}", (_posts.published_at, _posts.id))
    page = keyset.fetch(keyset.prepare(statement, after=bool(cursor)), values_for(actor), cursor, limit)
    return page.map(lambda rows: rows_across(actor, rows))


def rows_across(actor: Actor, rows: Sequence[Row[Any]]) -> list[PostRow]:
    """Rows of several circles: one more statement for the circles they stand in."""
    known = circles.circles_by_id(actor, {row.circle_id for row in rows})
    by_circle: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        by_circle[row.circle_id].append(row)
    done = {
        post.id: post for id_, group in by_circle.items() if id_ in known
        for post in rows_in(actor, known[id_], group)
    }  # fmt: skip
    return [done[row.id] for row in rows if row.id in done]


def get_post(actor: Actor, post_id: int, *, slug: str | None = None) -> PostRow:
    """One post. Raises NotFound when it is not there, not for this actor, or not in the circle `slug`."""
    if slug is not None:  # the address names the circle: no need to ask the post
        circle = circles.readable_circle(actor, slug)
    else:
        circle_id = db.session.scalar(select(Post.circle_id).where(Post.id == post_id))
        if circle_id is None:
            raise NotFound
        circle = circles.readable_circle_by_id(actor, circle_id)
    statement = one_card(actor.signed_in, blocks_matter(actor, circle), circle.may(Permission.POST_MODERATE))
    row = db.session.execute(statement, values_for(actor, circle) | {"post": post_id}).one_or_none()
    if row is None or row.circle_id != circle.id:
        raise NotFound
    return rows_in(actor, circle, [row])[0]


def posts_by_ids(actor: Actor, post_ids: Sequence[int]) -> list[PostRow]:
    """Published posts of any circles that this actor may read, in the order of `post_ids`; others are left out."""
    if not post_ids:
        return []
    rows = db.session.execute(cards_for(actor).where(_posts.id.in_(post_ids))).all()
    found = {post.id: post for post in rows_across(actor, rows)}
    return [found[id_] for id_ in post_ids if id_ in found]


def rows_in(actor: Actor, circle: CircleRow, rows: Sequence[Row[Any]]) -> list[PostRow]:
    """Rows with the names of their topics: at most one statement for any number of posts."""
    ids = {id_ for row in rows for id_ in row.parts.get("topics", ())}
    known = {link.id: link for link in topics.known_and_popular(circle, ids, 0)} if ids else {}
    return post_rows(actor, circle, rows, known)
