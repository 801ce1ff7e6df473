"""Questions, answers, votes and invitations in the copy that people take with them: all of theirs, none of others'."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask

from circle.access import Actor
from circle.accounts import copies, operations
from circle.core import clock, jobs
from circle.core.db import db
from circle.core.storage import storage
from circle.home import batches
from circle.posts import operations as posts
from circle.qa import operations as qa
from tests.factories import Make, Place, actor_of
from tests.qa.questioning import accept, answer, ask

OTHERS = "别人的秘密"


def copy_of(actor: Actor) -> dict[str, Any]:
    takeout_id = operations.ask_takeout(actor)
    jobs.run_due()
    db.session.expire_all()
    key = copies.get_takeout(takeout_id).storage_key
    assert key
    archive = ZipFile(BytesIO(b"".join(storage().stream(key))))
    return {name.removesuffix(".json"): json.loads(archive.read(name)) for name in archive.namelist() if "json" in name}


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    place = make.place(name="晨间写作")
    place.users["expert"] = make.member(place.circle, "expert", make.user("wenyan", nickname="文燕"))
    return place


def test_everything_one_asked_answered_and_thought_is_in_it(place: Place) -> None:
    expert = actor_of(place.users["expert"])
    named, unnamed = ask(place), ask(place, anonymous=True, title="不好意思问的问题", body="没有名字")
    own = answer(place.ann, unnamed, "我先说两句。")
    posts.write_comment(place.ann, unnamed, body="补充一点")
    theirs = ask(place, "bob", title="别人问的问题", body=OTHERS)
    mine = answer(place.ann, theirs, "第一稿")
    with clock.at(clock.now() + timedelta(hours=1)):
        qa.edit_answer(place.ann, mine, body="第二稿")
    accept(place.bob, theirs, mine)
    liked = answer(place.bob, named, OTHERS)
    disliked = answer(expert, named, OTHERS)
    qa.vote(place.ann, liked, value=1)
    qa.vote(place.mod, mine, value=1)
    qa.vote(place.mod, disliked, value=-1)
    qa.invite(place.ann, theirs, user_id=expert.id or 0)
    qa.invite(place.bob, ask(place, "bob"), user_id=place.users["mod"].id)

    held = copy_of(place.ann)
    questions = {row["title"]: row for row in held["posts"]}
    assert {title: (row["type"], row["without_name"], row["answers"]) for title, row in questions.items()} == {
        "晨读从哪一篇开始？": ("question", False, 2), "不好意思问的问题": ("question", True, 1),
    }  # fmt: skip
    assert [(row["body"], row["without_name"]) for row in held["answers"]] == [
        ("我先说两句。", True), ("第二稿", False)
    ]  # fmt: skip
    accepted = held["answers"][1]
    assert accepted["address"] == f"/{place.slug}/questions/{theirs}#answer-{mine}"
    assert accepted["accepted_at"] and (accepted["helpful"], accepted["not_helpful"]) == (1, 0)
    assert [version["body"] for version in accepted["earlier_versions"]] == ["第一稿"]
    assert held["answers"][0]["address"].endswith(f"#answer-{own}")
    assert [row["without_name"] for row in held["comments"]] == [True]
    assert [(row["address"], row["found_it"]) for row in held["answer_votes"]] == [
        (f"/{place.slug}/questions/{named}#answer-{liked}", "helpful")
    ]
    assert [(row["invited"], row["status"]) for row in held["invitations_to_answer"]] == [("wenyan", "invited")]

    received = copy_of(expert)["invitations_to_answer"]
    assert [(row["invited"], row["address"]) for row in received] == [("me", f"/{place.slug}/questions/{theirs}")]


def test_nothing_of_others_is_in_it_nor_who_asked_without_a_name(place: Place) -> None:
    expert = actor_of(place.users["expert"])
    question_id = ask(place, anonymous=True, title="不好意思问的问题", body=OTHERS)
    answer(place.ann, question_id, OTHERS)
    qa.invite(place.ann, question_id, user_id=expert.id or 0)
    answer(place.bob, ask(place, "bob"), OTHERS)
    accept(place.ann, question_id, answer(expert, question_id, "我来试试。"))
    held = copy_of(expert)
    ann = place.users["ann"]
    told = json.dumps({name: rows for name, rows in held.items() if name != "circles"}, ensure_ascii=False)
    assert OTHERS not in told
    for word in (ann.username, ann.nickname, str(ann.id)):
        assert word not in told
    assert [row["body"] for row in held["answers"]] == ["我来试试。"]


def test_much_is_read_in_batches_and_loses_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = [ask(place, title=f"第 {number} 个问题在这里") for number in range(5)]
    for question_id in questions:
        answer_id = answer(place.bob, question_id, f"答 {question_id}")
        qa.vote(place.mod, answer_id, value=1)
        qa.invite(place.bob, question_id, user_id=place.users["expert"].id)
    monkeypatch.setattr(batches, "BATCH", 2)
    held = copy_of(place.bob)
    assert [row["body"] for row in held["answers"]] == [f"答 {question_id}" for question_id in questions]
    assert len(held["invitations_to_answer"]) == 5
    assert len(copy_of(place.mod)["answer_votes"]) == 5


def test_the_copy_says_what_is_in_it(place: Place) -> None:
    takeout_id = operations.ask_takeout(place.ann)
    jobs.run_due()
    key = copies.get_takeout(takeout_id).storage_key
    archive = ZipFile(BytesIO(b"".join(storage().stream(key or ""))))
    (words,) = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".txt")]
    for name in ("answers.json", "answer_votes.json", "invitations_to_answer.json"):
        assert name in archive.namelist() and f"{name}: " in words
