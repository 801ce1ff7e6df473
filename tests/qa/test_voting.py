"""Votes on answers: what counts is how they stand, each person once, and who may."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import Actor
from circle.accounts import operations as accounts
from circle.circles import operations as circles
from circle.core.db import db
from circle.core.errors import CircleError, Forbidden, NotFound, Refused, Unauthenticated
from circle.qa import operations, queries
from circle.qa.models import AnswerVote
from tests.factories import Make, Place, actor_of
from tests.posts.test_levels_bite import set_level
from tests.qa.questioning import answer, answer_row, ask, check_question


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


@pytest.fixture
def answer_id(place: Place) -> int:
    return answer(place.bob, ask(place))


def votes() -> int:
    return db.session.scalar(select(func.count()).select_from(AnswerVote)) or 0


def numbers(answer_id: int) -> tuple[int, int, int]:
    row = answer_row(answer_id)
    return row.up, row.down, row.score


def test_what_counts_is_how_a_vote_stands(app: Flask, place: Place, answer_id: int) -> None:
    set_level(place, 2)
    for value, standing in ((1, (1, 0, 1)), (1, (1, 0, 1)), (-1, (0, 1, -1)), (-1, (0, 1, -1)), (0, (0, 0, 0)),
                            (0, (0, 0, 0)), (-1, (0, 1, -1)), (1, (1, 0, 1))):  # fmt: skip
        told = operations.vote(place.ann, answer_id, value=value)
        assert (told.up, told.down, told.score) == standing == numbers(answer_id)
        assert votes() == (value != 0)
    check_question(answer_row(answer_id).question_id)


def test_everybody_counts_once(app: Flask, place: Place, answer_id: int) -> None:
    for who in (place.ann, place.mod, place.admin, place.owner):
        operations.vote(who, answer_id, value=1)
    operations.vote(place.mod, answer_id, value=-1)
    assert numbers(answer_id) == (3, 1, 2)
    check_question(answer_row(answer_id).question_id)


def test_nobody_votes_on_their_own_answer(app: Flask, place: Place, answer_id: int) -> None:
    for value in (1, -1, 0):
        with pytest.raises(Refused) as refusal:
            operations.vote(place.bob, answer_id, value=value)
        assert refusal.value.code == "SELF_VOTE"
    assert votes() == 0


def test_votes_against_need_a_level_or_a_role(app: Flask, place: Place, answer_id: int) -> None:
    with pytest.raises(Refused) as refusal:
        operations.vote(place.ann, answer_id, value=-1)
    assert refusal.value.code == "LEVEL_TOO_LOW"
    assert votes() == 0
    operations.vote(place.mod, answer_id, value=-1)  # whoever moderates
    set_level(place, 2)
    operations.vote(place.ann, answer_id, value=-1)
    assert numbers(answer_id) == (0, 2, -2)
    set_level(place, 1)
    operations.vote(place.ann, answer_id, value=0)  # taking back is open to everybody
    assert numbers(answer_id) == (0, 1, -1)


@pytest.mark.parametrize("who", ["visitor", "stranger", "muted", "banned"])
def test_who_may_not_speak_here_does_not_vote(app: Flask, place: Place, make: Make, answer_id: int, who: str) -> None:
    person = Actor(id=None) if who == "visitor" else actor_of(make.user())
    if who in {"muted", "banned"}:
        person = place.ann
        if who == "muted":
            circles.mute_member(place.mod, place.slug, person.id or 0, duration_s=3600)
        else:
            circles.ban_member(place.owner, place.slug, person.id or 0)
    with pytest.raises((Unauthenticated, Forbidden)):
        operations.vote(person, answer_id, value=1)
    assert votes() == 0


def test_hidden_answers_take_no_votes_and_keep_those_they_have(app: Flask, place: Place, answer_id: int) -> None:
    operations.vote(place.ann, answer_id, value=1)
    operations.hide_answer(place.mod, answer_id, reason="跑题")
    for who, value in ((place.ann, 0), (place.admin, 1), (place.mod, 1)):
        with pytest.raises(NotFound):
            operations.vote(who, answer_id, value=value)
    operations.restore_answer(place.mod, answer_id)
    assert numbers(answer_id) == (1, 0, 1)


def test_who_has_blocked_the_other_casts_no_vote_but_may_take_one_back(
    app: Flask, place: Place, answer_id: int
) -> None:
    operations.vote(place.ann, answer_id, value=1)
    accounts.block_user(place.bob, place.ann.id or 0)
    with pytest.raises(CircleError):
        operations.vote(place.ann, answer_id, value=-1)
    operations.vote(place.ann, answer_id, value=0)
    assert numbers(answer_id) == (0, 0, 0)


def test_votes_order_the_answers(app: Flask, place: Place, make: Make) -> None:
    question_id = ask(place)
    first, second, third = (answer(who, question_id) for who in (place.bob, place.mod, place.admin))
    for who in (place.ann, place.owner):
        operations.vote(who, third, value=1)
    operations.vote(place.ann, second, value=1)

    def order(sort: str) -> list[int]:
        found = queries.answer_page(place.ann, queries.get_question(place.ann, question_id), sort=sort)
        return [row.id for row in found.items]

    assert order("best") == order("newest") == [third, second, first]
    operations.vote(place.mod, third, value=-1)
    assert order("best")[-1] == first
    check_question(question_id)


def test_a_reader_is_told_how_their_own_vote_stands(app: Flask, place: Place, answer_id: int) -> None:
    operations.vote(place.ann, answer_id, value=1)

    def mine(actor: Any) -> int:
        return queries.get_answer(actor, answer_id)[0].my_vote

    assert (mine(place.ann), mine(place.mod), mine(Actor(id=None))) == (1, 0, 0)
