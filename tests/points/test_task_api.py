"""Tasks and the leaderboard over the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.circles import operations as circles
from circle.core.db import db
from circle.ledger.models import LedgerTxn
from tests.clients import ApiClient
from tests.factories import Make, Place

Api = Callable[..., ApiClient]


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


def claims() -> int:
    return db.session.scalar(select(func.count()).select_from(LedgerTxn).where(LedgerTxn.kind == "task")) or 0


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": f"claim-{name}"}


def test_the_list_holds_what_a_client_draws(place: Place, make: Make, api: Api) -> None:
    make.post(place)
    client = api(place.users["ann"])
    items = client.get(f"/circles/{place.slug}/tasks").get_json()["items"]
    daily = next(item for item in items if item["code"] == "daily_post")
    assert {name: daily[name] for name in ("cadence", "event", "target", "count", "state", "points", "growth")} == {
        "cadence": "daily", "event": "post", "target": 1, "count": 1, "state": "claimable", "points": 3, "growth": 3,
    }  # fmt: skip
    assert (daily["go_url"], daily["can_claim"], isinstance(daily["id"], str)) == (None, True, True)
    liking = next(item for item in items if item["code"] == "daily_like")
    assert liking["go_url"] == f"http://localhost/{place.slug}"


def test_names_are_in_the_language_that_is_asked_for(place: Place, api: Api) -> None:
    client = api(place.users["ann"])
    path = f"/circles/{place.slug}/tasks"
    english = client.get(path, headers={"Accept-Language": "en"}).get_json()["items"]
    assert next(item for item in english if item["code"] == "daily_post")["title"] == "Write a post"


def test_claiming_needs_a_key_and_happens_once_with_it(place: Place, make: Make, api: Api) -> None:
    make.post(place)
    client = api(place.users["ann"])
    items = client.get(f"/circles/{place.slug}/tasks").get_json()["items"]
    path = f"/tasks/{next(item['id'] for item in items if item['code'] == 'daily_post')}/claim"
    without = client.post(path)
    assert (without.status_code, without.get_json()["code"]) == (400, "IDEMPOTENCY_KEY_REQUIRED")
    first, again = (client.post(path, headers=key("one")) for _time in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.get_json() == again.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    state = {item["code"]: item["state"] for item in first.get_json()["items"]}
    assert state["daily_post"] == "claimed"
    other = client.post(path, headers=key("two"))
    assert (other.status_code, other.get_json()["code"]) == (409, "NOT_CLAIMABLE")
    assert claims() == 1


def test_refusals_are_told_apart(place: Place, make: Make, api: Api) -> None:
    make.post(place)
    client = api(place.users["ann"])
    items = {item["code"]: item["id"] for item in client.get(f"/circles/{place.slug}/tasks").get_json()["items"]}
    unfinished = client.post(f"/tasks/{items['weekly_media']}/claim", headers=key("a"))
    assert (unfinished.status_code, unfinished.get_json()["code"]) == (409, "NOT_CLAIMABLE")
    assert client.post("/tasks/1/claim", headers=key("b")).status_code == 404
    stranger = api(make.user())
    assert stranger.post(f"/tasks/{items['daily_post']}/claim", headers=key("c")).status_code == 403
    assert stranger.get(f"/circles/{place.slug}/tasks").status_code == 403
    assert api().get(f"/circles/{place.slug}/tasks").status_code == 401
    circles.mute_member(place.mod, place.slug, place.ann.id or 0, duration_s=3600)
    muted = client.post(f"/tasks/{items['daily_post']}/claim", headers=key("d"))
    assert (muted.status_code, muted.get_json()["code"]) == (403, "MUTED")
    assert claims() == 0


def test_the_board_is_for_whoever_may_read(place: Place, make: Make, api: Api) -> None:
    make.post(place)
    make.post(place, "bob")
    make.post(place, "bob")
    path = f"/circles/{place.slug}/leaderboard"
    mine = api(place.users["ann"]).get(path).get_json()
    assert (mine["window"], [row["rank"] for row in mine["items"]]) == ("7d", [1, 2])
    assert (mine["me"]["rank"], mine["next_rank"], mine["needs"]) == (2, 1, 3)
    assert mine["items"][0]["user"]["id"] == str(place.bob.id)
    visitor = api().get(f"{path}?window=all").get_json()
    assert (visitor["window"], visitor["me"], visitor["needs"]) == ("all", None, 0)
    assert api().get(f"{path}?window=1y").status_code == 422
    hidden = make.place(visibility="private")
    assert api().get(f"/circles/{hidden.slug}/leaderboard").status_code == 404
    assert api(make.user()).get(f"/circles/{hidden.slug}/tasks").status_code == 404
