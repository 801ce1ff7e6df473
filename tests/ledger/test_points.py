"""Giving, taking, spending, giving back and running out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from circle.core import clock
from circle.core.errors import Conflict, Refused
from circle.ledger import operations as ledger
from circle.ledger.operations import Why
from circle.points import periods
from tests.factories import Make
from tests.ledger.books import DAY, NOON, Holder, balanced, holder, txn_count


@pytest.fixture
def ann(app: Flask, make: Make) -> Holder:
    return holder(make)


def test_what_is_given_is_there_once(ann: Holder) -> None:
    first = ann.give(10, 3, key="gift:1")
    again = ann.give(10, 3, key="gift:1")
    assert (first.new, first.points, first.growth, first.growth_after) == (True, 10, 3, 3)
    assert (again.new, again.txn_id) == (False, first.txn_id)
    assert ann.has == (10, 0, 3)
    assert ann.lots == [(10, 10, 0)]
    assert (ann.outside("mint"), ann.outside("mint", "GROWTH")) == (-10, -3)
    assert balanced(ann.circle_id)


def test_a_key_that_is_used_for_something_else_is_refused(ann: Holder) -> None:
    ann.give(10, key="gift:1")
    for attempt in (lambda: ann.give(11, key="gift:1"), lambda: ann.spend(10, key="gift:1"),
                    lambda: ann.deduct(10, key="gift:1"), lambda: ann.give(10, 1, key="gift:1")):  # fmt: skip
        with pytest.raises(Conflict) as refused:
            attempt()
        assert refused.value.code == "LEDGER_KEY_MISMATCH"
    assert ann.has == (10, 0, 0)
    assert balanced(ann.circle_id)


def test_a_key_belongs_to_one_member(ann: Holder, make: Make) -> None:
    bob = holder(make)
    ann.give(10, key="gift:1")
    with pytest.raises(Conflict):
        bob.give(10, key="gift:1")
    assert bob.has == (0, 0, 0)


@pytest.mark.parametrize(("points", "growth"), [(0, 0), (-1, 0), (0, -1), (-1, 2)])
def test_nothing_and_less_than_nothing_is_a_mistake(ann: Holder, points: int, growth: int) -> None:
    for post in (ann.give, ann.deduct):
        with pytest.raises(ValueError, match="more than nothing"):
            post(points, growth)
    assert txn_count(ann.circle_id) == 0


def test_growth_alone_makes_no_lot(ann: Holder) -> None:
    ann.give(growth=7)
    assert (ann.has, ann.lots) == ((0, 0, 7), [])
    assert balanced(ann.circle_id)


def test_points_that_run_out_first_are_spent_first(ann: Holder) -> None:
    with clock.at(NOON):
        ann.give(10, until=NOON + 30 * DAY)
        ann.give(10, until=NOON + 10 * DAY)
        ann.give(10, until=NOON + 10 * DAY)
        ann.spend(13)
    assert ann.lots == [(10, 0, 0), (10, 7, 0), (10, 10, 0)]
    assert (ann.has[0], ann.outside("burn")) == (17, 13)
    assert balanced(ann.circle_id)


def test_nobody_spends_more_than_they_have(ann: Holder) -> None:
    with pytest.raises(Refused) as refused:
        ann.spend(1)
    assert refused.value.code == "INSUFFICIENT_POINTS"
    ann.give(10)
    with pytest.raises(Refused):
        ann.spend(11, key="spend:1")
    assert (ann.has, ann.lots, txn_count(ann.circle_id)) == ((10, 0, 0), [(10, 10, 0)], 1)
    ann.spend(10, key="spend:1")  # what was refused did not use up its key
    assert ann.has == (0, 0, 0)
    assert balanced(ann.circle_id)


def test_a_spending_is_given_back_into_the_lots_it_came_from(ann: Holder) -> None:
    with clock.at(NOON):
        ann.give(5, until=NOON + 10 * DAY)
        ann.give(5, until=NOON + 20 * DAY)
        spent = ann.spend(8)
        back = ann.refund(spent.txn_id)
    assert (back.new, back.points) == (True, 8)
    assert ann.lots == [(5, 5, 0), (5, 5, 0)]
    assert ann.outside("burn") == 0
    assert balanced(ann.circle_id)


def test_a_transaction_is_undone_once(ann: Holder) -> None:
    ann.give(10)
    spent = ann.spend(4)
    first = ann.refund(spent.txn_id, key="refund:1")
    assert ann.refund(spent.txn_id, key="refund:1") == first._replace(new=False, points=0)
    with pytest.raises(Conflict):
        ann.refund(spent.txn_id, key="refund:2")
    assert ann.has == (10, 0, 0)
    assert balanced(ann.circle_id)


def test_what_comes_back_after_its_time_lives_thirty_days_more(ann: Holder) -> None:
    with clock.at(NOON):
        ann.give(5, until=NOON + 10 * DAY)
        spent = ann.spend(5)
    late = NOON + 11 * DAY
    with clock.at(late):
        ann.refund(spent.txn_id)
        assert ann.lots == [(5, 0, 0), (5, 5, 0)]
        assert ledger.expire_lots(ann.points_id, late + 30 * DAY - timedelta(microseconds=1)) == 0
    assert balanced(ann.circle_id)
    with clock.at(late + 30 * DAY):
        assert ledger.expire_lots(ann.points_id, late + 30 * DAY) == 1
    assert (ann.has, ann.outside("expired")) == ((0, 0, 0), 5)
    assert balanced(ann.circle_id)


def test_part_of_what_comes_back_may_be_late(ann: Holder) -> None:
    with clock.at(NOON):
        ann.give(5, until=NOON + 10 * DAY)
        ann.give(5, until=NOON + 50 * DAY)
        spent = ann.spend(8)
    with clock.at(NOON + 10 * DAY):
        ann.refund(spent.txn_id)
    assert ann.lots == [(5, 0, 0), (5, 5, 0), (5, 5, 0)]  # a second life of 30 days, then the one that still lives
    assert balanced(ann.circle_id)


def test_taking_back_what_was_spent_leaves_a_debt_that_is_paid_first(ann: Holder) -> None:
    ann.give(10, source="post:1")
    ann.spend(7)
    taken = ann.take(10, source="post:1")
    assert taken.points == 10
    assert ann.has == (0, 7, 0)
    assert ann.outside("mint") == 0
    ann.give(5)
    assert ann.has == (0, 2, 0)
    ann.give(5)
    assert ann.has == (3, 0, 0)
    assert ann.lots == [(10, 0, 0), (3, 3, 0)]  # what paid a debt is in no lot
    assert balanced(ann.circle_id)


def test_a_refund_pays_a_debt_first(ann: Holder) -> None:
    ann.give(10, source="post:1")
    spent = ann.spend(6)
    ann.take(10, source="post:1")
    assert ann.has == (0, 6, 0)
    ann.refund(spent.txn_id)
    assert ann.has == (0, 0, 0)
    assert balanced(ann.circle_id)


def test_what_is_taken_comes_out_of_its_own_lot_first(ann: Holder) -> None:
    with clock.at(NOON):
        ann.give(5, until=NOON + 10 * DAY, source="post:1")
        ann.give(5, until=NOON + 20 * DAY, source="post:2")
        ann.take(5, source="post:2")
    assert ann.lots == [(5, 5, 0), (5, 0, 0)]
    assert balanced(ann.circle_id)


def test_what_ran_out_is_not_taken_again(ann: Holder) -> None:
    with clock.at(NOON):
        ann.give(10, until=NOON + DAY, source="post:1")
        ann.spend(4)
    with clock.at(NOON + DAY):
        ledger.expire_lots(ann.points_id, NOON + DAY)
        assert ann.take(10, source="post:1").points == 4
    assert ann.has == (0, 4, 0)
    assert balanced(ann.circle_id)
    with clock.at(NOON + 2 * DAY):
        assert ann.take(4, source="post:1").txn_id is None  # all four had been taken; six ran out
    assert ann.has == (0, 4, 0)


def test_growth_is_taken_to_zero_and_no_further(ann: Holder) -> None:
    ann.give(growth=5)
    assert ann.take(growth=8).growth == 5
    assert ann.has == (0, 0, 0)
    assert ann.take(growth=8).txn_id is None
    with pytest.raises(Refused):
        ann.deduct(growth=1)
    assert balanced(ann.circle_id)


def test_by_hand_no_more_is_taken_than_there_is(ann: Holder) -> None:
    ann.give(10)
    with pytest.raises(Refused) as refused:
        ann.deduct(11)
    assert refused.value.code == "INSUFFICIENT_POINTS"
    ann.deduct(4)
    assert (ann.has, ann.outside("mint"), ann.outside("burn")) == ((6, 0, 0), -6, 0)
    assert balanced(ann.circle_id)


def test_a_gift_that_is_undone_after_it_was_spent_is_owed(ann: Holder) -> None:
    gift = ann.give(10)
    ann.spend(8)
    undone = ann.reverse(gift.txn_id)
    assert (undone.points, ann.has) == (-10, (0, 8, 0))
    assert balanced(ann.circle_id)
    ann.reverse(undone.txn_id)  # and that can be undone as well
    assert ann.has == (2, 0, 0)
    assert balanced(ann.circle_id)


def test_a_gift_that_is_undone_after_it_ran_out_takes_nothing_else(ann: Holder) -> None:
    with clock.at(NOON):
        gift = ann.give(10, until=NOON + DAY)
        ann.give(20)
    with clock.at(NOON + DAY):
        ledger.expire_lots(ann.points_id, NOON + DAY)
        assert ann.reverse(gift.txn_id).txn_id is None
    assert ann.has == (20, 0, 0)
    assert balanced(ann.circle_id)


def test_what_was_taken_by_hand_comes_back_where_it_was(ann: Holder) -> None:
    with clock.at(NOON):
        ann.give(10, until=NOON + 9 * DAY)
        taken = ann.deduct(6)
        ann.reverse(taken.txn_id)
    assert (ann.has, ann.lots) == ((10, 0, 0), [(10, 10, 0)])
    assert balanced(ann.circle_id)


@pytest.mark.parametrize("kind", ["earn.comment", "unearn.comment", "again.comment"])
def test_what_was_earned_is_only_taken_back_with_its_source(ann: Holder, kind: str) -> None:
    earned = ledger.give(ann.circle_id, ann.member_id, Why(kind, "earn:comment:1#0"), points=1)
    with pytest.raises(ValueError, match="with its source"):
        ann.reverse(earned.txn_id)


def test_who_is_gone_lets_go_of_everything(ann: Holder) -> None:
    ann.give(10, 4, source="post:1")
    ann.spend(3)
    gone = ledger.forfeit(ann.circle_id, ann.member_id, Why("forfeit", "forfeit:1"))
    assert (gone.points, gone.growth, ann.has) == (7, 4, (0, 0, 0))
    assert (ann.outside("expired"), ann.outside("expired", "GROWTH")) == (7, 4)
    assert ann.lots == [(10, 0, 7)]
    again = ledger.forfeit(ann.circle_id, ann.member_id, Why("forfeit", "forfeit:2"))
    assert again.txn_id is None
    assert ann.take(10, source="post:1").points == 3  # of what was given for the post, seven are gone already
    assert balanced(ann.circle_id)


@pytest.mark.parametrize("tz", ["Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "America/Sao_Paulo"])
def test_points_run_out_with_the_local_year_and_not_a_moment_before(app: Flask, make: Make, tz: str) -> None:
    ann = holder(make, tz=tz)
    earned = datetime(2026, 6, 1, 12, tzinfo=UTC)
    end = periods.expiry_of(earned, tz, "next_year")
    assert periods.start_of(clock.local_date(end, tz), tz) == end
    assert clock.local_date(end, tz).isoformat() == "2028-01-01"
    with clock.at(earned):
        ann.give(10, until=end)
    with clock.at(end - timedelta(microseconds=1)):
        assert ledger.expire_lots(ann.points_id, clock.now()) == 0
        assert ann.has[0] == 10
    with clock.at(end):
        assert ledger.expire_lots(ann.points_id, clock.now()) == 1
        assert ledger.expire_lots(ann.points_id, clock.now()) == 0
    assert (ann.has, ann.lots, ann.outside("expired")) == ((0, 0, 0), [(10, 0, 10)], 10)
    assert ann.entries()[-1].kind == "expire"
    assert balanced(ann.circle_id)


def test_a_lot_that_was_refilled_runs_out_again_when_the_clock_was_set_back(ann: Holder) -> None:
    with clock.at(NOON):
        ann.give(10, until=NOON + DAY)
        spent = ann.spend(4)
    with clock.at(NOON + DAY):
        ledger.expire_lots(ann.points_id, NOON + DAY)
    with clock.at(NOON + timedelta(hours=1)):  # earlier than the lot's end
        ann.refund(spent.txn_id)
    with clock.at(NOON + 2 * DAY):
        assert ledger.expire_lots(ann.points_id, NOON + 2 * DAY) == 1
    assert (ann.has, ann.lots) == ((0, 0, 0), [(10, 0, 10)])
    assert balanced(ann.circle_id)


def test_many_lots_are_used_in_their_order(ann: Holder) -> None:
    with clock.at(NOON):
        for number in range(150):
            ann.give(1, until=NOON + (300 - number) * DAY)
        ann.give(50, until=NOON + 400 * DAY)
        spent = ann.spend(160)
    assert ann.has[0] == 40
    assert [remaining for _amount, remaining, _expired in ann.lots] == [0] * 150 + [40]
    assert balanced(ann.circle_id)
    with clock.at(NOON + DAY):
        ann.refund(spent.txn_id)
    assert [remaining for _amount, remaining, _expired in ann.lots] == [1] * 150 + [50]
    assert balanced(ann.circle_id)
    last = NOON + 300 * DAY
    with clock.at(last):
        assert ledger.expire_lots(ann.points_id, last, 100) == 100
        assert ledger.expire_lots(ann.points_id, last, 100) == 50
    assert ann.has[0] == 50
    assert balanced(ann.circle_id)


def test_members_and_circles_do_not_touch_each_other(ann: Holder, make: Make) -> None:
    bob = holder(make)
    ann.give(10)
    bob.give(7)
    ann.spend(2)
    assert (ann.has[0], bob.has[0]) == (8, 7)
    assert balanced(ann.circle_id)
    assert balanced(bob.circle_id)
