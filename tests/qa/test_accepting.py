"""Accepting: by whom, until when, one at a time, with the points that go with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from circle.accounts import operations as accounts
from circle.accounts.operations import open_browser_session
from circle.circles import operations as circles
from circle.core import clock
from circle.core.db import db
from circle.core.errors import CircleError, Conflict, Forbidden, NotFound
from circle.points.checking import check_books
from circle.points.models import EarnSource
from circle.qa import operations, queries, rules
from tests.factories import Actor, Make, Place, actor_of
from tests.qa.questioning import accept, answer, answer_row, ask, audited, check_question, columns, question
from tests.races.together import together

NOON = datetime(2026, 11, 18, 4, tzinfo=UTC)


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


def points_for(question_id: int, answer_id: int) -> int:
    """What the acceptance of the answer is worth at this moment."""
    key = f"accept:{question_id}:{answer_id}"
    statement = select(EarnSource.active_points).where(EarnSource.source_key == key)
    return db.session.scalars(statement).one_or_none() or 0


def refused(act: Any) -> str:
    with pytest.raises(CircleError) as refusal:
        act()
    db.session.rollback()
    return refusal.value.code


def accepted(question_id: int) -> int | None:
    return queries.get_question(Actor(id=None), question_id).accepted_answer_id


# ---- what it does ------------------------------------------------------------------------------------------------


def test_accepting_changing_and_letting_go_move_points_exactly(app: Flask, place: Place) -> None:
    question_id = ask(place)
    bobs, mods = answer(place.bob, question_id), answer(place.mod, question_id)
    for chosen, worth in ((bobs, (20, 0)), (mods, (0, 20)), (None, (0, 0)), (mods, (0, 20)), (bobs, (20, 0))):
        accept(place.ann, question_id, chosen)
        assert accepted(question_id) == chosen
        assert (points_for(question_id, bobs), points_for(question_id, mods)) == worth
        check_question(question_id)
    assert question(question_id).version == 1 + 1 + 2 + 1 + 1 + 2
    assert check_books(place.circle.id).violations == []


def test_accepting_twice_changes_nothing(app: Flask, place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    accept(place.ann, question_id, answer_id)
    before = columns(question(question_id)), columns(answer_row(answer_id))
    operations.accept_answer(place.ann, question_id, answer_id=answer_id, version=1)  # the first click's version
    accept(place.ann, question_id, answer_id)
    assert (columns(question(question_id)), columns(answer_row(answer_id))) == before
    assert points_for(question_id, answer_id) == 20


def test_the_accepted_answer_stands_first_by_help_and_in_its_place_by_time(app: Flask, place: Place) -> None:
    question_id = ask(place)
    first, second, third = (answer(who, question_id) for who in (place.bob, place.mod, place.admin))
    operations.vote(place.owner, second, value=1)
    accept(place.ann, question_id, third)
    row = queries.get_question(place.ann, question_id)

    def order(sort: str) -> list[int]:
        return [each.id for each in queries.answer_page(place.ann, row, sort=sort).items]

    assert order("best") == [third, second, first]
    accept(place.ann, question_id, first)
    assert order("best") == [first, second, third]
    assert order("newest") == [third, second, first]


# ---- by whom -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["bob", "mod", "admin", "owner"])
def test_only_whoever_asked_accepts(app: Flask, place: Place, who: str) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    accounts_seen(place.ann)
    assert refused(lambda: accept(getattr(place, who), question_id, answer_id)) == "NOT_ASKER"
    assert accepted(question_id) is None
    check_question(question_id)


@pytest.mark.parametrize(("state", "code"), [("muted", "MUTED"), ("banned", "BANNED")])
def test_whoever_asked_and_may_not_speak_does_not_accept(app: Flask, place: Place, state: str, code: str) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    if state == "muted":
        circles.mute_member(place.mod, place.slug, place.ann.id or 0, duration_s=3600)
    else:
        circles.ban_member(place.owner, place.slug, place.ann.id or 0)
    assert refused(lambda: accept(place.ann, question_id, answer_id)) == code
    assert accepted(question_id) is None


def test_a_stranger_does_not_accept(app: Flask, place: Place, make: Make) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    with pytest.raises(Forbidden):
        accept(actor_of(make.user()), question_id, answer_id)
    with pytest.raises(CircleError):
        accept(Actor(id=None), question_id, answer_id)
    assert accepted(question_id) is None


def accounts_seen(actor: Actor) -> None:
    """They are here at this moment."""
    open_browser_session(actor.id or 0, user_agent="test", address="127.0.0.1")


def test_the_owner_accepts_for_who_was_not_seen_for_a_month_and_it_is_audited(app: Flask, place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    accounts_seen(place.ann)
    with clock.at(clock.now() + rules.ASKER_GONE_AFTER - timedelta(hours=1)):
        assert refused(lambda: accept(place.owner, question_id, answer_id)) == "NOT_ASKER"
    with clock.at(clock.now() + rules.ASKER_GONE_AFTER + timedelta(hours=1)):
        assert refused(lambda: accept(place.admin, question_id, answer_id)) == "NOT_ASKER"
        accept(place.owner, question_id, answer_id)
    assert accepted(question_id) == answer_id
    assert [data for _by, _target, data in audited("question.accept")] == [{"from": None, "to": answer_id}]


def test_the_owner_accepts_for_who_has_left(app: Flask, place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    accounts_seen(place.ann)
    circles.leave_circle(place.ann, place.slug)
    accept(place.owner, question_id, answer_id)
    assert accepted(question_id) == answer_id
    check_question(question_id)


# ---- when --------------------------------------------------------------------------------------------------------


def test_a_choice_may_be_changed_for_a_week_after_the_first(app: Flask, place: Place) -> None:
    with clock.at(NOON):
        question_id = ask(place)
        bobs, mods = answer(place.bob, question_id), answer(place.mod, question_id)
        accept(place.ann, question_id, bobs)
    with clock.at(NOON + timedelta(days=6)):
        accept(place.ann, question_id, mods)
    with clock.at(NOON + timedelta(days=7)):
        accept(place.ann, question_id, bobs)
    with clock.at(NOON + timedelta(days=7, seconds=1)):
        assert refused(lambda: accept(place.ann, question_id, mods)) == "ACCEPT_LOCKED"
        assert refused(lambda: accept(place.ann, question_id, None)) == "ACCEPT_LOCKED"
        accept(place.ann, question_id, bobs)  # as it is already
    assert accepted(question_id) == bobs
    assert (points_for(question_id, bobs), points_for(question_id, mods)) == (20, 0)
    check_question(question_id)


def test_the_first_choice_has_no_end(app: Flask, place: Place) -> None:
    with clock.at(NOON):
        question_id = ask(place)
        answer_id = answer(place.bob, question_id)
    with clock.at(NOON + timedelta(days=300)):
        accept(place.ann, question_id, answer_id)
    assert accepted(question_id) == answer_id


def test_ones_own_answer_is_accepted_after_two_days_and_earns_nothing(app: Flask, place: Place) -> None:
    with clock.at(NOON):
        question_id = ask(place)
        own = answer(place.ann, question_id)
    with clock.at(NOON + timedelta(hours=48) - timedelta(seconds=1)):
        assert refused(lambda: accept(place.ann, question_id, own)) == "SELF_ACCEPT_EARLY"
    with clock.at(NOON + timedelta(hours=48)):
        accept(place.ann, question_id, own)
        assert accepted(question_id) == own
    assert points_for(question_id, own) == 0
    check_question(question_id)
    assert check_books(place.circle.id).violations == []


def test_a_refused_change_leaves_the_answer_that_was_accepted(app: Flask, place: Place) -> None:
    question_id = ask(place)
    bobs, own = answer(place.bob, question_id), answer(place.ann, question_id)
    accept(place.ann, question_id, bobs)
    assert refused(lambda: accept(place.ann, question_id, own)) == "SELF_ACCEPT_EARLY"
    assert accepted(question_id) == bobs
    assert points_for(question_id, bobs) == 20
    check_question(question_id)


# ---- what ----------------------------------------------------------------------------------------------------


def test_who_decides_has_seen_the_question_as_it_is(app: Flask, place: Place) -> None:
    question_id = ask(place)
    bobs, mods = answer(place.bob, question_id), answer(place.mod, question_id)
    accept(place.ann, question_id, bobs)
    with pytest.raises(Conflict) as refusal:
        operations.accept_answer(place.ann, question_id, answer_id=mods, version=1)
    assert refusal.value.code == "VERSION_CONFLICT"
    assert accepted(question_id) == bobs


def test_only_a_visible_answer_to_this_question_is_accepted(app: Flask, place: Place) -> None:
    question_id, other = ask(place), ask(place)
    elsewhere, hidden, gone = answer(place.bob, other), answer(place.bob, question_id), answer(place.mod, question_id)
    operations.hide_answer(place.mod, hidden, reason="跑题")
    operations.delete_answer(place.mod, gone)
    for id_ in (elsewhere, hidden, gone, 12345):
        with pytest.raises(NotFound):
            accept(place.ann, question_id, id_)
        db.session.rollback()
    assert accepted(question_id) is None
    check_question(question_id)


def test_a_closed_question_may_still_thank_its_best_answer(app: Flask, place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    operations.close_question(place.ann, question_id, reason="resolved")
    accept(place.ann, question_id, answer_id)
    assert accepted(question_id) == answer_id
    check_question(question_id)


def test_an_accepted_answer_whose_author_is_banned_stays(app: Flask, place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    accept(place.ann, question_id, answer_id)
    circles.ban_member(place.owner, place.slug, place.bob.id or 0)
    assert accepted(question_id) == answer_id


def test_two_choices_at_once_leave_one(app: Flask, place: Place) -> None:
    question_id, ann = ask(place), place.ann
    bobs, mods = answer(place.bob, question_id), answer(place.mod, question_id)

    def choose(answer_id: int) -> Any:
        return lambda: operations.accept_answer(ann, question_id, answer_id=answer_id, version=1)

    outcomes = together(app, [choose(bobs), choose(mods), choose(bobs), choose(mods)])
    wrong = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert {getattr(error, "code", repr(error)) for error in wrong} == {"VERSION_CONFLICT"}
    assert sorted((points_for(question_id, bobs), points_for(question_id, mods))) == [0, 20]
    check_question(question_id)


def test_blocking_each_other_does_not_undo_a_choice(app: Flask, place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    accept(place.ann, question_id, answer_id)
    accounts.block_user(place.ann, place.bob.id or 0)
    assert accepted(question_id) == answer_id
    accept(place.ann, question_id, None)
    assert accepted(question_id) is None
