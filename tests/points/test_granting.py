"""What is promised with an amount: given once, taken back and given again with what it was for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from circle.circles.models import Member
from circle.core import clock
from circle.core.db import db
from circle.core.operation import in_transaction
from circle.ledger.models import LedgerTxn
from circle.ledger.operations import spend
from circle.points import telling
from circle.points.catalog import GRANT_NAMES, RULE_NAMES
from circle.points.checking import check_books
from circle.points.models import EarnCounter, EarnSource
from circle.points.operations import Cause, Earned, Grant, set_earned, set_granted
from circle.points.operations.beginning import begin_rules
from tests.factories import Make
from tests.ledger.books import NOON, Holder, balanced, holder
from tests.races.together import all_well, together


@pytest.fixture
def ann(app: Flask, make: Make) -> Holder:
    return holder(make)


def grant(ann: Holder, *, on: bool = True, points: int = 50, growth: int = 30, code: str = "campaign") -> Earned:
    promised = Grant(f"{code}:1:{ann.user_id}", code, "enrollment:1", points, growth)
    return set_granted(ann.circle_id, ann.user_id, promised, on=on)


def sources(ann: Holder) -> list[tuple[Any, ...]]:
    columns = (EarnSource.source_key, EarnSource.state, EarnSource.granted_points, EarnSource.active_points)
    mine = select(*columns).where(EarnSource.member_id == ann.member_id)
    return [tuple(row) for row in db.session.execute(mine.order_by(EarnSource.source_key))]


def kinds(ann: Holder) -> list[str]:
    mine = (
        select(LedgerTxn.kind).where(LedgerTxn.circle_id == ann.circle_id).order_by(LedgerTxn.posted_at, LedgerTxn.id)
    )
    return list(db.session.scalars(mine))


def status(ann: Holder, word: str) -> None:
    mine = update(Member).where(Member.id == ann.member_id).values(status=word)
    in_transaction(lambda: db.session.execute(mine))


@pytest.mark.parametrize("code", GRANT_NAMES)
def test_on_off_and_on_again_gives_takes_and_gives_the_same(ann: Holder, code: str) -> None:
    assert grant(ann, code=code) == Earned(50, 30, False, False)
    assert ann.has == (50, 0, 30)
    assert grant(ann, code=code).replayed  # asking for what stands changes nothing
    assert ann.has == (50, 0, 30)
    assert grant(ann, on=False, code=code) == Earned(50, 30, False, False)
    assert grant(ann, on=False, code=code).replayed
    assert ann.has == (0, 0, 0)
    grant(ann, code=code)
    assert ann.has == (50, 0, 30)
    assert kinds(ann) == [f"earn.{code}", f"unearn.{code}", f"again.{code}"]
    assert sources(ann) == [(f"{code}:1:{ann.user_id}", "on", 50, 50)]
    assert balanced(ann.circle_id, check_books)


def test_taking_back_what_was_never_given_does_nothing(ann: Holder) -> None:
    assert grant(ann, on=False) == Earned(0, 0, False, True)
    assert (ann.has, sources(ann)) == ((0, 0, 0), [])


def test_what_was_spent_in_between_is_owed_and_paid_off_when_it_is_given_again(ann: Holder) -> None:
    grant(ann)
    spend(ann.circle_id, ann.member_id, 45, ann.why("spend.makeup_card"))
    grant(ann, on=False)
    assert ann.has == (0, 45, 0)
    assert balanced(ann.circle_id, check_books)
    grant(ann)
    assert ann.has == (5, 0, 30)
    assert balanced(ann.circle_id, check_books)


def test_only_growth_and_only_points_are_given_too(ann: Holder) -> None:
    grant(ann, points=0)
    grant(ann, growth=0, code="campaign.team")
    assert ann.has == (50, 0, 30)
    grant(ann, on=False, points=0)
    assert ann.has == (50, 0, 0)
    assert balanced(ann.circle_id, check_books)


@pytest.mark.parametrize("word", ["left", "banned"])
def test_somebody_who_is_no_member_gets_nothing_now_or_later(ann: Holder, word: str) -> None:
    status(ann, word)
    assert grant(ann) == Earned(0, 0, False, False)
    status(ann, "active")
    assert grant(ann).granted_points == 0
    assert ann.has == (0, 0, 0)
    assert db.session.scalars(select(EarnSource.reason)).one() == "not_member"
    assert balanced(ann.circle_id, check_books)


def test_somebody_who_never_was_in_the_circle_gets_nothing(ann: Holder, make: Make) -> None:
    stranger = make.user()
    promised = Grant("campaign:1:2", "campaign", "enrollment:2", 50, 30)
    assert set_granted(ann.circle_id, stranger.id, promised, on=True) == Earned(0, 0, False, True)
    assert db.session.scalars(select(EarnSource)).all() == []


def test_who_left_loses_what_is_taken_back_and_gets_it_back(ann: Holder) -> None:
    grant(ann)
    status(ann, "left")
    grant(ann, on=False)
    assert ann.has == (0, 0, 0)
    grant(ann)
    assert ann.has == (50, 0, 30)
    assert balanced(ann.circle_id, check_books)


def test_a_raised_promise_gives_the_difference_and_goes_as_one(ann: Holder) -> None:
    grant(ann)
    assert grant(ann, points=80, growth=20) == Earned(80, 30, False, False)  # what is smaller changes nothing
    assert ann.has == (80, 0, 30)
    assert grant(ann, points=80, growth=20).replayed
    grant(ann, on=False)
    assert ann.has == (0, 0, 0)
    grant(ann, points=80)
    assert ann.has == (80, 0, 30)
    assert [state for _key, state, *_numbers in sources(ann)] == ["on", "on"]
    assert balanced(ann.circle_id, check_books)


def test_no_cap_cuts_what_was_promised_and_it_fills_none(ann: Holder) -> None:
    begin_rules(ann.circle_id)
    with clock.at(NOON):
        assert grant(ann, points=5_000, growth=5_000).granted_points == 5_000
        cause = Cause("checkin:1:2:3", "checkin", "checkin:1")
        assert set_earned(ann.circle_id, ann.user_id, cause, on=True) == Earned(5, 5, False, False)
    counted = select(EarnCounter.points).where(EarnCounter.member_id == ann.member_id, EarnCounter.rule_code == "*")
    assert set(db.session.scalars(counted)) == {5}


def test_a_source_that_earned_off_and_on_through_the_years_keeps_the_books(ann: Holder) -> None:
    for time in range(6):
        with clock.at(NOON + timedelta(days=300 * time)):
            grant(ann, on=time % 2 == 0)
            assert balanced(ann.circle_id, check_books)
    assert ann.has == (0, 0, 0)


@pytest.mark.parametrize("time", range(4))
def test_asked_for_by_several_at_once_it_is_given_once(app: Flask, ann: Holder, time: int) -> None:
    all_well(together(app, [lambda: grant(ann)] * 4))
    assert ann.has == (50, 0, 30)
    all_well(together(app, [lambda: grant(ann, on=False)] * 4))
    assert ann.has == (0, 0, 0)
    all_well(together(app, [lambda: grant(ann), lambda: grant(ann, on=False)] * 2))
    assert ann.has in {(0, 0, 0), (50, 0, 30)}
    assert balanced(ann.circle_id, check_books)


def test_everything_that_is_given_has_a_name_and_a_sign() -> None:
    for code in (*GRANT_NAMES, *(code for code in RULE_NAMES if code != "*")):
        for verb in ("earn", "unearn", "again"):
            kind = f"{verb}.{code}"
            assert code not in telling.kind_title(kind)
            assert telling.kind_icon(kind) != "coins", kind
    for kind in ("spend.makeup_card", "refund.makeup_card"):
        assert "makeup_card" not in telling.kind_title(kind)
