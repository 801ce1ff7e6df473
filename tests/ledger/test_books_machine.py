"""Random scripts of everything that moves points, against a model in plain Python, with the books checked all along."""

from __future__ import annotations

import os
from datetime import timedelta
from itertools import count
from typing import Any, NamedTuple

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from sqlalchemy import select, update

from circle.circles.models import Circle, Member
from circle.core import clock
from circle.core.db import db
from circle.core.errors import Refused
from circle.core.operation import in_transaction
from circle.ledger import operations as ledger
from circle.ledger.models import LedgerTxn, PointLot
from circle.ledger.queries import books_of
from circle.points.checking import check_books
from circle.points.models import EarnRule, EarnSource
from circle.points.operations import Cause, begin_points, reward, set_earned
from circle.points.operations.ageing import KEEP_LEFT, forfeit_left
from circle.points.operations.levels import grown, mover_of
from tests.factories import Make
from tests.ledger.books import DAY, NOON, Holder, balanced, holder
from tests.ledger.model import ALL_DAY, ALL_WEEK, LADDER, RULES, Model, end_of

_LEVELS = [{"growth_min": least, "gift_points": gift} for least, gift in LADDER]
_MEMBERS = st.integers(0, 2)
_SMALL = st.integers(1, 12)
_numbers = count(1)


class Done(NamedTuple):
    """A transaction that can be undone: whose, its key and what it moved."""

    who: int
    key: str
    points: int
    growth: int


class Books(RuleBasedStateMachine):
    """Three members of a circle and what can happen to their points."""

    done = Bundle("done")

    @initialize()
    def begin(self) -> None:
        make, number = Make(), next(_numbers)
        self.now = NOON + timedelta(minutes=number)
        with clock.at(self.now):
            circle = make.circle(join_mode="open")
            self.holders = [holder(make, circle) for _ in range(3)]
        self.circle_id, self.models, self.keys = circle.id, [Model() for _ in range(3)], count(1)
        in_transaction(self._set_rules)
        self.steps = 0

    def _set_rules(self) -> None:
        begin_points(self.circle_id)
        db.session.execute(update(Circle).where(Circle.id == self.circle_id).values(levels=_LEVELS))
        for code, (points, growth, times, a_day, a_week, from_one) in RULES.items():
            values = {
                "points": points, "growth": growth, "daily_count_cap": times, "daily_point_cap": a_day,
                "weekly_point_cap": a_week, "giver_daily_cap": from_one,
            }  # fmt: skip
            self._set_rule(code, values)
        self._set_rule("*", {"daily_point_cap": ALL_DAY, "weekly_point_cap": ALL_WEEK})

    def _set_rule(self, code: str, values: dict[str, Any]) -> None:
        mine = (EarnRule.circle_id == self.circle_id, EarnRule.code == code)
        db.session.execute(update(EarnRule).where(*mine).values(values))

    def _key(self, kind: str) -> str:
        return f"{kind}:{self.circle_id}:{next(self.keys)}"

    def _both(self, who: int) -> tuple[Holder, Model]:
        return self.holders[who], self.models[who]

    # ---- earning ---------------------------------------------------------------------------------------------------

    @rule(
        who=_MEMBERS, number=st.integers(1, 9), code=st.sampled_from(sorted(RULES)), giver=st.integers(1, 2),
        late=st.sampled_from([0, 0, 0, 1, 2]),
    )  # fmt: skip
    def earn(self, who: int, number: int, code: str, giver: int, late: int) -> None:
        mine, model = self._both(who)
        key, at = f"{code}:{mine.member_id}:{number}", self.now - late * DAY
        with clock.at(self.now):
            set_earned(
                self.circle_id, mine.user_id, Cause(key, code, key, giver_id=giver), on=True, effective_at=at
            )  # fmt: skip
        model.earn(key, code, at, self.now, giver)

    @rule(who=_MEMBERS, pick=st.integers(0, 30), on=st.booleans())
    def switch(self, who: int, pick: int, on: bool) -> None:
        mine, model = self._both(who)
        if not model.sources:
            return
        key = sorted(model.sources)[pick % len(model.sources)]
        with clock.at(self.now):
            set_earned(self.circle_id, mine.user_id, Cause(key, model.sources[key].rule, key), on=on)
        model.switch(key, self.now, on=on)

    # ---- giving and spending -----------------------------------------------------------------------------------------

    @rule(target=done, who=_MEMBERS, points=_SMALL, growth=st.integers(0, 9), days=st.sampled_from([1, 9, 40, None]))
    def give(self, who: int, points: int, growth: int, days: int | None) -> Done:
        mine, model = self._both(who)
        key, end = self._key("gift"), ledger.NEVER if days is None else self.now + days * DAY
        with clock.at(self.now):
            if growth:
                reward(mine.member_id, mine.why("task", key), points=points, growth=growth)
                end = end_of(self.now)
            else:
                mine.give(points, key=key, until=end)
        model.lot(key, model.credit(points), end)
        model.grow(growth, self.now, key)
        return Done(who, key, points, growth)

    @rule(target=done, who=_MEMBERS, points=_SMALL)
    def spend(self, who: int, points: int) -> Any:
        mine, model = self._both(who)
        key = self._key("spend")
        with clock.at(self.now):
            if points > model.balance:
                with pytest.raises(Refused):
                    mine.spend(points, key)
                return multiple()
            mine.spend(points, key)
            assert not mine.spend(points, key).new
        model.use(key, points)
        return Done(who, key, -points, 0)

    @rule(target=done, who=_MEMBERS, points=st.integers(0, 6), growth=st.integers(0, 6))
    def adjust(self, who: int, points: int, growth: int) -> Any:
        mine, model = self._both(who)
        if not points + growth:
            return multiple()
        key = self._key("adjust")
        with clock.at(self.now):
            if points > model.balance or growth > model.growth:
                with pytest.raises(Refused):
                    mine.deduct(points, growth, key)
                return multiple()
            in_transaction(lambda: self._follow(mine, mine.deduct(points, growth, key), -growth))
        model.use(key, points)
        model.grow(-growth, self.now, key)
        return Done(who, key, -points, -growth)

    @rule(target=done, what=done)
    def undo(self, what: Done) -> Any:
        mine, model = self._both(what.who)
        txn_id = db.session.scalars(select(LedgerTxn.id).where(LedgerTxn.idem_key == what.key)).one()
        undone = select(LedgerTxn.id).where(LedgerTxn.reverses_txn_id == txn_id)
        if db.session.scalars(undone).one_or_none() is not None:
            return multiple()
        key, growth = self._key("undo"), what.growth
        with clock.at(self.now):
            in_transaction(lambda: self._reverse(mine, txn_id, key))
        points = what.points - (min(what.points, model.run_out(txn=what.key)) if what.points > 0 else 0)
        growth = model.to_take(what.key, growth)
        if not model.undo(what.key, key, what.points, what.growth, self.now):
            return multiple()
        return Done(what.who, key, -points, -growth)

    def _reverse(self, mine: Holder, txn_id: int, key: str) -> None:
        result = mine.reverse(txn_id, key)
        self._follow(mine, result, result.growth)

    def _follow(self, mine: Holder, result: ledger.Result, growth: int) -> None:
        grown(mover_of(mine.member_id), result._replace(growth=growth), self.now, reason="reversal")

    # ---- time --------------------------------------------------------------------------------------------------------

    @rule(step=st.sampled_from([timedelta(hours=5), DAY, 8 * DAY, 31 * DAY, 300 * DAY]))
    def pass_time(self, step: timedelta) -> None:
        self.now += step

    @rule()
    def expire(self) -> None:
        for mine, model in zip(self.holders, self.models, strict=True):
            if model.lots:
                with clock.at(self.now):
                    ledger.expire_lots(mine.points_id, self.now)
                model.expire(self.now)

    @precondition(lambda self: any(model.growth > 8 for model in self.models))
    @rule(who=_MEMBERS)
    def leave_for_good(self, who: int) -> None:
        mine, model = self._both(who)
        self._set_member(mine, status="left", left_at=self.now - KEEP_LEFT)
        with clock.at(self.now):
            forfeit_left(mine.member_id)
        self._set_member(mine, status="active", left_at=None)
        model.let_go()

    def _set_member(self, mine: Holder, **values: Any) -> None:
        in_transaction(
            lambda: db.session.execute(update(Member).where(Member.id == mine.member_id).values(values))
        )  # fmt: skip

    # ---- what must always hold ---------------------------------------------------------------------------------------

    @invariant()
    def all_is_well(self) -> None:
        """After every third step, and at the end: looking is most of the work; what goes wrong stays in the books."""
        self.steps += 1
        if self.steps % 3 == 0:
            self.the_books_balance()
            self.everybody_has_what_the_model_says()

    def teardown(self) -> None:
        if hasattr(self, "steps"):
            self.the_books_balance()
            self.everybody_has_what_the_model_says()

    def the_books_balance(self) -> None:
        assert balanced(self.circle_id, check_books)
        books = books_of(self.circle_id)
        assert (books.difference, books.held) == (0, sum(model.balance for model in self.models))
        assert books.owed == sum(model.debt for model in self.models)

    def everybody_has_what_the_model_says(self) -> None:
        for mine, model in zip(self.holders, self.models, strict=True):
            assert mine.has == (model.balance, model.debt, model.growth)
            lots = select(PointLot).where(PointLot.account_id == mine.points_id).order_by(PointLot.id)
            found = [(lot.amount, lot.remaining, lot.expired, lot.source_key) for lot in db.session.scalars(lots)]
            assert found == [(lot.amount, lot.remaining, lot.expired, lot.source) for lot in model.lots]
            assert model.balance == sum(lot.remaining for lot in model.lots)
            level = select(Member.level).where(Member.id == mine.member_id)
            assert db.session.scalars(level).one() == model.level
            rows = db.session.scalars(select(EarnSource).where(EarnSource.member_id == mine.member_id))
            earned = {row.source_key: (row.granted_points, row.granted_growth, row.state) for row in rows}
            assert earned == {
                key: (source.points, source.growth, source.state) for key, source in model.sources.items()
            }  # fmt: skip
            db.session.rollback()


def run(examples: int, steps: int) -> None:
    run_machine(
        Books,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, database=None, derandomize=not _random(),
            suppress_health_check=list(HealthCheck),
            # without looking for a shorter script, which takes minutes: the one that fails is printed
            phases=(Phase.generate,),
        ),
    )  # fmt: skip


def _random() -> bool:
    """Always the same scripts, unless asked for others."""
    return bool(os.environ.get("CIRCLE_RANDOM"))


def test_whatever_happens_the_books_balance_and_everybody_has_what_is_theirs(app: Flask) -> None:
    run(6, 25)


@pytest.mark.slow
def test_whatever_happens_for_longer_the_books_balance(app: Flask) -> None:
    run(15, 40)
