"""The same request fired twice at once makes one thing: two real threads, each with a client of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from circle.accounts.models import User
from circle.circles.models import Circle, Member
from circle.core.db import Base, db
from circle.posts.models import Comment, Like, Post
from circle.topics.models import Topic
from tests.clients import ApiClient, Browser
from tests.factories import PASSWORD, Make
from tests.races.together import all_well, together

Browsers = Callable[..., Browser]
Clients = Callable[..., ApiClient]
ONCE = "one-value-of-one-form"


def count(model: type[Base], *conditions: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def statuses(answers: list[Any]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def posted_twice(app: Flask, clients: list[Browser], path: str, form: dict[str, Any]) -> list[Any]:
    """Send the same form from two browsers at once, each with its own token."""
    tokens = [client.csrf_token() for client in clients]
    return all_well(together(app, [
        lambda client=client, token=token: client.post(path, form | {"csrf_token": token})
        for client, token in zip(clients, tokens, strict=True)
    ]))  # fmt: skip


def sent_twice(app: Flask, clients: list[ApiClient], path: str, body: dict[str, Any], **kwargs: Any) -> list[Any]:
    return all_well(together(app, [lambda client=client: client.post(path, body, **kwargs) for client in clients]))


def test_a_double_click_on_publish_makes_one_post(app: Flask, make: Make, browser: Browsers) -> None:
    place = make.place()
    both = [browser(place.users["ann"]) for _click in range(2)]
    answers = posted_twice(app, both, f"/{place.slug}/posts", {"body": "早安", "once": ONCE})
    assert statuses(answers) == [303, 303]
    assert answers[0].location == answers[1].location
    assert count(Post) == 1


def test_one_idempotency_key_makes_one_post(app: Flask, make: Make, api: Clients) -> None:
    place = make.place()
    both = [api(place.users["ann"]) for _sending in range(2)]
    key = {"Idempotency-Key": ONCE}
    answers = sent_twice(app, both, f"/circles/{place.slug}/posts", {"body": "早安"}, headers=key)
    assert statuses(answers) in ([201, 201], [201, 409])
    assert count(Post) == 1
    again = both[0].post(f"/circles/{place.slug}/posts", {"body": "早安"}, headers=key)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert count(Post) == 1


def test_one_idempotency_key_makes_one_comment(app: Flask, make: Make, api: Clients) -> None:
    place = make.place()
    post_id = make.post(place)
    both = [api(place.users["bob"]) for _sending in range(2)]
    answers = sent_twice(app, both, f"/posts/{post_id}/comments", {"body": "真好"}, headers={"Idempotency-Key": ONCE})
    assert statuses(answers) in ([201, 201], [201, 409])
    assert count(Comment) == 1


def test_two_clicks_on_join_make_one_member(app: Flask, make: Make, browser: Browsers) -> None:
    place, guest = make.place(), make.user()
    guest_id = guest.id
    answers = posted_twice(app, [browser(guest), browser(guest)], f"/{place.slug}/join", {})
    assert statuses(answers) == [303, 303]
    assert count(Member, Member.user_id == guest_id) == 1


def test_two_phones_that_join_make_one_member(app: Flask, make: Make, api: Clients) -> None:
    place, guest = make.place(), make.user()
    guest_id = guest.id
    assert statuses(sent_twice(app, [api(guest), api(guest)], f"/circles/{place.slug}/join", {})) == [200, 201]
    assert count(Member, Member.user_id == guest_id) == 1


def test_two_clicks_on_like_make_one_like(app: Flask, make: Make, browser: Browsers) -> None:
    place = make.place()
    post_id = make.post(place)
    both = [browser(place.users["bob"]) for _click in range(2)]
    assert statuses(posted_twice(app, both, f"/{place.slug}/posts/{post_id}/like", {"on": "1"})) == [303, 303]
    assert (count(Like), db.session.get_one(Post, post_id).like_count) == (1, 1)


def test_one_name_is_signed_up_once(app: Flask, browser: Browsers) -> None:
    form = {"username": "Anna", "nickname": "安娜", "password": PASSWORD, "agree": "1"}
    answers = posted_twice(app, [browser(), browser()], "/signup", form)
    assert statuses(answers) == [303, 422]
    assert count(User, User.username == "Anna") == 1


def test_one_name_is_registered_once_also_in_look_alike_letters(app: Flask, api: Clients) -> None:
    names = ["Anna", "anna", "Аnna"]  # the last begins with a Cyrillic letter
    clients = [api() for _name in names]
    answers = all_well(together(app, [
        lambda client=client, name=name: client.post("/auth/register", {"username": name, "password": PASSWORD})
        for client, name in zip(clients, names, strict=True)
    ]))  # fmt: skip
    assert statuses(answers) == [201, 422, 422]
    assert count(User) == 1


def test_one_topic_title_makes_one_topic(app: Flask, make: Make, api: Clients) -> None:
    place = make.place()
    both = [api(place.owner_user), api(place.users["mod"])]
    answers = sent_twice(app, both, f"/circles/{place.slug}/topics", {"title": "早安打卡"})
    assert statuses(answers) == [201, 422]
    assert {answer.get_json().get("code") for answer in answers} == {None, "TOPIC_TITLE_TAKEN"}
    assert count(Topic) == 1


def test_one_address_makes_one_circle(app: Flask, make: Make, api: Clients) -> None:
    founders = [make.user(), make.user()]
    clients = [api(founder) for founder in founders]
    answers = sent_twice(app, clients, "/circles", {"name": "晨间写作", "slug": "morning"})
    assert statuses(answers) == [201, 422]
    assert count(Circle) == 1


def test_a_refresh_token_sent_twice_gives_both_the_same_pair(app: Flask, make: Make, api: Clients) -> None:
    registered = api().post("/auth/register", {"username": "Anna", "password": PASSWORD}).get_json()
    answers = sent_twice(app, [api(), api()], "/auth/refresh", {"refresh_token": registered["refresh_token"]})
    assert statuses(answers) == [200, 200]
    assert answers[0].get_json()["refresh_token"] == answers[1].get_json()["refresh_token"]
