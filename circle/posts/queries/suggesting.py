"""What somebody may mean who types `#`, or `@` alone. (People by their names: circle/circles/queries/naming.py.)"""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, select

from circle.access import Actor
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of, not_blocked
from circle.circles.models import Member
from circle.circles.queries import CircleRow
from circle.core.db import db
from circle.posts.models import Post
from circle.topics.models import Topic

MOST = 8
#: of how many posts the authors are looked at
_LOOK_BACK = 40


def suggested_topics(circle: CircleRow, typed: str) -> list[tuple[str, int]]:
    """(title, number of posts) of the open topics whose title holds what was typed, those that begin with it first.

    For who has typed nothing yet, the topics with most posts. A circle has at most 100, so they are compared here,
    where every script has its case.
    """
    rows = db.session.execute(
        select(Topic.title, Topic.post_count)
        .where(Topic.circle_id == circle.id, Topic.status == "active")
        .order_by(Topic.post_count.desc(), Topic.id.desc())
    ).all()
    wanted = typed.strip().casefold()
    found = [(title, count) for title, count in rows if wanted in title.casefold()]
    return sorted(found, key=lambda row: not row[0].casefold().startswith(wanted))[:MOST]


def lately_heard(actor: Actor, circle: CircleRow) -> list[Author]:
    """Members who wrote here last, for who has typed no more than @: not oneself, and nobody blocked."""
    if not circle.standing.active:
        return []
    here = and_(Post.circle_id == circle.id, Post.status == "published", ~Post.anonymous)
    newest = select(Post.author_id).where(here).order_by(Post.published_at.desc(), Post.id.desc()).limit(_LOOK_BACK)
    authors = [id_ for id_ in dict.fromkeys(db.session.scalars(newest)) if id_ != actor.id]
    member = and_(Member.user_id == User.id, Member.circle_id == circle.id, Member.status == "active")
    columns: Any = (*AUTHOR_COLUMNS, Member.role, Member.level)
    rows = db.session.execute(
        select(*columns).join(Member, member)
        .where(User.id.in_(authors), User.status != "deleted", not_blocked(actor, User.id))
    )  # fmt: skip
    found = {row[0]: author_of(row[:5], row[5], circle.tag(row[6])) for row in rows}
    return [found[id_] for id_ in authors if id_ in found][:MOST]
