"""What a text says beyond its words: whom it names, and which topics it stands in.

Read and rendered before the transaction that stores it, as a long text takes its time. A text without @ and # costs no
statement.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, literal, select, tuple_

from circle.access import VISITOR, Actor
from circle.accounts.models import User
from circle.accounts.usernames import same_spelling
from circle.circles.models import Circle
from circle.circles.queries import CircleRow, Named, members_named
from circle.core import markup, mentions
from circle.core.db import db
from circle.core.mentions import Candidates, Link
from circle.posts.models import Comment, Mention, Post
from circle.topics.models import Topic


@dataclass(frozen=True)
class Words:
    """A text that was rendered, the people it names (id and name as written), and the open topics it is marked with."""

    html: str
    people: tuple[tuple[int, str], ...] = ()
    topic_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Place:
    """The circle in which something is written."""

    id: int
    slug: str
    #: as whom names are looked up there: as anybody in a text without an author, or a name that stays plain would tell
    #: who has blocked whom, and so who wrote it
    namer: Actor


@dataclass(frozen=True)
class TopicLink:
    id: int
    link: Link
    open: bool


def in_circle(actor: Actor, body: str, circle: Callable[[], CircleRow], *, anonymous: bool = False) -> Words:
    """The words of a new post; its circle, as this actor may read it, is only asked for when names are to be found."""

    def place() -> Place:
        read = circle()
        return Place(read.id, read.slug, VISITOR if anonymous else actor)

    return _words(body, place)


def under_post(actor: Actor, body: str, post_id: int) -> Words:
    """The words of a new comment under a post."""
    return _words(body, lambda: _place(actor, post_id))


def edited_post(actor: Actor, body: str, post_id: int) -> Words:
    """The words of a post after an edit; who was named in it still is, also under a name they have given up."""
    return _words(body, lambda: _place(actor, post_id), lambda: named_in("post", post_id))


def edited_comment(actor: Actor, body: str, comment_id: int) -> Words:
    """As `edited_post`, for a comment."""
    post_id = select(Comment.post_id).where(Comment.id == comment_id).scalar_subquery()
    return _words(body, lambda: _place(actor, post_id), lambda: named_in("comment", comment_id))


def edited_in(actor: Actor, body: str, post_id: int, target_type: str, target_id: int) -> Words:
    """As `edited_post`, for something else that stands under a post and names people as `target_type`."""
    return _words(body, lambda: _place(actor, post_id), lambda: named_in(target_type, target_id))


def _words(
    body: str,
    place_of: Callable[[], Place | None],
    known_of: Callable[[], Mapping[str, Named]] = dict,
) -> Words:
    asked = mentions.candidates(markup.clean_text(body)) if "@" in body or "#" in body else Candidates((), ())
    place = place_of() if asked.names or asked.titles else None
    if place is None:  # nothing to look up, or nowhere: then the operation will say so
        return Words(markup.render(body))
    people = people_named(place.namer, place.id, asked.names, known_of() if asked.names else {})
    titled = topics_titled(place, asked.titles)
    made = markup.render_with(body, links_of(people), {title: topic.link for title, topic in titled.items()})
    people_now: dict[int, str] = {}
    for name in made.names:
        people_now.setdefault(people[name].id, name)
    topics_now = dict.fromkeys(titled[title].id for title in made.tags if titled[title].open)
    return Words(made.html, tuple(people_now.items()), tuple(topics_now))


def _place(actor: Actor, post_id: object) -> Place | None:
    chosen = select(Circle.id, Circle.slug, Post.anonymous, Post.author_id)
    row = db.session.execute(chosen.join(Post, Post.circle_id == Circle.id).where(Post.id == post_id)).first()
    if row is None:
        return None
    return Place(row.id, row.slug, VISITOR if row.anonymous and actor.owns(row.author_id) else actor)


def links_of(people: Mapping[str, Named]) -> dict[str, Link]:
    """What the renderer shows for each name: the user name that person has now."""
    return {written: Link(person.username, f"/@{person.username}") for written, person in people.items()}


def people_named(actor: Actor, circle_id: int, names: Sequence[str], known: Mapping[str, Named]) -> Mapping[str, Named]:
    """Which names are whose; those in `known` (by spelling) before the members of the circle."""
    if not names:
        return {}
    mine = {name: known[same_spelling(name)] for name in names if same_spelling(name) in known}
    return {**members_named(actor, circle_id, names), **mine}


def named_in(target_type: str, target_id: int) -> dict[str, Named]:
    """Who is named in a post or comment, by the spelling of the name as it stands there."""
    rows = db.session.execute(
        select(Mention.written, User.id, User.username)
        .join(User, User.id == Mention.user_id)
        .where(Mention.target_type == target_type, Mention.target_id == target_id, User.status != "deleted")
    )
    return {same_spelling(written): Named(id_, username) for written, id_, username in rows}


def topics_titled(place: Place, titles: Sequence[str]) -> dict[str, TopicLink]:
    """Which titles are topics of the circle, whatever their case; a closed one is still linked."""
    if not titles:
        return {}
    rows = db.session.execute(
        select(Topic.id, Topic.slug, Topic.title, Topic.status).where(Topic.circle_id == place.id)
    ).all()  # there are at most 100, and lower() in SQL knows no letters but Latin
    found: dict[str, TopicLink] = {}
    for id_, slug, title, status in rows:
        row = TopicLink(id_, Link(title, f"/{place.slug}/topics/{slug}"), status == "active")
        found[title] = row
        found.setdefault(title.casefold(), row)
    known = {title: found.get(title) or found.get(title.casefold()) for title in titles}
    return {title: topic for title, topic in known.items() if topic is not None}


@dataclass(frozen=True)
class StoredText:
    """A post or comment as it stands, with the people it names (by spelling) and the topics it may be marked with."""

    body: str
    version: int
    people: Mapping[str, Named]
    tags: Mapping[str, Link]


def stored_text(target_type: str, target_id: int) -> StoredText | None:
    """What is needed to render a stored text again as it was; None when it is no longer there."""
    return text_of(Post if target_type == "post" else Comment, target_type, target_id)


def text_of(model: Any, target_type: str, target_id: int) -> StoredText | None:
    """As `stored_text`, for whatever has body, version and circle, and names people as `target_type`."""
    chosen: Any = select(model.body, model.version, model.circle_id, Circle.slug)
    row: Row[Any] | None = db.session.execute(
        chosen.join(Circle, Circle.id == model.circle_id).where(model.id == target_id)
    ).first()
    if row is None:
        return None
    titles = mentions.candidates(markup.clean_text(row.body)).titles
    tags = topics_titled(Place(row.circle_id, row.slug, VISITOR), titles)
    links = {title: topic.link for title, topic in tags.items()}
    return StoredText(row.body, row.version, named_in(target_type, target_id), links)


def outdated_mentions(
    user_id: int, after: tuple[str, int] | None, limit: int, *, kinds: Collection[str] = ("post", "comment")
) -> list[tuple[str, int]]:
    """Texts of these kinds (kind, id) that name somebody by a name they no longer have, in order, from `after` on.

    Not those of a deleted account: what is erased must still be found by its mentions (erasing.py).
    """
    statement = (
        select(Mention.target_type, Mention.target_id)
        .join(User, User.id == Mention.user_id)
        .where(
            Mention.user_id == user_id, Mention.target_type.in_(kinds), Mention.written != User.username,
            User.status != "deleted",
        )
        .order_by(Mention.target_type, Mention.target_id)
        .limit(limit)
    )  # fmt: skip
    if after is not None:
        statement = statement.where(tuple_(Mention.target_type, Mention.target_id) > tuple_(*map(literal, after)))
    return [(kind, id_) for kind, id_ in db.session.execute(statement)]
