"""Votes, acceptance, closing and asking that arrive in the same moment: the laws of questions hold afterwards, and
nobody is told anything but what the rules say."""

from __future__ import annotations

import multiprocessing
import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import Actor
from circle.app import create_app
from circle.config import Settings
from circle.core.db import db
from circle.core.errors import CircleError, Conflict
from circle.points.checking import check_books
from circle.points.models import EarnSource
from circle.posts import operations as posts
from circle.posts.models import Post
from circle.posts.operations.counting import recount
from circle.qa import operations as qa
from circle.qa.models import Answer, AnswerVote, Question
from circle.qa.operations import recount_votes
from tests.clients import ApiClient, Browser
from tests.factories import Make, Place, actor_of
from tests.races.together import all_well, together

ONCE = "one-value-of-one-form"
PROCESSES = 4


class Here(NamedTuple):
    """A circle and its people as plain values: rows belong to the test's own session, not to the threads."""

    place: Place
    circle_id: int
    slug: str
    admin: Actor
    mod: Actor
    ann: Actor
    bob: Actor


@pytest.fixture
def place(app: Flask, make: Make) -> Here:
    made = make.place()
    return Here(made, made.circle.id, made.slug, made.admin, made.mod, made.ann, made.bob)


def people(make: Make, place: Here, number: int) -> list[Actor]:
    return [actor_of(make.member(place.place.circle)) for _one in range(number)]


def ask(place: Here, who: Actor | None = None) -> int:
    return posts.publish_post(who or place.ann, place.slug, title="早上读书总走神怎么办？", body="", type="question")


def version(question_id: int) -> int:
    return db.session.scalars(select(Question.version).where(Question.post_id == question_id)).one()


def codes(outcomes: Sequence[Any]) -> Counter[str]:
    """How often each refusal came; "" is done. Anything else than a refusal is a mistake."""
    wrong = [each for each in outcomes if isinstance(each, Exception) and not isinstance(each, CircleError)]
    assert not wrong, wrong
    return Counter(each.code if isinstance(each, CircleError) else "" for each in outcomes)


def assert_lawful(place: Here) -> None:
    """Q1, Q2, Q3, Q4, Q7, F1, F2 and the books, from the rows."""
    db.session.rollback()
    rows = db.session.scalars(select(Answer).where(Answer.circle_id == place.circle_id)).all()
    for row in rows:
        counted = recount_votes(row.id)
        assert (row.up, row.down, row.score, row.wilson) == (
            counted.up, counted.down, counted.score, counted.wilson
        )  # fmt: skip
        assert row.accepted_at is None or row.status == "published"
        accepted = db.session.get(EarnSource, f"accept:{row.question_id}:{row.id}")
        stands = accepted is not None and accepted.state in {"on", "capped"}
        assert stands == (row.accepted_at is not None) or (accepted is not None and accepted.reason == "own")
    assert max(Counter(row.question_id for row in rows if row.accepted_at).values(), default=1) == 1
    live = Counter((row.question_id, row.author_id) for row in rows if row.status != "deleted")
    assert max(live.values(), default=1) == 1
    questions = {row.post_id: row for row in db.session.scalars(select(Question))}
    for key, question in questions.items():
        if question.duplicate_of_id is not None:
            assert key != question.duplicate_of_id
            assert questions[question.duplicate_of_id].status != "duplicate"
        post = db.session.get_one(Post, key)
        visible = [row for row in rows if row.question_id == key and row.status == "published"]
        assert post.answer_count == len(visible)
        others = sum(row.author_id != post.author_id for row in visible)
        names = ("like_count", "comment_count", "favorite_count", "engagement", "hot_score")
        assert {name: getattr(post, name) for name in names} == vars(recount(key, answers=others))
        assert post.parts["question"]["accepted"] == any(row.accepted_at for row in visible)
    assert check_books(place.circle_id).violations == []
    db.session.rollback()


# ---- votes -----------------------------------------------------------------------------------------------------------


def test_twenty_people_vote_on_one_answer_at_once(app: Flask, make: Make, place: Here) -> None:
    answer = qa.write_answer(place.bob, ask(place), body="先把手机放到另一个房间。")
    fans = people(make, place, 20)
    all_well(together(app, [lambda fan=fan: qa.vote(fan, answer, value=1) for fan in fans]))
    row = db.session.get_one(Answer, answer, populate_existing=True)
    assert (row.up, row.down, row.score) == (20, 0, 20)
    assert_lawful(place)


def test_one_person_changes_their_mind_twenty_times_at_once(app: Flask, place: Here) -> None:
    answer = qa.write_answer(place.bob, ask(place), body="先把手机放到另一个房间。")
    values = [(1, 0, -1)[number % 3] for number in range(20)]  # moderators may vote against
    all_well(together(app, [lambda value=value: qa.vote(place.mod, answer, value=value) for value in values]))
    assert (db.session.scalar(select(func.count()).select_from(AnswerVote)) or 0) <= 1
    assert_lawful(place)


def test_votes_while_the_answer_is_edited_accepted_and_hidden(app: Flask, make: Make, place: Here) -> None:
    question = ask(place)
    answer = qa.write_answer(place.bob, question, body="先把手机放到另一个房间。")
    seen = version(question)
    votes = [lambda fan=fan: qa.vote(fan, answer, value=1) for fan in people(make, place, 12)]
    acts: list[Callable[[], Any]] = [
        *votes[:4], lambda: qa.edit_answer(place.bob, answer, body="手机放到另一个房间，灯调亮。"),
        *votes[4:8], lambda: qa.accept_answer(place.ann, question, answer_id=answer, version=seen),
        *votes[8:], lambda: qa.hide_answer(place.mod, answer, reason="与问题无关"),
    ]  # fmt: skip
    assert set(codes(together(app, acts))) <= {"", "NOT_FOUND", "VERSION_CONFLICT"}
    assert_lawful(place)


# ---- accepting -------------------------------------------------------------------------------------------------------


def test_of_twenty_acceptances_at_once_exactly_one_wins(app: Flask, make: Make, place: Here) -> None:
    question = ask(place)
    answers = [qa.write_answer(who, question, body="先把手机放到另一个房间。") for who in people(make, place, 20)]
    seen = version(question)
    acts = [
        lambda answer=answer: qa.accept_answer(place.ann, question, answer_id=answer, version=seen)
        for answer in answers
    ]
    assert codes(together(app, acts)) == {"": 1, "VERSION_CONFLICT": 19}
    assert db.session.scalar(select(func.count()).where(Answer.accepted_at.is_not(None))) == 1
    assert_lawful(place)


@pytest.mark.parametrize("number", range(3))
def test_accepting_while_a_moderator_hides_it_ends_hidden_and_not_accepted(
    app: Flask, place: Here, number: int
) -> None:
    question = ask(place)
    answer = qa.write_answer(place.bob, question, body="先把手机放到另一个房间。")
    seen = version(question)
    acts: list[Callable[[], Any]] = [
        lambda: qa.accept_answer(place.ann, question, answer_id=answer, version=seen),
        lambda: qa.hide_answer(place.mod, answer, reason="与问题无关"),
    ]
    random.Random(number).shuffle(acts)
    assert set(codes(together(app, acts))) <= {"", "NOT_FOUND"}
    row = db.session.get_one(Answer, answer, populate_existing=True)
    assert (row.status, row.accepted_at) == ("hidden", None)
    assert_lawful(place)


def test_accepting_and_taking_the_answer_back_never_both(app: Flask, place: Here) -> None:
    question = ask(place)
    answer = qa.write_answer(place.bob, question, body="先把手机放到另一个房间。")
    seen = version(question)
    outcomes = together(app, [
        lambda: qa.accept_answer(place.ann, question, answer_id=answer, version=seen),
        lambda: qa.delete_answer(place.bob, answer),
    ])  # fmt: skip
    assert codes(outcomes) in ({"": 1, "ANSWER_ACCEPTED": 1}, {"": 1, "NOT_FOUND": 1})
    assert_lawful(place)


# ---- answering -------------------------------------------------------------------------------------------------------


def test_ten_answers_of_one_person_at_once_are_one(app: Flask, place: Here) -> None:
    question = ask(place)
    acts = [lambda: qa.write_answer(place.bob, question, body="先把手机放到另一个房间。")] * 10
    assert codes(together(app, acts)) == {"": 1, "ALREADY_ANSWERED": 9}
    assert_lawful(place)


def test_twenty_answer_while_the_question_is_closed(app: Flask, make: Make, place: Here) -> None:
    question = ask(place)
    writers = people(make, place, 20)
    acts: list[Callable[[], Any]] = [
        lambda who=who: qa.write_answer(who, question, body="先把手机放到另一个房间。") for who in writers
    ]
    acts.insert(10, lambda: qa.close_question(place.ann, question, reason="resolved"))
    told = codes(together(app, acts))
    assert set(told) <= {"", "QUESTION_CLOSED"}
    written = db.session.scalar(select(func.count()).select_from(Answer)) or 0
    assert told[""] == written + 1
    assert db.session.scalars(select(Question.status)).one() == "closed"
    assert_lawful(place)


def test_the_question_goes_while_it_is_answered_and_voted_on(app: Flask, make: Make, place: Here) -> None:
    """Either others found an answer helpful, and it stays; or it is gone, and nobody votes in it any more."""
    question = ask(place)
    answer = qa.write_answer(place.bob, question, body="先把手机放到另一个房间。")
    fans = people(make, place, 6)
    outcomes = together(app, [
        *[lambda fan=fan: qa.vote(fan, answer, value=1) for fan in fans[:3]],
        lambda: posts.delete_post(place.ann, question),
        *[lambda fan=fan: qa.write_answer(fan, question, body="读出声来。") for fan in fans[3:]],
    ])  # fmt: skip
    assert set(codes(outcomes)) <= {"", "NOT_FOUND", "QUESTION_ANSWERED"}
    assert_lawful(place)


# ---- asking, and duplicates ------------------------------------------------------------------------------------------


def test_a_question_sent_twice_at_once_by_the_form_is_one(app: Flask, place: Here) -> None:
    both = [Browser(app, place.place.users["ann"]) for _click in range(2)]
    tokens = [client.csrf_token() for client in both]
    form = {"once": ONCE, "type": "question", "title": "早上读书总走神怎么办？", "body": "试过番茄钟。"}
    answers = all_well(together(app, [
        lambda client=client, token=token: client.post(f"/{place.slug}/posts", form | {"csrf_token": token})
        for client, token in zip(both, tokens, strict=True)
    ]))  # fmt: skip
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert db.session.scalar(select(func.count()).select_from(Question)) == 1
    assert_lawful(place)


def test_a_question_sent_twice_at_once_with_one_key_is_one(app: Flask, place: Here) -> None:
    both = [ApiClient(app, place.place.users["ann"]) for _sending in range(2)]
    body, key = (
        {"type": "question", "title": "早上读书总走神怎么办？", "body": "试过番茄钟。"},
        {"Idempotency-Key": ONCE},
    )
    path = f"/circles/{place.slug}/posts"
    answers = all_well(together(app, [lambda client=client: client.post(path, body, headers=key) for client in both]))
    assert sorted(answer.status_code for answer in answers) in ([201, 201], [201, 409])
    assert db.session.scalar(select(func.count()).select_from(Question)) == 1
    assert_lawful(place)


@pytest.mark.parametrize("number", range(3))
def test_two_questions_that_are_each_marked_as_repeating_the_other(app: Flask, place: Here, number: int) -> None:
    first, second = ask(place), ask(place, place.bob)
    acts: list[Callable[[], Any]] = [
        lambda: qa.mark_duplicate(place.mod, first, of=second), lambda: qa.mark_duplicate(place.admin, second, of=first)
    ]  # fmt: skip
    random.Random(number).shuffle(acts)
    assert codes(together(app, acts)) == {"": 1, "DUPLICATE_TARGET": 1}
    assert_lawful(place)


@pytest.mark.slow
def test_a_chain_of_duplicates_made_at_once_has_no_links(app: Flask, place: Here) -> None:
    questions = [ask(place) for _one in range(6)]
    pairs = [(a, b) for a in questions for b in questions if a != b]
    random.Random(1).shuffle(pairs)
    acts = [lambda pair=pair: qa.mark_duplicate(place.mod, pair[0], of=pair[1]) for pair in pairs[:12]]
    told = codes(together(app, acts))
    assert set(told) <= {"", "DUPLICATE_TARGET", "STATE_CONFLICT", "VERSION_CONFLICT"}
    assert told[""]
    assert_lawful(place)


# ---- several processes -----------------------------------------------------------------------------------------------


def act_in_a_process(
    settings: Settings, fans: list[Actor], asker: Actor, question_id: int, answer_ids: list[int]
) -> int:
    """What one process does: every fan votes on every answer, twice thinks again, and between them whoever asked
    accepts one answer after the other. Returns how often accepting was done."""
    accepted = 0
    with create_app(settings).app_context():
        for fan in fans:
            for answer_id in answer_ids:
                for value in (1, 0, 1):
                    qa.vote(fan, answer_id, value=value)
                try:
                    qa.accept_answer(asker, question_id, answer_id=answer_id, version=version(question_id))
                    accepted += 1
                except Conflict:
                    pass  # another process was faster
        db.session.remove()
        db.engine.dispose()
    return accepted


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_votes_and_acceptances_from_several_processes_are_exact(app: Flask, make: Make, place: Here) -> None:
    question = ask(place)
    answers = [qa.write_answer(who, question, body="先把手机放到另一个房间。") for who in people(make, place, 3)]
    fans, asker = people(make, place, PROCESSES * 3), place.ann
    settings = replace(app.config["SETTINGS"], database_url=app.config["SQLALCHEMY_DATABASE_URI"])
    db.session.rollback()
    pool = ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn"))
    try:
        running = [
            pool.submit(act_in_a_process, settings, fans[number::PROCESSES], asker, question, answers)
            for number in range(PROCESSES)
        ]
        assert sum(each.result(timeout=120) for each in running) > 0
    finally:
        # the pool itself would wait without end for one that hangs
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)
    db.session.expire_all()
    assert {row.up for row in db.session.scalars(select(Answer))} == {len(fans)}
    assert_lawful(place)
