"""Asking, answering, voting and accepting over the API: fields, statuses, codes, and once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.core import clock
from circle.core.db import db
from circle.posts.models import Post
from circle.qa import operations
from circle.qa.models import Answer, Question
from tests.factories import Make, Place
from tests.posts.test_levels_bite import set_level
from tests.qa.questioning import accept, answer, answer_row, ask, check_question, question
from tests.races.together import all_well, together

TITLE = "晨读从哪一篇开始？"


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


@pytest.fixture
def ann(place: Place, api: Any) -> Any:
    return api(place.users["ann"])


@pytest.fixture
def bob(place: Place, api: Any) -> Any:
    return api(place.users["bob"])


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def refusal(found: Any) -> tuple[int, str]:
    return found.status_code, found.get_json()["code"]


# ---- asking ------------------------------------------------------------------------------------------------------


def test_asking_gives_the_question(app: Flask, place: Place, ann: Any) -> None:
    found = ann.post(f"/circles/{place.slug}/questions", {"title": TITLE, "body": "**想**听听。"})
    assert found.status_code == 201
    told = found.get_json()
    assert (told["type"], told["title"], told["author"]["id"]) == ("question", TITLE, str(place.ann.id))
    state = told["question"]
    assert (state["status"], state["answer_count"], state["accepted_answer_id"], state["version"]) == (
        "open",
        0,
        None,
        1,
    )
    assert state["anonymous"] is False
    check_question(int(told["id"]))


def test_a_post_of_the_type_question_is_the_same(app: Flask, place: Place, ann: Any) -> None:
    found = ann.post(
        f"/circles/{place.slug}/posts", {"type": "question", "title": TITLE, "body": "", "anonymous": True}
    )
    assert found.status_code == 201
    told = found.get_json()
    assert (told["type"], told["author"]) == ("question", None)
    assert ann.get(f"/questions/{told['id']}").get_json()["question"]["anonymous"] is True


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("questions", {}, "VALIDATION"),
        ("questions", {"title": ""}, "VALIDATION"),
        ("questions", {"title": "为何？"}, "VALIDATION"),
        ("questions", {"title": "长" * 81}, "VALIDATION"),
        ("questions", {"title": TITLE, "anonymous": 1}, "VALIDATION"),
        ("questions", {"title": TITLE, "anonymous": "yes"}, "VALIDATION"),
        ("questions", {"title": TITLE, "poll": None}, "VALIDATION"),
        ("questions", {"title": TITLE, "type": "question"}, "VALIDATION"),
        ("posts", {"type": "question", "body": "没有标题"}, "VALIDATION"),
        ("posts", {"type": "question", "title": TITLE, "poll": {"options": ["一", "二"]}}, "QUESTION_WITHOUT_POLL"),
        ("posts", {"body": "早安", "anonymous": True}, "NOT_ANONYMOUS"),
        ("posts", {"type": "checkin", "body": "早安"}, "VALIDATION"),
    ],
)
def test_a_bad_question_is_refused_and_leaves_nothing(
    app: Flask, place: Place, ann: Any, path: str, body: dict[str, Any], code: str
) -> None:
    assert refusal(ann.post(f"/circles/{place.slug}/{path}", body)) == (422, code)
    assert count(Post) == 0


def test_the_same_key_asks_once_also_at_the_same_moment(app: Flask, place: Place, ann: Any, api: Any) -> None:
    path, key = f"/circles/{place.slug}/questions", {"Idempotency-Key": "one-question"}
    first, second = (ann.post(path, {"title": TITLE}, headers=key) for _time in range(2))
    assert (first.status_code, first.get_json()) == (201, second.get_json())
    assert second.headers["Idempotency-Replayed"] == "true"
    assert count(Question) == 1
    user, other = place.users["ann"], {"Idempotency-Key": "another-question"}
    clients = [api(user) for _time in range(3)]
    answers = all_well(together(app, [lambda c=c: c.post(path, {"title": TITLE}, headers=other) for c in clients]))
    assert {found.status_code for found in answers} <= {201, 409}
    assert count(Question) == 2


def test_drafts_tell_and_keep_the_type_and_the_anonymity(app: Flask, place: Place, ann: Any) -> None:
    made = ann.post(f"/circles/{place.slug}/drafts", {"type": "question", "anonymous": True, "title": TITLE}).get_json()
    assert (made["type"], made["anonymous"]) == ("question", True)
    changed = {"type": "question", "anonymous": True, "title": TITLE, "body": "还有", "seq": made["seq"]}
    assert ann.put(f"/me/drafts/{made['id']}", json=changed).get_json()["anonymous"] is True
    planned = changed | {"seq": 2, "title": "", "publish_at": "2099-01-01T00:00:00Z"}
    assert ann.put(f"/me/drafts/{made['id']}", json=planned).status_code == 422
    kept = ann.get(f"/me/drafts/{made['id']}").get_json()
    assert (kept["title"], kept["seq"]) == (TITLE, 2)


# ---- answering ---------------------------------------------------------------------------------------------------


def test_answering_editing_and_taking_back(app: Flask, place: Place, bob: Any) -> None:
    question_id = ask(place)
    found = bob.post(f"/questions/{question_id}/answers", {"body": "**最短**的一篇。"})
    assert found.status_code == 201
    told = found.get_json()
    assert (told["question_id"], told["up"], told["down"], told["score"], told["my_vote"], told["accepted"]) == (
        str(question_id), 0, 0, 0, 0, False,
    )  # fmt: skip
    assert "<strong>" in told["body_html"]
    path = f"/answers/{told['id']}"
    edited = bob.patch(path, {"body": "最长的一篇。"})
    assert edited.get_json()["body"] == "最长的一篇。"
    tag = edited.headers["ETag"]
    assert bob.patch(path, {"body": "中间的一篇。"}, headers={"If-Match": tag}).status_code == 200
    stale = bob.patch(path, {"body": "第一篇。"}, headers={"If-Match": tag})
    assert stale.status_code == 412
    assert answer_row(int(told["id"])).body == "中间的一篇。"
    assert bob.delete(path).status_code == 204
    assert bob.delete(path).status_code == 404
    check_question(question_id)


def test_a_vote_in_between_does_not_stop_an_edit(app: Flask, place: Place, bob: Any) -> None:
    answer_id = answer(place.bob, ask(place))
    tag = bob.patch(f"/answers/{answer_id}", {"body": "一"}).headers["ETag"]
    operations.vote(place.ann, answer_id, value=1)
    assert bob.patch(f"/answers/{answer_id}", {"body": "二"}, headers={"If-Match": tag}).status_code == 200


def test_the_codes_of_refused_answers(app: Flask, place: Place, ann: Any, bob: Any) -> None:
    question_id, closed = ask(place), ask(place)
    operations.close_question(place.ann, closed, reason="resolved")
    path = f"/questions/{question_id}/answers"
    assert refusal(bob.post(path, {"body": " "})) == (422, "ANSWER_EMPTY")
    assert refusal(bob.post(path, {})) == (422, "VALIDATION")
    assert refusal(bob.post(path, {"body": "长" * 10_001})) == (422, "VALIDATION")
    answer_id = int(bob.post(path, {"body": "一"}).get_json()["id"])
    assert refusal(bob.post(path, {"body": "二"})) == (409, "ALREADY_ANSWERED")
    assert refusal(bob.post(f"/questions/{closed}/answers", {"body": "二"})) == (422, "QUESTION_CLOSED")
    assert refusal(ann.patch(f"/answers/{answer_id}", {"body": "我的"})) == (403, "FORBIDDEN")
    assert refusal(ann.delete(f"/answers/{answer_id}")) == (403, "FORBIDDEN")
    accept(place.ann, question_id, answer_id)
    assert refusal(bob.delete(f"/answers/{answer_id}")) == (422, "ANSWER_ACCEPTED")
    assert count(Answer) == 1


def test_the_answer_of_the_anonymous_asker_has_no_author(app: Flask, place: Place, ann: Any) -> None:
    question_id = ask(place, anonymous=True)
    told = ann.post(f"/questions/{question_id}/answers", {"body": "我自己想明白了。"}).get_json()
    assert told["author"] is None


def test_the_same_key_answers_once(app: Flask, place: Place, bob: Any) -> None:
    path, key = f"/questions/{ask(place)}/answers", {"Idempotency-Key": "one-answer"}
    first, second = (bob.post(path, {"body": "一"}, headers=key) for _time in range(2))
    assert (first.status_code, first.get_json()) == (second.status_code, second.get_json())
    assert count(Answer) == 1


# ---- voting ------------------------------------------------------------------------------------------------------


def test_a_vote_answers_with_the_new_counts_and_may_be_repeated(app: Flask, place: Place, ann: Any) -> None:
    answer_id = answer(place.bob, ask(place))
    path = f"/answers/{answer_id}/vote"
    up = {"up": 1, "down": 0, "score": 1, "my_vote": 1}
    none = {"up": 0, "down": 0, "score": 0, "my_vote": 0}
    for value, told in ((1, up), (1, up), (0, none), (1, up)):
        found = ann.put(path, json={"value": value})
        assert (found.status_code, found.get_json()) == (200, told)
    for _time in range(2):
        assert ann.delete(path).get_json() == none
    set_level(place, 2)
    assert ann.put(path, json={"value": -1}).get_json() == {"up": 0, "down": 1, "score": -1, "my_vote": -1}


@pytest.mark.parametrize("body", [{}, {"value": 2}, {"value": "1"}, {"value": True}, {"value": 0.5}, {"value": None}])
def test_only_a_vote_is_a_vote(app: Flask, place: Place, ann: Any, body: dict[str, Any]) -> None:
    answer_id = answer(place.bob, ask(place))
    assert refusal(ann.put(f"/answers/{answer_id}/vote", json=body)) == (422, "VALIDATION")
    assert answer_row(answer_id).score == 0


def test_the_codes_of_refused_votes(app: Flask, place: Place, ann: Any, bob: Any, api: Any) -> None:
    answer_id = answer(place.bob, ask(place))
    path = f"/answers/{answer_id}/vote"
    assert refusal(bob.put(path, json={"value": 1})) == (422, "SELF_VOTE")
    assert refusal(ann.put(path, json={"value": -1})) == (422, "LEVEL_TOO_LOW")
    assert api().put(path, json={"value": 1}).status_code == 401
    assert ann.put("/answers/12345/vote", json={"value": 1}).status_code == 404
    assert answer_row(answer_id).score == 0


# ---- accepting ---------------------------------------------------------------------------------------------------


def test_accepting_over_the_api(app: Flask, place: Place, ann: Any) -> None:
    question_id = ask(place)
    bobs, mods = answer(place.bob, question_id), answer(place.mod, question_id)
    path = f"/questions/{question_id}/accepted"
    told = ann.put(path, json={"answer_id": str(bobs), "version": 1}).get_json()["question"]
    assert (told["accepted_answer_id"], told["version"]) == (str(bobs), 2)
    assert ann.put(path, json={"answer_id": str(bobs), "version": 1}).status_code == 200  # as it is already
    assert refusal(ann.put(path, json={"answer_id": str(mods), "version": 1})) == (409, "VERSION_CONFLICT")
    told = ann.put(path, json={"answer_id": str(mods), "version": 2}).get_json()["question"]
    assert told["accepted_answer_id"] == str(mods)
    told = ann.put(path, json={"answer_id": None, "version": told["version"]}).get_json()["question"]
    assert told["accepted_answer_id"] is None
    assert told["first_accepted_at"] is not None
    check_question(question_id)


def test_the_codes_of_refused_choices(app: Flask, place: Place, ann: Any, bob: Any, api: Any) -> None:
    question_id = ask(place)
    bobs, own = answer(place.bob, question_id), answer(place.ann, question_id)
    path = f"/questions/{question_id}/accepted"
    assert refusal(bob.put(path, json={"answer_id": str(bobs), "version": 1})) == (403, "NOT_ASKER")
    assert refusal(ann.put(path, json={"answer_id": str(own), "version": 1})) == (422, "SELF_ACCEPT_EARLY")
    assert ann.put(path, json={"answer_id": "12345", "version": 1}).status_code == 404
    for body in ({}, {"version": 1}, {"answer_id": str(bobs)}, {"answer_id": str(bobs), "version": "1"},
                 {"answer_id": 12, "version": 1}, {"answer_id": str(bobs), "version": 0}):  # fmt: skip
        assert refusal(ann.put(path, json=body)) == (422, "VALIDATION")
    assert question(question_id).version == 1
    accept(place.ann, question_id, bobs)
    with clock.at(clock.now() + timedelta(days=8)):
        late = {"answer_id": None, "version": question(question_id).version}
        later = api(place.users["ann"])
        assert refusal(later.put(path, json=late)) == (422, "ACCEPT_LOCKED")
    check_question(question_id)
