"""What is new: for one page that asks, and for all streams of a process at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from circle.access import Actor
from circle.accounts.models import AuthSession, User
from circle.accounts.queries import SIGNING_IN
from circle.circles import queries as circles
from circle.circles.models import Circle, Member
from circle.core import clock
from circle.core.db import db
from circle.live.hub import CircleNews, Person, Seen, Watched
from circle.notifications import queries as notifications
from circle.notifications.models import Notice
from circle.posts import queries as posts
from circle.posts.models import Post


@dataclass(frozen=True)
class News:
    """What a page that is open has not shown yet."""

    #: unread notices; None for a visitor
    unread: int | None
    #: posts of others that came after the newest one on the page, at most `posts.MOST_COUNTED`
    new_posts: int


def news(actor: Actor, slug: str | None, since: int) -> News:
    """What is new for this actor: notices, and posts of the circle `slug` after the post `since` (0: all).

    Without a circle only the notices. Raises NotFound when the circle is not for this actor.
    """
    count = posts.count_newer(actor, circles.readable_circle(actor, slug), since) if slug else 0
    return News(notifications.unread_count(actor) if actor.signed_in else None, count)


def circles_named(slugs: Sequence[str]) -> dict[int, str]:
    """The open circles with these addresses, by id, whoever may read them; `look` says who may."""
    if not slugs:
        return {}
    rows = db.session.execute(select(Circle.id, Circle.slug).where(Circle.slug.in_(slugs), Circle.status == "active"))
    return {row.id: row.slug for row in rows}


def look(watched: Watched) -> Seen:
    """The state of everything the streams of a process watch: at most three statements, each answered from indexes."""
    people = _people(watched.sessions)
    here = _circles(watched.circles)
    standing = _standing({person.user_id for person in people.values()}, list(here))
    members, banned = (frozenset(at for at, status in standing if status == each) for each in ("active", "banned"))
    return Seen(people, here, members, banned)


def _people(sessions: frozenset[int]) -> dict[int, Person]:
    unread = (
        select(func.count())
        .where(Notice.user_id == AuthSession.user_id, Notice.read_at.is_(None), notifications.readable())
        .correlate(AuthSession)
        .scalar_subquery()
    )
    good = (
        AuthSession.id.in_(sessions),
        AuthSession.revoked_at.is_(None),
        AuthSession.access_expires_at > clock.now(),
        User.status.in_(SIGNING_IN),
    )
    rows = db.session.execute(
        select(AuthSession.id, AuthSession.user_id, unread).join(User, User.id == AuthSession.user_id).where(*good)
    )
    return {session_id: Person(user_id, count) for session_id, user_id, count in rows}


def _circles(circle_ids: frozenset[int]) -> dict[int, CircleNews]:
    if not circle_ids:
        return {}
    newest = (
        select(Post.id)
        .where(Post.circle_id == Circle.id, Post.status == "published")
        .order_by(Post.published_at.desc(), Post.id.desc())
        .limit(1)
        .correlate(Circle)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Circle.id, newest, Circle.post_count, Circle.visibility).where(
            Circle.id.in_(circle_ids), Circle.status == "active"
        )
    )
    return {id_: CircleNews(post or 0, count, visibility == "public") for id_, post, count, visibility in rows}


def _standing(user_ids: set[int], circle_ids: list[int]) -> list[tuple[tuple[int, int], str]]:
    if not user_ids or not circle_ids:
        return []
    rows = db.session.execute(
        select(Member.user_id, Member.circle_id, Member.status).where(
            Member.circle_id.in_(circle_ids), Member.user_id.in_(user_ids), Member.status.in_(("active", "banned"))
        )
    )
    return [((user_id, circle_id), status) for user_id, circle_id, status in rows]
