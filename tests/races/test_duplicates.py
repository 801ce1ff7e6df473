"""Marking duplicates in the same moment: no chains, no circles, and nobody is left waiting for another (Q4)."""

from __future__ import annotations

from functools import partial
from itertools import permutations
from typing import Any

import pytest
from flask import Flask

from circle.core.errors import Conflict, NotFound, Refused
from circle.core.jobs import run_due
from circle.posts import operations as posts
from circle.qa import operations
from tests.factories import Actor, Make
from tests.qa.questioning import answer, ask, check_question, question
from tests.races.together import together


@pytest.fixture
def place(make: Make) -> Any:
    return make.place()


@pytest.fixture
def staff(place: Any) -> list[Actor]:
    """A moderator, an admin and the owner, read before there are threads."""
    return [place.mod, place.admin, place.owner]


def unexpected(outcomes: list[Any]) -> list[Any]:
    """What is neither done nor refused by a rule: a deadlock, a lock out of order, a busy database."""
    refusals = (Conflict, NotFound, Refused)
    return [each for each in outcomes if isinstance(each, Exception) and not isinstance(each, refusals)]


def test_all_mark_all_at_once(app: Flask, place: Any, staff: list[Actor]) -> None:
    asked = [ask(place) for _number in range(4)]
    pairs = list(permutations(asked, 2))
    outcomes = together(app, [partial(operations.mark_duplicate, staff[0], one, of=of) for one, of in pairs])
    assert unexpected(outcomes) == []
    done = [outcome for outcome in outcomes if outcome is None]
    assert len(done) == sum(question(each).status == "duplicate" for each in asked) > 0
    for each in asked:
        check_question(each)


def test_what_leads_to_a_question_follows_it_also_when_it_was_marked_that_moment(
    app: Flask, place: Any, staff: list[Actor]
) -> None:
    mod, admin, owner = staff
    for _round in range(3):
        first, middle, original = ask(place), ask(place), ask(place)
        acts = [
            partial(operations.mark_duplicate, mod, first, of=middle),
            partial(operations.mark_duplicate, admin, middle, of=original),
            partial(operations.reopen_question, owner, middle),
        ]
        assert unexpected(together(app, acts)) == []
        for each in (first, middle, original):
            check_question(each)


def test_an_original_that_goes_in_the_same_moment_leaves_nobody_behind(
    app: Flask, place: Any, staff: list[Actor]
) -> None:
    for _round in range(4):
        asked, original = ask(place), ask(place, "bob")
        acts = [
            partial(operations.mark_duplicate, staff[0], asked, of=original),
            partial(posts.remove_post, staff[1], original, reason="off topic"),
        ]
        assert unexpected(together(app, acts)) == []
        run_due()
        assert question(asked).status == "open"


def test_hiding_restoring_and_accepting_at_once_keep_one_accepted_answer_at_most(
    app: Flask, place: Any, staff: list[Actor]
) -> None:
    mod, _admin, owner = staff
    ann, asked = place.ann, ask(place)
    given, other = answer(place.bob, asked), answer(place.admin, asked)
    operations.accept_answer(ann, asked, answer_id=given, version=1)
    operations.hide_answer(mod, given, reason="advertising")
    seen = question(asked).version
    acts = [
        partial(operations.restore_answer, mod, given),
        partial(operations.accept_answer, ann, asked, answer_id=other, version=seen),
        partial(operations.restore_answer, owner, given),
        partial(operations.hide_answer, owner, other, reason="advertising"),
    ]
    assert unexpected(together(app, acts)) == []
    check_question(asked)
