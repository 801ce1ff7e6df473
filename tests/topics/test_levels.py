"""Members whose level gives them the right open topics themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import VISITOR, Actor
from circle.circles import operations as circles
from circle.circles.models import Circle, Member
from circle.core import clock
from circle.core.db import db
from circle.core.errors import Forbidden, Unauthenticated
from circle.core.operation import operation
from circle.topics import operations
from circle.topics.models import Topic
from tests.factories import Make, Place
from tests.points.passing import member_id


@operation
def set_level(place: Place, level: int, name: str = "ann") -> None:
    db.session.get_one(Member, member_id(place, name)).level = level


@operation
def set_levels(place: Place, levels: list[dict[str, Any]]) -> None:
    db.session.get_one(Circle, place.circle.id).levels = levels


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


def test_the_highest_usual_level_opens_topics_and_the_others_hear_of_it(place: Place) -> None:
    for level in (1, 2):
        set_level(place, level)
        with pytest.raises(Forbidden) as refusal:
            operations.create_topic(place.ann, place.slug, title="早读")
        assert refusal.value.code == "LEVEL_TOO_LOW"
    set_level(place, 3)
    topic_id = operations.create_topic(place.ann, place.slug, title="早读")
    assert db.session.get_one(Topic, topic_id).created_by == place.ann.id
    with pytest.raises(Forbidden) as refusal:  # opening is not managing
        operations.update_topic(place.ann, topic_id, title="晚读")
    assert refusal.value.code == "FORBIDDEN"


def test_where_no_level_has_the_right_it_is_for_those_who_run_the_circle(place: Place) -> None:
    set_levels(place, [{"name": "", "growth_min": 0}])
    with pytest.raises(Forbidden) as refusal:
        operations.create_topic(place.ann, place.slug, title="早读")
    assert refusal.value.code == "FORBIDDEN"
    operations.create_topic(place.mod, place.slug, title="早读")


def test_neither_the_muted_nor_those_who_left_nor_strangers_open_topics(place: Place, make: Make) -> None:
    set_level(place, 3)
    set_level(place, 3, "bob")
    circles.mute_member(place.mod, place.slug, place.users["ann"].id, until=clock.now() + timedelta(days=1))
    circles.leave_circle(place.bob, place.slug)
    stranger = make.user()
    for somebody, code in (
        (place.ann, "MUTED"),
        (place.bob, "FORBIDDEN"),
        (Actor(id=stranger.id, username=stranger.username), "FORBIDDEN"),
    ):
        with pytest.raises(Forbidden) as refusal:
            operations.create_topic(somebody, place.slug, title="早读")
        assert refusal.value.code == code
    with pytest.raises(Unauthenticated):
        operations.create_topic(VISITOR, place.slug, title="早读")
    assert db.session.scalar(select(func.count()).select_from(Topic)) == 0


def test_the_button_the_form_and_the_api_go_with_the_level(place: Place, browser: Any, api: Any) -> None:
    ann, new = browser(place.users["ann"]), f"/{place.slug}/topics/new"
    assert new not in ann.get(f"/{place.slug}/topics").get_data(as_text=True)
    assert ann.get(new).status_code == 403
    refusal = api(place.users["ann"]).post(f"/circles/{place.slug}/topics", {"title": "早读"})
    assert (refusal.status_code, refusal.json["code"]) == (403, "LEVEL_TOO_LOW")
    set_level(place, 3)
    assert new in ann.get(f"/{place.slug}/topics").get_data(as_text=True)
    assert ann.get(new).status_code == 200
    bad = ann.post(f"/{place.slug}/topics", {"title": "很长的名字" * 9})
    assert bad.status_code == 422
    made = ann.post(f"/{place.slug}/topics", {"title": "早读", "intro": "每天一页"})
    assert made.status_code == 303
    assert ann.get(made.location).status_code == 200
    assert api(place.users["ann"]).post(f"/circles/{place.slug}/topics", {"title": "晚读"}).status_code == 201
    assert new not in browser().get(f"/{place.slug}/topics").get_data(as_text=True)
