"""Several things that give growth to one person at the same moment: the level still moves one step at a time."""

from __future__ import annotations

from itertools import count

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.core.db import db
from circle.core.operation import operation
from circle.ledger.operations import Why
from circle.points import operations as points
from circle.points.models import LevelEvent, MemberLevel
from tests.factories import Make, Place
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
