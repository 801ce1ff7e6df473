"""The leaderboard of a topic in a week (domain specification §7): whose posts of that week met most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Integer, Select, and_, bindparam, case, exists, func, or_, select

from circle.access import Actor
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of, not_blocked_for
from circle.circles.models import Circle, Member
from circle.circles.queries import CircleRow
from circle.core import clock
from circle.core.db import UTCDateTime, db
from circle.core.errors import NotFound
from circle.posts.models import Post, TopicPost, TopicRank, TopicWeek
from circle.posts.weeks import Week, weeks_to_freeze
from circle.topics.models import Topic

#: places that are shown, and kept
PLACES = 50
#: weeks that are frozen later when nobody could at the time
CATCH_UP = 8

_posts, _placed, _users, _members = (model.__table__.c for model in (Post, TopicPost, User, Member))
_ranks, _weeks = TopicRank.__table__.c, TopicWeek.__table__.c
_TOPIC, _ME, _HERE = (bindparam(name, type_=BigInteger) for name in ("topic", "me", "circle"))


@dataclass(frozen=True)
class TopicPlaceRow:
    """A place on the board."""

    rank: int
    user: Author
    #: what their posts of the week met, all together, and how many those are
    score: int
    post_count: int
    mine: bool = False


@dataclass(frozen=True)
class TopicBoard:
    """The first places of a week."""

    week: Week
    #: the week that runs now
    running: bool
    #: when it was frozen; None: it still moves
    frozen_at: datetime | None
    rows: list[TopicPlaceRow]
    #: the reader's own place, also behind the first ones while it moves
    me: TopicPlaceRow | None
    #: the frozen weeks with places on both sides of it
    earlier: str | None = None
    later: str | None = None

    @property
    def mine_is_shown(self) -> bool:
        """Whether one's own place is among the rows."""
        return any(row.mine for row in self.rows)


def topic_board(
    actor: Actor, circle: CircleRow, topic_id: int, week: Week | None = None, *, places: int = PLACES
) -> TopicBoard:
    """The board of a topic in `circle` (both were read for this actor) in a week, without one in that which runs, which
    takes one statement. Raises NotFound for a week to come.

    The order: more engagement; then more featured posts; then whose first post came first; then the earlier member.
    What is anonymous counts for nobody, nor what is not visible when the week is frozen. People who blocked each other
    do not see each other, and keep their places; so does, once it is frozen, whoever is gone.
    """
    now = clock.now()
    running = Week.of(now, circle.tz)
    asked = week or running
    if asked.starts_at > now:
        raise NotFound
    frozen_at = None
    if asked.ends_at <= now:
        kept = select(TopicWeek.frozen_at).where(TopicWeek.topic_id == topic_id, TopicWeek.week == asked.key)
        frozen_at = db.session.scalar(kept)
    values: dict[str, Any] = {"topic": topic_id, "circle": circle.id, "me": actor.id or 0, "places": places}
    meets_all = circle.can_manage or not actor.signed_in
    if frozen_at is None:
        values |= {"since": asked.starts_at, "until": asked.ends_at}
        found = db.session.execute(_live_statement(meets_all), values).all()
    else:
        found = db.session.execute(_frozen_statement(meets_all), values | {"week": asked.key}).all()
    rows = [_row(actor, circle, row) for row in found]
    me = next((row for row in rows if row.mine), None)
    return TopicBoard(asked, asked.key == running.key, frozen_at, [row for row in rows if row.rank <= places], me)


def _row(actor: Actor, circle: CircleRow, row: Sequence[Any]) -> TopicPlaceRow:
    size = len(AUTHOR_COLUMNS)
    role, level, rank, score, post_count = row[size:]
    user = author_of(row[:size], role, circle.tag(level))
    return TopicPlaceRow(rank, user, int(score), int(post_count), actor.owns(user.id))


def with_neighbours(board: TopicBoard, topic_id: int) -> TopicBoard:
    """The board with the frozen weeks beside it that have places."""
    first = (TopicRank.topic_id == topic_id, TopicRank.rank == 1)
    earlier = select(func.max(TopicRank.week)).where(*first, TopicRank.week < board.week.key)
    later = select(func.min(TopicRank.week)).where(*first, TopicRank.week > board.week.key)
    beside = db.session.execute(select(earlier.scalar_subquery(), later.scalar_subquery())).one()
    return TopicBoard(board.week, board.running, board.frozen_at, board.rows, board.me, beside[0], beside[1])


# ---- statements ------------------------------------------------------------------------------------------------------


@cache
def standings() -> Any:
    """SQL: everybody's place in a `topic` of a `circle`, by the visible posts from `since` until before `until`."""
    since, until = (bindparam(name, type_=UTCDateTime) for name in ("since", "until"))
    featured = func.sum(case((_posts.featured_at.is_not(None), 1), else_=0))
    source = TopicPost.__table__.join(Post.__table__, _posts.id == _placed.post_id)
    sums: Any = (
        select(
            _posts.author_id,
            func.sum(_posts.engagement).cast(BigInteger).label("score"),
            featured.label("featured"),
            func.min(_posts.published_at).label("first_at"),
            func.count().label("post_count"),
        )
        .select_from(source)
        .where(
            _placed.topic_id == _TOPIC, _placed.visible == 1, _placed.published_at >= since,
            _placed.published_at < until, ~_posts.anonymous,
        )
        .group_by(_posts.author_id)
        .having(func.sum(_posts.engagement) > 0)
        .subquery("sums")
    )  # fmt: skip
    member_id = func.coalesce(_members.id, sums.c.author_id)
    order = (sums.c.score.desc(), sums.c.featured.desc(), sums.c.first_at, member_id)
    here = and_(_members.circle_id == _HERE, _members.user_id == sums.c.author_id)
    joined = sums.join(User.__table__, _users.id == sums.c.author_id).outerjoin(Member.__table__, here)
    rank = func.row_number().over(order_by=order).label("rank")
    return (
        select(sums.c.author_id.label("user_id"), rank, sums.c.score, sums.c.post_count)
        .select_from(joined)
        .where(_users.status != "deleted")
        .subquery("standings")
    )


def _with_people(places: Any, rank: Any, score: Any, post_count: Any, user_id: Any, *, meets_all: bool) -> Select[Any]:
    here = and_(_members.circle_id == _HERE, _members.user_id == user_id)
    source = places.join(User.__table__, _users.id == user_id).outerjoin(Member.__table__, here)
    people = [_users[column.key] for column in AUTHOR_COLUMNS]
    statement = select(*people, _members.role, _members.level, rank, score, post_count).select_from(source)
    statement = statement.where(_users.status != "deleted").order_by(rank)
    # as in the feed: the owner, whose word concerns everybody there, cannot be blocked away
    met = or_(_members.role == "owner", not_blocked_for(_ME, user_id))
    return statement if meets_all else statement.where(met)


@cache
def _live_statement(meets_all: bool) -> Select[Any]:
    places = standings()
    at = places.c
    statement = _with_people(places, at.rank, at.score, at.post_count, at.user_id, meets_all=meets_all)
    return statement.where(or_(at.rank <= bindparam("places", type_=Integer), at.user_id == _ME))


@cache
def _frozen_statement(meets_all: bool) -> Select[Any]:
    statement = _with_people(
        TopicRank.__table__, _ranks.rank, _ranks.score, _ranks.post_count, _ranks.user_id, meets_all=meets_all
    )
    shown = or_(_ranks.rank <= bindparam("places", type_=Integer), _ranks.user_id == _ME)
    return statement.where(_ranks.topic_id == _TOPIC, _ranks.week == bindparam("week"), shown)


# ---- what is to be frozen --------------------------------------------------------------------------------------------


def topics_to_freeze(limit: int) -> list[tuple[int, str]]:
    """Topics with weeks that are over and not frozen (at most the last CATCH_UP of them), the latest weeks first.

    Every topic has its week, also one in which nothing was written: else a post that comes to it later would.
    """
    zones = db.session.scalars(select(Circle.tz).where(Circle.status == "active").distinct().order_by(Circle.tz)).all()
    found: list[tuple[int, str]] = []
    now = clock.now()
    for tz in zones:
        for week in weeks_to_freeze(now, tz, CATCH_UP):
            values = {"tz": tz, "week": week.key, "since": week.starts_at, "until": week.ends_at, "most": limit}
            found += [(topic_id, week.key) for topic_id in db.session.scalars(_unfrozen(), values)]
            if len(found) >= limit:
                return found[:limit]
    return found


@cache
def _unfrozen() -> Select[Any]:
    topic, circle = Topic.__table__.c, Circle.__table__.c
    since, until = (bindparam(name, type_=UTCDateTime) for name in ("since", "until"))
    frozen = exists().where(_weeks.topic_id == topic.id, _weeks.week == bindparam("week"))
    # to an archived one nothing comes any more
    written = exists().where(
        _placed.topic_id == topic.id, _placed.visible.in_((0, 1)), _placed.published_at >= since,
        _placed.published_at < until,
    )  # fmt: skip
    return (
        select(topic.id)
        .select_from(Topic.__table__.join(Circle.__table__, circle.id == topic.circle_id))
        .where(
            circle.status == "active", circle.tz == bindparam("tz"), topic.created_at < until,
            or_(topic.status == "active", written), ~frozen,
        )
        .order_by(topic.id)
        .limit(bindparam("most", type_=Integer))
    )  # fmt: skip
