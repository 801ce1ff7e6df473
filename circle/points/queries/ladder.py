"""The levels of a circle, for those who change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, func, select

from circle.access import Actor
from circle.circles.levels import level_name
from circle.circles.models import Circle, Member
from circle.circles.queries import CircleRow
from circle.core.db import db
from circle.ledger.accounts import GROWTH
from circle.ledger.models import LedgerAccount
from circle.points.ladder import Level, ladder_of
from circle.points.queries.rules import configurable


@dataclass(frozen=True)
class LevelSettings:
    """All levels of a circle, as they are kept. `version` is the circle's."""

    circle: CircleRow
    levels: Sequence[Level]
    version: int

    @property
    def told(self) -> list[dict[str, Any]]:
        """The levels as the API tells them."""
        return [
            {**each._asdict(), "privileges": dict(each.privileges), "called": level_name(each.name, each.level)}
            for each in self.levels
        ]


@dataclass(frozen=True)
class LevelCount:
    """How many members have a level, and how many have the growth for exactly it."""

    level: int
    name: str
    growth_min: int
    members: int
    by_growth: int


def level_settings(actor: Actor, slug: str) -> LevelSettings:
    """The levels, for those who may change them."""
    circle = configurable(actor, slug)
    levels = db.session.scalar(select(Circle.levels).where(Circle.id == circle.id)) or []
    return LevelSettings(circle, ladder_of(levels), circle.version)


def level_counts(circle: CircleRow, levels: Sequence[Mapping[str, Any]]) -> list[LevelCount]:
    """How many members each of these levels (as checked, or as kept) has and would have. One statement."""
    ladder = ladder_of(levels)
    account = and_(
        LedgerAccount.circle_id == circle.id,
        LedgerAccount.owner_type == "member",
        LedgerAccount.owner_id == Member.id,
        LedgerAccount.asset == GROWTH,
        LedgerAccount.kind == "member.growth",
    )
    growth = func.coalesce(LedgerAccount.balance, 0)
    reached = case(*((growth >= each.growth_min, each.level) for each in reversed(ladder)), else_=1)
    members = (
        select(Member.level.label("level"), reached.label("reaches"))
        .outerjoin(LedgerAccount, account)
        .where(Member.circle_id == circle.id, Member.status == "active")
        .subquery()
    )
    by_both = select(members.c.level, members.c.reaches, func.count()).group_by(members.c.level, members.c.reaches)
    rows = db.session.execute(by_both).all()
    has = {each.level: 0 for each in ladder}
    would = dict(has)
    for level, reaches, number in rows:
        has[min(level, len(ladder))] += number
        would[reaches] += number
    return [
        LevelCount(each.level, level_name(each.name, each.level), each.growth_min, has[each.level], would[each.level])
        for each in ladder
    ]
