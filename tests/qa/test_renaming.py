"""Another user name: answers that name somebody show the name they have now, and the mention stays theirs."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from circle.accounts import operations as accounts
from circle.core import jobs
from circle.core.db import db
from circle.posts import jobs as post_jobs
from circle.posts import operations as posts
from circle.posts import queries as post_queries
from circle.posts.models import Mention, Post
from circle.qa import jobs as qa_jobs
from circle.qa import operations, rules
from circle.qa.models import Answer
from circle.qa.operations import renaming
from tests.factories import Make, Place, actor_of
from tests.qa.questioning import answer, answer_row, ask


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    place = make.place()
    place.users["anna"] = make.member(place.circle, "member", make.user("anna"))
    return place


def rename(place: Place, name: str = "wenyan") -> None:
    accounts.change_username(actor_of(place.users["anna"]), name)
    jobs.run_due()
    db.session.expire_all()


def test_an_answer_follows_the_name_and_is_not_edited_by_it(place: Place) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id, f"问问 @anna 和 @{place.mod.username}，别问 `@anna`。")
    version = answer_row(answer_id).version
    rename(place)
    row = answer_row(answer_id)
    assert row.body == f"问问 @wenyan 和 @{place.mod.username}，别问 `@anna`。"
    assert "/@wenyan" in row.body_html and row.excerpt.startswith("问问 @wenyan")
    assert (row.version, row.edited_at) == (version, None)
    hint = post_queries.get_post(place.ann, question_id).question
    assert hint is not None and hint.peek.startswith("问问 @wenyan")
    mention = select(Mention.written).where(Mention.target_type == "answer", Mention.user_id == place.users["anna"].id)
    assert db.session.scalars(mention).all() == ["wenyan"]


def test_doing_it_twice_is_doing_it_once(place: Place, statements: list[str]) -> None:
    answer_id = answer(place.bob, ask(place), "问问 @anna。")
    rename(place)
    before, anna = answer_row(answer_id).body_html, place.users["anna"].id
    statements.clear()
    qa_jobs.rename_mentions(anna)
    assert len(statements) == 1  # nothing is out of date
    operations.renew_mention(anna, answer_id)
    assert answer_row(answer_id).body_html == before


def test_posts_comments_and_answers_are_each_renamed_by_their_own_job(place: Place) -> None:
    question_id = ask(place, body="@anna 怎么看？")
    posts.write_comment(place.bob, question_id, body="@anna 来看看")
    answer_id = answer(place.bob, question_id, "问问 @anna。")
    anna = place.users["anna"].id
    accounts.change_username(actor_of(place.users["anna"]), "wenyan")
    post_jobs.rename_mentions(anna)
    assert db.session.get_one(Post, question_id, populate_existing=True).body == "@wenyan 怎么看？"
    assert answer_row(answer_id).body == "问问 @anna。"
    qa_jobs.rename_mentions(anna)
    assert answer_row(answer_id).body == "问问 @wenyan。"
    assert set(db.session.scalars(select(Mention.written).where(Mention.user_id == anna))) == {"wenyan"}


def test_an_answer_that_was_hidden_follows_too_and_one_that_grew_too_long_only_shows_it(place: Place) -> None:
    hidden = answer(place.bob, ask(place), "问问 @anna。")
    operations.hide_answer(place.mod, hidden, reason="off topic")
    long = answer(place.bob, ask(place), "@anna " + "好" * (rules.MAX_ANSWER - 6))
    rename(place)
    assert answer_row(hidden).body == "问问 @wenyan。"
    assert answer_row(long).body.startswith("@anna ") and "/@wenyan" in answer_row(long).body_html


def test_an_answer_that_was_edited_meanwhile_is_looked_at_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_id = answer(place.bob, ask(place), "问问 @anna。")
    accounts.change_username(actor_of(place.users["anna"]), "wenyan")
    read, times = renaming.texts.text_of, []

    def meanwhile(*args: object) -> object:
        text = read(*args)  # type: ignore[arg-type]
        if not times:
            times.append(1)
            operations.edit_answer(place.bob, answer_id, body="再问问 @anna。")
        return text

    monkeypatch.setattr(renaming.texts, "text_of", meanwhile)
    operations.renew_mention(place.users["anna"].id, answer_id)
    assert answer_row(answer_id).body == "再问问 @wenyan。"


def test_what_is_gone_stops_nothing(place: Place) -> None:
    operations.renew_mention(place.users["anna"].id, 12345)
    assert db.session.scalars(select(Answer.id)).all() == []
