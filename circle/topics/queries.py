"""What may be read of topics: those of a circle that the actor may read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Integer, Select, and_, bindparam, case, or_, select

from circle.access import Actor, Permission
from circle.circles.queries import CircleRow, readable_circle, readable_circle_by_id
from circle.core.db import db
from circle.core.errors import Invalid, NotFound, Refused
from circle.core.i18n import lazy
from circle.core.pagination import DEFAULT_LIMIT, Keyset, Page
from circle.topics.models import Topic, TopicFollow


@dataclass(frozen=True)
class TopicRow:
    """A topic as one actor sees it. `status` is active or archived (read-only)."""

    id: int
    slug: str
    title: str
    intro: str
    kind: str
    status: str
    #: published posts
    post_count: int
    follower_count: int
    #: whether the actor follows it, may follow it, may change it
    following: bool
    can_follow: bool
    can_manage: bool
    circle_slug: str
    version: int

    @property
    def url(self) -> str:
        """Its page."""
        return f"/{self.circle_slug}/topics/{self.slug}"


@dataclass(frozen=True)
class TopicLink:
    """A topic in a short list."""

    id: int
    slug: str
    title: str
    post_count: int
    circle_slug: str
    #: among the open ones with most posts
    popular: bool = False

    @property
    def url(self) -> str:
        """Its page."""
        return f"/{self.circle_slug}/topics/{self.slug}"


#: active ones first, then by how much is in them
_IS_ACTIVE = case((Topic.status == "active", 1), else_=0)
_LIST = Keyset("topics.list", (_IS_ACTIVE, Topic.post_count, Topic.id))


def _topics_for(actor: Actor) -> Any:
    """A statement over (Topic, id of the actor if they follow it)."""
    mine = and_(TopicFollow.topic_id == Topic.id, TopicFollow.user_id == (actor.id or 0))
    return select(Topic, TopicFollow.user_id).outerjoin(TopicFollow, mine)


def _row(circle: CircleRow, topic: Topic, follower: int | None) -> TopicRow:
    return TopicRow(
        id=topic.id,
        slug=topic.slug,
        title=topic.title,
        intro=topic.intro,
        kind=topic.kind,
        status=topic.status,
        post_count=topic.post_count,
        follower_count=topic.follower_count,
        following=follower is not None,
        can_follow=circle.may(Permission.TOPIC_FOLLOW),
        can_manage=circle.may(Permission.TOPIC_MANAGE),
        circle_slug=circle.slug,
        version=topic.version,
    )


def _rows(circle: CircleRow, found: Iterable[Any]) -> list[TopicRow]:
    return [_row(circle, topic, follower) for topic, follower, *_keys in found]


def topics_in(actor: Actor, circle: CircleRow) -> list[TopicRow]:
    """All topics of a circle that was read for this actor, active ones first, then by posts (there are at most 100)."""
    ordered = _topics_for(actor).where(Topic.circle_id == circle.id)
    ordered = ordered.order_by(*(column.desc() for column in _LIST.columns))
    return _rows(circle, _fresh(ordered))


def topic_list(actor: Actor, slug: str) -> list[TopicRow]:
    """`topics_in` for the circle at `slug`. Raises NotFound."""
    return topics_in(actor, readable_circle(actor, slug))


def topic_page(actor: Actor, slug: str, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[TopicRow]:
    """The same in pages. Raises NotFound, BadRequest CURSOR_INVALID."""
    circle = readable_circle(actor, slug)
    statement = _topics_for(actor).where(Topic.circle_id == circle.id).execution_options(populate_existing=True)
    return _LIST.read(statement, cursor, limit).map(lambda rows: _rows(circle, rows))


def topic_in(actor: Actor, circle: CircleRow, topic_slug: str) -> TopicRow:
    """One topic of a circle that was read for this actor. Raises NotFound."""
    found = _fresh(_topics_for(actor).where(Topic.circle_id == circle.id, Topic.slug == topic_slug))
    if not found:
        raise NotFound
    return _row(circle, *found[0])


def get_topic(actor: Actor, slug: str, topic_slug: str) -> TopicRow:
    """The topic `topic_slug` of the circle at `slug`. Raises NotFound."""
    return topic_in(actor, readable_circle(actor, slug), topic_slug)


def get_topic_by_id(actor: Actor, topic_id: int) -> TopicRow:
    """A topic by its id. Raises NotFound, also when its circle is not for this actor."""
    found = _fresh(_topics_for(actor).where(Topic.id == topic_id))
    if not found:
        raise NotFound
    topic, follower = found[0]
    return _row(readable_circle_by_id(actor, topic.circle_id), topic, follower)


def writable_topics(actor: Actor, circle_id: int, ids: Sequence[int]) -> list[tuple[int, str, str]]:
    """(id, slug, title) of the topics a new post of this circle is to stand in, in the order of `ids`.

    The caller has checked that the actor may post there. Raises Invalid (field topic_ids) for a topic that is not of
    this circle, Refused TOPIC_CLOSED for an archived one.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return []
    rows_here = db.session.execute(_writable_statement(), {"circle": circle_id, "wanted": wanted})
    found = {row.id: row for row in rows_here}
    if len(found) != len(wanted):
        raise Invalid(errors={"topic_ids": [lazy("One of the topics is not there any more. Please choose again.")]})
    rows = [found[id_] for id_ in wanted]
    for row in rows:
        if row.status != "active":
            sentence = lazy("The topic %(title)s is closed. Please choose another.", title=row.title)
            raise Refused("TOPIC_CLOSED", sentence, field="topic_ids")
    return [(row.id, row.slug, row.title) for row in rows]


@cache
def _writable_statement() -> Select[Any]:
    topic = Topic.__table__.c
    here = (topic.circle_id == bindparam("circle", type_=BigInteger), topic.id.in_(bindparam("wanted", expanding=True)))
    return select(topic.id, topic.slug, topic.title, topic.status).where(*here)


@cache
def _known_statement() -> Select[Any]:
    topic, here = Topic.__table__.c, bindparam("circle", type_=BigInteger)
    most = (
        select(topic.id)
        .where(topic.circle_id == here, topic.status == "active")
        .order_by(topic.post_count.desc(), topic.id.desc())
        .limit(bindparam("most", type_=Integer))
    )
    return (
        select(topic.id, topic.slug, topic.title, topic.post_count, topic.status)
        .where(topic.circle_id == here, or_(topic.id.in_(bindparam("ids", expanding=True)), topic.id.in_(most)))
        .order_by(topic.post_count.desc(), topic.id.desc())
    )


def known_and_popular(circle: CircleRow, ids: Collection[int], popular: int) -> list[TopicLink]:
    """Topics of a circle for one page, in one statement: those with these ids, and the open ones with most posts."""
    values = {"circle": circle.id, "ids": list(ids), "most": popular}
    rows = db.session.execute(_known_statement(), values).all()
    shown = {row.id for row in [row for row in rows if row.status == "active"][:popular]}
    return [
        TopicLink(row.id, row.slug, row.title, row.post_count, circle.slug, popular=row.id in shown) for row in rows
    ]


def _fresh(statement: Any) -> list[Any]:
    # counts are changed by statements that the session's copies do not hear of
    return list(db.session.execute(statement.execution_options(populate_existing=True)).all())
