"""What one member has in a circle, and how it came: points, growth, level, statement, and how it stood at a moment."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import aliased

from circle.access import Actor
from circle.accounts.queries import LevelTag
from circle.circles.levels import tag_at
from circle.circles.models import Member
from circle.circles.queries import CircleRow, get_circle, readable_circle
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound, Unauthenticated
from circle.core.pagination import DEFAULT_LIMIT, Page
from circle.ledger import queries as ledger
from circle.ledger.accounts import GROWTH, POINTS, growth_of, points_of
from circle.ledger.models import LedgerAccount
from circle.ledger.queries import EntryRow, Holding, RunningOut
from circle.points import telling
from circle.points.ladder import Privileges, ladder_of, privileges_of
from circle.points.models import LevelEvent, MemberLevel, Task
from circle.points.queries.rules import RuleRow, rules_of
from circle.points.queries.tasks import title_of

#: how many changes of level are told
HISTORY = 20


class Standing(NamedTuple):
    """A member of a circle, with what they have there. `status` is active, left or banned."""

    circle_id: int
    member_id: int
    status: str
    level: int
    #: when they first came, also of somebody who left and came back: what they had then is theirs still
    joined_at: datetime
    #: None at the lowest level
    since: datetime | None
    assess_at: datetime | None
    points: int
    growth: int
    debt: int

    @property
    def active(self) -> bool:
        return self.status == "active"


def _standings(user_id: int, circle_ids: Collection[int]) -> Sequence[Standing]:
    """Somebody's place and possessions in several circles: one statement."""
    points, growth = (aliased(LedgerAccount) for _each in range(2))
    columns: tuple[Any, ...] = (
        Member.circle_id, Member.id, Member.status, Member.level, Member.created_at, MemberLevel.since,
        MemberLevel.assess_at, points.balance, growth.balance, points.owed,
    )  # fmt: skip
    statement: Select[Any] = select(*columns).outerjoin(MemberLevel, MemberLevel.member_id == Member.id)
    for account, asset in ((points, POINTS), (growth, GROWTH)):
        named = {"owner_type": "member", "asset": asset, "kind": f"member.{asset.lower()}"}
        mine = [getattr(account, name) == value for name, value in named.items()]
        statement = statement.outerjoin(
            account, and_(account.circle_id == Member.circle_id, account.owner_id == Member.id, *mine)
        )
    wanted = statement.where(Member.user_id == user_id, Member.circle_id.in_(circle_ids))
    return [Standing(*row[:7], *(each or 0 for each in row[7:])) for row in db.session.execute(wanted)]


def standing_of(circle: CircleRow, user_id: int | None) -> Standing:
    """Somebody's place and possessions in a circle, also of somebody who left. Raises NotFound for all others."""
    found = _standings(user_id or 0, [circle.id])
    if not found:
        raise NotFound
    return found[0]


def own_circle(actor: Actor, slug: str) -> CircleRow:
    """A circle that the actor is or was in: their own points stay theirs to read, also when they have left.

    Raises Unauthenticated, NotFound.
    """
    if not actor.signed_in:
        raise Unauthenticated
    return get_circle(actor, slug)


# ---- where one stands ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NextLevel:
    """The level above, and how much growth is missing to it."""

    level: int
    name: str
    short: str
    growth_min: int
    missing: int


@dataclass(frozen=True)
class LadderStep:
    """A level of a circle, as everybody may read it. `allows` says it in words, `privileges` in numbers."""

    tag: LevelTag
    growth_min: int
    keep_min: int
    gift_points: int
    privileges: Privileges
    allows: Sequence[str]
    current: bool = False

    @property
    def level(self) -> int:
        return self.tag.level

    @property
    def name(self) -> str:
        return self.tag.name


@dataclass(frozen=True)
class LevelChange:
    """A level that rose or fell; `reason` is promote, decay, reversal, rules or forfeit."""

    at: datetime
    before: LevelTag
    after: LevelTag
    reason: str
    growth: int

    @property
    def rose(self) -> bool:
        return self.after.level > self.before.level


@dataclass(frozen=True)
class MyPoints:
    """What a member has and where that brings them."""

    member_id: int
    #: False for somebody who left: what they had waits, and nothing is earned
    active: bool
    points: int
    growth: int
    #: points taken back after they were spent; what comes pays this off first
    debt: int
    level: LevelTag
    next: NextLevel | None
    #: of the way to the next level, 0 to 100
    percent: int
    ladder: Sequence[LadderStep]
    #: since when the level is theirs, and when it is looked at again; None at the lowest
    since: datetime | None
    assess_at: datetime | None
    #: growth in a year that keeps the level
    keep_min: int
    expiring: Sequence[RunningOut]
    #: for the first time
    joined_at: datetime


def my_points(actor: Actor, circle: CircleRow) -> MyPoints:
    """What the actor has in a circle they are or were in. Raises NotFound for somebody who never was."""
    here = standing_of(circle, actor.id)
    steps = ladder_of(circle.levels)
    place = min(here.level, len(steps))
    after = next_level(circle, here.level, here.growth)
    goal = after.growth_min if after else 0
    return MyPoints(
        member_id=here.member_id, active=here.active, points=here.points, growth=here.growth, debt=here.debt,
        level=tag_at(circle.tags, here.level), next=after, percent=min(100, here.growth * 100 // goal) if goal else 100,
        ladder=ladder(circle, here.level), since=here.since, assess_at=here.assess_at,
        keep_min=steps[place - 1].keep_min,
        expiring=ledger.running_out(points_of(circle.id, here.member_id)) if here.points else (),
        joined_at=here.joined_at,
    )  # fmt: skip


def next_level(circle: CircleRow, level: int, growth: int) -> NextLevel | None:
    """The level above `level`; None at the top."""
    above = ladder_of(circle.levels)[level : level + 1]
    if not above:
        return None
    tag, begins = tag_at(circle.tags, level + 1), above[0].growth_min
    return NextLevel(tag.level, tag.name, tag.short, begins, max(0, begins - growth))


def ladder(circle: CircleRow, current: int = 0) -> list[LadderStep]:
    """The levels of a circle that was read for the actor, lowest first; `current` is marked."""
    steps = ladder_of(circle.levels)
    allowed = [privileges_of(circle.levels, step.level) for step in steps]
    return [
        LadderStep(
            tag_at(circle.tags, step.level), step.growth_min, step.keep_min, step.gift_points, given,
            tuple(telling.privileges(given._asdict())), current=step.level == min(current, len(steps)),
        )
        for step, given in zip(steps, allowed, strict=True)
    ]  # fmt: skip


def levels(actor: Actor, slug: str) -> list[LadderStep]:
    """The levels of a circle, for those who may read it. Raises NotFound for others."""
    return ladder(readable_circle(actor, slug))


def level_history(actor: Actor, circle: CircleRow) -> list[LevelChange]:
    """How the actor's level rose and fell, the newest first."""
    mine = select(Member.id).where(Member.circle_id == circle.id, Member.user_id == (actor.id or 0)).scalar_subquery()
    columns = (LevelEvent.created_at, LevelEvent.from_level, LevelEvent.to_level, LevelEvent.reason, LevelEvent.growth)
    newest = select(*columns).where(LevelEvent.member_id == mine).order_by(LevelEvent.id.desc()).limit(HISTORY)
    return [
        LevelChange(at, tag_at(circle.tags, before), tag_at(circle.tags, after), reason, growth)
        for at, before, after, reason, growth in db.session.execute(newest)
    ]


def points_here(actor: Actor, circle: CircleRow) -> int:
    """The points the actor can spend in a circle; none for somebody who never was in it."""
    found = _standings(actor.id or 0, [circle.id])
    return found[0].points if found else 0


@dataclass(frozen=True)
class InCircle:
    """Level, growth and points in one of several circles."""

    level: LevelTag
    growth: int
    points: int


def in_circles(actor: Actor, circles: Sequence[CircleRow]) -> dict[int, InCircle]:
    """What the actor has in the circles they are in, by circle: one statement."""
    rows = {circle.id: circle for circle in circles if circle.standing.active}
    if actor.id is None or not rows:
        return {}
    return {
        here.circle_id: InCircle(tag_at(rows[here.circle_id].tags, here.level), here.growth, here.points)
        for here in _standings(actor.id, rows)
    }


@dataclass(frozen=True)
class RulesHere:
    """What earns what in a circle, and when points run out (next_year or never)."""

    rules: Sequence[RuleRow]
    #: over all rules together; None when there are no such caps
    total: RuleRow | None
    expiry: str


def rules_here(actor: Actor, slug: str) -> tuple[CircleRow, RulesHere]:
    """The circle, and the rules in force there, for those who may read it. Raises NotFound for others."""
    circle = readable_circle(actor, slug)
    found = rules_of(circle)
    total = next((row for row in found.rules if row.code == "*" and row.rule.enabled), None)
    earning = [row for row in found.rules if row.code != "*" and row.rule.enabled]
    giving = [row for row in earning if row.rule.points or row.rule.growth]
    return circle, RulesHere(giving, total if total and telling.caps(total.rule) else None, found.expiry)


# ---- the statement ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StatementRow:
    """An entry in words; `why` is what `explain` takes."""

    entry: EntryRow
    title: str
    icon: str

    @property
    def why(self) -> str:
        return why_of(self.entry)


#: first words of kinds whose source is one thing of one member
_OWN_SOURCE = ("earn", "again", "unearn", "adjust")


def why_of(entry: EntryRow) -> str:
    """What explains an entry: what it was for, or, where that says too little, its transaction."""
    if entry.source and telling.first_word(entry.kind) in _OWN_SOURCE:
        return entry.source
    return f"txn:{entry.txn_id}"


@dataclass(frozen=True)
class Filter:
    """Which entries to read: of one asset, of some kinds, in a stretch of time.

    `kind` is a kind (earn.comment), its first word (earn) or a group of `telling.GROUPS`; `direction` is in or out.
    """

    asset: str = POINTS
    kind: str | None = None
    direction: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def statement(
    actor: Actor, circle: CircleRow, wanted: Filter, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[StatementRow]:
    """The actor's entries, newest first, at the same cost however many there are. Raises NotFound, BadRequest
    CURSOR_INVALID."""
    member_id = db.session.scalar(
        select(Member.id).where(Member.circle_id == circle.id, Member.user_id == (actor.id or 0))
    )
    if member_id is None:
        raise NotFound
    account = (points_of if wanted.asset == POINTS else growth_of)(circle.id, member_id)
    kinds, sign = None, {"in": 1, "out": -1}.get(wanted.direction or "", 0)
    if wanted.kind or sign:
        kinds = [kind for kind in ledger.kinds_on(account) if _wanted(kind, wanted.kind, sign)]
    page = ledger.statement_page(
        account, kinds=kinds, sign=sign, since=wanted.since, until=wanted.until, cursor=cursor, limit=limit
    )
    return page.map(lambda entries: _told(circle, entries))


def _wanted(kind: str, chosen: str | None, sign: int) -> bool:
    word = telling.first_word(kind)
    if sign and telling.SIGNS.get(word, sign) != sign:
        return False
    return chosen is None or chosen in {kind, word} or word in telling.GROUPS.get(chosen, ())


def _told(circle: CircleRow, entries: Sequence[EntryRow]) -> list[StatementRow]:
    """The entries in words; the names of tasks are asked for all of them at once."""
    asked = {int((entry.source or "").partition(":")[2]) for entry in entries if is_task(entry.source)}
    columns = (Task.id, Task.title, Task.code, Task.event)
    rows = db.session.execute(select(*columns).where(Task.id.in_(asked), Task.circle_id == circle.id)) if asked else ()
    names = {f"task:{id_}": str(title_of(title, code, event)) for id_, title, code, event in rows}
    return [
        StatementRow(entry, names.get(entry.source or "") or _title(circle, entry), telling.kind_icon(entry.kind))
        for entry in entries
    ]


def is_task(source: str | None) -> bool:
    """Whether a source is a task by its id."""
    word, _colon, number = (source or "").partition(":")
    return word == "task" and number.isascii() and number.isdecimal() and len(number) <= 18


def _title(circle: CircleRow, entry: EntryRow) -> str:
    word, _colon, number = (entry.source or "").partition(":")
    if entry.kind == "gift" and word == "level" and number.isdecimal():
        return telling.gift_title(tag_at(circle.tags, int(number)).name)
    return telling.kind_title(entry.kind)


# ---- how it stood at a moment ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Then:
    """What a member had at a moment, as the books knew it then."""

    at: datetime
    points: int
    growth: int
    debt: int
    level: LevelTag


def as_of(actor: Actor, circle: CircleRow, at: datetime) -> Then:
    """What the actor had at a moment; a moment to come is now. Raises NotFound."""
    here, at = standing_of(circle, actor.id), min(at, clock.now())
    then: Holding = ledger.holding_as_of(circle.id, here.member_id, at)
    last = select(LevelEvent.to_level).where(LevelEvent.member_id == here.member_id, LevelEvent.created_at <= at)
    level = db.session.scalar(last.order_by(LevelEvent.id.desc()).limit(1))
    return Then(at, then.points, then.growth, then.owed, tag_at(circle.tags, level or 1))


def until(at: datetime, asset: str = POINTS) -> Filter:
    """What the books knew at a moment: the entries until then, that moment included."""
    return Filter(asset, until=min(at, clock.now()) + timedelta(microseconds=1))
