"""Hiding, restoring and removing answers, and what becomes of answers whose question is hidden."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from circle.circles import operations as circles
from circle.core import clock
from circle.core.errors import CircleError, Conflict, Forbidden, NotFound, Unauthenticated
from circle.posts import operations as posts
from circle.qa import operations, queries
from circle.qa.models import Answer
from tests.factories import SYSTEM, Actor, Make, actor_of
from tests.qa.questioning import (
    accept,
    answer,
    answer_row,
    ask,
    audited,
    check_question,
    columns,
    earned,
    post,
    question,
)


@pytest.fixture
def place(make: Make) -> Any:
    return make.place()


#: what hiding and restoring leaves behind on purpose
_MARKS = ("version",)


def test_a_hidden_answer_is_seen_by_its_author_and_moderators_alone(app: Flask, place: Any) -> None:
    asked = ask(place)
    given = answer(place.bob, asked)
    operations.hide_answer(place.mod, given, reason="advertising")
    for actor in (place.bob, place.mod):
        row, _question = queries.get_answer(actor, given)
        assert (row.status, row.hidden_reason) == ("hidden", "advertising")
    for actor in (place.ann, Actor(id=None)):
        with pytest.raises(NotFound):
            queries.get_answer(actor, given)
        assert queries.answer_page(actor, queries.get_question(actor, asked)).items == []
    assert post(asked).answer_count == 0
    check_question(asked)
    data = {"from": "published", "to": "hidden", "reason": "advertising"}
    assert audited("answer.hide") == [(f"u{place.mod.id}", f"answer:{given}", data)]


def test_hiding_and_restoring_gives_back_everything_exactly(app: Flask, place: Any) -> None:
    asked = ask(place)
    given, other = answer(place.bob, asked), answer(place.admin, asked)
    for voter in (place.ann, place.mod, place.owner):
        operations.vote(voter, given, value=1)
    operations.vote(place.mod, other, value=-1)
    accept(place.ann, asked, given)
    before = [columns(answer_row(each), *_MARKS) for each in (given, other)]
    card, books, first = columns(post(asked)), earned(), question(asked).first_accepted_at
    with clock.at(clock.now() + timedelta(days=2)):
        operations.hide_answer(place.mod, given, reason="advertising")
        assert post(asked).parts["question"]["accepted"] is False
        assert earned() != books
        check_question(asked)
    with clock.at(clock.now() + timedelta(days=20)):
        operations.restore_answer(place.mod, given)
    assert [columns(answer_row(each), *_MARKS) for each in (given, other)] == before
    hint = card["parts"]["question"] | {"version": question(asked).version}  # what was decided twice meanwhile
    assert columns(post(asked)) == card | {"parts": card["parts"] | {"question": hint}}
    assert earned() == books
    assert question(asked).first_accepted_at == first
    check_question(asked)


def test_a_restored_answer_is_not_accepted_when_another_one_is(app: Flask, place: Any) -> None:
    asked = ask(place)
    given, other = answer(place.bob, asked), answer(place.admin, asked)
    accept(place.ann, asked, given)
    operations.hide_answer(place.mod, given, reason="advertising")
    accept(place.ann, asked, other)
    operations.restore_answer(place.mod, given)
    assert queries.get_question(place.ann, asked).accepted_answer_id == other
    row = answer_row(given)
    assert (row.status, row.accepted_at, row.accepted_by, row.was_accepted_at) == ("published", None, None, None)
    check_question(asked)


def test_a_removed_answer_is_gone_for_good_and_its_author_writes_no_other(app: Flask, place: Any) -> None:
    asked = ask(place)
    given = answer(place.bob, asked)
    operations.vote(place.ann, given, value=1)
    accept(place.ann, asked, given)
    without = [row for row in earned() if "accept" not in str(row[0])]
    assert without
    operations.remove_answer(place.mod, given, reason="spam")
    for actor in (place.bob, place.mod, place.ann):
        with pytest.raises(NotFound):
            queries.get_answer(actor, given)
    with pytest.raises(Conflict):
        operations.restore_answer(place.mod, given)
    with pytest.raises(Conflict) as refusal:
        answer(place.bob, asked)
    assert refusal.value.code == "ALREADY_ANSWERED"
    sources = {row[0]: row[1] for row in earned() if str(row[0]).startswith(("answer:", "accept:"))}
    assert "on" not in sources.values()
    check_question(asked)


def test_a_hidden_answer_that_was_accepted_can_be_removed(app: Flask, place: Any) -> None:
    asked = ask(place)
    given = answer(place.bob, asked)
    accept(place.ann, asked, given)
    operations.hide_answer(place.mod, given, reason="advertising")
    operations.remove_answer(place.mod, given, reason="spam")
    assert [entry[2]["from"] for entry in audited("answer.hide", "answer.remove")] == ["published", "hidden"]
    assert answer_row(given).was_accepted_at is None
    check_question(asked)


def test_steps_from_the_wrong_state_are_refused(app: Flask, place: Any) -> None:
    given = answer(place.bob, ask(place))
    with pytest.raises(Conflict):
        operations.restore_answer(place.mod, given)
    operations.hide_answer(place.mod, given, reason="advertising")
    with pytest.raises(Conflict):
        operations.hide_answer(place.mod, given, reason="advertising")
    operations.restore_answer(place.mod, given)
    operations.delete_answer(place.bob, given)
    for act in (operations.hide_answer, operations.remove_answer):
        with pytest.raises(NotFound):
            act(place.mod, given, reason="advertising")
    with pytest.raises(NotFound):
        operations.hide_answer(place.mod, 4711, reason="advertising")


def test_who_may_not_moderate_learns_no_more_than_they_see(app: Flask, place: Any, make: Make) -> None:
    asked = ask(place)
    given, hidden = answer(place.bob, asked), answer(place.admin, asked)
    operations.hide_answer(SYSTEM, hidden, reason="advertising")
    stranger = actor_of(make.user())
    for actor, error in ((place.ann, Forbidden), (stranger, Forbidden), (Actor(id=None), Unauthenticated)):
        with pytest.raises(error):
            operations.hide_answer(actor, given, reason="advertising")
        with pytest.raises(NotFound):
            operations.restore_answer(actor, hidden)
    with pytest.raises(Forbidden):  # its author sees it, and may not decide about it
        operations.restore_answer(place.admin, hidden)


def test_nobody_moderates_themselves_or_a_higher_role(app: Flask, place: Any) -> None:
    asked = ask(place)
    own, higher = answer(place.mod, asked), answer(place.admin, asked)
    for given in (own, higher):
        with pytest.raises(Forbidden):
            operations.hide_answer(place.mod, given, reason="advertising")
        assert not queries.get_answer(place.mod, given)[0].can.hide
    operations.hide_answer(place.owner, higher, reason="advertising")


@pytest.mark.parametrize("who", ["ann", "admin", "owner"])
def test_what_is_unnamed_is_moderated_whoever_wrote_it_and_names_nobody(app: Flask, place: Any, who: str) -> None:
    asker = getattr(place, who)
    asked = ask(place, who, anonymous=True)
    given = answer(asker, asked)
    assert queries.get_answer(place.mod, given)[0].can.hide
    operations.hide_answer(place.mod, given, reason="advertising")
    operations.restore_answer(place.mod, given)
    operations.remove_answer(place.mod, given, reason="advertising")
    found = audited("answer.hide", "answer.restore", "answer.remove")
    assert len(found) == 3
    assert str(asker.id) not in str(found)


def test_one_does_not_moderate_ones_own_unnamed_answer(app: Flask, place: Any) -> None:
    asked = ask(place, "mod", anonymous=True)
    given = answer(place.mod, asked)
    with pytest.raises(Forbidden):
        operations.hide_answer(place.mod, given, reason="advertising")


def test_votes_on_a_hidden_answer_are_refused_and_kept(app: Flask, place: Any) -> None:
    asked = ask(place)
    given = answer(place.bob, asked)
    operations.vote(place.ann, given, value=1)
    operations.hide_answer(place.mod, given, reason="advertising")
    for voter in (place.ann, place.mod):
        with pytest.raises(NotFound):
            operations.vote(voter, given, value=-1)
    operations.restore_answer(place.mod, given)
    assert answer_row(given).up == 1


# ---- the question is hidden --------------------------------------------------------------------------------------


def acts_on(place: Any, asked: int, given: int) -> list[Any]:
    """Everything that could be done with the answer of a question."""
    return [
        lambda: operations.vote(place.admin, given, value=-1),
        lambda: operations.edit_answer(place.bob, given, body="anders"),
        lambda: operations.delete_answer(place.bob, given),
        lambda: answer(place.admin, asked),
        lambda: operations.accept_answer(place.ann, asked, answer_id=None, version=question(asked).version),
        lambda: queries.edited_answer(place.bob, given),
        lambda: operations.hide_answer(place.bob, given, reason="advertising"),
        lambda: operations.hide_answer(place.ann, given, reason="advertising"),
        lambda: queries.get_answer(place.bob, given),
        lambda: queries.get_answer(Actor(id=None), given),
        lambda: queries.get_question(place.bob, asked),
    ]


def test_answers_to_a_hidden_question_cannot_be_reached_until_it_is_back(app: Flask, place: Any) -> None:
    asked = ask(place)
    given = answer(place.bob, asked)
    for voter in (place.ann, place.mod):
        operations.vote(voter, given, value=1)
    accept(place.ann, asked, given)
    before, card, books = columns(answer_row(given)), columns(post(asked), "version"), earned()
    posts.hide_post(place.mod, asked, reason="off topic")
    for act in acts_on(place, asked, given):
        with pytest.raises(NotFound):
            act()
    posts.restore_post(place.mod, asked)
    assert columns(answer_row(given)) == before
    assert columns(post(asked), "version") == card
    assert earned() == books
    assert queries.get_question(place.bob, asked).accepted_answer_id == given
    check_question(asked)


def test_answers_to_a_removed_question_are_gone_for_all(app: Flask, place: Any) -> None:
    asked = ask(place)
    given = answer(place.bob, asked)
    posts.remove_post(place.mod, asked, reason="off topic")
    for act in acts_on(place, asked, given):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(NotFound):
        operations.hide_answer(place.mod, given, reason="advertising")


def test_an_answer_hidden_below_a_hidden_question_stays_hidden(app: Flask, place: Any) -> None:
    asked = ask(place)
    given = answer(place.bob, asked)
    posts.hide_post(place.mod, asked, reason="off topic")
    operations.hide_answer(place.mod, given, reason="advertising")
    posts.restore_post(place.mod, asked)
    assert answer_row(given).status == "hidden"
    check_question(asked)


# ---- whatever is done in whatever order ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [3, 11])
def test_whatever_moderators_do_the_numbers_are_those_of_the_rows(
    app: Flask, place: Any, make: Make, seed: int
) -> None:
    chance = random.Random(seed)
    asked = ask(place)
    people = [place.bob, place.admin, place.owner, actor_of(make.member(place.circle))]
    given: list[int] = [answer(person, asked) for person in people]
    acts: list[Any] = [
        lambda one: operations.hide_answer(SYSTEM, one, reason="advertising"),
        lambda one: operations.restore_answer(SYSTEM, one),
        lambda one: operations.restore_answer(SYSTEM, one),
        lambda one: accept(place.ann, asked, one),
        lambda one: accept(place.ann, asked, None),
        lambda one: operations.vote(place.mod, one, value=chance.choice((-1, 0, 1))),
        lambda one: posts.hide_post(place.mod, asked, reason="off topic"),
        lambda one: posts.restore_post(place.mod, asked),
        lambda one: posts.restore_post(place.mod, asked),
        lambda one: operations.close_question(place.mod, asked, reason="other"),
        lambda one: operations.reopen_question(place.mod, asked),
        lambda one: operations.remove_answer(SYSTEM, one, reason="spam") if chance.random() < 0.1 else None,
    ]
    for _step in range(60):
        try:
            chance.choice(acts)(chance.choice(given))
        except CircleError:
            continue
        check_question(asked)
        hidden = [answer_row(each) for each in given if answer_row(each).status == "hidden"]
        assert all(isinstance(row, Answer) and row.accepted_at is None for row in hidden)


def test_an_owner_makes_an_expert_whose_answers_carry_the_badge(app: Flask, place: Any) -> None:
    asked = ask(place)
    given = answer(place.bob, asked)
    circles.change_role(place.owner, place.slug, place.bob.id, "expert")
    assert queries.get_answer(place.ann, given)[0].author.role == "expert"
