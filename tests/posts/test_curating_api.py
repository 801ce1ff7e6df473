"""Favourites, pins, featuring and revisions over JSON; `api` holds every answer to its contract."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from circle.core import clock
from circle.posts import operations
from tests.factories import Make


def test_a_favourite_answers_how_it_stands(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    post_id, bob = make.post(place), api(place.users["bob"])
    for _again in range(2):
        assert bob.put(f"/posts/{post_id}/favorite").json == {"favorited": True, "favorite_count": 1}
    post = bob.get(f"/posts/{post_id}").json
    assert (post["favorited"], post["favorite_count"]) == (True, 1)
    listed = bob.get("/me/favorites").json
    assert [each["id"] for each in listed["items"]] == [str(post_id)]
    for _again in range(2):
        assert bob.delete(f"/posts/{post_id}/favorite").json == {"favorited": False, "favorite_count": 0}
    assert bob.get("/me/favorites").json == {"items": [], "next_cursor": None}
    assert api().get("/me/favorites").status_code == 401


def test_cursors_of_favourites_are_of_one_person(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    for number in range(3):
        operations.favorite_post(place.bob, make.post(place, body=str(number)), on=True)
    bob, mod = api(place.users["bob"]), api(place.users["mod"])
    cursor = bob.get("/me/favorites?limit=2").json["next_cursor"]
    assert len(bob.get(f"/me/favorites?cursor={cursor}").json["items"]) == 1
    assert mod.get(f"/me/favorites?cursor={cursor}").json["code"] == "CURSOR_INVALID"


def test_pins_stand_above_the_feed_and_not_in_it(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    one, two = make.post(place, body="1"), make.post(place, body="2")
    mod = api(place.users["mod"])
    until = (clock.now() + timedelta(days=1)).isoformat()
    assert mod.put(f"/posts/{one}/pin", json={"rank": 3, "until": until}).json["pinned"]
    feed = mod.get(f"/circles/{place.slug}/feed").json
    assert [post["id"] for post in feed["pinned"]] == [str(one)]
    assert [post["id"] for post in feed["items"]] == [str(two)]
    for _again in range(2):
        assert not mod.delete(f"/posts/{one}/pin").json["pinned"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "rank"), ({"rank": 0}, "rank"), ({"rank": 6}, "rank"), ({"rank": "x"}, "rank"), ({"rank": None}, "rank"),
        ({"rank": 1, "until": "tomorrow"}, "until"), ({"rank": 1, "until": "2020-01-01T00:00:00Z"}, "until"),
        ({"rank": 1, "until": "9999-12-31T23:59:59Z"}, "until"), ({"rank": 1, "why": ""}, "why"),
    ],
)  # fmt: skip
def test_a_pin_that_cannot_be_says_which_field(app: Flask, make: Make, api: Any, body: Any, field: str) -> None:
    place = make.place()
    answer = api(place.users["mod"]).put(f"/posts/{make.post(place)}/pin", json=body)
    assert (answer.status_code, answer.json["code"]) == (422, "VALIDATION")
    assert list(answer.json["errors"]) == [field]


def test_featured_posts_have_a_feed_of_their_own(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    one, two = make.post(place, body="1"), make.post(place, body="2")
    mod = api(place.users["mod"])
    for post_id in (two, one, one):
        assert mod.put(f"/posts/{post_id}/feature").json["featured"]
    feed = mod.get(f"/circles/{place.slug}/feed?sort=featured").json
    assert [post["id"] for post in feed["items"]] == [str(one), str(two)]
    assert not mod.delete(f"/posts/{one}/feature").json["featured"]
    own = make.post(place, "mod")
    assert mod.put(f"/posts/{own}/feature").json["code"] == "FORBIDDEN"


def test_revisions_page_by_page(app: Flask, make: Make, api: Any) -> None:
    place = make.place()
    post_id = make.post(place, body="0", title="t")
    for hour in range(1, 4):
        with clock.at(clock.now() + timedelta(hours=hour)):
            operations.edit_post(place.ann, post_id, body=str(hour))
    ann = api(place.users["ann"])
    first = ann.get(f"/posts/{post_id}/revisions?limit=2").json
    rest = ann.get(f"/posts/{post_id}/revisions?limit=2&cursor={first['next_cursor']}").json
    rows = [*first["items"], *rest["items"]]
    assert [row["body"] for row in rows] == ["2", "1", "0"]
    assert all(row["since"] < row["until"] for row in rows)
    assert api(place.users["bob"]).get(f"/posts/{post_id}/revisions").status_code == 404
