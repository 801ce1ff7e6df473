"""What a mini-program asks while a feed is open."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from circle.notifications import operations as notices
from tests.clients import ApiClient
from tests.factories import Make

Clients = Callable[..., ApiClient]


def test_it_says_how_much_is_new(app: Flask, make: Make, api: Clients) -> None:
    place = make.place()
    old = make.post(place)
    make.post(place)
    bob = place.users["bob"]
    notices.notify(bob.id, "application.approved", circle_id=place.circle.id, dedupe_key="1", data={})
    client = api(bob)
    unread = client.get("/me/live").get_json()["unread"]
    assert unread >= 1
    assert client.get("/me/live").get_json() == {"unread": unread, "new_posts": 0}
    assert client.get(f"/me/live?circle={place.slug}").get_json() == {"unread": unread, "new_posts": 2}
    assert client.get(f"/me/live?circle={place.slug}&since={old}").get_json() == {"unread": unread, "new_posts": 1}


def test_nothing_new_is_a_304(app: Flask, make: Make, api: Clients) -> None:
    place = make.place()
    client = api(place.users["bob"])
    address = f"/me/live?circle={place.slug}"
    tag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    make.post(place)
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_bad_questions_are_refused(app: Flask, make: Make, api: Clients) -> None:
    client = api(make.user())
    assert client.get("/me/live?circle=nowhere").status_code == 404
    assert client.get("/me/live?since=x").status_code == 422
    assert api().get("/me/live").status_code == 401
    private = make.place(visibility="private")
    assert client.get(f"/me/live?circle={private.slug}").status_code == 404
