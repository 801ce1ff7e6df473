"""Several things that give growth to one person at the same moment: the level still moves one step at a time."""

from __future__ import annotations

from itertools import count
from threading import Event
from time import sleep

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from circle.core import operation as core
from circle.core.db import db
from circle.core.jobs import on_postgres
from circle.core.operation import operation
from circle.ledger.operations import Why
from circle.ledger.operations import points as giving
from circle.points import operations as points
from circle.points.models import LevelEvent, MemberLevel
from circle.points.operations import levels
from tests.factories import Make, Place
from tests.ledger.books import Holder
from tests.points.passing import assert_books_hold, held, level, member_id, reward
from tests.races.together import all_well, together

_numbers = count(1)


@pytest.fixture
def place(make: Make) -> Place:
    return make.place()


def steps(place: Place) -> list[tuple[int, int]]:
    mine = select(LevelEvent).where(LevelEvent.member_id == member_id(place)).order_by(LevelEvent.id)
    return [(row.from_level, row.to_level) for row in db.session.scalars(mine)]


@pytest.mark.parametrize("time", range(4))
def test_many_that_come_at_once_promote_once(app: Flask, place: Place, time: int) -> None:
    reward(place, 450)
    mine = member_id(place)

    @operation
    def grow() -> None:
        points.reward(mine, Why("task", f"test:race:{next(_numbers)}"), points=0, growth=30)

    all_well(together(app, [grow] * 6))
    assert (level(place), held(place)[1], steps(place)) == (2, 630, [(1, 2)])
    assert db.session.scalar(select(func.count()).select_from(MemberLevel)) == 1
    assert_books_hold()


# ---- the order of locks ----------------------------------------------------------------------------------------------


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """What made operations run once more: two that waited for each other are no error, but a second is lost."""
    seen: list[Exception] = []
    real = core._is_transient

    def noted(error: DBAPIError) -> bool:
        seen.append(error)
        return real(error)

    monkeypatch.setattr(core, "_is_transient", noted)
    return seen


class Slowed:
    """A function that says when it was reached and then takes its time, so that others get in between."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
        self.reached, self._real = Event(), getattr(owner, name)
        monkeypatch.setattr(owner, name, self)

    def __call__(self, *args: object) -> object:
        self.reached.set()
        sleep(0.3)
        return self._real(*args)


def test_a_gift_for_growth_alone_and_other_growth_do_not_wait_for_each_other(
    app: Flask, place: Place, monkeypatch: pytest.MonkeyPatch, again: list[Exception]
) -> None:
    reward(place, 499)
    mine, slowed = member_id(place), Slowed(monkeypatch, levels, "_gift")

    @operation
    def rise() -> None:
        points.reward(mine, Why("task", "test:rise"), points=0, growth=30)

    @operation
    def more() -> None:
        slowed.reached.wait(5)
        points.reward(mine, Why("task", "test:more"), points=3, growth=3)

    # on SQLite the second has nothing to wait for but its turn
    all_well(together(app, [rise, more] if on_postgres() else [rise]))
    assert (level(place), again) == (2, [])
    assert_books_hold()


def test_who_owes_is_given_and_taken_at_once_without_waiting_for_each_other(
    app: Flask, place: Place, monkeypatch: pytest.MonkeyPatch, again: list[Exception]
) -> None:
    ann = Holder(place.circle.id, member_id(place), place.ann.id or 0)
    ann.give(10, 10)
    ann.spend(10)
    ann.take(points=5)
    slowed = Slowed(monkeypatch, giving, "_credit_points")

    def take() -> None:
        if on_postgres():
            slowed.reached.wait(5)
        ann.take(points=2, growth=2)

    all_well(together(app, [lambda: ann.give(3, 3), take]))
    assert (ann.has, again) == ((0, 4, 11), [])
    assert_books_hold()
