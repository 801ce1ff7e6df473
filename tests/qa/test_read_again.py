"""What careful reading found: corners where two rules of questions and answers meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from circle.accounts import operations as accounts
from circle.circles import operations as circles
from circle.core import clock
from circle.core.db import db
from circle.core.errors import CircleError, NotFound
from circle.points.checking import check_books
from circle.points.models import EarnSource
from circle.posts import operations as posts
from circle.qa import operations, queries, rules
from tests.factories import Actor, Make, Place
from tests.qa.questioning import accept, answer, answer_row, ask, check_question

NOON = datetime(2026, 11, 18, 4, tzinfo=UTC)


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


def accepted(question_id: int) -> int | None:
    return queries.get_question(Actor(id=None), question_id).accepted_answer_id


def points_for(question_id: int, answer_id: int) -> int:
    key = f"accept:{question_id}:{answer_id}"
    statement = select(EarnSource.active_points).where(EarnSource.source_key == key)
    return db.session.scalars(statement).one_or_none() or 0


def refused(act: Any) -> str:
    with pytest.raises(CircleError) as refusal:
        act()
    db.session.rollback()
    return refusal.value.code


# ---- hiding and accepting --------------------------------------------------------------------------------------------


def test_restoring_does_not_accept_again_what_another_answer_has_replaced_in_the_meantime(
    app: Flask, place: Place
) -> None:
    question_id = ask(place)
    bobs, mods = answer(place.bob, question_id), answer(place.mod, question_id)
    accept(place.ann, question_id, bobs)
    operations.hide_answer(place.owner, bobs, reason="先看一看")
    accept(place.ann, question_id, mods)
    accept(place.ann, question_id, None)
    operations.restore_answer(place.owner, bobs)
    assert accepted(question_id) is None
    assert (points_for(question_id, bobs), points_for(question_id, mods)) == (0, 0)
    check_question(question_id)


def test_two_that_were_accepted_one_after_the_other_come_back_as_they_were_in_any_order(
    app: Flask, place: Place
) -> None:
    question_id = ask(place)
    bobs, mods = answer(place.bob, question_id), answer(place.mod, question_id)
    accept(place.ann, question_id, bobs)
    operations.hide_answer(place.owner, bobs, reason="先看一看")
    accept(place.ann, question_id, mods)
    operations.hide_answer(place.owner, mods, reason="先看一看")
    operations.restore_answer(place.owner, bobs)
    assert accepted(question_id) is None
    operations.restore_answer(place.owner, mods)
    assert accepted(question_id) == mods
    assert (points_for(question_id, bobs), points_for(question_id, mods)) == (0, 20)
    check_question(question_id)


# ---- the owner in place of whoever asked -----------------------------------------------------------------------------


def test_the_owner_earns_nothing_by_accepting_their_own_answer_for_who_has_left(app: Flask, place: Place) -> None:
    with clock.at(NOON):
        question_id = ask(place)
        own = answer(place.owner, question_id)
        circles.leave_circle(place.ann, place.slug)
    with clock.at(NOON + timedelta(hours=48)):
        accept(place.owner, question_id, own)
        assert accepted(question_id) == own
    assert points_for(question_id, own) == 0
    check_question(question_id)
    assert check_books(place.circle.id).violations == []


def test_the_owner_too_leaves_two_days_to_the_answers_of_others(app: Flask, place: Place) -> None:
    with clock.at(NOON):
        question_id = ask(place)
        own, bobs = answer(place.owner, question_id), answer(place.bob, question_id)
        circles.leave_circle(place.ann, place.slug)
    with clock.at(NOON + timedelta(hours=47)):
        row = queries.get_question(place.owner, question_id)
        can = {each.id: each.can.accept for each in queries.answer_page(place.owner, row).items}
        assert can == {own: False, bobs: True}
        assert refused(lambda: accept(place.owner, question_id, own)) == "SELF_ACCEPT_EARLY"
        accept(place.owner, question_id, bobs)
    assert points_for(question_id, bobs) == 20


@pytest.mark.parametrize("anonymous", [False, True])
def test_whoever_was_not_seen_for_thirty_days_to_the_second_is_gone(app: Flask, make: Make, *, anonymous: bool) -> None:
    with clock.at(NOON):
        place = make.place()
        question_id = ask(place, anonymous=anonymous)
        answer_id = answer(place.bob, question_id)
    with clock.at(NOON + rules.ASKER_GONE_AFTER - timedelta(seconds=1)):
        assert refused(lambda: accept(place.owner, question_id, answer_id)) == "NOT_ASKER"
    with clock.at(NOON + rules.ASKER_GONE_AFTER):
        assert queries.get_question(place.owner, question_id).can.accept
        accept(place.owner, question_id, answer_id)
    assert accepted(question_id) == answer_id


# ---- who sees the question -------------------------------------------------------------------------------------------


def test_whoever_is_kept_from_a_question_by_a_block_casts_no_vote_below_it(app: Flask, place: Place) -> None:
    question_id = ask(place)
    answer_id, below_unnamed = answer(place.mod, question_id), answer(place.mod, ask(place, anonymous=True))
    operations.vote(place.bob, answer_id, value=1)
    accounts.block_user(place.ann, place.bob.id or 0)
    with pytest.raises(NotFound):
        queries.get_question(place.bob, question_id)
    assert refused(lambda: operations.vote(place.bob, answer_id, value=-1)) == "NOT_FOUND"
    operations.vote(place.bob, answer_id, value=0)
    assert answer_row(answer_id).up == 0
    assert refused(lambda: operations.vote(place.bob, answer_id, value=1)) == "NOT_FOUND"
    operations.vote(place.bob, below_unnamed, value=1)  # or the block would tell who asked
    check_question(question_id)


@pytest.mark.parametrize(("asker", "blocked"), [("ann", "mod"), ("owner", "bob")])
def test_who_sees_the_question_in_spite_of_a_block_votes_on_the_answers_of_others(
    app: Flask, place: Place, asker: str, blocked: str
) -> None:
    question_id = ask(place, asker)
    answer_id = answer(place.admin, question_id)
    reader = getattr(place, blocked)
    accounts.block_user(getattr(place, asker), reader.id or 0)
    row = queries.get_question(reader, question_id)
    assert [each.can.vote for each in queries.answer_page(reader, row).items] == [True]
    operations.vote(reader, answer_id, value=1)
    check_question(question_id)


def test_below_ones_own_hidden_question_no_former_words_are_offered(app: Flask, place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.ann, question_id)
    with clock.at(clock.now() + timedelta(hours=1)):
        operations.edit_answer(place.ann, answer_id, body="后来想清楚了一些。")
    posts.hide_post(place.mod, question_id, reason="先看一看")
    for who, may in ((place.ann, False), (place.mod, True)):
        row = queries.get_question(who, question_id)
        assert [each.can.revisions for each in queries.answer_page(who, row).items] == [may]
        if may:
            assert len(queries.answer_revisions(who, answer_id).items) == 1
        else:
            with pytest.raises(NotFound):
                queries.answer_revisions(who, answer_id)
