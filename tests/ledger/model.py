"""The books of one member once more, in plain Python and after the domain specification: what the ledger is held to.

It knows nothing of accounts and entries: it has a purse of lots, a debt, growth, a level and switches.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: growth_min and gift of each level
LADDER = ((0, 0), (12, 5), (30, 8))
#: points, growth, times a day, points a day, points a week, times a day from one giver
RULES = {
    "post.text": (5, 3, 3, None, None, None),
    "comment": (4, 2, None, 10, 14, None),
    "like.received": (1, 1, 4, None, None, 2),
}
ALL_DAY, ALL_WEEK = 20, 45
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class Lot:
    number: int
    txn: str
    source: str | None
    amount: int
    remaining: int
    expires: datetime
    expired: int = 0


@dataclass
class Use:
    lot: Lot
    amount: int
    restored: int = 0


@dataclass
class Source:
    rule: str
    points: int
    growth: int
    state: str
    at: datetime
    active_points: int
    active_growth: int
    generation: int = 0


def end_of(moment: datetime) -> datetime:
    """When points of a moment run out: the local new year after the next year."""
    return datetime.combine(date(moment.astimezone(ZONE).year + 2, 1, 1), time(), ZONE).astimezone(UTC)


def level_at(growth: int) -> int:
    return max(number for number, (least, _gift) in enumerate(LADDER, 1) if growth >= least)


@dataclass
class Model:
    balance: int = 0
    debt: int = 0
    growth: int = 0
    level: int = 1
    gifts: set[int] = field(default_factory=set)
    lots: list[Lot] = field(default_factory=list)
    uses: dict[str, list[Use]] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    counts: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    made: int = 0
    #: how often growth has moved; the last time for each transaction and source, and when all of it was let go of
    moves: int = 0
    moved: dict[str, int] = field(default_factory=dict)
    let_go_at: int = 0

    # ---- points -----------------------------------------------------------------------------------------------------

    def credit(self, points: int) -> int:
        """What is left of points after debts."""
        paid = min(points, self.debt)
        self.debt -= paid
        self.balance += points - paid
        return points - paid

    def lot(self, txn: str, amount: int, expires: datetime, source: str | None = None) -> None:
        if amount:
            self.made += 1
            self.lots.append(Lot(self.made, txn, source, amount, amount, expires))

    def use(self, txn: str, amount: int, first: str | None = None, of: str | None = None) -> None:
        """Take an amount out of lots: those of a source or transaction, then by their end."""
        self.balance -= amount
        in_order = sorted(self.lots, key=lambda lot: (lot.expires, lot.number))
        own = [lot for lot in in_order if (first and lot.source == first) or (of and lot.txn == of)]
        for lot in [*own, *(lot for lot in in_order if lot not in own)]:
            here = min(amount, lot.remaining)
            if here:
                lot.remaining -= here
                amount -= here
                self.uses.setdefault(txn, []).append(Use(lot, here))
        assert not amount

    def fill(self, txn: str, of: str, amount: int, now: datetime, expires: datetime | None, source: str | None) -> None:
        """Put back what a transaction took, into the longest living of its lots first."""
        late = 0
        for use in sorted(self.uses.get(of, []), key=lambda each: (each.lot.expires, each.lot.number), reverse=True):
            here = min(amount, use.amount - use.restored)
            amount -= here
            if use.lot.expires <= now:
                late += here
            else:
                use.lot.remaining += here
                use.restored += here
        if expires is not None and expires <= now:
            late, amount = late + amount, 0
        self.lot(txn, amount, expires or datetime.max.replace(tzinfo=UTC), source)
        self.lot(txn, late, now + timedelta(days=30), source)

    def run_out(self, *, source: str | None = None, txn: str | None = None) -> int:
        return sum(lot.expired for lot in self.lots if (source and lot.source == source) or (txn and lot.txn == txn))

    # ---- growth and levels -------------------------------------------------------------------------------------------

    def to_take(self, key: str, growth: int) -> int:
        """How much of the growth that a transaction or source gave can be taken: what was let go of since is gone."""
        return 0 if growth > 0 and self.moved.get(key, 0) < self.let_go_at else min(growth, self.growth)

    def grow(self, growth: int, now: datetime, key: str) -> None:
        """Growth that moved, with what follows; `growth` may be negative."""
        if growth:
            self.moves += 1
            self.moved[key] = self.moves
        before = self.growth
        self.growth += growth
        there = level_at(self.growth)
        if there > self.level:
            for level in range(self.level + 1, there + 1):
                gift = LADDER[level - 1][1]
                if level not in self.gifts and gift:
                    self.gifts.add(level)
                    self.lot(f"gift:{level}", self.credit(gift), end_of(now))
            self.level = there
        elif growth < 0 and there < self.level and there < level_at(before):
            self.level = there

    # ---- what members and others do ----------------------------------------------------------------------------------

    def earn(self, key: str, rule: str, at: datetime, now: datetime, giver: int | None) -> None:
        if key in self.sources:
            self.switch(key, now, on=True)
            return
        points, growth = self._left(rule, at, giver)
        state = "on" if points or growth else "capped"
        self.sources[key] = Source(rule, points, growth, state, at, points, growth)
        if points:
            self.lot(f"{key}#0", self.credit(points), end_of(at), key)
            self.grow(growth, now, key)

    def _left(self, rule: str, at: datetime, giver: int | None) -> tuple[int, int]:
        points, growth, times, a_day, a_week, from_one = RULES[rule]
        day = at.astimezone(ZONE).date()
        week = f"{day.isocalendar()[0]}/{day.isocalendar()[1]}"
        had = {
            name: self.counts.setdefault(key, [0, 0])
            for name, key in {
                "day": (rule, str(day)), "week": (rule, week), "all day": ("*", str(day)), "all week": ("*", week),
                "giver": (f"{rule} from {giver}", str(day)),
            }.items()
        }  # fmt: skip
        if (times is not None and had["day"][0] >= times) or (from_one is not None and had["giver"][0] >= from_one):
            return 0, 0
        left = points
        for cap, name in ((a_day, "day"), (a_week, "week"), (ALL_DAY, "all day"), (ALL_WEEK, "all week")):
            if cap is not None:
                left = max(0, min(left, cap - had[name][1]))
        if not left:
            return 0, 0
        for each in had.values():
            each[0] += 1
            each[1] += left
        return left, growth * left // points

    def switch(self, key: str, now: datetime, *, on: bool) -> None:
        source = self.sources.get(key)
        if source is None or source.state != ("off" if on else "on"):
            return
        before, source.generation = f"{key}#{source.generation}", source.generation + 1
        source.state, txn = ("on" if on else "off"), f"{key}#{source.generation}"
        if not on:
            points = source.active_points - min(source.active_points, self.run_out(source=key))
            growth = self.to_take(key, source.active_growth)
            here = min(points, self.balance)
            self.debt += points - here
            self.use(txn, here, first=key)
            source.active_points -= points
            source.active_growth -= growth
            self.grow(-growth, now, key)
            return
        points, growth = source.points - source.active_points, source.growth - source.active_growth
        self.fill(txn, before, self.credit(points), now, end_of(source.at), key)
        source.active_points, source.active_growth = source.points, source.growth
        self.grow(growth, now, key)

    def expire(self, now: datetime) -> None:
        for lot in self.lots:
            if lot.remaining and lot.expires <= now:
                self.balance -= lot.remaining
                lot.expired, lot.remaining = lot.expired + lot.remaining, 0

    def undo(self, txn: str, again: str, points: int, growth: int, now: datetime) -> bool:
        """Undo what a transaction did (`points` and `growth` as it moved them); False when nothing is left of it."""
        if points > 0:
            points -= min(points, self.run_out(txn=txn))
        growth = self.to_take(txn, growth)
        if not points and not growth:
            return False
        if points > 0:
            here = min(points, self.balance)
            self.debt += points - here
            self.use(again, here, of=txn)
        elif points < 0:
            self.fill(again, txn, self.credit(-points), now, None, None)
        self.grow(-growth, now, again)
        return True

    def let_go(self) -> None:
        for lot in self.lots:
            lot.expired, lot.remaining = lot.expired + lot.remaining, 0
        if self.growth:
            self.moves += 1
            self.let_go_at = self.moves
        self.balance, self.growth, self.level = 0, 0, 1
