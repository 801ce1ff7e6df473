"""Make-up cards: buying them, how many, that points are paid once, and what becomes of those that are left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import SYSTEM, Actor
from circle.checkins import jobs, operations
from circle.checkins.models import MakeupCard
from circle.circles import operations as circles
from circle.circles import queries as circle_queries
from circle.core import clock
from circle.core.db import db
from circle.core.errors import CircleError, NotFound
from circle.ledger.models import LedgerTxn
from circle.points import operations as points
from circle.points.checking import check_books
from circle.points.queries.mine import points_here
from tests.checkins.campaigning import Week
from tests.factories import Make, actor_of
from tests.races.together import all_well, together


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"free_cards": 1, "card_price": 30, "card_limit": 3})


def rich(week: Week, actor: Actor, amount: int = 100) -> Actor:
    """Give somebody points to spend."""
    with week.at(0):
        points.ask_adjustment(
            week.owner, week.slug, actor.id or 0, asset="POINTS", amount=amount, reason="for the lovely meeting"
        )
    return actor


def cards(week: Week, actor: Actor) -> list[tuple[str, str]]:
    mine = select(MakeupCard.source, MakeupCard.state).where(MakeupCard.enrollment_id == week.enrollment(actor).id)
    return [(source, state) for source, state in db.session.execute(mine.order_by(MakeupCard.id))]


def buy(week: Week, actor: Actor, *, on: int = 2) -> int:
    with week.at(on, 12):
        return operations.buy_card(actor, week.id)


def refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(CircleError) as refused:
        call()
    return refused.value.code


def balance(week: Week, actor: Actor) -> int:
    return points_here(actor, circle_queries.readable_circle(actor, week.slug))


def test_a_card_is_bought_for_its_price(week: Week) -> None:
    ann = rich(week, week.member())
    card = db.session.get_one(MakeupCard, buy(week, ann))
    assert (card.source, card.state, card.expires_at) == ("bought", "available", week.campaign.closes_at)
    assert balance(week, ann) == 70
    assert db.session.get_one(LedgerTxn, card.txn_id).kind == "spend.makeup_card"
    with week.at(3):
        assert operations.make_up(ann, week.id, 1, body="补上").done == 1
        assert operations.make_up(ann, week.id, 2, body="补上").done == 2
    assert sorted(cards(week, ann)) == [("bought", "used"), ("free", "used")]


def test_every_card_has_a_key_of_its_own_in_the_books(week: Week) -> None:
    ann = rich(week, week.member())
    buy(week, ann)
    buy(week, ann)
    keys = db.session.scalars(select(LedgerTxn.idem_key).where(LedgerTxn.kind == "spend.makeup_card")).all()
    mine = week.enrollment(ann).id
    assert sorted(keys) == [f"card:{mine}:1", f"card:{mine}:2"]
    assert balance(week, ann) == 40


def test_the_cards_of_a_person_have_an_end_whoever_they_came_from(week: Week) -> None:
    ann = rich(week, week.member(), 500)
    buy(week, ann)
    buy(week, ann)
    assert refusal(lambda: buy(week, ann)) == "CARD_LIMIT"
    with week.at(4):
        operations.make_up(ann, week.id, 1, body="补上")
    assert refusal(lambda: buy(week, ann, on=4)) == "CARD_LIMIT"  # a used one counts
    assert balance(week, ann) == 440


def test_free_cards_are_given_even_where_they_fill_the_limit(app: Flask, make: Make) -> None:
    week = Week(make, {"free_cards": 3, "card_price": 10, "card_limit": 1})
    ann = rich(week, week.member())
    assert cards(week, ann) == [("free", "available")] * 3
    assert refusal(lambda: buy(week, ann)) == "CARD_LIMIT"


def test_who_has_too_few_points_keeps_them(week: Week) -> None:
    ann = rich(week, week.member(), 29)
    assert refusal(lambda: buy(week, ann)) == "INSUFFICIENT_POINTS"
    assert (balance(week, ann), cards(week, ann)) == (29, [("free", "available")])


def test_a_campaign_that_sells_none_says_so(app: Flask, make: Make) -> None:
    week = Week(make, {"card_price": 0})
    ann = rich(week, week.member())
    assert refusal(lambda: buy(week, ann)) == "CARD_NOT_FOR_SALE"


def test_cards_are_sold_only_while_the_campaign_runs(week: Week) -> None:
    ann = rich(week, week.member())
    assert refusal(lambda: buy(week, ann, on=0)) == "WINDOW_CLOSED"
    with clock.at(week.day(8, 0)):
        assert refusal(lambda: operations.buy_card(ann, week.id)) == "WINDOW_CLOSED"
    with week.at(3):
        operations.cancel_campaign(week.owner, week.id, reason="不办了")
    assert refusal(lambda: buy(week, ann, on=3)) == "WINDOW_CLOSED"
    assert balance(week, ann) == 100


def test_only_those_who_take_part_buy_cards(week: Week, make: Make) -> None:
    with week.at(0):
        member, outsider = week.member(enrolled=False), actor_of(make.user())
        muted, banned, gone = (rich(week, week.member()) for _number in range(3))
    with week.at(1):
        circles.mute_member(SYSTEM, week.slug, muted.id or 0, duration_s=864000)
        circles.ban_member(SYSTEM, week.slug, banned.id or 0)
        operations.withdraw(gone, week.id)
    found = [refusal(lambda who=who: buy(week, who)) for who in (member, outsider, muted, banned, gone)]  # type: ignore[misc]
    assert found == ["NOT_ENROLLED", "FORBIDDEN", "MUTED", "BANNED", "NOT_ENROLLED"]
    with week.at(2), pytest.raises(NotFound):
        operations.buy_card(member, 4711)


def test_the_books_hold_after_buying_and_giving_back(week: Week) -> None:
    ann, ben = rich(week, week.member()), rich(week, week.member())
    buy(week, ann)
    buy(week, ann)
    buy(week, ben)
    with week.at(3):
        operations.make_up(ann, week.id, 1, body="补上")
        operations.make_up(ann, week.id, 2, body="补上")
        operations.cancel_campaign(week.owner, week.id, reason="不办了")
    with week.at(3, 10):
        jobs.settle(week.id)
        jobs.settle(week.id)
        # a free card and a bought one were used; the other, and ben's, come back as points
        assert (balance(week, ann), balance(week, ben)) == (70, 100)
        assert not check_books(week.circle_id).violations
    assert sorted(cards(week, ben)) == [("bought", "expired"), ("free", "available")]
    refunds = select(func.count()).select_from(LedgerTxn).where(LedgerTxn.kind == "refund.makeup_card")
    assert db.session.scalar(refunds) == 2


def test_what_is_left_of_cards_runs_out_with_the_campaign(week: Week) -> None:
    ann = rich(week, week.member())
    buy(week, ann)
    with clock.at(week.day(8, 0) - timedelta(minutes=1)):
        jobs.expire_cards()
    assert {state for _source, state in cards(week, ann)} == {"available"}
    with clock.at(week.day(8, 1)):
        jobs.expire_cards()
        jobs.expire_cards()
    assert {state for _source, state in cards(week, ann)} == {"expired"}
    assert balance(week, ann) == 70  # run out is run out


def test_many_cards_run_out_in_pieces(week: Week) -> None:
    for _number in range(5):
        week.member()
    with clock.at(week.day(8, 1)):
        assert [operations.expire_cards(limit=2) for _round in range(4)] == [2, 2, 1, 0]


# ---- in the same moment ----------------------------------------------------------------------------------------------


def test_many_that_buy_at_once_pay_for_what_they_get_and_get_no_more_than_there_is(
    app: Flask, week: Week, make: Make
) -> None:
    ann, ben = rich(week, week.member(), 500), rich(week, week.member(), 45)

    def bought(who: Actor) -> str:
        try:
            buy(week, who)
        except CircleError as error:
            return error.code
        return "bought"

    acts = [partial(bought, who) for who in (ann, ben) for _time in range(5)]
    found = all_well(together(app, acts))
    assert sorted(found[:5]) == ["CARD_LIMIT"] * 3 + ["bought"] * 2
    assert sorted(found[5:]) == ["INSUFFICIENT_POINTS"] * 4 + ["bought"]
    assert (balance(week, ann), balance(week, ben)) == (440, 15)
    assert len(cards(week, ann)) == 3
    assert not check_books(week.circle_id).violations
