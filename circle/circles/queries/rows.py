"""A circle as one actor may see it, in one statement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from typing import Any

from sqlalchemy import BigInteger, Select, and_, bindparam, select
from sqlalchemy.orm import aliased

from circle.access import Actor, Permission, Role, Standing, can
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, LevelTag, author_of
from circle.circles.levels import tag_at, tags_of
from circle.circles.models import Application, Circle, Member
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, Keyset, Page
from circle.core.storage import file_url


@dataclass(frozen=True)
class Membership:
    """A person's own place in a circle: `status` is active, pending, left or banned."""

    status: str
    role: str = "member"
    level: int = 1
    #: None while the application is pending
    joined_at: datetime | None = None
    muted_until: datetime | None = None
    #: what pages draw their menus by
    can_publish: bool = False
    can_manage: bool = False


@dataclass(frozen=True)
class CircleRow:
    """A circle's cover and the actor's standing in it. What is inside is only for those who `can_read`."""

    id: int
    slug: str
    name: str
    intro: str
    cover_id: int | None
    cover_url: str | None
    accent: str
    tz: str
    visibility: str
    join_mode: str
    questions: list[str]
    #: None, like the owner, for whom a private circle shows only its name, cover and way in
    member_count: int | None
    post_count: int | None
    version: int
    created_at: datetime
    owner: Author | None
    standing: Standing
    #: the actor's own membership or pending application; None for a stranger
    me: Membership | None
    actor: Actor = field(repr=False)
    #: as circle/points/ladder.py understands them; empty: the usual ones
    levels: list[Any] = field(default_factory=list, repr=False)
    #: when the last of its campaigns is over; None: there was none
    campaigns_until: datetime | None = None

    def may(self, permission: Permission) -> bool:
        """Whether the actor may do this here."""
        return can(self.actor, permission, self.standing)

    @cached_property
    def tags(self) -> tuple[LevelTag, ...]:
        """The signs of all levels in the reader's language, lowest first."""
        return tags_of(self.levels)

    def tag(self, level: int | None) -> LevelTag | None:
        """The sign of a member's level; None for somebody who never was a member."""
        return None if level is None else tag_at(self.tags, level)

    @property
    def can_read(self) -> bool:
        """Whether the content of the circle is for this actor."""
        return self.visibility == "public" or self.standing.active or self.actor.is_system

    @property
    def can_publish(self) -> bool:
        return self.may(Permission.POST_WRITE)

    @property
    def can_manage(self) -> bool:
        """Whether any page of the back office is for this actor: moderators and above."""
        return self.may(Permission.MEMBER_MUTE)


_CIRCLE_COLUMNS = (
    Circle.id,
    Circle.slug,
    Circle.name,
    Circle.intro,
    Circle.cover_id,
    Circle.accent,
    Circle.tz,
    Circle.visibility,
    Circle.join_mode,
    Circle.questions,
    Circle.member_count,
    Circle.post_count,
    Circle.version,
    Circle.created_at,
    Circle.levels,
    Circle.campaigns_until,
)
_MY_MEMBER = aliased(Member)
_MY_APPLICATION = aliased(Application)
_MY_COLUMNS = (
    _MY_MEMBER.status,
    _MY_MEMBER.role,
    _MY_MEMBER.joined_at,
    _MY_MEMBER.muted_until,
    _MY_MEMBER.level,
    _MY_APPLICATION.id,
)
_AUTHOR_AT = len(_CIRCLE_COLUMNS)
_MINE_AT = _AUTHOR_AT + len(AUTHOR_COLUMNS)


def _mine(statement: Any, user_id: int | None) -> Any:
    """Join the person's member row and pending application to a statement over circles; both may be missing."""
    who = user_id or 0  # no row has user 0, so a visitor simply has neither
    return statement.outerjoin(
        _MY_MEMBER, and_(_MY_MEMBER.circle_id == Circle.id, _MY_MEMBER.user_id == who)
    ).outerjoin(
        _MY_APPLICATION,
        and_(
            _MY_APPLICATION.circle_id == Circle.id,
            _MY_APPLICATION.user_id == who,
            _MY_APPLICATION.status == "pending",
        ),
    )


def _circles_for(actor: Actor) -> Select[Any]:
    statement = select(*_CIRCLE_COLUMNS, *AUTHOR_COLUMNS, *_MY_COLUMNS).join(User, User.id == Circle.owner_id)
    wanted: Select[Any] = _mine(statement, actor.id).where(Circle.status == "active")
    return wanted


def _standing(circle_id: int, user_id: int | None, mine: Sequence[Any]) -> Standing:
    status, role, _joined_at, muted_until, _level, application_id = mine
    if status in {"active", "banned"}:
        return Standing(circle_id, user_id, status, Role(role), muted_until)
    if application_id is not None:
        return Standing(circle_id, user_id, "pending")
    return Standing(circle_id, user_id, status or "none")


def _membership(actor: Actor, standing: Standing, mine: Sequence[Any]) -> Membership | None:
    if standing.status == "none":
        return None
    _status, _role, joined_at, _muted_until, level, _application_id = mine
    return Membership(
        standing.status,
        standing.role.value,
        level or 1,
        joined_at=None if standing.status == "pending" else joined_at,
        muted_until=standing.muted_until if standing.muted else None,
        can_publish=can(actor, Permission.POST_WRITE, standing),
        can_manage=can(actor, Permission.MEMBER_MUTE, standing),
    )


def _row(actor: Actor, columns: Sequence[Any]) -> CircleRow:
    (
        id_, slug, name, intro, cover_id, accent, tz, visibility, join_mode, questions, members, posts, version,
        created, levels, campaigns_until,
    ) = columns[:_AUTHOR_AT]  # fmt: skip
    mine = columns[_MINE_AT : _MINE_AT + len(_MY_COLUMNS)]
    standing = _standing(id_, actor.id, mine)
    inside = visibility == "public" or standing.active or actor.is_system
    return CircleRow(
        id=id_,
        slug=slug,
        name=name,
        intro=intro,
        cover_id=cover_id,
        cover_url=file_url(cover_id),
        accent=accent,
        tz=tz,
        visibility=visibility,
        join_mode=join_mode,
        questions=list(questions),
        member_count=members if inside else None,
        post_count=posts if inside else None,
        version=version,
        created_at=created,
        owner=author_of(columns[_AUTHOR_AT:_MINE_AT], "owner") if inside else None,
        standing=standing,
        me=_membership(actor, standing, mine),
        actor=actor,
        levels=levels,
        campaigns_until=campaigns_until,
    )


@cache
def _one_statement(by: str) -> Select[Any]:
    """A circle by its slug or id, for whoever `me` is, with the columns of `_row`.

    Nearly every page asks this, so it is put together once, and over the plain tables.
    """
    circles, users = Circle.__table__.c, User.__table__.c
    member, application = Member.__table__.alias(), Application.__table__.alias()
    me = bindparam("me", type_=BigInteger)
    source = (
        Circle.__table__.join(User.__table__, users.id == circles.owner_id)
        .outerjoin(member, and_(member.c.circle_id == circles.id, member.c.user_id == me))
        .outerjoin(
            application,
            and_(
                application.c.circle_id == circles.id,
                application.c.user_id == me,
                application.c.status == "pending",
            ),
        )
    )
    mine = (member.c.status, member.c.role, member.c.joined_at, member.c.muted_until, member.c.level, application.c.id)
    columns = [
        *(circles[column.key] for column in _CIRCLE_COLUMNS),
        *(users[column.key] for column in AUTHOR_COLUMNS),
        *mine,
    ]
    labelled = [column.label(f"column_{number}") for number, column in enumerate(columns)]
    wanted = circles[by] == bindparam("wanted", type_=circles[by].type)
    return select(*labelled).select_from(source).where(circles.status == "active", wanted)


def _one(actor: Actor, by: str, wanted: object) -> CircleRow:
    columns = db.session.execute(_one_statement(by), {"me": actor.id or 0, "wanted": wanted}).one_or_none()
    if columns is None:
        raise NotFound
    return _row(actor, columns)


def _readable(row: CircleRow) -> CircleRow:
    if not row.can_read:
        raise NotFound
    return row


def get_circle(actor: Actor, slug: str) -> CircleRow:
    """The circle's cover, which is for everybody. Raises NotFound when there is none or it is closed."""
    return _one(actor, "slug", slug)


def get_circle_by_id(actor: Actor, circle_id: int) -> CircleRow:
    """As `get_circle`, by id."""
    return _one(actor, "id", circle_id)


def circles_by_id(actor: Actor, circle_ids: Collection[int]) -> dict[int, CircleRow]:
    """Several circles at once, by id; what is inside must be for this actor, others are left out."""
    if not circle_ids:
        return {}
    found = db.session.execute(_circles_for(actor).where(Circle.id.in_(circle_ids)))
    rows = (_row(actor, columns) for columns in found)
    return {row.id: row for row in rows if row.can_read}


def readable_circle(actor: Actor, slug: str) -> CircleRow:
    """The circle, if what is inside is for this actor. Raises NotFound for all others."""
    return _readable(get_circle(actor, slug))


def readable_circle_by_id(actor: Actor, circle_id: int) -> CircleRow:
    """As `readable_circle`, by id."""
    return _readable(get_circle_by_id(actor, circle_id))


def standing_of_user(circle_id: int, user_id: int | None) -> Standing:
    """Somebody's place in a circle, fresh from the database; status "none" when they were never there."""
    statement = _mine(select(*_MY_COLUMNS).select_from(Circle), user_id).where(Circle.id == circle_id)
    mine = db.session.execute(statement).one_or_none()
    return Standing(circle_id, user_id) if mine is None else _standing(circle_id, user_id, mine)


def standing_of(actor: Actor, circle_id: int) -> Standing:
    """The actor's own place in a circle, as `access.require` wants it."""
    return standing_of_user(circle_id, actor.id)


_DISCOVER = Keyset("circles.discover", (Circle.member_count, Circle.id))
_MINE = Keyset("circles.mine", (_MY_MEMBER.joined_at, _MY_MEMBER.id))


def discover(actor: Actor, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[CircleRow]:
    """Public circles, largest first. Private ones are found only by those who know the address."""
    page = _DISCOVER.read(_circles_for(actor).where(Circle.visibility == "public"), cursor, limit)
    return page.map(lambda rows: [_row(actor, row) for row in rows])


def my_circle_page(actor: Actor, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[CircleRow]:
    """The circles the actor is in, last joined first."""
    page = _MINE.read(_circles_for(actor).where(_MY_MEMBER.status == "active"), cursor, limit)
    return page.map(lambda rows: [_row(actor, row) for row in rows])


def my_circles(actor: Actor) -> list[CircleRow]:
    """The first of `my_circle_page`, for menus; none for a visitor."""
    return list(my_circle_page(actor, None, MAX_LIMIT).items) if actor.signed_in else []


def can_still_read(circle_id: int, user_id: int) -> bool:
    """Whether what is inside the circle is for this person now."""
    circle = db.session.get(Circle, circle_id)
    if circle is None or circle.status != "active":
        return False
    standing = standing_of_user(circle_id, user_id)
    return standing.active or (circle.visibility == "public" and standing.status != "banned")
