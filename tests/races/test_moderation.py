"""Moderators and authors who act on the same thing in the same moment: one wins, the others hear it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.circles.models import Circle
from circle.core import audit
from circle.core.db import db
from circle.core.errors import Conflict, NotFound, PreconditionFailed
from circle.notifications.models import Notice
from circle.posts import operations as posts
from circle.posts.models import Post
from circle.topics import operations as topics
from circle.topics.models import Topic
from tests.clients import ApiClient
from tests.factories import Make, Place
from tests.races.together import all_well, together

Clients = Callable[..., ApiClient]


def errors_of(outcomes: list[Any]) -> list[type[Exception]]:
    return [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]


def assert_chain_and_counts(place: Place) -> None:
    db.session.expire_all()
    assert audit.verify(f"circle:{place.circle.id}") is None
    visible = select(func.count()).where(Post.circle_id == place.circle.id, Post.status == "published")
    assert db.session.get_one(Circle, place.circle.id).post_count == db.session.scalar(visible)


def test_two_moderators_hide_at_once_and_the_author_is_told_once(app: Flask, make: Make) -> None:
    place = make.place()
    post_id, mod, admin = make.post(place), place.mod, place.admin
    outcomes = together(app, [lambda by=by: posts.hide_post(by, post_id, reason="off topic") for by in (mod, admin)])
    assert errors_of(outcomes) == [Conflict]
    assert db.session.scalar(select(func.count()).where(Notice.kind == "post.hidden")) == 1
    assert_chain_and_counts(place)


@pytest.mark.parametrize("time", range(2))
def test_hiding_restoring_removing_and_taking_back_at_once_keeps_the_counts(app: Flask, make: Make, time: int) -> None:
    place = make.place()
    topic_id = topics.create_topic(place.owner, place.slug, title="早安")
    post_id = make.post(place, topic_ids=[topic_id])
    mod, admin, ann = place.mod, place.admin, place.ann
    outcomes = together(app, [
        lambda: posts.hide_post(mod, post_id, reason="off topic"),
        lambda: posts.restore_post(admin, post_id),
        lambda: posts.remove_post(admin, post_id, reason="spam"),
        lambda: posts.delete_post(ann, post_id),
        lambda: posts.hide_post(admin, post_id, reason="spam"),
    ])  # fmt: skip
    assert set(errors_of(outcomes)) <= {Conflict, NotFound}
    assert_chain_and_counts(place)
    status = db.session.get_one(Post, post_id).status
    assert db.session.get_one(Topic, topic_id).post_count == int(status == "published")


def test_moderators_busy_with_many_things_break_no_chain(app: Flask, make: Make) -> None:
    place = make.place()
    ids = [make.post(place) for _post in range(6)]
    mod, admin = place.mod, place.admin

    def tidy(by: Any, order: list[int]) -> Callable[[], None]:
        def act() -> None:
            for post_id in order:
                posts.hide_post(by, post_id, reason="off topic")
                posts.restore_post(by, post_id)

        return act

    all_well(together(app, [tidy(mod, ids[:3]), tidy(admin, ids[3:])]))
    assert_chain_and_counts(place)


def test_of_two_edits_of_one_version_one_wins(app: Flask, make: Make) -> None:
    place = make.place()
    post_id, ann = make.post(place), place.ann
    outcomes = together(
        app, [lambda word=word: posts.edit_post(ann, post_id, version=1, body=word) for word in ("one", "two", "three")]
    )
    assert errors_of(outcomes) == [PreconditionFailed] * 2
    post = db.session.get_one(Post, post_id)
    assert (post.version, post.body) == (2, ("one", "two", "three")[outcomes.index(None)])


def test_of_two_phones_that_edit_one_etag_one_is_told_412(app: Flask, make: Make, api: Clients) -> None:
    place = make.place()
    post_id = make.post(place)
    phones = [api(place.users["ann"]) for _phone in range(3)]
    tag = phones[0].get(f"/posts/{post_id}").headers["ETag"]
    answers = all_well(together(app, [
        lambda phone=phone, number=number: phone.patch(
            f"/posts/{post_id}", {"body": f"number {number}"}, headers={"If-Match": tag})
        for number, phone in enumerate(phones)
    ]))  # fmt: skip
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert api().get(f"/posts/{post_id}").get_json()["body"] == winner.get_json()["body"]


@pytest.mark.parametrize("what", ["circle", "topic", "me"])
def test_of_two_settings_pages_saved_at_once_one_wins(app: Flask, make: Make, api: Clients, what: str) -> None:
    place = make.place()
    topic_id = topics.create_topic(place.owner, place.slug, title="早安")
    path, field = {
        "circle": (f"/circles/{place.slug}", "intro"), "topic": (f"/topics/{topic_id}", "intro"), "me": ("/me", "bio"),
    }[what]  # fmt: skip
    phones = [api(place.owner_user) for _phone in range(2)]
    tag = phones[0].get(path).headers["ETag"]
    answers = all_well(together(app, [
        lambda phone=phone, number=number: phone.patch(path, {field: f"number {number}"}, headers={"If-Match": tag})
        for number, phone in enumerate(phones)
    ]))  # fmt: skip
    assert sorted(answer.status_code for answer in answers) == [200, 412]
