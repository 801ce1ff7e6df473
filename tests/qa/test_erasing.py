"""Leaving for good: answers go or stay as one chose, votes and invitations go, and the numbers stay true."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import pytest
from flask import Flask
from sqlalchemy import cast, func, select
from sqlalchemy.types import BigInteger, String

from circle.access import Actor
from circle.accounts import operations as accounts
from circle.accounts import recovery
from circle.accounts.models import User
from circle.accounts.operations import DELETION_DELAY
from circle.accounts.passwords import hash_password
from circle.circles import operations as circles
from circle.core import clock, jobs
from circle.core.db import Base, db
from circle.core.errors import Forbidden
from circle.home import erasure
from circle.home import jobs as home_jobs
from circle.notifications.queries import inbox
from circle.points.models import EarnSource
from circle.posts import operations as posts
from circle.posts import queries as post_queries
from circle.posts.models import Mention, Post
from circle.qa import operations, queries
from circle.qa.models import Answer, AnswerRevision, AnswerVote, QuestionInvite
from tests.factories import PASSWORD, Make, Place, actor_of
from tests.qa.questioning import accept, answer, answer_row, ask, check_question, post, question
from tests.races.together import together

NAME, WORDS = "lu.xiaoan", "竹影扫阶"
LABEL = "已注销用户"


@cache
def hashed() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    place = make.place()
    place.users["xiaoan"] = make.member(place.circle, "expert", make.user(NAME, password_hash=hashed()))
    return place


def xiaoan(place: Place) -> Actor:
    return actor_of(place.users["xiaoan"])


def leave(place: Place, *, keep: bool) -> None:
    recovery.delete_account(xiaoan(place), current_password=PASSWORD, keep_content=keep, forfeit_points=True)
    jobs.run_due()
    with clock.at(clock.now() + DELETION_DELAY + timedelta(minutes=1)):
        home_jobs.close_accounts()
        jobs.run_due()
    db.session.expire_all()


def everything() -> list[tuple[str, str]]:
    """Every value of every table that may hold words."""
    return [
        (f"{table.name}.{column.name}", str(value))
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if not isinstance(column.type, BigInteger)
        for value in db.session.scalars(select(cast(column, String)).where(column.is_not(None)))
    ]


def left_of(*words: str) -> list[str]:
    forms = {form.casefold() for word in words for form in (word, word.encode("unicode_escape").decode())}
    return sorted({at for at, value in everything() if any(form in value.casefold() for form in forms)})


def check_all() -> None:
    for question_id in db.session.scalars(select(Post.id).where(Post.type == "question")).all():
        check_question(question_id)


# ---- answers ---------------------------------------------------------------------------------------------------------


def test_an_erased_answer_leaves_no_word_and_the_numbers_are_true(place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(xiaoan(place), question_id, f"{WORDS}，我常读它。")
    operations.vote(place.bob, answer_id, value=1)
    answer(place.bob, question_id)
    with clock.at(clock.now() + timedelta(hours=2)):
        operations.edit_answer(xiaoan(place), answer_id, body=f"{WORDS}又一遍 @{place.ann.username}")
    hidden = answer(xiaoan(place), ask(place), f"{WORDS} 三遍")
    operations.hide_answer(place.mod, hidden, reason="off topic")
    leave(place, keep=False)
    assert left_of(WORDS) == []
    assert {row.status for row in map(answer_row, (answer_id, hidden))} == {"deleted"}
    assert db.session.scalar(select(func.count()).select_from(AnswerRevision)) == 0
    assert db.session.scalar(select(func.count()).where(Mention.target_type == "answer")) == 0
    assert post(question_id).answer_count == 1
    assert inbox(place.ann).items[0].by is not None
    assert [notice.kind for notice in inbox(place.ann).items].count("question.answered") == 1
    check_all()


def test_an_erased_answer_that_was_accepted_is_so_no_longer_and_its_points_go(place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(xiaoan(place), question_id)
    accept(place.ann, question_id, answer_id)
    leave(place, keep=False)
    assert answer_row(answer_id).accepted_at is None
    states = select(EarnSource.state).where(EarnSource.rule_code == "answer.accepted")
    assert db.session.scalars(states).all() == ["off"]
    hint = post_queries.get_post(place.ann, question_id).question
    assert hint is not None and not hint.accepted
    second = answer(place.bob, question_id)
    accept(place.ann, question_id, second)
    assert queries.get_question(place.ann, question_id).accepted_answer_id == second
    check_all()


def test_kept_answers_stay_as_those_of_nobody_accepted_or_not(place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(xiaoan(place), question_id, f"{WORDS}，我常读它。")
    accept(place.ann, question_id, answer_id)
    taken_back = answer(xiaoan(place), ask(place), "写错了的话")
    operations.delete_answer(xiaoan(place), taken_back)
    leave(place, keep=True)
    row, _question = queries.get_answer(place.ann, answer_id)
    assert (row.accepted, row.author.username, row.author.url, WORDS in row.body) == (True, "", None, True)
    assert answer_row(taken_back).body == ""  # what was taken back before goes in any case
    assert left_of(NAME) == []
    check_all()


def test_votes_go_or_stay_and_the_numbers_are_those_of_the_rows(place: Place, make: Make) -> None:
    keeper = make.member(place.circle, "member", make.user("keeper", password_hash=hashed()))
    answer_id = answer(place.bob, ask(place))
    for who in (xiaoan(place), actor_of(keeper), place.mod):
        operations.vote(who, answer_id, value=1)
    leave(place, keep=False)
    assert (answer_row(answer_id).up, answer_row(answer_id).score) == (2, 2)
    recovery.delete_account(actor_of(keeper), current_password=PASSWORD, keep_content=True, forfeit_points=True)
    with clock.at(clock.now() + DELETION_DELAY + timedelta(minutes=1)):
        home_jobs.close_accounts()
        jobs.run_due()
    assert answer_row(answer_id).up == 2
    assert db.session.scalar(select(func.count()).where(AnswerVote.user_id == place.users["xiaoan"].id)) == 0
    check_all()


# ---- invitations -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [True, False])
def test_invitations_to_somebody_go_and_theirs_when_nothing_is_kept(place: Place, make: Make, keep: bool) -> None:
    other = actor_of(make.member(place.circle, "expert"))
    first, second = ask(place), ask(place)
    operations.invite(place.bob, first, user_id=place.users["xiaoan"].id)
    operations.invite(xiaoan(place), second, user_id=other.id or 0)
    leave(place, keep=keep)
    rows = db.session.execute(select(QuestionInvite.question_id, QuestionInvite.user_id)).all()
    assert [tuple(row) for row in rows] == ([(second, other.id)] if keep else [])
    told = [notice for notice in inbox(other).items if notice.kind == "question.invited"]
    assert len(told) == int(keep)
    assert all(notice.by is None or notice.by.url is None for notice in told)
    assert left_of(NAME) == []


# ---- questions -------------------------------------------------------------------------------------------------------


def test_an_erased_question_goes_with_its_words_and_the_answers_of_others_are_not_read(place: Place) -> None:
    question_id = ask(place, "bob")
    mine = posts.publish_post(xiaoan(place), place.slug, type="question", title=f"{WORDS}是谁写的？", body="想知道。")
    answer_id = answer(place.bob, mine, f"@{NAME} 是一副对联。")
    operations.vote(place.ann, answer_id, value=1)
    accept(xiaoan(place), mine, answer_id)
    answer(xiaoan(place), mine, "原来如此。")
    answer(place.ann, question_id)
    leave(place, keep=False)  # though somebody's answer was accepted: this is no asker who thinks better of it
    assert post(mine).status == "deleted"
    assert left_of(WORDS, NAME, "原来如此") == []
    assert answer_row(answer_id).body == f"@{LABEL} 是一副对联。"
    check_all()


@pytest.mark.parametrize("keep", [True, False])
def test_a_question_asked_without_a_name_stays_so_or_goes(place: Place, keep: bool) -> None:
    mine = posts.publish_post(
        xiaoan(place), place.slug, type="question", title=f"{WORDS}是谁写的？", body="想知道。", anonymous=True
    )
    answer(xiaoan(place), mine, "我自己查到了。")
    before = post_queries.get_post(place.ann, mine).author
    leave(place, keep=keep)
    if keep:
        assert post_queries.get_post(place.ann, mine).author == before
        (row,) = queries.answer_page(place.ann, queries.get_question(place.ann, mine)).items
        assert row.anonymous and row.author.id == 0
    else:
        assert post(mine).status == "deleted" and left_of(WORDS, "我自己查到了") == []
    check_all()


def test_where_the_asker_is_gone_the_owner_accepts(place: Place) -> None:
    mine = posts.publish_post(xiaoan(place), place.slug, type="question", title="竹影是谁写的？", body="想知道。")
    answer_id = answer(place.bob, mine)
    with pytest.raises(Forbidden):
        accept(place.owner, mine, answer_id)
    leave(place, keep=True)
    with pytest.raises(Forbidden):
        accept(place.mod, mine, answer_id)
    accept(place.owner, mine, answer_id)
    assert queries.get_question(place.ann, mine).accepted_answer_id == answer_id
    assert [notice.kind for notice in inbox(place.bob).items if notice.kind == "answer.accepted"]


def test_answers_of_those_who_left_or_were_banned_stay(place: Place) -> None:
    question_id = ask(place)
    answer_id, other = answer(place.bob, question_id), answer(xiaoan(place), question_id)
    accept(place.ann, question_id, answer_id)
    circles.ban_member(place.owner, place.slug, place.users["bob"].id)
    circles.leave_circle(xiaoan(place), place.slug)
    page = queries.answer_page(place.ann, queries.get_question(place.ann, question_id))
    assert [(row.id, row.accepted) for row in page.items] == [(answer_id, True), (other, False)]
    check_all()


# ---- the name in what others wrote -----------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [True, False])
def test_answers_that_named_the_person_name_nobody(place: Place, keep: bool) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id, f"@{NAME} 讲过，`@{NAME}` 也讲过。")
    with clock.at(clock.now() + timedelta(hours=2)):
        operations.edit_answer(place.bob, answer_id, body=f"@{NAME} 与 @{place.mod.username} 都讲过。")
    accounts.change_username(xiaoan(place), "xiaoan.lu")
    jobs.run_due()
    place.users["xiaoan"] = db.session.get_one(User, place.users["xiaoan"].id)
    leave(place, keep=keep)
    row = answer_row(answer_id)
    assert row.body == f"@{LABEL} 与 @{place.mod.username} 都讲过。"
    assert LABEL in row.excerpt and "xiaoan" not in row.body_html
    assert f"/@{place.mod.username}" in row.body_html
    former = db.session.scalars(select(AnswerRevision)).one()
    assert former.body.startswith(f"@{LABEL} 讲过") and f"/@{NAME}" not in former.body_html
    peek = post_queries.get_post(place.ann, question_id).question
    assert peek is not None and LABEL in peek.peek
    quotes = [notice.quote or "" for notice in inbox(place.ann).items]
    assert any(LABEL in quote for quote in quotes) and all("xiaoan" not in quote for quote in quotes)


# ---- again and at once -----------------------------------------------------------------------------------------------


def test_erasing_twice_or_by_two_workers_is_erasing_once(app: Flask, place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(xiaoan(place), question_id, f"@{place.bob.username} {WORDS}")
    accept(place.ann, question_id, answer_id)
    operations.vote(xiaoan(place), answer(place.bob, question_id, f"@{NAME} 说得对"), value=1)
    operations.invite(place.bob, ask(place), user_id=place.users["xiaoan"].id)
    recovery.delete_account(xiaoan(place), current_password=PASSWORD, keep_content=False, forfeit_points=True)
    user_id = place.users["xiaoan"].id
    with clock.at(clock.now() + DELETION_DELAY + timedelta(minutes=1)):
        accounts.close_account(user_id)
    outcomes = together(app, [lambda: erasure.erase_account(user_id)] * 2)
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    db.session.expire_all()
    before = everything()
    erasure.erase_account(user_id)
    assert everything() == before
    assert left_of(WORDS, NAME) == []
    assert question(question_id).status == "open"
    check_all()


def test_an_answer_taken_back_meanwhile_stops_nothing(place: Place) -> None:
    answer_id = answer(xiaoan(place), ask(place), WORDS)
    operations.delete_answer(xiaoan(place), answer_id)
    leave(place, keep=True)
    assert (answer_row(answer_id).body, answer_row(answer_id).status) == ("", "deleted")
    assert db.session.scalar(select(func.count()).where(Answer.body != "")) == 0
