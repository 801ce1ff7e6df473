"""Members by name: who is meant by an @name, and whom to suggest while one is typed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select, union_all

from circle.access import Actor
from circle.accounts.models import FormerName, User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of, not_blocked
from circle.accounts.usernames import same_spelling, username_key
from circle.circles.models import Member
from circle.circles.queries.rows import CircleRow
from circle.core import clock
from circle.core.db import db


@dataclass(frozen=True)
class Named:
    """Somebody who was named, with the user name they have now."""

    id: int
    username: str


def members_named(actor: Actor, circle_id: int, names: Collection[str]) -> Mapping[str, Named]:
    """Which of `names` are members of the circle (whatever their case and width), by name as it was given.

    A name that a member gave up a while ago still means them. Left out are deleted accounts, and people who are
    blocked by this actor or blocked them. One statement, and none when there are no names.
    """
    keys = {username_key(name) for name in names} - {""}
    if not keys:
        return {}
    now_so: Any = select(User.id, User.username, User.username.label("spelled")).where(User.username_key.in_(keys))
    before: Any = (
        select(User.id, User.username, FormerName.username)
        .join(User, User.id == FormerName.user_id)
        .where(FormerName.username_key.in_(keys), FormerName.free_at > clock.now())
    )
    found: dict[str, Named] = {}
    for id_, username, spelled in db.session.execute(
        union_all(*(_of(actor, circle_id, statement) for statement in (before, now_so)))
    ):
        found[same_spelling(spelled)] = Named(id_, username)  # a key also ignores look-alikes, which are others
    return {name: found[same_spelling(name)] for name in names if same_spelling(name) in found}


def _of(actor: Actor, circle_id: int, statement: Select[Any]) -> Select[Any]:
    here = and_(Member.user_id == User.id, Member.circle_id == circle_id, Member.status == "active")
    return statement.join(Member, here).where(User.status != "deleted", not_blocked(actor, User.id))


def suggested_members(actor: Actor, circle: CircleRow, typed: str, limit: int = 8) -> list[Author]:
    """Whom somebody may mean who typed the beginning of a user name or nickname, the shortest names first.

    Never oneself, nobody blocked, and nobody for those who are not members themselves.
    """
    if not circle.standing.active or not typed.strip():
        return []
    key = username_key(typed)
    begins = or_(
        User.username.istartswith(typed, autoescape=True),
        User.nickname.istartswith(typed, autoescape=True),
        User.username_key.startswith(key, autoescape=True) if key else User.username == typed,
    )
    chosen: Any = select(*AUTHOR_COLUMNS, Member.role, Member.level).select_from(User)
    statement = _of(actor, circle.id, chosen).where(begins, User.id != (actor.id or 0))
    by_name = case((User.username.istartswith(typed, autoescape=True), 0), else_=1)
    rows = db.session.execute(statement.order_by(by_name, func.length(User.username), User.username).limit(limit))
    return [author_of(row[:5], row[5], circle.tag(row[6])) for row in rows]
