"""The leaderboard: who is on it, in which order, and what the next place needs; the same on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from circle.access import VISITOR, Actor
from circle.accounts import operations as accounts
from circle.accounts.models import User
from circle.circles import operations as circles
from circle.circles.models import Member
from circle.circles.queries import readable_circle
from circle.core import clock
from circle.core.db import db
from circle.core.operation import in_transaction
from circle.ledger.operations import Why
from circle.points import operations, queries
from circle.points.queries import Board
from circle.points.queries import board as board_module
from circle.posts import operations as posts
from tests.factories import Make, Place, actor_of

#: noon in Shanghai
NOON = datetime(2026, 11, 18, 4, tzinfo=UTC)
_given = iter(range(10**6))


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    with clock.at(NOON - timedelta(days=90)):
        return make.place()


def member_id(place: Place, actor: Actor) -> int:
    mine = select(Member.id).where(Member.circle_id == place.circle.id, Member.user_id == actor.id)
    return db.session.scalars(mine).one()


def give(place: Place, actor: Actor, growth: int, at: datetime = NOON) -> None:
    key = f"test:{next(_given)}"
    with clock.at(at):
        why, who = Why("adjust.growth", key), member_id(place, actor)
        in_transaction(lambda: operations.reward(who, why, points=0, growth=growth))


def board(actor: Actor, place: Place, window: str = "7d", at: datetime = NOON) -> Board:
    with clock.at(at):
        return queries.board_of(actor, readable_circle(actor, place.slug), window)


def shown(found: Board) -> list[tuple[int, int, int]]:
    return [(row.rank, row.user.id, row.growth) for row in found.rows]


def test_more_growth_stands_before(place: Place) -> None:
    for who, growth in ((place.ann, 5), (place.bob, 9), (place.mod, 7)):
        give(place, who, growth)
    found = board(place.ann, place)
    assert shown(found) == [(1, place.bob.id, 9), (2, place.mod.id, 7), (3, place.ann.id, 5)]
    assert (found.me, found.needs, found.next_rank) == (found.rows[2], 3, 2)
    first = board(place.bob, place)
    assert (first.needs, first.next_rank) == (0, None)


def test_with_as_much_whoever_had_it_first_stands_before(place: Place) -> None:
    give(place, place.bob, 4, NOON - timedelta(hours=2))
    give(place, place.ann, 3, NOON - timedelta(hours=3))
    give(place, place.ann, 1, NOON - timedelta(hours=1))  # has 4 later than bob
    give(place, place.mod, 4, NOON - timedelta(hours=2))  # in the same moment as bob, and an earlier member
    order = [row.user.id for row in board(place.ann, place).rows]
    assert order == [place.mod.id, place.bob.id, place.ann.id]
    assert board(place.ann, place).needs == 1  # as much is not enough


def test_a_window_holds_so_many_days_of_the_circle(place: Place) -> None:
    midnight = datetime(2026, 11, 11, 16, tzinfo=UTC)  # the 12th begins in Shanghai: six days before the 18th
    give(place, place.ann, 2, midnight)
    give(place, place.bob, 3, midnight - timedelta(seconds=1))
    give(place, place.mod, 4, NOON - timedelta(days=30))
    assert [row.user.id for row in board(VISITOR, place, "7d").rows] == [place.ann.id]
    assert [row.user.id for row in board(VISITOR, place, "30d").rows] == [place.bob.id, place.ann.id]
    assert [row.user.id for row in board(VISITOR, place, "all").rows] == [place.mod.id, place.bob.id, place.ann.id]


def test_growth_of_several_days_is_added_up_and_what_was_taken_back_is_not_there(place: Place, make: Make) -> None:
    give(place, place.ann, 2, NOON - timedelta(days=2))
    give(place, place.ann, 2, NOON - timedelta(days=1))
    give(place, place.bob, 3)
    assert [row.growth for row in board(VISITOR, place).rows] == [4, 3]
    with clock.at(NOON):
        from_post = make.post(place, "mod")
        assert [row.user.id for row in board(VISITOR, place).rows][-1] == place.mod.id
        posts.delete_post(place.mod, from_post)
    assert place.mod.id not in [row.user.id for row in board(VISITOR, place).rows]


def test_the_owner_and_those_who_are_gone_are_not_on_it(place: Place, make: Make) -> None:
    gone, banned, deleted = (actor_of(make.member(place.circle)) for _one in range(3))
    for number, who in enumerate((place.owner, gone, banned, deleted, place.ann, place.admin), 1):
        give(place, who, number)
    circles.leave_circle(gone, place.slug)
    circles.ban_member(place.admin, place.slug, banned.id or 0)
    user_id = deleted.id

    def erase() -> None:
        db.session.get_one(User, user_id).status = "deleted"

    in_transaction(erase)
    assert shown(board(place.ann, place)) == [(1, place.admin.id, 6), (2, place.ann.id, 5)]
    assert not board(place.owner, place).takes_part
    circles.join_circle(gone, place.slug)
    assert [row.user.id for row in board(place.ann, place).rows][-1] == gone.id


def test_people_who_blocked_each_other_keep_their_places_unseen(place: Place) -> None:
    for who, growth in ((place.bob, 9), (place.mod, 7), (place.ann, 5)):
        give(place, who, growth)
    accounts.block_user(place.ann, place.bob.id or 0)
    assert shown(board(place.ann, place)) == [(2, place.mod.id, 7), (3, place.ann.id, 5)]
    assert shown(board(place.bob, place)) == [(1, place.bob.id, 9), (2, place.mod.id, 7)]
    assert len(board(place.mod, place).rows) == 3
    accounts.block_user(place.ann, place.mod.id or 0)
    assert len(board(place.mod, place).rows) == 3  # who runs the circle sees everybody


def test_ones_own_place_is_there_however_far_down(place: Place, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_module, "PLACES", 2)
    board_module._statement.cache_clear()
    for who, growth in ((place.bob, 9), (place.mod, 7), (place.admin, 5), (place.ann, 1)):
        give(place, who, growth)
    found = board(place.ann, place)
    assert [row.rank for row in found.rows] == [1, 2]
    assert (found.me and found.me.rank, found.needs, found.next_rank, found.mine_is_shown) == (4, 5, 3, False)
    board_module._statement.cache_clear()


def test_who_has_nothing_yet_is_told_that_little_is_enough(place: Place) -> None:
    found = board(place.ann, place)
    assert (found.rows, found.me, found.needs, found.takes_part) == ([], None, 1, True)
    assert not board(VISITOR, place).takes_part


def test_the_board_costs_one_statement(place: Place, statements: list[str]) -> None:
    for who in (place.bob, place.mod, place.admin, place.ann):
        give(place, who, 3)
    ann = place.ann
    with clock.at(NOON):
        circle = readable_circle(ann, place.slug)
        for window in ("7d", "30d", "all"):
            statements.clear()
            assert len(queries.board_of(ann, circle, window).rows) == 4
            assert len(statements) == 1
