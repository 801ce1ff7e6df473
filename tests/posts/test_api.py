"""Posts over JSON. The client checks each answer against its contract."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.factories import Make

HOSTILE = [
    "\x00",
    "a\x00b",
    "\ud800",
    "\u202egnp.exe",
    "𝒳" * 100,
    "<script>alert(1)</script>",
    "%s%n{{7*7}}${7}",
    "a" * 9_999,
]


def test_publish_read_edit_and_delete(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    ann, bob = api(place.users["ann"]), api(place.users["bob"])
    made = ann.post(f"/circles/{place.slug}/posts", {"body": "**早**", "title": "第一天"})
    assert made.status_code == 201
    post = made.get_json()
    assert post["body_html"] == "<p><strong>早</strong></p>\n" or "<strong>早</strong>" in post["body_html"]
    assert post["can"]["edit"] is True
    assert post["author"]["role"] == "member"
    assert bob.get(f"/posts/{post['id']}").get_json()["can"]["edit"] is False
    changed = ann.patch(f"/posts/{post['id']}", {"body": "晚安"})
    assert (changed.status_code, changed.get_json()["title"]) == (200, "第一天")
    assert bob.patch(f"/posts/{post['id']}", {"body": "mine"}).status_code == 403
    assert ann.delete(f"/posts/{post['id']}").status_code == 204
    assert ann.get(f"/posts/{post['id']}").status_code == 404


def test_the_feed_pages_with_a_cursor_and_answers_304_when_nothing_changed(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    for _number in range(3):
        make.post(place)
    bob = api(place.users["bob"])
    first = bob.get(f"/circles/{place.slug}/feed?limit=2")
    assert len(first.get_json()["items"]) == 2
    second = bob.get(f"/circles/{place.slug}/feed?limit=2&cursor={first.get_json()['next_cursor']}")
    assert len(second.get_json()["items"]) == 1
    assert second.get_json()["next_cursor"] is None
    again = bob.get(f"/circles/{place.slug}/feed?limit=2", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    make.post(place)
    changed = bob.get(f"/circles/{place.slug}/feed?limit=2", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_an_edit_under_an_old_version_is_refused_but_a_like_in_between_is_not(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    post_id = make.post(place)
    ann, bob = api(place.users["ann"]), api(place.users["bob"])
    tag = ann.get(f"/posts/{post_id}").headers["ETag"]
    bob.put(f"/posts/{post_id}/like")
    assert ann.patch(f"/posts/{post_id}", {"body": "two"}, headers={"If-Match": tag}).status_code == 200
    stale = ann.patch(f"/posts/{post_id}", {"body": "three"}, headers={"If-Match": tag})
    assert (stale.status_code, stale.get_json()["code"]) == (412, "PRECONDITION_FAILED")


def test_likes_are_idempotent_and_answer_with_the_count(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    post_id = make.post(place)
    bob = api(place.users["bob"])
    for _again in range(2):
        assert bob.put(f"/posts/{post_id}/like").get_json() == {"liked": True, "like_count": 1}
    for _again in range(2):
        assert bob.delete(f"/posts/{post_id}/like").get_json() == {"liked": False, "like_count": 0}
    own = api(place.users["ann"]).put(f"/posts/{post_id}/like")
    assert (own.status_code, own.get_json()["code"]) == (422, "OWN_CONTENT")


def test_comments_and_replies(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    post_id = make.post(place)
    bob, ann = api(place.users["bob"]), api(place.users["ann"])
    first = bob.post(f"/posts/{post_id}/comments", {"body": "one"}).get_json()
    reply = ann.post(f"/posts/{post_id}/comments", {"body": "two", "parent_id": first["id"]}).get_json()
    assert reply["parent_id"] == first["id"]
    assert [item["id"] for item in ann.get(f"/posts/{post_id}/comments").get_json()["items"]] == [first["id"]]
    replies = ann.get(f"/posts/{post_id}/comments?parent_id={first['id']}").get_json()["items"]
    assert [item["id"] for item in replies] == [reply["id"]]
    assert ann.patch(f"/comments/{reply['id']}", {"body": "two!"}).get_json()["edited_at"] is not None
    assert bob.delete(f"/comments/{reply['id']}").status_code == 403
    assert ann.delete(f"/comments/{reply['id']}").status_code == 204
    assert ann.get(f"/posts/{post_id}").get_json()["comment_count"] == 1


def test_moderators_hide_restore_and_remove_with_a_reason(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    post_id = make.post(place)
    mod, bob = api(place.users["mod"]), api(place.users["bob"])
    assert mod.post(f"/posts/{post_id}/hide", {}).status_code == 422
    assert bob.post(f"/posts/{post_id}/hide", {"reason": "no"}).status_code == 403
    assert mod.post(f"/posts/{post_id}/hide", {"reason": "spam"}).get_json()["status"] == "hidden"
    assert mod.post(f"/posts/{post_id}/hide", {"reason": "spam"}).status_code == 409
    assert bob.get(f"/posts/{post_id}").status_code == 404
    assert mod.post(f"/posts/{post_id}/restore", {}).get_json()["status"] == "published"
    assert mod.post(f"/posts/{post_id}/remove", {"reason": "spam"}).status_code == 204
    assert mod.get(f"/posts/{post_id}").status_code == 404


def test_the_same_key_publishes_once(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    ann = api(place.users["ann"])
    headers = {"Idempotency-Key": "publish-once-1"}
    first = ann.post(f"/circles/{place.slug}/posts", {"body": "one"}, headers=headers)
    again = ann.post(f"/circles/{place.slug}/posts", {"body": "one"}, headers=headers)
    assert again.get_json()["id"] == first.get_json()["id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    other = ann.post(f"/circles/{place.slug}/posts", {"body": "two"}, headers=headers)
    assert (other.status_code, other.get_json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize(
    "body",
    [
        {"body": 7},
        {"body": None},
        {"body": "x", "surprise": 1},
        {"body": "x", "topic_ids": ["0"]},
        {"body": "x" * 10_001},
        {"body": "x", "media_ids": ["1"] * 10},
        {"body": "x", "topic_ids": "1"},
        {"body": "x", "type": "question"},
        [],
    ],
)
def test_bad_input_is_a_422_that_names_the_field(app: Flask, make: Make, api: Any, body: Any) -> None:
    place = make.place()
    answer = api(place.users["ann"]).post(f"/circles/{place.slug}/posts", body)
    assert answer.status_code == 422
    assert answer.get_json()["errors"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_cleaned_or_refused_never_a_crash(app: Flask, make: Make, api: Any, text: str) -> None:
    place = make.place()
    post_id = make.post(place)
    ann = api(place.users["ann"])
    for path in (f"/circles/{place.slug}/posts", f"/posts/{post_id}/comments"):
        answer = ann.post(path, {"body": text})
        assert answer.status_code in {201, 422}
        if answer.status_code == 201:
            assert "<script" not in answer.get_json()["body_html"]
            assert "\x00" not in answer.get_json()["body"]


@pytest.mark.parametrize("id_", ["0", "-1", "abc", "9223372036854775808", "1e3", "%00", "1%2F2", "１２"])
def test_malformed_ids_are_simply_not_there(app: Flask, api: Any, id_: str) -> None:
    assert api().get(f"/posts/{id_}").status_code == 404


def test_a_stranger_sees_nothing_of_a_private_circle(app: Flask, make: Make, api: Any) -> None:
    place = make.place(visibility="private", join_mode="invite")
    post_id = make.post(place)
    for client in (api(), api(make.user())):
        for path in (f"/circles/{place.slug}/feed", f"/posts/{post_id}", f"/posts/{post_id}/comments"):
            assert client.get(path).status_code == 404
    assert api(make.user()).put(f"/posts/{post_id}/like").status_code == 404
