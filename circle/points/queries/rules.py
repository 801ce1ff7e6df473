"""The rules of earning, for those who change them: as they are, as they were, and as a draft would have done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from circle.access import Actor, Permission, require
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of
from circle.circles.models import Circle, Member
from circle.circles.queries import CircleRow, readable_circle
from circle.core import clock
from circle.core.db import db
from circle.core.pagination import Keyset, Page
from circle.points import periods
from circle.points.catalog import CODES
from circle.points.earn_rules import Rule, drafted, state_of, usual_rules
from circle.points.models import EarnRule, EarnSource
from circle.points.simulation import Simulation, Source, simulate

#: how far back a draft is tried, and on how many things at most
TRIED_DAYS = 90
TRIED_MOST = 200_000

_RULE_COLUMNS = tuple(getattr(EarnRule, name) for name in Rule._fields)


@dataclass(frozen=True)
class RuleRow:
    """A rule as it stands: `since` is when this version began, None for what every circle begins with."""

    code: str
    version: int
    rule: Rule
    since: datetime | None

    @property
    def values(self) -> dict[str, Any]:
        """Code, version and every number, as the API tells them."""
        return {"code": self.code, "version": self.version, **self.rule._asdict()}


@dataclass(frozen=True)
class EarnRules:
    """All rules of a circle. `version` is another number as soon as anything of it is changed."""

    circle: CircleRow
    rules: Sequence[RuleRow]
    expiry: str
    version: int

    @property
    def by_code(self) -> dict[str, Rule]:
        """The rules by their codes."""
        return {row.code: row.rule for row in self.rules}

    @property
    def told(self) -> list[dict[str, Any]]:
        """The rules as the API tells them."""
        return [row.values for row in self.rules]


def configurable(actor: Actor, slug: str) -> CircleRow:
    """The circle, for those who may change its rules. Raises NotFound, Unauthenticated or Forbidden."""
    circle = readable_circle(actor, slug)
    require(actor, Permission.POINTS_CONFIGURE, circle.standing)
    return circle


def earn_rules(actor: Actor, slug: str) -> EarnRules:
    """The rules in force. A circle in which nobody has earned yet shows those it will begin with."""
    return rules_of(configurable(actor, slug))


def rules_of(circle: CircleRow) -> EarnRules:
    """The rules in force in a circle that was read for the actor."""
    stored = db.session.execute(
        select(EarnRule.code, EarnRule.version, EarnRule.created_at, *_RULE_COLUMNS).where(
            EarnRule.circle_id == circle.id, EarnRule.replaced_at.is_(None)
        )
    ).all()
    rows = {row[0]: RuleRow(row[0], row[1], Rule(*row[3:]), row[2] if row[1] > 1 else None) for row in stored}
    usual = usual_rules()
    rules = [rows.get(code) or RuleRow(code, 1, usual[code], None) for code in CODES]
    expiry = db.session.scalar(select(Circle.points_expiry).where(Circle.id == circle.id)) or "next_year"
    return EarnRules(circle, rules, expiry, state_of([row.version for row in rules], expiry))


# ---- how they came to be ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RuleChange:
    """One rule that was changed: `fields` are (name, before, after)."""

    code: str
    version: int
    at: datetime
    by: Author | None
    fields: Sequence[tuple[str, Any, Any]]


_CHANGES = Keyset("points.rule_changes", (EarnRule.id,))


def rule_changes(actor: Actor, slug: str, cursor: str | None = None, limit: int = 10) -> Page[RuleChange]:
    """What was changed in the rules, the newest first."""
    circle = configurable(actor, slug)
    chosen: Any = select(*AUTHOR_COLUMNS, EarnRule.code, EarnRule.version, EarnRule.created_at, *_RULE_COLUMNS)
    statement = chosen.outerjoin(User, User.id == EarnRule.created_by).where(
        EarnRule.circle_id == circle.id, EarnRule.version > 1
    )
    return _CHANGES.read(statement, cursor, limit).map(lambda rows: _changes(circle.id, rows))


def _changes(circle_id: int, rows: Sequence[Any]) -> list[RuleChange]:
    wanted = {(row.code, row.version - 1) for row in rows}
    if not wanted:
        return []
    versions = {version for _code, version in wanted}
    before = {
        (row[0], row[1]): Rule(*row[2:])
        for row in db.session.execute(
            select(EarnRule.code, EarnRule.version, *_RULE_COLUMNS).where(
                EarnRule.circle_id == circle_id, EarnRule.version.in_(versions)
            )
        )
    }
    size = len(AUTHOR_COLUMNS)
    return [
        RuleChange(
            code=row.code, version=row.version, at=row.created_at,
            by=None if row[0] is None else author_of(row[:size]),
            fields=_difference(before[row.code, row.version - 1], Rule(*row[size + 3 : size + 3 + len(Rule._fields)])),
        )
        for row in rows
    ]  # fmt: skip


def _difference(before: Rule, after: Rule) -> list[tuple[str, Any, Any]]:
    pairs = zip(Rule._fields, before, after, strict=True)
    return [(name, old, new) for name, old, new in pairs if old != new]


# ---- a draft, tried on what has happened -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Tried:
    """What a draft would have given since `since`. `cut` says that there was more than is looked at."""

    circle: CircleRow
    result: Simulation
    since: datetime
    until: datetime
    days: int
    cut: bool
    #: the winners and losers, by member
    people: Mapping[int, Author]

    @property
    def winners(self) -> list[dict[str, Any]]:
        """Who would have most more, as the API tells it."""
        return [self._told(one) for one in self.result.winners]

    @property
    def losers(self) -> list[dict[str, Any]]:
        """Who would have most less."""
        return [self._told(one) for one in self.result.losers]

    def _told(self, one: Any) -> dict[str, Any]:
        return {
            "user": self.people.get(one.member_id), "points_before": one.points_before,
            "points_after": one.points_after, "growth_before": one.growth_before, "growth_after": one.growth_after,
        }  # fmt: skip


def try_rules(actor: Actor, slug: str, rules: Sequence[Mapping[str, Any]]) -> Tried:
    """What the last three months would have given by these rules; those that are not named stay. Writes nothing.

    Raises Invalid by `code.field`, and what `configurable` raises.
    """
    current = earn_rules(actor, slug)
    circle, now = current.circle, clock.now()
    draft = {**current.by_code, **drafted(rules)}
    since, sources, cut = _sources(circle, now)
    result = simulate(sources, draft, circle.tz)
    named = [one.member_id for one in (*result.winners, *result.losers)]
    days = (clock.local_date(now, circle.tz) - clock.local_date(since, circle.tz)).days + 1
    return Tried(circle, result, since, now, days, cut, _people(circle, named))


def _sources(circle: CircleRow, now: datetime) -> tuple[datetime, list[Source], bool]:
    """(from when, what happened since, whether that is not all): from a Monday on, so that weeks are whole."""
    since = periods.start_of(_monday(clock.local_date(now, circle.tz) - timedelta(days=TRIED_DAYS)), circle.tz)
    columns = [getattr(EarnSource, name) for name in Source._fields]
    newest = (EarnSource.effective_at.desc(), EarnSource.created_at.desc(), EarnSource.source_key.desc())
    rows = db.session.execute(
        select(*columns)
        .where(EarnSource.circle_id == circle.id, EarnSource.effective_at >= since)
        .order_by(*newest)
        .limit(TRIED_MOST + 1)
    ).all()
    cut = len(rows) > TRIED_MOST
    if cut:
        since = _whole_from(rows[-1].effective_at, now, circle.tz)
    return since, [Source(*row) for row in reversed(rows) if row.effective_at >= since], cut


def _whole_from(oldest: datetime, now: datetime, tz: str) -> datetime:
    """The first week (or at least day) that begins after `oldest`: what is cut off must not look like room in a cap."""
    day = clock.local_date(oldest, tz)
    starts = (periods.start_of(first, tz) for first in (_monday(day) + timedelta(days=7), day + timedelta(days=1)))
    return next((start for start in starts if start < now), oldest)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _people(circle: CircleRow, member_ids: Sequence[int]) -> dict[int, Author]:
    columns: Any = (*AUTHOR_COLUMNS, Member.role, Member.id)
    rows = db.session.execute(
        select(*columns).join(User, User.id == Member.user_id)
        .where(Member.circle_id == circle.id, Member.id.in_(member_ids))
    )  # fmt: skip
    return {row[6]: author_of(row[:5], row[5]) for row in rows}
