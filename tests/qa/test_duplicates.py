"""Questions that repeat another one: where they lead, and what becomes of them when that one goes (Q4)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from circle.core.db import db
from circle.core.errors import Conflict, Refused
from circle.core.jobs import run_due
from circle.posts import operations as posts
from circle.posts.operations.erasing import erase_post
from circle.qa import jobs, operations, queries
from circle.qa.models import Question
from tests.factories import Make
from tests.qa.questioning import answer, ask, audited, check_question, post, question


@pytest.fixture
def place(make: Make) -> Any:
    return make.place()


def test_a_duplicate_leads_to_the_original_and_takes_no_answers(app: Flask, place: Any) -> None:
    original, asked = ask(place, "bob", title="晨读怎么开始？"), ask(place)
    operations.mark_duplicate(place.mod, asked, of=original)
    row = queries.get_question(place.bob, asked)
    assert row.status == "duplicate"
    assert row.duplicate_of is not None
    assert (row.duplicate_of.id, row.duplicate_of.title) == (original, "晨读怎么开始？")
    assert row.duplicate_of.url == f"/{place.slug}/questions/{original}"
    with pytest.raises(Refused) as refusal:
        answer(place.bob, asked)
    assert refusal.value.code == "QUESTION_CLOSED"
    assert audited("question.duplicate") == [
        (f"u{place.mod.id}", f"post:{asked}", {"from": "open", "to": "duplicate", "of": str(original), "sent_on": []})
    ]
    check_question(asked)
    check_question(original)


def test_reopening_a_duplicate_makes_it_a_question_of_its_own(app: Flask, place: Any) -> None:
    original, asked = ask(place, "bob"), ask(place)
    operations.mark_duplicate(place.mod, asked, of=original)
    operations.reopen_question(place.mod, asked)
    assert (question(asked).status, question(asked).duplicate_of_id) == ("open", None)
    assert answer(place.bob, asked)
    check_question(asked)


def refused(place: Any, asked: int, of: int) -> str:
    with pytest.raises(Refused) as refusal:
        operations.mark_duplicate(place.mod, asked, of=of)
    assert (refusal.value.code, list(refusal.value.errors)) == ("DUPLICATE_TARGET", ["of"])
    assert question(asked).status == "open"
    return str(refusal.value)


def test_only_another_visible_question_of_the_circle_is_an_original(app: Flask, place: Any, make: Make) -> None:
    asked = ask(place)
    elsewhere, hidden, taken_back = ask(make.place()), ask(place, "bob"), ask(place, "bob")
    posts.hide_post(place.mod, hidden, reason="off topic")
    posts.delete_post(place.bob, taken_back)
    moment = posts.publish_post(place.ann, place.slug, body="早安，今天有雾。")
    # what is elsewhere, hidden, or not there at all is answered alike
    told = {refused(place, asked, of) for of in (elsewhere, hidden, taken_back, moment, 4711)}
    assert len(told) == 1
    assert refused(place, asked, asked) not in told


def test_a_duplicate_is_no_original(app: Flask, place: Any) -> None:
    original, second, third = ask(place), ask(place), ask(place)
    operations.mark_duplicate(place.mod, second, of=original)
    told = refused(place, third, second)
    assert refused(place, original, second) == told  # and there are no circles
    assert refused(place, third, 4711) != told


def test_a_closed_question_may_be_the_original_but_is_not_marked_itself(app: Flask, place: Any) -> None:
    original, asked = ask(place), ask(place)
    operations.close_question(place.mod, original, reason="resolved")
    operations.mark_duplicate(place.mod, asked, of=original)
    third = ask(place)
    operations.close_question(place.mod, third, reason="resolved")
    with pytest.raises(Conflict):
        operations.mark_duplicate(place.mod, third, of=original)
    with pytest.raises(Conflict):
        operations.mark_duplicate(place.mod, asked, of=third)


def test_what_led_to_a_question_is_sent_on_with_it(app: Flask, place: Any) -> None:
    first, second, middle, original = ask(place), ask(place), ask(place), ask(place)
    operations.mark_duplicate(place.mod, first, of=middle)
    operations.mark_duplicate(place.mod, second, of=middle)
    posts.hide_post(place.mod, second, reason="off topic")  # a hidden one is sent on too: it may come back
    before = question(first).version
    operations.mark_duplicate(place.mod, middle, of=original)
    assert [question(each).duplicate_of_id for each in (first, second, middle)] == [original] * 3
    assert question(first).version == before + 1
    assert audited("question.duplicate")[-1][2]["sent_on"] == [str(first), str(second)]
    posts.restore_post(place.mod, second)
    for each in (first, second, middle, original):
        check_question(each)


def test_marking_needs_the_version_that_was_seen(app: Flask, place: Any) -> None:
    original, asked = ask(place), ask(place)
    with pytest.raises(Conflict) as refusal:
        operations.mark_duplicate(place.mod, asked, of=original, version=7)
    assert refusal.value.code == "VERSION_CONFLICT"


# ---- the original goes -------------------------------------------------------------------------------------------


def test_while_the_original_is_hidden_the_duplicate_leads_nowhere_and_then_there_again(app: Flask, place: Any) -> None:
    original, asked = ask(place, "bob"), ask(place)
    operations.mark_duplicate(place.mod, asked, of=original)
    posts.hide_post(place.mod, original, reason="off topic")
    run_due()
    shown = queries.get_question(place.ann, asked)
    assert (shown.status, shown.duplicate_of) == ("duplicate", None)
    posts.restore_post(place.mod, original)
    run_due()
    there = queries.get_question(place.ann, asked).duplicate_of
    assert there is not None
    assert there.id == original


@pytest.mark.parametrize(
    "how", ["deleted by who asked", "removed", "hidden and removed", "erased", "hidden and erased"]
)
def test_when_the_original_is_gone_for_good_its_duplicates_are_open_again(app: Flask, place: Any, how: str) -> None:
    first = ask(place)
    original = ask(place, "bob")
    second, hidden = ask(place), ask(place)
    for each in (first, second, hidden):
        operations.mark_duplicate(place.mod, each, of=original)
    posts.hide_post(place.mod, hidden, reason="off topic")
    if "hidden and" in how:
        posts.hide_post(place.mod, original, reason="off topic")
    if "removed" in how:
        posts.remove_post(place.mod, original, reason="spam")
    elif "erased" in how:
        erase_post(original)
    else:
        posts.delete_post(place.bob, original)
    shown = queries.get_question(place.ann, first)
    assert (shown.status, shown.duplicate_of) == ("duplicate", None)  # nothing dangles before the job has run
    run_due()
    if how == "hidden and erased":  # of which nobody is told
        jobs.reopen_left_behind()
    assert [question(each).status for each in (first, second, hidden)] == ["open"] * 3
    assert answer(place.bob, first)
    for each in (first, second):
        check_question(each)
    versions = [question(each).version for each in (first, second, hidden)]
    jobs.reopen_duplicates(original)
    jobs.reopen_left_behind()
    assert [question(each).version for each in (first, second, hidden)] == versions


def test_a_question_without_duplicates_leaves_no_job_behind(app: Flask, place: Any) -> None:
    asked = ask(place)
    run_due()
    posts.delete_post(place.ann, asked)
    assert run_due() == 0
    assert not operations.reopen_left_behind(asked)


def test_a_duplicate_that_was_decided_about_meanwhile_is_left_alone(app: Flask, place: Any) -> None:
    original, asked, other = ask(place), ask(place, "bob"), ask(place)
    operations.mark_duplicate(place.mod, asked, of=original)
    posts.delete_post(place.ann, original)
    operations.reopen_question(place.mod, asked)
    operations.mark_duplicate(place.mod, asked, of=other)
    run_due()
    assert question(asked).duplicate_of_id == other
    assert not operations.reopen_left_behind(asked)


# ---- whatever is done in whatever order ---------------------------------------------------------------------------


_STEPS = st.lists(
    st.tuples(st.sampled_from(["mark", "mark", "mark", "reopen", "close"]), st.integers(0, 4), st.integers(0, 4)),
    min_size=3, max_size=14,
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_STEPS)
def test_duplicates_never_make_a_chain_or_a_circle(app: Flask, place: Any, steps: list[tuple[str, int, int]]) -> None:
    asked = [ask(place, "owner") for _number in range(5)]  # whom no limit of a day holds back
    for act, one, other in steps:
        try:
            if act == "mark":
                operations.mark_duplicate(place.mod, asked[one], of=asked[other])
            elif act == "reopen":
                operations.reopen_question(place.mod, asked[one])
            else:
                operations.close_question(place.mod, asked[one], reason="other")
        except (Conflict, Refused):
            pass
        found = db.session.execute(
            select(Question.post_id, Question.status, Question.duplicate_of_id).where(Question.post_id.in_(asked))
        ).all()
        status = {row.post_id: row.status for row in found}
        for row in found:
            assert (row.status == "duplicate") == (row.duplicate_of_id is not None)
            assert row.duplicate_of_id is None or status[row.duplicate_of_id] != "duplicate"
            assert post(row.post_id).parts["question"]["status"] == row.status
