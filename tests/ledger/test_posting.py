"""Transactions as they are written: balanced, once, in order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from circle.core import clock
from circle.core.errors import Conflict, Refused
from circle.core.operation import in_transaction
from circle.ledger.accounts import debt_of, growth_of, points_of, system
from circle.ledger.operations import Why
from circle.ledger.operations import give as give_points
from circle.ledger.operations.posting import Posting, payload_hash
from tests.factories import Make
from tests.ledger.books import NOON, Holder, balanced, holder, txn_count


@pytest.fixture
def ann(app: Flask, make: Make) -> Holder:
    return holder(make)


def posting(ann: Holder, key: str = "test:1") -> Posting:
    made = Posting(ann.circle_id, "test", key, {"of": 1})
    made.open()
    return made


def test_a_transaction_that_does_not_balance_is_not_written(ann: Holder) -> None:
    def write(*lines: int) -> None:
        made = posting(ann)
        made.move(points_of(ann.circle_id, ann.member_id), lines[0])
        made.mirror(system(ann.circle_id, "mint"), lines[1])
        made.finish()

    with pytest.raises(RuntimeError, match="POINTS adds up to 1"):
        in_transaction(lambda: write(10, -9))
    assert (ann.has, txn_count(ann.circle_id)) == ((0, 0, 0), 0)


def test_assets_do_not_balance_each_other(ann: Holder) -> None:
    def write() -> None:
        made = posting(ann)
        made.move(points_of(ann.circle_id, ann.member_id), 10)
        made.mirror(system(ann.circle_id, "mint", "GROWTH"), -10)
        made.finish()

    with pytest.raises(RuntimeError, match="adds up to"):
        in_transaction(write)
    assert txn_count(ann.circle_id) == 0


def test_a_transaction_that_moves_nothing_is_not_written(ann: Holder) -> None:
    with pytest.raises(RuntimeError, match="moves nothing"):
        in_transaction(lambda: posting(ann).finish())
    assert txn_count(ann.circle_id) == 0


def test_an_account_has_one_line_in_a_transaction(ann: Holder) -> None:
    def write() -> None:
        made = posting(ann)
        for _ in range(2):
            made.mirror(system(ann.circle_id, "mint"), -5)

    with pytest.raises(RuntimeError, match="two lines"):
        in_transaction(write)


def test_a_strict_account_never_falls_below_zero(ann: Holder) -> None:
    ann.give(3)

    def write() -> None:
        made = posting(ann)
        made.move(points_of(ann.circle_id, ann.member_id), -4)

    with pytest.raises(Refused) as refused:
        in_transaction(write)
    assert refused.value.code == "INSUFFICIENT_FUNDS"
    assert ann.has == (3, 0, 0)


def test_the_same_key_is_the_same_transaction_if_it_asks_for_the_same(ann: Holder) -> None:
    first = ann.give(5, key="test:1")

    def again(payload: dict[str, int]) -> Posting:
        made = Posting(ann.circle_id, "gift", "test:1", payload)
        made.open()
        return made

    same = in_transaction(lambda: again({"give": ann.member_id, "points": 5, "growth": 0}))
    assert (same.new, same.id) == (False, first.txn_id)
    with pytest.raises(Conflict) as refused:
        in_transaction(lambda: again({"give": ann.member_id, "points": 6, "growth": 0}))
    assert refused.value.code == "LEDGER_KEY_MISMATCH"


def test_what_was_asked_for_does_not_depend_on_the_order_of_its_parts() -> None:
    assert payload_hash("a", {"x": 1, "y": "圈"}) == payload_hash("a", {"y": "圈", "x": 1})
    hashes = {payload_hash(kind, payload) for kind in "ab" for payload in ({}, {"x": 1}, {"x": "1"}, {"y": 1})}
    assert len(hashes) == 8


def test_entries_are_numbered_and_carry_the_balance(ann: Holder) -> None:
    ann.give(5)
    ann.give(6)
    ann.spend(4)
    assert [(each.seq, each.amount, each.balance_after) for each in ann.entries()] == [
        (1, 5, 5), (2, 6, 11), (3, -4, 7),
    ]  # fmt: skip
    mint = ann.entries(system(ann.circle_id, "mint").id)
    assert {(each.seq, each.balance_after) for each in mint} == {(None, None)}


def test_time_goes_forward_in_an_account_even_if_the_clock_does_not(ann: Holder) -> None:
    with clock.at(NOON):
        ann.give(5)
    with clock.at(NOON - timedelta(hours=1)):
        ann.give(5, 1)
    moments = [each.posted_at for each in ann.entries()]
    assert moments == [NOON, NOON]
    assert balanced(ann.circle_id)


def test_when_it_happened_and_when_it_was_known_are_two_things(ann: Holder) -> None:
    then = NOON - timedelta(days=3)
    with clock.at(NOON):
        give_points(ann.circle_id, ann.member_id, Why("gift", "late:1", effective_at=then), points=1)
    assert ann.entries()[0].posted_at == NOON
    assert balanced(ann.circle_id)


def test_accounts_are_named_not_counted(ann: Holder) -> None:
    names = [make(ann.circle_id, ann.member_id) for make in (points_of, growth_of, debt_of)]
    names += [system(ann.circle_id, kind, asset) for kind in ("mint", "burn") for asset in ("POINTS", "GROWTH")]
    assert len({name.id for name in names}) == len(names)
    assert all(0 < name.id < 2**63 for name in names)
    assert [name.strict for name in names] == [True, True, *[False] * 5]
