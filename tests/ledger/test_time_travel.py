"""The books as they stood at a moment: by what they knew then, with and without places to go on counting from."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from circle.core import clock
from circle.core.db import db
from circle.ledger import jobs
from circle.ledger import operations as ledger
from circle.ledger.models import LedgerCheckpoint
from circle.ledger.operations import Why
from circle.ledger.queries import Books, books_of
from tests.factories import Make
from tests.ledger.books import DAY, NOON, Holder, balanced, found, holder, raw


@pytest.fixture
def ann(app: Flask, make: Make) -> Holder:
    return holder(make)


def told(books: Books) -> tuple[int, int, int, int, int]:
    assert books.difference == 0
    return books.minted, books.burned, books.expired, books.held, books.owed


def live(ann: Holder) -> dict[datetime, tuple[int, int, int, int, int]]:
    """A life of points, and what the books said at each moment of it."""
    said = {}
    acts = [
        lambda: ann.give(10, source="post:1", until=NOON + 4 * DAY),
        lambda: ann.spend(7),
        lambda: ann.take(10, source="post:1"),
        lambda: ann.give(20, 5, until=NOON + 4 * DAY),
        lambda: ledger.expire_lots(ann.points_id, clock.now()),
        lambda: ann.give(3),
    ]
    for day, act in enumerate(acts):
        with clock.at(NOON + day * DAY):
            act()
            said[NOON + day * DAY] = told(books_of(ann.circle_id))
    return said


@pytest.mark.parametrize("checkpoints", [(), (0,), (2, 4), (0, 1, 2, 3, 4, 5)])
def test_the_past_is_told_as_it_was(ann: Holder, checkpoints: tuple[int, ...]) -> None:
    said = live(ann)
    for day in checkpoints:
        ledger.keep_checkpoints(NOON + day * DAY)
    assert said[NOON + 3 * DAY] == (20, 7, 0, 13, 0)
    assert said[NOON + 2 * DAY] == (0, 7, 0, 0, 7)
    for moment, books in said.items():
        assert told(books_of(ann.circle_id, moment)) == books
        assert told(books_of(ann.circle_id, moment + DAY / 2)) == books
    assert told(books_of(ann.circle_id, NOON - DAY)) == (0, 0, 0, 0, 0)
    assert told(books_of(ann.circle_id)) == said[NOON + 5 * DAY]
    assert balanced(ann.circle_id)


def test_growth_has_books_of_its_own(ann: Holder) -> None:
    live(ann)
    assert told(books_of(ann.circle_id, asset="GROWTH")) == (5, 0, 0, 5, 0)
    assert told(books_of(ann.circle_id, NOON, asset="GROWTH")) == (0, 0, 0, 0, 0)


def test_the_past_is_what_was_known_then(ann: Holder) -> None:
    with clock.at(NOON):
        ledger.give(ann.circle_id, ann.member_id, Why("gift", "late", effective_at=NOON - 3 * DAY), points=4)
    assert told(books_of(ann.circle_id, NOON - DAY)) == (0, 0, 0, 0, 0)
    assert told(books_of(ann.circle_id, NOON)) == (4, 0, 0, 4, 0)


def test_a_checkpoint_is_kept_once_and_only_where_something_happened(ann: Holder) -> None:
    live(ann)
    assert ledger.keep_checkpoints(NOON + DAY) == 2  # points made, points spent
    assert ledger.keep_checkpoints(NOON + DAY) == 0
    assert ledger.keep_checkpoints(NOON + DAY + timedelta(hours=1)) == 0
    assert ledger.keep_checkpoints(NOON + 9 * DAY, least=3) == 1
    assert ledger.keep_checkpoints(NOON + 9 * DAY) == 2  # growth made, points run out
    assert balanced(ann.circle_id)


def test_the_job_leaves_out_what_is_too_new_to_be_settled(ann: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "WORTH", 1)
    with clock.at(NOON):
        ann.give(5)
    for later, kept in ((timedelta(minutes=9), 0), (timedelta(minutes=11), 1)):
        with clock.at(NOON + later):
            jobs.keep_checkpoints()
        assert len(db.session.scalars(select(LedgerCheckpoint)).all()) == kept
        db.session.rollback()


def test_a_checkpoint_that_is_wrong_is_found(ann: Holder) -> None:
    live(ann)
    for day in (1, 3):
        ledger.keep_checkpoints(NOON + day * DAY)
    assert found(ann.circle_id) == []
    with raw() as sql:
        sql("UPDATE ledger_checkpoints SET balance = balance - 1")
    assert found(ann.circle_id) == ["checkpoint"]


def test_circles_have_books_of_their_own(ann: Holder, make: Make) -> None:
    bob = holder(make)
    ann.give(5)
    bob.give(7)
    assert (books_of(ann.circle_id).held, books_of(bob.circle_id).held) == (5, 7)


def test_the_books_of_any_moment_balance_where_clocks_differ(ann: Holder) -> None:
    with clock.at(NOON + timedelta(seconds=2)):
        ann.give(5, 5)
    with clock.at(NOON):  # another machine's
        ann.give(7, 7)
        ann.take(points=1, growth=1)
        ann.give(growth=2)
    for asset in ("POINTS", "GROWTH"):
        then = [books_of(ann.circle_id, NOON + timedelta(seconds=second), asset) for second in (1, 2, 3)]
        assert [books.difference for books in then] == [0, 0, 0]
    assert balanced(ann.circle_id)
