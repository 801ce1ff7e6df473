"""Points for answers: given once, exactly taken and given back with what they stand for, and nothing for oneself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from circle.access import Actor
from circle.circles.models import Member
from circle.circles.queries import get_circle, readable_circle
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import in_transaction
from circle.points import operations as points
from circle.points import queries as point_queries
from circle.points.catalog import RULES
from circle.points.checking import check_books
from circle.points.models import EarnRule, EarnSource, Task
from circle.points.queries import Why
from circle.points.queries.mine import Filter
from circle.posts import operations as posts
from circle.qa import operations as qa
from circle.qa.models import Question
from tests.factories import Make, Place, actor_of

#: noon of a Wednesday in Shanghai
NOON = datetime(2026, 11, 18, 4, tzinfo=UTC)


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


def ask(place: Place, who: Actor | None = None, **values: Any) -> int:
    asked = {"title": "早上读书总走神怎么办？", "body": "", "type": "question"} | values
    return posts.publish_post(who or place.ann, place.slug, **asked)


def accept(place: Place, question_id: int, answer_id: int | None, who: Actor | None = None) -> None:
    version = db.session.scalars(select(Question.version).where(Question.post_id == question_id)).one()
    qa.accept_answer(who or place.ann, question_id, answer_id=answer_id, version=version)


def has(place: Place, who: Actor) -> tuple[int, int]:
    own = point_queries.my_points(who, readable_circle(who, place.slug))
    db.session.rollback()
    return own.points, own.growth


def why(place: Place, who: Actor, source: str, **options: Any) -> Why:
    return point_queries.explain(who, get_circle(who, place.slug), source, **options)


def assert_clean(app: Flask, place: Place) -> None:
    db.session.rollback()
    assert check_books(place.circle.id).violations == []
    result = app.test_cli_runner().invoke(args=["ledger", "check", "--all"])
    assert result.exit_code == 0, result.output


# ---- switching -------------------------------------------------------------------------------------------------------


def test_an_answer_earns_and_being_accepted_earns_more(app: Flask, place: Place) -> None:
    question = ask(place)
    answer = qa.write_answer(place.bob, question, body="先把手机放到另一个房间。")
    assert has(place, place.bob) == (3, 3)
    accept(place, question, answer)
    assert has(place, place.bob) == (23, 23)
    assert_clean(app, place)


def test_accepting_another_letting_go_and_accepting_again_moves_exactly_that(app: Flask, place: Place) -> None:
    question = ask(place)
    bobs = qa.write_answer(place.bob, question, body="先把手机放到另一个房间。")
    mods = qa.write_answer(place.mod, question, body="读出声来，就走不了神。")
    for accepted, bob, mod in ((bobs, 23, 3), (mods, 3, 23), (None, 3, 3), (bobs, 23, 3), (None, 3, 3), (mods, 3, 23)):
        accept(place, question, accepted)
        assert (has(place, place.bob), has(place, place.mod)) == ((bob, bob), (mod, mod))
    told = why(place, place.bob, f"accept:{question}:{bobs}")
    assert [each.points for each in told.movements] == [20, -20, 20, -20]
    assert_clean(app, place)


def test_deleting_takes_back_and_a_new_answer_earns_only_what_the_day_leaves(app: Flask, place: Place) -> None:
    with clock.at(NOON):
        question = ask(place)
        for _time in range(7):
            answer = qa.write_answer(place.bob, question, body="先把手机放到另一个房间。")
            qa.delete_answer(place.bob, answer)
        assert has(place, place.bob) == (0, 0)
        last = qa.write_answer(place.bob, question, body="先把手机放到另一个房间。")
        assert has(place, place.bob) == (0, 0)  # five of that day have counted
        told = why(place, place.bob, f"answer:{last}")
        assert told.cap is not None
        assert (told.reason, told.cap.which, told.cap.used) == ("count_cap", "count_day", 5)
        assert_clean(app, place)
    with clock.at(NOON + timedelta(days=1)):
        qa.write_answer(place.bob, ask(place), body="读出声来。")
        assert has(place, place.bob) == (3, 3)


def test_the_sixth_acceptance_of_a_day_gives_nothing_and_stays_so_when_it_is_exchanged(
    app: Flask, place: Place
) -> None:
    with clock.at(NOON):
        questions = [ask(place) for _one in range(6)]
        answers = [qa.write_answer(place.bob, each, body="先把手机放到另一个房间。") for each in questions]
        for question, answer in zip(questions, answers, strict=True):
            accept(place, question, answer)
        assert has(place, place.bob) == (5 * 3 + 5 * 20,) * 2
        for chosen in (None, answers[-1], None):
            accept(place, questions[-1], chosen)
        assert has(place, place.bob) == (5 * 3 + 5 * 20,) * 2
        accept(place, questions[0], None)
        assert has(place, place.bob) == (5 * 3 + 4 * 20,) * 2
        assert_clean(app, place)


def test_a_question_earns_as_a_post_and_goes_with_it(app: Flask, place: Place) -> None:
    question = ask(place, body="试过番茄钟，没用。")
    assert has(place, place.ann) == (2, 2)
    told = why(place, place.ann, f"post:{question}")
    assert told.url == f"/{place.slug}/questions/{question}"
    posts.hide_post(place.mod, question, reason="off topic")
    assert has(place, place.ann) == (0, 0)
    posts.restore_post(place.mod, question)
    assert has(place, place.ann) == (2, 2)
    assert_clean(app, place)


# ---- nothing for oneself ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("anonymous", [False, True])
def test_answering_and_accepting_oneself_earns_nothing_and_says_why(app: Flask, place: Place, anonymous: bool) -> None:
    with clock.at(NOON):
        question = ask(place, anonymous=anonymous)
        own = qa.write_answer(place.ann, question, body="自己想通了。")
    with clock.at(NOON + timedelta(hours=49)):
        before = has(place, place.ann)
        accept(place, question, own)
        assert has(place, place.ann) == before == ((0, 0) if anonymous else (2, 2))
        for source in (f"answer:{own}", f"accept:{question}:{own}"):
            told = why(place, place.ann, source)
            assert (told.outcome, told.reason, told.points, told.movements) == ("nothing", "own", 0, ())
            assert told.url == f"/{place.slug}/questions/{question}#answer-{own}"
            assert len(told.sentences) == 1
        accept(place, question, None)
        accept(place, question, own)
        assert has(place, place.ann) == before
        assert_clean(app, place)


def test_who_asked_is_not_kept_beside_the_points_of_others(app: Flask, place: Place) -> None:
    question = ask(place, anonymous=True)
    answer = qa.write_answer(place.bob, question, body="先把手机放到另一个房间。")
    accept(place, question, answer)
    mine = select(EarnSource.giver_id).where(EarnSource.subject == f"answer:{answer}")
    assert set(db.session.scalars(mine)) == {None}


def test_those_who_adjust_points_do_not_learn_from_them_who_asked(app: Flask, place: Place) -> None:
    question = ask(place, anonymous=True)
    posts.like_post(place.bob, question, on=True)
    own = qa.write_answer(place.ann, question, body="自己想通了。")
    comment = posts.write_comment(place.ann, question, body="补充一句。")
    sources = [f"post:{question}", f"like:{question}:{place.bob.id}", f"answer:{own}", f"comment:{comment}"]
    booked = [why(place, place.ann, source).movements for source in sources]
    sources += [f"txn:{each.txn_id}" for movements in booked for each in movements]
    sources += [f"featured:{question}", f"accept:{question}:{own}"]
    for source in sources:
        assert why(place, place.ann, source).title
        for curious in (place.admin, place.owner):
            with pytest.raises(NotFound):
                why(place, curious, source, user_id=place.ann.id)


# ---- told ------------------------------------------------------------------------------------------------------------


def test_why_tells_of_answers_and_acceptance_with_a_way_there(app: Flask, place: Place) -> None:
    question = ask(place)
    answer = qa.write_answer(place.bob, question, body="先把手机放到另一个房间。")
    accept(place, question, answer)
    for source, given, code in (
        (f"answer:{answer}", 3, "answer"),
        (f"accept:{question}:{answer}", 20, "answer.accepted"),
    ):
        told = why(place, place.bob, source)
        assert (told.outcome, told.points, told.reason) == ("earned", given, "")
        assert told.url == f"/{place.slug}/questions/{question}#answer-{answer}"
        assert told.rule is not None and told.rule.code == code
        with pytest.raises(NotFound):
            why(place, place.ann, source)
        assert why(place, place.admin, source, user_id=place.bob.id).points == given
    accept(place, question, None)
    told = why(place, place.bob, f"accept:{question}:{answer}")
    assert (told.outcome, told.points) == ("taken_back", 0) and told.sentences
    qa.delete_answer(place.bob, answer)
    assert why(place, place.bob, f"answer:{answer}").outcome == "taken_back"


def test_what_was_never_recorded_gets_an_honest_answer_and_hostile_sources_none(app: Flask, place: Place) -> None:
    question = ask(place)
    answer = qa.write_answer(place.bob, question, body="先把手机放到另一个房间。")
    told = why(place, place.bob, f"accept:{question}:{answer}")
    assert (told.outcome, told.movements) == ("unrecorded", ())
    bad = (
        f"accept:{answer}:{question}", f"accept:{question}", f"accept:{question}:0", f"answer:{question}",
        f"answer:{answer}:1", "answer:x", "accept:1:99999999999999999999", f"accept:{question}:{answer}:1",
    )  # fmt: skip
    for source in bad:
        with pytest.raises(NotFound):
            why(place, place.bob, source)


def test_the_statement_names_them_and_leads_to_why(app: Flask, place: Place) -> None:
    question = ask(place)
    answer = qa.write_answer(place.bob, question, body="先把手机放到另一个房间。")
    accept(place, question, answer)
    rows = point_queries.statement(place.bob, get_circle(place.bob, place.slug), Filter()).items
    assert [(row.entry.kind, row.entry.amount, row.why) for row in rows] == [
        ("earn.answer.accepted", 20, f"accept:{question}:{answer}"), ("earn.answer", 3, f"answer:{answer}"),
    ]  # fmt: skip
    assert {row.icon for row in rows} == {"badge-check", "message-circle-reply"}


def test_the_pages_of_points_speak_of_answers(app: Flask, place: Place, browser: Any) -> None:
    question = ask(place)
    answer = qa.write_answer(place.bob, question, body="先把手机放到另一个房间。")
    own = qa.write_answer(place.ann, question, body="自己想通了。")
    bob, ann = browser(place.users["bob"]), browser(place.users["ann"])
    page = bob.get(f"/{place.slug}/points/why?source=answer:{answer}").text
    assert f"/{place.slug}/questions/{question}#answer-{answer}" in page
    assert ann.get(f"/{place.slug}/points/why?source=answer:{own}").status_code == 200
    rules = bob.get(f"/{place.slug}/points/rules").text
    assert "#badge-check" in rules and "#message-circle-reply" in rules


# ---- rules -----------------------------------------------------------------------------------------------------------


def without_rules_for_answers(place: Place) -> None:
    """As a circle is that began before there were questions."""
    points.begin_points(place.circle.id)
    here = (EarnRule.circle_id == place.circle.id, EarnRule.code.in_(("answer", "answer.accepted")))
    in_transaction(lambda: db.session.execute(delete(EarnRule).where(*here)))


def test_a_circle_from_before_there_were_questions_earns_by_the_usual_rules(app: Flask, place: Place) -> None:
    points.save_rules(place.owner, place.slug, [{"code": "comment", "points": 9, "growth": 9}])
    without_rules_for_answers(place)
    question = ask(place)
    accept(place, question, qa.write_answer(place.bob, question, body="先把手机放到另一个房间。"))
    assert has(place, place.bob) == (23, 23)
    current = point_queries.earn_rules(place.owner, place.slug).by_code
    assert (current["comment"].points, current["answer"].points) == (9, RULES["answer"].points)
    assert_clean(app, place)


def test_such_a_circle_shows_tries_and_saves_them(app: Flask, place: Place, browser: Any) -> None:
    without_rules_for_answers(place)
    before = point_queries.earn_rules(place.owner, place.slug)
    assert (before.by_code["answer"].points, before.by_code["answer.accepted"].daily_count_cap) == (3, 5)
    owner = browser(place.owner_user)
    page = owner.get(f"/{place.slug}/manage/points/rules").text
    assert 'name="answer.points"' in page and 'name="answer.accepted.daily_count_cap"' in page
    told = point_queries.rules_here(place.ann, place.slug)[1]
    assert {"answer", "answer.accepted"} <= {row.code for row in told.rules}
    draft = [{"code": "answer", "points": 5, "growth": 4, "min_len": 10}]
    assert point_queries.try_rules(place.owner, place.slug, draft).result.total.times == 0
    without = point_queries.earn_rules(place.owner, place.slug).version
    assert points.save_rules(place.owner, place.slug, draft, version=without)
    after = point_queries.earn_rules(place.owner, place.slug)
    assert (after.by_code["answer"].points, after.by_code["answer"].min_len) == (5, 10)
    assert after.by_code["answer.accepted"].points == 20
    question = ask(place)
    short = qa.write_answer(place.bob, question, body="早点睡。")
    assert (has(place, place.bob), why(place, place.bob, f"answer:{short}").reason) == ((0, 0), "too_short")


def test_other_rules_tried_on_the_past_give_answers_more_but_never_ones_own(app: Flask, place: Place) -> None:
    with clock.at(NOON):
        question = ask(place)
        qa.write_answer(place.ann, question, body="自己想通了。")
        accept(place, question, qa.write_answer(place.bob, question, body="先把手机放到另一个房间。"))
    with clock.at(NOON + timedelta(days=3)):
        draft = [
            {"code": "answer", "points": 10, "growth": 3}, {"code": "answer.accepted", "points": 50, "growth": 20},
        ]  # fmt: skip
        result = point_queries.try_rules(place.owner, place.slug, draft).result
        sums = {row.code: (row.times, row.points_before, row.points_after) for row in result.rules if row.times}
        assert sums == {"post.text": (1, 2, 2), "answer": (2, 3, 10), "answer.accepted": (1, 20, 50)}
        bobs = db.session.scalars(
            select(Member.id).where(Member.circle_id == place.circle.id, Member.user_id == place.bob.id)
        ).one()
        assert [(one.member_id, one.points_more) for one in result.winners] == [(bobs, 37)]


# ---- tasks -----------------------------------------------------------------------------------------------------------


def counted(place: Place, who: Actor, code: str) -> tuple[int, str]:
    rows = {row.code or row.event: row for row in point_queries.tasks_of(who, readable_circle(who, place.slug))}
    db.session.rollback()
    return rows[code].count, rows[code].state


def test_answers_count_for_tasks_and_what_is_taken_back_no_more(app: Flask, place: Place) -> None:
    with clock.at(NOON):
        points.begin_points(place.circle.id)
        first, second = ask(place), ask(place)
        gone = qa.write_answer(place.bob, first, body="先把手机放到另一个房间。")
        assert counted(place, place.bob, "weekly_answer") == (1, "open")
        qa.delete_answer(place.bob, gone)
        assert counted(place, place.bob, "weekly_answer") == (0, "open")
        qa.write_answer(place.bob, first, body="读出声来。")
        qa.write_answer(place.bob, second, body="换一本书。")
        assert counted(place, place.bob, "weekly_answer") == (2, "claimable")
        qa.write_answer(place.ann, first, body="自己想通了。")
        assert counted(place, place.ann, "weekly_answer") == (0, "open")


def test_a_task_may_ask_for_questions(app: Flask, place: Place, make: Make) -> None:
    with clock.at(NOON):
        points.create_task(
            place.owner, place.slug, title="问一个问题", event="ask", cadence="daily", target=2, points=3, growth=3
        )
        make.post(place)
        question = ask(place)
        assert counted(place, place.ann, "ask") == (1, "open")
        posts.delete_post(place.ann, question)
        assert counted(place, place.ann, "ask") == (0, "open")
        rows = {row.event: row for row in point_queries.tasks_of(place.ann, readable_circle(place.ann, place.slug))}
        assert rows["ask"].go_url == f"/{place.slug}/posts/new?type=question"
        assert rows["answer"].go_url == f"/{place.slug}/questions?tab=unanswered"


def test_a_circle_that_has_its_tasks_gets_no_new_ones_unasked(app: Flask, place: Place, make: Make) -> None:
    points.begin_points(place.circle.id)
    here = (Task.circle_id == place.circle.id, Task.code == "weekly_answer")
    in_transaction(lambda: db.session.execute(delete(Task).where(*here)))
    newcomer = actor_of(make.member(place.circle))
    qa.write_answer(newcomer, ask(place), body="先把手机放到另一个房间。")
    assert db.session.scalars(select(Task.id).where(*here)).all() == []
    in_transaction(
        lambda: db.session.execute(update(Task).where(Task.circle_id == place.circle.id).values(enabled=False))
    )
    qa.write_answer(newcomer, ask(place), body="读出声来。")
