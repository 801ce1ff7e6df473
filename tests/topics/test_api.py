"""Topics over JSON."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.clients import ApiClient
from tests.factories import Make

Api = Callable[..., ApiClient]

HOSTILE = ["a\x00b", "\ud800", "x" * 10_000, "\u202egpj", "", "   ", 5, None, [], {"a": 1}, True]


def test_a_topic_is_opened_read_and_changed(make: Make, api: Api) -> None:
    owner = make.user()
    circle, client = make.circle(owner), api(owner)
    made = client.post(f"/circles/{circle.slug}/topics", json={"title": "Night Reading", "intro": "one page"})
    assert made.status_code == 201
    body = made.get_json()
    assert body == {
        "id": body["id"],
        "slug": "night-reading",
        "title": "Night Reading",
        "intro": "one page",
        "kind": "normal",
        "status": "active",
        "post_count": 0,
        "follower_count": 0,
        "following": False,
    }
    path = f"/topics/{body['id']}"
    read = api().get(path)
    assert read.get_json() == body
    stale = read.headers["ETag"]
    changed = client.patch(path, json={"status": "archived"}, headers={"If-Match": stale})
    assert (changed.status_code, changed.get_json()["status"]) == (200, "archived")
    again = client.patch(path, json={"title": "晨读"}, headers={"If-Match": stale})
    assert (again.status_code, again.get_json()["code"]) == (412, "PRECONDITION_FAILED")
    assert client.patch(path, json={"title": "晨读"}, headers={"If-Match": changed.headers["ETag"]}).status_code == 200
    assert api().get(path, headers={"If-None-Match": changed.headers["ETag"]}).status_code == 200


def test_an_edit_still_fits_after_somebody_followed(make: Make, api: Api) -> None:
    owner = make.user()
    circle = make.circle(owner)
    topic = api(owner).post(f"/circles/{circle.slug}/topics", json={"title": "读书"}).get_json()
    etag = api(owner).get(f"/topics/{topic['id']}").headers["ETag"]
    api(make.member(circle)).put(f"/topics/{topic['id']}/follow")
    response = api(owner).patch(f"/topics/{topic['id']}", json={"intro": "x"}, headers={"If-Match": etag})
    assert response.status_code == 200


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_titles_are_cleaned_or_refused(make: Make, api: Api, title: object) -> None:
    owner = make.user()
    circle = make.circle(owner)
    response = api(owner).post(f"/circles/{circle.slug}/topics", json={"title": title})
    assert response.status_code in {201, 422}
    if response.status_code == 201:
        assert not set(response.get_json()["title"]) & set("\x00\u202e\ud800")
    else:
        assert response.get_json()["errors"]["title"]


def test_unknown_and_malformed_fields_are_refused(make: Make, api: Api) -> None:
    owner = make.user()
    circle, client = make.circle(owner), api(owner)
    path = f"/circles/{circle.slug}/topics"
    for body in (
        {"title": "a", "colour": "red"},
        {"title": "a", "kind": "campaign"},
        {"title": "a", "slug": "Not A Slug"},
        {"title": "a", "intro": "x" * 201},
        {},
        [],
        "x",
    ):
        assert client.post(path, json=body).status_code == 422, body
    topic = client.post(path, json={"title": "读书"}).get_json()
    for body in ({"status": "closed"}, {"slug": "other"}, {"title": ""}, {"version": 3}):
        assert client.patch(f"/topics/{topic['id']}", json=body).status_code == 422, body
    assert client.post(path, json={"title": "读书"}).get_json()["code"] == "TOPIC_TITLE_TAKEN"


def test_who_may_not_is_told_so_and_who_may_not_know_hears_nothing(make: Make, api: Api) -> None:
    circle, private = make.circle(), make.circle(visibility="private")
    member = api(make.member(circle))
    assert api().post(f"/circles/{circle.slug}/topics", json={"title": "a"}).status_code == 401
    assert member.post(f"/circles/{circle.slug}/topics", json={"title": "a"}).status_code == 403
    assert member.post(f"/circles/{private.slug}/topics", json={"title": "a"}).status_code == 404
    assert member.get(f"/circles/{private.slug}/topics").status_code == 404
    assert member.get("/circles/nowhere/topics").status_code == 404
    assert member.get("/topics/4711").status_code == 404
    assert member.put("/topics/4711/follow").status_code == 404


def test_following_is_idempotent_and_answers_the_new_count(make: Make, api: Api) -> None:
    owner = make.user()
    circle = make.circle(owner)
    topic = api(owner).post(f"/circles/{circle.slug}/topics", json={"title": "读书"}).get_json()
    path, member = f"/topics/{topic['id']}/follow", api(make.member(circle))
    for _time in range(2):
        assert member.put(path).get_json() == {"following": True, "follower_count": 1}
    assert member.get(f"/topics/{topic['id']}").get_json()["following"] is True
    for _time in range(2):
        assert member.delete(path).get_json() == {"following": False, "follower_count": 0}
    assert api(make.user()).put(path).status_code == 403
    assert api().put(path).status_code == 401


def test_topics_are_listed_in_pages(app: Flask, make: Make, api: Api) -> None:
    owner = make.user()
    circle, client = make.circle(owner), api(owner)
    for number in range(3):
        client.post(f"/circles/{circle.slug}/topics", json={"title": f"t{number}"})
    first = api().get(f"/circles/{circle.slug}/topics?limit=2").get_json()
    assert len(first["items"]) == 2
    rest = api().get(f"/circles/{circle.slug}/topics?limit=2&cursor={first['next_cursor']}").get_json()
    assert (len(rest["items"]), rest["next_cursor"]) == (1, None)
    broken = api().get(f"/circles/{circle.slug}/topics?cursor={first['next_cursor'][:-2]}AA")
    assert (broken.status_code, broken.get_json()["code"]) == (400, "CURSOR_INVALID")
    assert api().get(f"/circles/{circle.slug}/topics?limit=51").status_code == 422


def test_the_same_key_opens_one_topic(make: Make, api: Api) -> None:
    owner = make.user()
    circle, client = make.circle(owner), api(owner)
    answers = [
        client.post(f"/circles/{circle.slug}/topics", json={"title": "读书"}, headers={"Idempotency-Key": "t1"})
        for _time in range(2)
    ]
    assert answers[0].get_json() == answers[1].get_json()
