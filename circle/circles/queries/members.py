"""The people in a circle, as one actor may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select

from circle.access import Actor, Permission, Role, Standing, require
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of, not_blocked
from circle.circles.models import Member
from circle.circles.queries.rows import CircleRow, readable_circle
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.pagination import DEFAULT_LIMIT, Keyset, Page


@dataclass(frozen=True)
class MemberPowers:
    """What the actor may do about a member."""

    change_role: bool = False
    transfer: bool = False
    mute: bool = False
    ban: bool = False
    remove: bool = False

    @property
    def any(self) -> bool:
        return self.change_role or self.transfer or self.mute or self.ban or self.remove


@dataclass(frozen=True)
class MemberRow:
    """Somebody in a circle. `muted_until` is for those who run it and for the member alone."""

    user: Author
    status: str
    role: str
    joined_at: datetime
    muted_until: datetime | None
    can: MemberPowers
    level: int = 1


_COLUMNS = (Member.status, Member.role, Member.joined_at, Member.muted_until, Member.level)
_NEWEST = Keyset("circles.members", (Member.joined_at, Member.id))


def _members(circle: CircleRow) -> Select[Any]:
    chosen: Any = select(*AUTHOR_COLUMNS, *_COLUMNS)
    wanted: Select[Any] = chosen.join(User, User.id == Member.user_id).where(
        Member.circle_id == circle.id, User.status != "deleted"
    )
    if not circle.can_manage:  # a block shields nobody from those who run the circle, and hides its owner from nobody
        wanted = wanted.where(or_(Member.role == "owner", not_blocked(circle.actor, User.id)))
    return wanted


def _powers(circle: CircleRow, target: Standing) -> MemberPowers:
    if circle.actor.owns(target.user_id) or target.rank > circle.standing.rank or not circle.can_manage:
        return MemberPowers()
    here = target.active
    lead = circle.may(Permission.MEMBER_ROLE) and here
    return MemberPowers(
        change_role=lead,
        transfer=lead,
        mute=circle.may(Permission.MEMBER_MUTE) and here,
        ban=circle.may(Permission.MEMBER_BAN),
        remove=circle.may(Permission.MEMBER_REMOVE) and here,
    )


def _row(circle: CircleRow, columns: Sequence[Any]) -> MemberRow:
    status, role, joined_at, muted_until, level = columns[len(AUTHOR_COLUMNS) : len(AUTHOR_COLUMNS) + len(_COLUMNS)]
    user = author_of(columns[: len(AUTHOR_COLUMNS)], role, circle.tag(level))
    target = Standing(circle.id, user.id, status, Role(role), muted_until)
    told = circle.can_manage or circle.actor.owns(user.id)
    return MemberRow(
        user=user,
        status=status,
        role=role,
        joined_at=joined_at,
        muted_until=muted_until if told and target.muted else None,
        can=_powers(circle, target),
        level=level,
    )


def member_page(
    actor: Actor,
    slug: str,
    *,
    role: str | None = None,
    level: int | None = None,
    q: str | None = None,
    status: str = "active",
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[MemberRow]:
    """Members, last joined first; `q` is part of a nickname or user name.

    `status` is active, or muted, banned, left for those who run the circle. Raises NotFound for those who may not
    read the circle, Forbidden for a list that is not for everybody.
    """
    return member_page_of(
        readable_circle(actor, slug), role=role, level=level, q=q, status=status, cursor=cursor, limit=limit
    )


def member_page_of(
    circle: CircleRow,
    *,
    role: str | None = None,
    level: int | None = None,
    q: str | None = None,
    status: str = "active",
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[MemberRow]:
    """As `member_page`, for a circle that was read (as readable) already."""
    if status != "active":
        require(circle.actor, Permission.MEMBER_MUTE, circle.standing)
    statement = _members(circle)
    if status == "muted":
        statement = statement.where(Member.status == "active", Member.muted_until > clock.now())
    else:
        statement = statement.where(Member.status == status)
    if role:
        statement = statement.where(Member.role == role)
    if level:  # whoever has a level that is gone stands with the highest
        of_it = Member.level >= level if level == len(circle.tags) else Member.level == level
        statement = statement.where(of_it)
    if q:
        statement = statement.where(
            or_(User.nickname.icontains(q, autoescape=True), User.username.icontains(q, autoescape=True))
        )
    return _NEWEST.read(statement, cursor, limit).map(lambda rows: [_row(circle, row) for row in rows])


def member_row(actor: Actor, slug: str, user_id: int) -> MemberRow:
    """One member. Who left or is banned is there only for those who run the circle. Raises NotFound."""
    return member_row_of(readable_circle(actor, slug), user_id)


def member_row_of(circle: CircleRow, user_id: int) -> MemberRow:
    """As `member_row`, for a circle that was read (as readable) already."""
    columns = db.session.execute(_members(circle).where(Member.user_id == user_id)).one_or_none()
    if columns is None:
        raise NotFound
    row = _row(circle, columns)
    if row.status != "active" and not circle.can_manage:
        raise NotFound
    return row
