"""Earning is a switch: a source (a post, a like) is on while its cause stands, and off when it is gone.

The first time it is on fixes for ever what it earns, by the rule of that moment and what the caps leave. Off takes
exactly that back (what of it has run out excepted), on again gives exactly that back: so nothing is earned by deleting
and posting again, and nothing is lost by being hidden by mistake.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, String, TextClause, and_, bindparam, select, text, tuple_, update

from circle.circles.models import Circle, Member
from circle.core import clock
from circle.core.db import BigInt, db, insert_once
from circle.core.operation import operation
from circle.ledger import operations as ledger
from circle.ledger.operations import Why
from circle.points import periods
from circle.points.caps import Had, hindrance, left_of
from circle.points.catalog import EVERYTHING
from circle.points.earn_rules import Rule
from circle.points.models import EarnCounter, EarnRule, EarnSource
from circle.points.operations.beginning import begin_rules
from circle.points.operations.levels import Mover, grown, mover_of


@dataclass(frozen=True)
class Cause:
    """What may earn something: `key` names it once and for all (post:1), `subject` what it vanishes with."""

    key: str
    rule: str
    subject: str
    #: users.id of whoever caused it (a like); None for what members do themselves. Nobody gives to themselves
    giver_id: int | None = None
    #: characters of a text; None where there is none
    length: int | None = None
    #: nobody may learn who it was, and the boards would tell: it earns nothing
    anonymous: bool = False


class Earned(NamedTuple):
    """What a source gave for good, whether a cap cut it, and whether this call changed nothing."""

    granted_points: int
    granted_growth: int
    capped: bool
    replayed: bool


@operation
def set_earned(circle_id: int, user_id: int, cause: Cause, *, on: bool, effective_at: datetime | None = None) -> Earned:
    """Switch what a member earned for something on or off; asking again for what stands changes nothing.

    The first "on" at `effective_at` (default: now) counts for the caps of that day and week in the circle's time zone.
    Nothing is refused: what earns nothing is kept with the reason, so that it can be explained.
    """
    now = clock.now()
    if on:
        here = _context(circle_id, user_id, cause.rule)
        if here is None:
            return Earned(0, 0, False, True)
        made = _earn_first(here, cause, effective_at or now, now)
        if made is not None:
            return made
    return switch(cause.key, on=on)


@operation
def switch_all(subject: str, *, on: bool, except_rules: tuple[str, ...] = ()) -> None:
    """Switch everything that stands or falls with `subject`: a post that is hidden takes its likes along."""
    # only those: of the likes of a post that was liked a lot, a cap left most without anything
    there = (EarnSource.subject == subject, EarnSource.state == ("off" if on else "on"))
    keys = select(EarnSource.source_key).where(*there, EarnSource.rule_code.not_in(except_rules))
    for key in db.session.scalars(keys.order_by(EarnSource.source_key)).all():
        switch(key, on=on)


# ---- the first time --------------------------------------------------------------------------------------------------


class _Here(NamedTuple):
    """Who earns, where, and by which rules."""

    member: Mover
    status: str
    #: of the rule that applies
    version: int
    rule: Rule
    total: Rule


def _context(circle_id: int, user_id: int, code: str) -> _Here | None:
    """None for somebody who was never in the circle."""
    values = {"circle": circle_id, "user": user_id, "code": code}
    row = db.session.execute(_context_statement(), values).one_or_none()
    if row is None:
        return None
    if row[6] is None:
        begin_rules(circle_id)
        row = db.session.execute(_context_statement(), values).one()
    member_id, status, level, tz, levels, expiry = row[:6]
    size = len(_COLUMNS)
    mover = Mover(circle_id, member_id, user_id, level, levels, tz, expiry)
    version, *rule = row[6 : 6 + size]
    return _Here(mover, status, version, Rule(*rule), Rule(*row[7 + size : 6 + 2 * size]))


#: of a rule, its version first
_COLUMNS = ("version", *Rule._fields)


@cache
def _context_statement() -> Any:
    member, circle = Member.__table__, Circle.__table__
    rule, total = EarnRule.__table__.alias("rule"), EarnRule.__table__.alias("total")
    columns = [member.c.id, member.c.status, member.c.level, circle.c.tz, circle.c.levels, circle.c.points_expiry]
    for each in (rule, total):
        columns += [each.c[name].label(f"{each.name}_{name}") for name in _COLUMNS]
    source = member.join(circle, circle.c.id == member.c.circle_id)
    for each, code in ((rule, bindparam("code")), (total, EVERYTHING)):
        current = and_(each.c.circle_id == circle.c.id, each.c.code == code, each.c.replaced_at.is_(None))
        source = source.outerjoin(each, current)
    here = (member.c.circle_id == bindparam("circle", type_=BigInteger), member.c.user_id == _USER)
    return select(*columns).select_from(source).where(*here)


_USER = bindparam("user", type_=BigInteger)


def _earn_first(here: _Here, cause: Cause, effective_at: datetime, now: datetime) -> Earned | None:
    """Earn for the first time; None when there is such a source already.

    It is written and counted as if no cap mattered, which is nearly always so, and put right when one does.
    """
    mover, rule = here.member, here.rule
    hindered = "not_member" if here.status != "active" else hindrance(rule, cause.length)
    if cause.giver_id == mover.user_id:
        hindered = "own"
    if cause.anonymous:
        hindered = "anonymous"
    points, growth = (0, 0) if hindered else (rule.points, rule.growth)
    fresh = insert_once(
        EarnSource, source_key=cause.key, circle_id=mover.circle_id, member_id=mover.member_id, rule_code=cause.rule,
        rule_version=here.version, subject=cause.subject, giver_id=cause.giver_id, length=cause.length,
        granted_points=points, granted_growth=growth, active_points=points, active_growth=growth,
        state="on" if points or growth else "none", reason=hindered, generation=0, effective_at=effective_at,
        created_at=now,
    )  # fmt: skip
    if not fresh:
        return None
    if not points and not growth:
        return Earned(0, 0, False, False)
    points, growth, reason = _Counters(here, cause, effective_at).count()
    if reason:
        _correct(cause.key, points, growth, reason)
    if points or growth:
        why = Why(f"earn.{cause.rule}", f"earn:{cause.key}#0", cause.key, effective_at)
        expires_at = periods.expiry_of(effective_at, mover.tz, mover.expiry)
        result = ledger.give(
            mover.circle_id, mover.member_id, why, points=points, growth=growth, expires_at=expires_at,
            source_key=cause.key,
        )  # fmt: skip
        grown(mover, result, effective_at)
    return Earned(points, growth, bool(reason), False)


def _correct(key: str, points: int, growth: int, reason: str) -> None:
    """Write what the caps left of a new source."""
    state = "on" if points or growth else "capped"
    granted = {"granted_points": points, "granted_growth": growth, "active_points": points, "active_growth": growth}
    made = update(EarnSource).where(EarnSource.source_key == key).values(**granted, state=state, reason=reason)
    db.session.execute(made.execution_options(synchronize_session=False))


class _Counters:
    """How often and how much somebody earned in a day and week; locked from here to the end of the operation."""

    def __init__(self, here: _Here, cause: Cause, effective_at: datetime) -> None:
        self.member_id, self.rule, self.total = here.member.member_id, here.rule, here.total
        day, week = periods.keys_of(effective_at, here.member.tz)
        self._own, self._own_week = (cause.rule, day), (cause.rule, week)
        self._all, self._all_week = (EVERYTHING, day), (EVERYTHING, week)
        self._giver = (f"{cause.rule}<{cause.giver_id}", day)
        keys = [self._own, self._all, self._all_week]
        if self.rule.weekly_point_cap is not None:
            keys.append(self._own_week)
        if self.rule.giver_daily_cap is not None and cause.giver_id is not None:
            keys.append(self._giver)
        self._keys = sorted(keys)

    def count(self) -> tuple[int, int, str]:
        """Count one more; returns (points, growth, reason): what the caps leave (domain specification §1).

        Growth is cut in the proportion in which points are. What the caps refuse is not counted.
        """
        values: dict[str, Any] = {"member": self.member_id, "more": self.rule.points}
        for number, (code, period) in enumerate(self._keys):
            values |= {f"code_{number}": code, f"period_{number}": period}
        found = db.session.execute(_counting(len(self._keys)), values).all()
        before = {(code, period): (n - 1, points - self.rule.points) for code, period, n, points in found}
        points, growth, reason = left_of(self.rule, self.total, self._had(before))
        if reason:
            kept = int(bool(points or growth))
            less = {"member": self.member_id, "n": 1 - kept, "points": self.rule.points - points}
            db.session.execute(_uncounting(), {**less, "keys": self._keys})
        return points, growth, reason

    def _had(self, before: dict[tuple[str, str], tuple[int, int]]) -> Had:
        times_today, points_today = before[self._own]
        # a counter that no cap asks for is not kept
        _times, this_week = before.get(self._own_week, (0, 0))
        from_giver = before[self._giver][0] if self._giver in before else None
        return Had(
            times_today, from_giver, points_today, this_week, before[self._all][1], before[self._all_week][1]
        )  # fmt: skip


@cache
def _counting(rows: int) -> TextClause:
    """Count one in all the periods, lock them and read them: one statement, whose text never changes (put together from
    parts it would be compiled anew each time)."""
    listed = ", ".join(f"(:member, :code_{number}, :period_{number}, 1, :more)" for number in range(rows))
    sql = text(
        f"INSERT INTO earn_counters (member_id, rule_code, period_key, n, points) VALUES {listed} "  # noqa: S608 (numbers)
        "ON CONFLICT (member_id, rule_code, period_key) DO UPDATE "
        "SET n = earn_counters.n + excluded.n, points = earn_counters.points + excluded.points "
        "RETURNING rule_code, period_key, n, points"
    )
    words = [f"{name}_{number}" for name in ("code", "period") for number in range(rows)]
    numbers = (bindparam(name, type_=BigInteger) for name in ("member", "more"))
    return sql.bindparams(*numbers, *(bindparam(name, type_=String) for name in words))


@cache
def _uncounting() -> Any:
    table: Any = EarnCounter.__table__
    named = tuple_(table.c.rule_code, table.c.period_key).in_(bindparam("keys", expanding=True))
    less = {name: table.c[name] - bindparam(name, type_=BigInt) for name in ("n", "points")}
    return update(table).where(table.c.member_id == bindparam("member", type_=BigInt), named).values(less)


# ---- off and on again ------------------------------------------------------------------------------------------------


def switch(key: str, *, on: bool) -> Earned:
    """Take back what stands, or give back what was taken. A source that never earned anything stays as it is."""
    source = db.session.scalars(_source_statement(), {"key": key}).one_or_none()
    if source is None:
        return Earned(0, 0, False, True)
    capped = source.reason.endswith("_cap")
    if source.state != ("off" if on else "on"):
        return Earned(source.granted_points, source.granted_growth, capped, True)
    mover, before = mover_of(source.member_id), f"earn:{key}#{source.generation}"
    source.generation += 1
    kind = f"{'again' if on else 'unearn'}.{source.rule_code}"
    why = Why(kind, f"earn:{key}#{source.generation}", key, source.effective_at)
    if on:
        _give_again(mover, source, why, before)
    else:
        _take_back(mover, source, why)
    source.state = "on" if on else "off"
    db.session.flush()
    return Earned(source.granted_points, source.granted_growth, capped, False)


def _take_back(mover: Mover, source: EarnSource, why: Why) -> None:
    result = ledger.take(
        mover.circle_id, mover.member_id, why, points=source.active_points, growth=source.active_growth,
        source_key=source.source_key,
    )  # fmt: skip
    source.active_points -= result.points
    source.active_growth -= result.growth
    grown(mover, result._replace(growth=-result.growth), source.effective_at, reason="reversal")


def _give_again(mover: Mover, source: EarnSource, why: Why, taken_by: str) -> None:
    points = source.granted_points - source.active_points
    growth = source.granted_growth - source.active_growth
    if points or growth:
        expires_at = periods.expiry_of(source.effective_at, mover.tz, mover.expiry)
        result = ledger.give_again(
            mover.circle_id, mover.member_id, why, of_key=taken_by, points=points, growth=growth,
            expires_at=expires_at, source_key=source.source_key,
        )  # fmt: skip
        grown(mover, result, source.effective_at)
    source.active_points, source.active_growth = source.granted_points, source.granted_growth


@cache
def _source_statement() -> Any:
    wanted = select(EarnSource).where(EarnSource.source_key == bindparam("key"))
    return wanted.with_for_update().execution_options(populate_existing=True)
