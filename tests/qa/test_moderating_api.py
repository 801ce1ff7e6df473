"""Deciding about questions and answers over JSON; `api` holds every answer to its contract."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from circle.core import clock
from circle.qa import operations
from tests.factories import Make
from tests.qa.questioning import accept, answer, answer_row, ask, question


@pytest.fixture
def place(make: Make) -> Any:
    return make.place()


def test_a_question_is_closed_and_reopened(app: Flask, place: Any, api: Any) -> None:
    asked, mod = ask(place), api(place.users["mod"])
    closed = mod.post(f"/questions/{asked}/close", json={"reason": "off_topic", "version": 1})
    assert closed.status_code == 200
    assert (closed.json["question"]["status"], closed.json["question"]["close_reason"]) == ("closed", "off_topic")
    again = mod.post(f"/questions/{asked}/close", json={"reason": "spam"})
    assert (again.status_code, again.json["code"]) == (409, "STATE_CONFLICT")
    stale = mod.post(f"/questions/{asked}/reopen", json={"version": 1})
    assert (stale.status_code, stale.json["code"]) == (409, "VERSION_CONFLICT")
    opened = mod.post(f"/questions/{asked}/reopen", json={})
    assert opened.json["question"]["status"] == "open"


@pytest.mark.parametrize(
    "body",
    [{}, {"reason": "because"}, {"reason": None}, {"reason": "spam", "version": 0}, {"reason": "spam", "by": "me"}, []],
)
def test_a_bad_body_is_told_field_by_field(app: Flask, place: Any, api: Any, body: Any) -> None:
    asked = ask(place)
    refused = api(place.users["mod"]).post(f"/questions/{asked}/close", json=body)
    assert refused.status_code == 422
    assert refused.json["errors"]
    assert question(asked).status == "open"


def test_whoever_asked_gives_one_of_two_reasons(app: Flask, place: Any, api: Any) -> None:
    asked, ann = ask(place), api(place.users["ann"])
    refused = ann.post(f"/questions/{asked}/close", json={"reason": "spam"})
    assert (refused.status_code, refused.json["code"]) == (422, "CLOSE_REASON")
    assert list(refused.json["errors"]) == ["reason"]
    assert ann.post(f"/questions/{asked}/close", json={"reason": "other"}).status_code == 200
    assert ann.post(f"/questions/{asked}/reopen", json={}).status_code == 200
    operations.close_question(place.mod, asked, reason="other")
    assert ann.post(f"/questions/{asked}/reopen", json={}).status_code == 403


def test_a_request_sent_twice_decides_once(app: Flask, place: Any, api: Any) -> None:
    asked, mod = ask(place), api(place.users["mod"])
    for _again in range(2):
        done = mod.post(
            f"/questions/{asked}/close", json={"reason": "spam"}, headers={"Idempotency-Key": "close-it-once"}
        )
        assert done.status_code == 200
    assert question(asked).version == 2


def test_a_duplicate_names_its_original_by_id_or_address(app: Flask, place: Any, api: Any) -> None:
    original, asked, third = ask(place, "bob"), ask(place), ask(place)
    mod = api(place.users["mod"])
    done = mod.post(f"/questions/{asked}/duplicate", json={"of": str(original)})
    assert done.json["question"]["status"] == "duplicate"
    assert done.json["question"]["duplicate_of"]["id"] == str(original)
    address = f"http://localhost/{place.slug}/questions/{original}"
    assert mod.post(f"/questions/{third}/duplicate", json={"of": address}).status_code == 200


@pytest.mark.parametrize("of", [None, 5, "", "x", "/ring/answers/5", "9" * 19, ["5"], {"id": "5"}])
def test_what_names_no_question_is_told(app: Flask, place: Any, api: Any, of: Any) -> None:
    asked = ask(place)
    refused = api(place.users["mod"]).post(f"/questions/{asked}/duplicate", json={"of": of})
    assert refused.status_code == 422
    assert list(refused.json["errors"]) == ["of"]


def test_targets_that_cannot_be_have_one_code(app: Flask, place: Any, make: Make, api: Any) -> None:
    asked, elsewhere = ask(place), ask(make.place())
    for of in (asked, elsewhere, 4711):
        refused = api(place.users["mod"]).post(f"/questions/{asked}/duplicate", json={"of": str(of)})
        assert (refused.status_code, refused.json["code"]) == (422, "DUPLICATE_TARGET")
        assert list(refused.json["errors"]) == ["of"]


def test_an_answer_is_hidden_restored_and_removed(app: Flask, place: Any, api: Any) -> None:
    asked = ask(place)
    given = answer(place.bob, asked)
    accept(place.ann, asked, given)
    mod, bob = api(place.users["mod"]), api(place.users["bob"])
    hidden = mod.post(f"/answers/{given}/hide", json={"reason": "像广告"})
    assert (hidden.status_code, hidden.json["accepted"]) == (200, False)
    assert bob.get(f"/answers/{given}").json["id"] == str(given)
    assert api(place.users["ann"]).get(f"/answers/{given}").status_code == 404
    assert mod.get(f"/questions/{asked}").json["question"]["accepted_answer_id"] is None
    shown = mod.post(f"/answers/{given}/restore", json={})
    assert (shown.status_code, shown.json["accepted"]) == (200, True)
    assert mod.post(f"/answers/{given}/restore", json={}).status_code == 409
    assert mod.post(f"/answers/{given}/remove", json={"reason": "广告"}).status_code == 204
    assert mod.get(f"/answers/{given}").status_code == 404
    assert api(place.users["ann"]).post(f"/answers/{given}/hide", json={"reason": "广告"}).status_code == 404


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x"}, {"reason": "x" * 201}, {"reason": 5}])
def test_acts_on_others_need_a_reason(app: Flask, place: Any, api: Any, body: Any) -> None:
    given = answer(place.bob, ask(place))
    for act in ("hide", "remove"):
        refused = api(place.users["mod"]).post(f"/answers/{given}/{act}", json=body)
        assert refused.status_code == 422
        assert list(refused.json["errors"]) == ["reason"]
    assert answer_row(given).status == "published"


def test_earlier_versions_of_an_answer_page_by_page(app: Flask, place: Any, api: Any) -> None:
    given = answer(place.bob, ask(place), "eins")
    for hours, body in ((1, "zwei"), (2, "drei"), (3, "vier")):
        with clock.at(clock.now() + timedelta(hours=hours)):
            operations.edit_answer(place.bob, given, body=body)
    bob = api(place.users["bob"])
    page = bob.get(f"/answers/{given}/revisions?limit=2").json
    rest = bob.get(f"/answers/{given}/revisions?limit=2&cursor={page['next_cursor']}").json
    assert [row["body"] for row in page["items"] + rest["items"]] == ["drei", "zwei", "eins"]
    assert rest["next_cursor"] is None
    assert rest["items"][0]["body_html"].strip() == "<p>eins</p>"
    other = answer(place.ann, ask(place, "bob"))
    assert api(place.users["ann"]).get(f"/answers/{other}/revisions").json == {"items": [], "next_cursor": None}
    assert api(place.users["ann"]).get(f"/answers/{given}/revisions").status_code == 404
    wrong = api(place.users["ann"]).get(f"/answers/{other}/revisions?cursor={page['next_cursor']}")
    assert wrong.json["code"] == "CURSOR_INVALID"


def test_a_valued_question_is_not_deleted(app: Flask, place: Any, api: Any) -> None:
    asked = ask(place)
    accept(place.ann, asked, answer(place.bob, asked))
    refused = api(place.users["ann"]).delete(f"/posts/{asked}")
    assert (refused.status_code, refused.json["code"]) == (422, "QUESTION_ANSWERED")
    assert api(place.users["mod"]).post(f"/posts/{asked}/remove", json={"reason": "off topic"}).status_code == 204
