"""Points in the copy that people take with them, and on the page on which they delete their account."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import select

from circle.access import Actor
from circle.accounts import copies, leaving, operations
from circle.accounts.passwords import hash_password
from circle.circles import operations as circles
from circle.core import clock, jobs
from circle.core.db import db
from circle.core.storage import storage
from circle.home import batches
from circle.points import operations as points
from circle.points.models import Task
from circle.posts import operations as posts
from tests.clients import ApiClient, Browser
from tests.factories import PASSWORD, Make, Place
from tests.points.passing import give, held, reward

REASON = "整理了上周的读书笔记，谢谢"


@pytest.fixture
def place(make: Make) -> Place:
    return make.place(name="晨间写作")


def copy_of(actor: Actor) -> dict[str, Any]:
    """The lists of a copy, by name."""
    takeout_id = operations.ask_takeout(actor)
    jobs.run_due()
    db.session.expire_all()
    key = copies.get_takeout(takeout_id).storage_key
    assert key
    archive = ZipFile(BytesIO(b"".join(storage().stream(key))))
    return {name.removesuffix(".json"): json.loads(archive.read(name)) for name in archive.namelist() if "json" in name}


# ---- the copy --------------------------------------------------------------------------------------------------------


def test_a_copy_holds_what_one_has_and_how_it_came(place: Place) -> None:
    post_id = posts.publish_post(place.ann, place.slug, body="早安，今天有雾。")
    posts.like_post(place.bob, post_id, on=True)
    points.claim_task(place.ann, db.session.scalars(select(Task.id).where(Task.code == "daily_post")).one())
    points.ask_adjustment(
        place.owner, place.slug, place.users["ann"].id, asset="POINTS", amount=50, reason=REASON
    )  # fmt: skip
    reward(place, 700)
    has = held(place)
    mine = copy_of(place.ann)
    (account,) = mine["points"]
    assert account["circle"] == "晨间写作" and account["address"] == f"/{place.slug}"
    assert (account["points"], account["growth"], account["points_owed"], account["level"]) == (*has, 0, 2)
    for name, now in zip(("points", "growth"), has, strict=True):
        moved = [row for row in mine["points_statement"] if row["account"] == name]
        assert sum(row["amount"] for row in moved) == now == moved[-1]["after"]
    assert {row["why"] for row in mine["points_statement"]} >= {
        "earn.post.text",
        "earn.like.received",
        "adjust",
        "task",
    }
    assert REASON in {row["words"] for row in mine["points_statement"]}
    earned = {row["rule"]: row for row in mine["points_earned"]}
    assert (earned["post.text"]["points"], earned["like.received"]["for"]) == (2, f"post:{post_id}")
    assert [(row["from"], row["to"], row["why"], row["gift_points"]) for row in mine["levels"]] == [
        (1, 2, "promote", 20)
    ]
    assert ("daily_post", "claimed") in {(row["task"], row["state"]) for row in mine["tasks"]}
    (adjusted,) = mine["points_adjusted"]
    assert (adjusted["amount"], adjusted["why"], adjusted["state"]) == (50, REASON, "applied")


def test_a_copy_says_what_is_owed(place: Place) -> None:
    post_id = posts.publish_post(place.ann, place.slug, body="早安，今天有雾。")
    points.ask_adjustment(place.owner, place.slug, place.users["ann"].id, asset="POINTS", amount=-2, reason=REASON)
    posts.hide_post(place.mod, post_id, reason="off topic")
    mine = copy_of(place.ann)
    assert mine["points"][0]["points_owed"] == 2
    assert [row["amount"] for row in mine["points_statement"] if row["account"] == "debt"] == [-2]


def test_a_copy_names_nobody_who_liked_something(place: Place) -> None:
    post_id = posts.publish_post(place.ann, place.slug, body="早安，今天有雾。")
    posts.like_post(place.bob, post_id, on=True)
    mine = copy_of(place.ann)
    lists = {name: rows for name, rows in mine.items() if name.startswith(("points", "levels", "tasks"))}
    assert str(place.bob.id) not in json.dumps(lists)


def test_a_long_statement_is_read_in_batches_and_loses_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for _time in range(5):
        give(place, points=3)
        give(place, growth=2)
        posts.publish_post(place.ann, place.slug, body="早安，今天有雾。")
    monkeypatch.setattr(batches, "BATCH", 2)
    mine = copy_of(place.ann)
    assert [row["amount"] for row in mine["points_statement"] if row["why"] == "adjust"] == [3] * 5 + [2] * 5
    assert len(mine["points_earned"]) == 5
    assert mine["points"][0]["points"] == sum(
        row["amount"] for row in mine["points_statement"] if row["account"] == "points"
    )


def test_what_one_has_in_circles_that_were_left_is_in_it_too(place: Place) -> None:
    give(place, points=7)
    circles.leave_circle(place.ann, place.slug)
    assert copy_of(place.ann)["points"][0]["points"] == 7
    assert copy_of(place.bob)["points"][0]["points"] == 0


# ---- deleting the account --------------------------------------------------------------------------------------------


@pytest.fixture
def owning(place: Place, make: Make) -> tuple[Place, Actor]:
    """Somebody with a password and points in two circles, one of which they left."""
    other = make.place(name="夜读")
    user = make.user("xiaoan", password_hash=hash_password(PASSWORD))
    place.users["xiaoan"] = other.users["xiaoan"] = user
    for each in (place, other):
        make.member(each.circle, user=user)
    give(place, "xiaoan", points=1234)
    give(other, "xiaoan", points=5)
    actor = Actor(id=user.id, username=user.username, nickname=user.nickname)
    circles.leave_circle(actor, other.slug)
    return place, actor


def test_the_page_says_which_points_go_and_wants_to_hear_that_it_is_known(
    owning: tuple[Place, Actor], browser: Callable[..., Browser]
) -> None:
    place, actor = owning
    mine = browser(place.users["xiaoan"])
    page = mine.get("/settings/deletion").text
    assert "晨间写作" in page and "1234" in page and "夜读" in page
    assert 'name="forfeit_points"' in page
    form = {"current_password": PASSWORD, "content": "keep"}
    refused = mine.post("/settings/deletion", form)
    assert refused.status_code == 422 and "1234" in refused.text
    assert leaving.deletion_of(actor) is None
    assert mine.post("/settings/deletion", form | {"forfeit_points": "1"}).status_code == 303
    assert leaving.deletion_of(actor) is not None
    assert held(place, "xiaoan")[0] == 1234  # nothing is lost before the day comes


def test_who_has_no_points_is_not_asked(place: Place, make: Make, browser: Callable[..., Browser]) -> None:
    user = make.user(password_hash=hash_password(PASSWORD))
    make.member(place.circle, user=user)
    mine = browser(user)
    assert "forfeit_points" not in mine.get("/settings/deletion").text
    assert mine.post("/settings/deletion", {"current_password": PASSWORD, "content": "keep"}).status_code == 303


def test_the_api_wants_to_hear_it_too(owning: tuple[Place, Actor], api: Callable[..., ApiClient]) -> None:
    place, _actor = owning
    mine = api(place.users["xiaoan"])
    asked = {"password": PASSWORD, "keep_content": True}
    refused = mine.post("/me/deletion", asked)
    assert (refused.status_code, refused.get_json()["code"]) == (422, "POINTS_FORFEITED")
    assert "晨间写作: 1234, 夜读: 5" in refused.get_json()["detail"]
    assert mine.post("/me/deletion", asked | {"forfeit_points": False}).status_code == 422
    assert mine.post("/me/deletion", asked | {"forfeit_points": True}).status_code == 200


def test_whoever_changes_their_mind_keeps_everything(owning: tuple[Place, Actor]) -> None:
    place, actor = owning
    hashed = db.session.scalars(select(type(place.users["ann"]).password_hash).filter_by(id=actor.id)).one()
    operations.ask_deletion(actor, keep_content=True, forfeit_points=True, old_hash=hashed)
    operations.cancel_deletion(actor)
    with clock.at(clock.now() + timedelta(days=30)):
        jobs.run_due()
    assert held(place, "xiaoan")[0] == 1234


def test_a_copy_leaves_out_what_was_never_given(place: Place) -> None:
    note = "这一笔不合适，再商量一下"
    asked = [
        points.ask_adjustment(
            place.owner, place.slug, place.users["ann"].id, asset="POINTS", amount=amount, reason=REASON
        )
        for amount in (5000, 6000)
    ]
    points.reject_adjustment(place.admin, asked[0], note=note)
    mine = copy_of(place.ann)
    assert mine["points_adjusted"] == [] and note not in json.dumps(mine, ensure_ascii=False)
