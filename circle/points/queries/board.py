"""The leaderboard of a circle: who grew most, by days of the circle's own time zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, or_, select

from circle.access import Actor
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of, not_blocked_for
from circle.circles.models import Member
from circle.circles.queries import CircleRow
from circle.core import clock
from circle.core.db import db
from circle.points import periods
from circle.points.models import GrowthTotal

WINDOWS = ("7d", "30d", "all")
#: places that are shown
PLACES = 50


@dataclass(frozen=True)
class BoardRow:
    """A place on the board."""

    rank: int
    user: Author
    growth: int


@dataclass(frozen=True)
class Board:
    """The first places, and the actor's own wherever it is."""

    window: str
    rows: list[BoardRow]
    #: the actor's own place; None for whoever is not on the board
    me: BoardRow | None
    #: how much growth more is the place before one's own, 0 for the first; for a member without a place: 1
    needs: int
    #: whether the actor could be on it: an active member who does not own the circle
    takes_part: bool

    @property
    def next_rank(self) -> int | None:
        """The place before one's own; None for the first, and for whoever is not on the board."""
        return self.me.rank - 1 if self.me is not None and self.me.rank > 1 else None

    @property
    def mine_is_shown(self) -> bool:
        """Whether one's own place is among the first."""
        return self.me is not None and self.me.rank <= PLACES


def board_of(actor: Actor, circle: CircleRow, window: str = "7d") -> Board:
    """The board of a circle that was read for this actor, over 7d, 30d or all, in one statement.

    On it are members with growth in that time, but not the owner, and nobody who left, was banned, or is gone. The
    order: more growth; then who had it first; then the smaller member id. People who blocked each other do not see
    each other here, but keep their places.
    """
    values = {"circle": circle.id, "me": actor.id or 0, "periods": periods.window_keys(window, clock.now(), circle.tz)}
    meets_all = circle.can_manage or not actor.signed_in
    found = db.session.execute(_statement(meets_all), values).all()
    rows = [_row(circle, row) for row in found]
    places = [row for row in rows if row.rank <= PLACES]
    takes_part = circle.standing.active and circle.standing.role.value != "owner"
    mine = next((number for number, row in enumerate(rows) if actor.owns(row.user.id)), None)
    if mine is None:
        return Board(window, places, None, 1 if takes_part else 0, takes_part)
    before = found[mine].before
    # who has it first stands before: as much as the other is not enough
    needs = before - rows[mine].growth + 1 if before is not None else 0
    return Board(window, places, rows[mine], needs, takes_part)


@cache
def _statement(meets_all: bool) -> Any:
    total, member, user = GrowthTotal.__table__.c, Member.__table__.c, User.__table__.c
    me = bindparam("me", type_=BigInteger)
    sums = (
        select(
            total.member_id,
            func.sum(total.growth).label("growth"),
            func.max(total.reached_at).label("reached_at"),
        )
        .where(
            total.circle_id == bindparam("circle", type_=BigInteger),
            total.period_key.in_(bindparam("periods", expanding=True)),
        )
        .group_by(total.member_id)
        .having(func.sum(total.growth) > 0)
        .subquery("sums")
    )
    order = (sums.c.growth.desc(), sums.c.reached_at, member.id)
    joined = sums.join(Member.__table__, member.id == sums.c.member_id).join(User.__table__, user.id == member.user_id)
    ranked = (
        select(
            member.user_id,
            member.role,
            member.level,
            sums.c.growth,
            func.row_number().over(order_by=order).label("rank"),
            func.lag(sums.c.growth).over(order_by=order).label("before"),
        )
        .select_from(joined)
        .where(member.status == "active", member.role != "owner", user.status != "deleted")
        .subquery("ranked")
    )
    people = [user[column.key] for column in AUTHOR_COLUMNS]
    statement = (
        select(*people, ranked.c.role, ranked.c.level, ranked.c.growth, ranked.c.rank, ranked.c.before)
        .select_from(ranked.join(User.__table__, user.id == ranked.c.user_id))
        .where(or_(ranked.c.rank <= PLACES, ranked.c.user_id == me))
        .order_by(ranked.c.rank)
    )
    return statement if meets_all else statement.where(not_blocked_for(me, ranked.c.user_id))


def _row(circle: CircleRow, row: Sequence[Any]) -> BoardRow:
    size = len(AUTHOR_COLUMNS)
    role, level, growth, rank, _before = row[size:]
    return BoardRow(rank, author_of(row[:size], role, circle.tag(level)), int(growth))
