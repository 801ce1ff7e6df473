"""A mini-program, over the JSON API alone: sign up, renew the tokens, join, show pictures, read on."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from flask import Flask

from tests.clients import ApiClient
from tests.factories import PASSWORD, Make


def test_a_mini_program_signs_up_publishes_and_reads_on(app: Flask, make: Make, api: Callable[..., ApiClient]) -> None:
    place = make.place(name="晨间写作")
    slug = place.slug
    phone = api()

    # sign up, and let the tokens be renewed as after two hours
    signed_in = phone.post(
        "/auth/register", {"username": "xiaoan", "nickname": "小安", "password": PASSWORD}
    ).get_json()
    assert signed_in["token_type"] == "Bearer"
    renewed = phone.post("/auth/refresh", {"refresh_token": signed_in["refresh_token"]}).get_json()
    assert renewed["access_token"] != signed_in["access_token"]
    phone.token = signed_in["access_token"]
    assert phone.get("/me").status_code == 401
    phone.token = renewed["access_token"]
    assert phone.get("/me").get_json()["nickname"] == "小安"

    # find a circle and join it; publishing before that is refused
    found = phone.get("/circles").get_json()["items"]
    assert (found[0]["slug"], found[0]["me"]) == (slug, None)
    assert phone.post(f"/circles/{slug}/posts", {"body": "早"}).status_code == 403
    joined = phone.post(f"/circles/{slug}/join")
    assert (joined.status_code, joined.get_json()["status"]) == (201, "active")

    # upload two pictures, publish them under a key, and lose the answer on the way
    media = [
        phone.call("POST", "/media", data={"file": (BytesIO(make.picture(color=color)), "fog.png")}).get_json()["id"]
        for color in ("#123456", "#abcdef")
    ]
    words = {"body": "第一天，**雾**很大。", "media_ids": media}
    key = {"Idempotency-Key": "a-key-of-this-post"}
    first = phone.post(f"/circles/{slug}/posts", words, headers=key)
    again = phone.post(f"/circles/{slug}/posts", words, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    post = first.get_json()
    assert again.get_json() == post
    assert [each["id"] for each in post["media"]] == media
    assert phone.get(f"/users/{post['author']['id']}/posts").get_json()["items"] == [post]

    # read the feed to its end in small pages, once each, newest first
    others = [str(make.post(place, body=f"第 {number} 篇")) for number in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = phone.get(f"/circles/{slug}/feed?limit=2{cursor and '&cursor=' + cursor}").get_json()
        assert len(page["items"]) <= 2
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [*reversed(others), post["id"]]

    # like and comment on the newest; a second look costs nothing while nothing changed
    newest = others[-1]
    assert phone.put(f"/posts/{newest}/like").get_json() == {"liked": True, "like_count": 1}
    said = phone.post(f"/posts/{newest}/comments", {"body": "写得真好"}).get_json()
    assert said["author"]["nickname"] == "小安"
    look = phone.get(f"/posts/{newest}")
    assert (look.get_json()["like_count"], look.get_json()["comment_count"]) == (1, 1)
    assert phone.get(f"/posts/{newest}", headers={"If-None-Match": look.headers["ETag"]}).status_code == 304

    # the author of the newest reads who said it; the phone signs out and is nobody again
    author = api(place.users["ann"])
    told, liked = author.get("/me/notifications").get_json()["items"]
    assert (told["kind"], told["quote"], liked["kind"]) == ("post.commented", "写得真好", "post.liked")
    assert author.post("/me/notifications/read", {"ids": [told["id"]]}).get_json() == {"unread": 1}
    assert phone.post("/auth/logout").status_code == 204
    assert phone.get("/me").status_code == 401
