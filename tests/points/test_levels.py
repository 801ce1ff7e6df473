"""Levels follow growth: up at once, with the gifts of the levels reached first; down only with what is taken back."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import Actor
from circle.circles import queries as circles
from circle.circles.levels import USUAL_NAMES, tags_of
from circle.circles.models import Circle
from circle.core.db import db
from circle.core.operation import operation
from circle.ledger import operations as ledger
from circle.ledger.models import LedgerTxn
from circle.notifications.queries import NoticeRow, inbox
from circle.points import ladder
from circle.points.models import LevelEvent, LevelGift
from circle.points.queries.board import board_of
from circle.posts import operations as posts
from tests.factories import Make, Place
from tests.points.passing import give, held, level, member_id, reward

#: a post brings 2 growth: three of them lead from the first level to the third
STEEP: list[dict[str, Any]] = [
    {"name": "", "growth_min": 0},
    {"name": "", "growth_min": 3, "gift_points": 20},
    {"name": "守夜人", "growth_min": 6, "gift_points": 100},
]


@operation
def set_levels(place: Place, levels: list[dict[str, Any]]) -> None:
    db.session.get_one(Circle, place.circle.id).levels = levels


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    made = make.place()
    set_levels(made, STEEP)
    return made


def changes(place: Place) -> list[tuple[int, int, str]]:
    db.session.expire_all()
    mine = select(LevelEvent).where(LevelEvent.member_id == member_id(place)).order_by(LevelEvent.id)
    return [(row.from_level, row.to_level, row.reason) for row in db.session.scalars(mine)]


def gifts(place: Place) -> list[int]:
    mine = select(LevelGift.level).where(LevelGift.member_id == member_id(place)).order_by(LevelGift.level)
    return list(db.session.scalars(mine))


def told(actor: Actor) -> list[NoticeRow]:
    """What somebody was told about levels, oldest first."""
    return [notice for notice in reversed(inbox(actor).items) if notice.kind.startswith("level.")]


def test_the_level_rises_in_the_transaction_that_brings_the_growth(make: Make, place: Place) -> None:
    for expected in (1, 2, 3):
        make.post(place)
        assert level(place) == expected
    assert held(place)[1] == 6
    assert changes(place) == [(1, 2, "promote"), (2, 3, "promote")]
    promoting = select(LevelEvent.txn_id).where(LevelEvent.member_id == member_id(place)).order_by(LevelEvent.id)
    kinds = [db.session.get_one(LedgerTxn, txn).kind for txn in db.session.scalars(promoting)]
    assert kinds == ["earn.post.text", "earn.post.text"]


def test_two_levels_at_once_are_one_event_and_two_gifts(place: Place) -> None:
    reward(place, 7)
    assert level(place) == 3
    assert changes(place) == [(1, 3, "promote")]
    assert gifts(place) == [2, 3]
    assert held(place)[0] == 120
    (notice,) = told(place.ann)
    assert (notice.kind, notice.url) == ("level.up", f"/{place.slug}/points")
    assert "守夜人" in notice.text
    assert "120" in notice.text


def test_a_gift_comes_once_in_a_life_however_often_the_level_is_reached(make: Make, place: Place) -> None:
    reward(place, 2)
    post_id = make.post(place)
    assert (level(place), gifts(place)) == (2, [2])
    posts.hide_post(place.mod, post_id, reason="off topic")
    assert level(place) == 1
    posts.restore_post(place.mod, post_id)
    assert level(place) == 2
    assert gifts(place) == [2]
    given = select(func.count()).select_from(LedgerTxn).where(LedgerTxn.kind == "gift")
    assert db.session.scalar(given) == 1
    assert [notice.kind for notice in told(place.ann)] == ["level.up", "level.down", "level.up"]
    assert "20" in told(place.ann)[0].text
    assert "20" not in told(place.ann)[2].text.replace(place.circle.name, ""), (
        "the name of the circle has a number, too"
    )


def test_growth_that_is_taken_back_takes_the_level_with_it_and_says_so(make: Make, place: Place) -> None:
    reward(place, 4)
    post_id = make.post(place)
    assert level(place) == 3
    posts.delete_post(place.ann, post_id)
    assert level(place) == 2
    assert changes(place)[-1] == (3, 2, "reversal")
    first, _second, down = told(place.ann)
    assert (first.kind, down.kind) == ("level.up", "level.down")
    assert str(USUAL_NAMES[1]) in down.text
    assert down.text != first.text


def test_thresholds_that_the_owner_raised_take_nobodys_level(make: Make, place: Place) -> None:
    reward(place, 3)
    assert level(place) == 2
    set_levels(place, [STEEP[0], STEEP[1] | {"growth_min": 50}, STEEP[2] | {"growth_min": 60}])
    make.post(place)  # growth moves, and is still below where the level begins now
    assert level(place) == 2
    assert changes(place) == [(1, 2, "promote")]
    posts.delete_post(place.ann, make.post(place))
    assert level(place) == 2


def test_spending_lowers_neither_the_level_nor_the_place_on_the_board(place: Place) -> None:
    reward(place, 7)
    reward(place, 5, "bob")
    give(place, points=30)
    circle = circles.get_circle(place.ann, place.slug)
    before = [(row.rank, row.user.id, row.growth) for row in board_of(place.ann, circle, "all").rows]
    points, growth = held(place)
    ledger.spend(place.circle.id, member_id(place), points, ledger.Why("spend", "test:spend"))
    assert held(place) == (0, growth)
    assert level(place) == 3
    after = [(row.rank, row.user.id, row.growth) for row in board_of(place.ann, circle, "all").rows]
    assert after == before
    assert before[0][1] == place.ann.id


def test_what_levels_are_called_is_told_in_one_place(app: Flask) -> None:
    assert len(USUAL_NAMES) == len(ladder.USUAL)
    tones = [[tag.tone for tag in tags_of([{"name": str(n)} for n in range(count)])] for count in (1, 2, 4)]
    assert tones == [["plain"], ["plain", "vip"], ["plain", "plus", "plus", "vip"]]
    with app.test_request_context():
        assert [tag.name for tag in tags_of([])] == [str(name) for name in USUAL_NAMES]
        named = tags_of([{"name": "会员"}, {"name": "老会员"}, {"name": "<b>"}, {"name": ""}])
        assert [tag.short for tag in named] == ["会员", "老", "<b>", named[3].name]
        assert "4" in named[3].name
