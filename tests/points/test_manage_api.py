"""What those who run a circle do about points, over the API."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from circle.circles.models import Circle
from circle.core.db import db
from circle.points import operations
from circle.points.operations import Cause
from tests.clients import ApiClient
from tests.factories import Make, Place

REASON = "Thank you for the lovely meeting"
Clients = Callable[..., ApiClient]
_keys = count(1)


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place(slug="morning")


@pytest.fixture
def owner(place: Place, api: Clients) -> ApiClient:
    return api(place.owner_user)


@pytest.fixture
def admin(place: Place, api: Clients) -> ApiClient:
    return api(place.users["admin"])


def keyed(client: ApiClient, path: str, json: Any = None, key: str | None = None) -> TestResponse:
    return client.post(path, json, headers={"Idempotency-Key": key or f"key-{next(_keys)}"})


def adjust(client: ApiClient, place: Place, key: str | None = None, **values: Any) -> TestResponse:
    usual = {"user_id": str(place.users["ann"].id), "asset": "POINTS", "amount": 50, "reason": REASON}
    return keyed(client, "/circles/morning/points/adjust", {**usual, **values}, key)


def code_of(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json()["code"]


# ---- rules -----------------------------------------------------------------------------------------------------------


def test_rules_are_read_and_written(owner: ApiClient) -> None:
    before = owner.get("/circles/morning/earn-rules").get_json()
    assert before["expiry"] == "next_year" and [rule["code"] for rule in before["rules"]][-1] == "*"
    sent = {"rules": [{"code": "comment", "points": 3, "growth": 1, "daily_count_cap": 5}], "expiry": "never"}
    after = owner.put("/circles/morning/earn-rules", json=sent).get_json()
    assert after["version"] != before["version"] and after["expiry"] == "never"
    rules = {rule["code"]: rule for rule in after["rules"]}
    assert rules["comment"] == {
        "code": "comment", "version": 2, "points": 3, "growth": 1, "daily_count_cap": 5, "daily_point_cap": None,
        "weekly_point_cap": None, "giver_daily_cap": None, "min_len": None, "enabled": True,
    }  # fmt: skip
    assert rules["post.text"] == next(rule for rule in before["rules"] if rule["code"] == "post.text")


def test_if_match_keeps_two_owners_apart(owner: ApiClient, admin: ApiClient) -> None:
    seen = owner.get("/circles/morning/earn-rules").headers["ETag"]
    body = {"rules": [{"code": "comment", "points": 3}]}
    for client, status in ((admin, 200), (owner, 412)):
        answer = client.put("/circles/morning/earn-rules", json=body, headers={"If-Match": seen})
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"code": "dance"}, "rules.0.code"),
        ({"code": "comment", "points": -1}, "rules.0.points"),
        ({"code": "comment", "points": 1.5}, "rules.0.points"),
        ({"code": "comment", "points": "3"}, "rules.0.points"),
        ({"code": "comment", "daily_count_cap": 0}, "rules.0.daily_count_cap"),
        ({"code": "comment", "enabled": "yes"}, "rules.0.enabled"),
        ({"code": "comment", "giver_daily_cap": 4}, "comment.giver_daily_cap"),
        ({"code": "comment", "gold": 4}, "rules.0.gold"),
    ],
)
def test_a_bad_rule_is_named(owner: ApiClient, rule: dict[str, Any], field: str) -> None:
    for answer in (
        owner.put("/circles/morning/earn-rules", json={"rules": [rule]}),
        owner.post("/circles/morning/earn-rules/simulate", {"rules": [rule]}),
    ):
        assert code_of(answer) == (422, "VALIDATION") and list(answer.get_json()["errors"]) == [field]


def test_rules_are_tried(place: Place, owner: ApiClient) -> None:
    for number in range(3):
        cause = Cause(f"comment:{number}", "comment", f"comment:{number}")
        operations.set_earned(place.circle.id, place.users["ann"].id, cause, on=True)
    found = owner.post("/circles/morning/earn-rules/simulate", {"rules": [{"code": "comment", "points": 4}]}).get_json()
    total = found["result"]["total"]
    assert (total["points_before"], total["points_after"], total["growth_after"]) == (3, 12, 0)
    assert [one["user"]["id"] for one in found["winners"]] == [str(place.users["ann"].id)] and found["losers"] == []
    assert len(found["result"]["weeks"]) == 1 and not found["cut"]


# ---- levels ----------------------------------------------------------------------------------------------------------


def test_levels_are_written(place: Place, owner: ApiClient) -> None:
    levels = [{"growth_min": 0, "privileges": {"posts_per_day": 9}}, {"level": 2, "name": "熟客", "growth_min": 80}]
    levels[1]["privileges"] = {"posts_per_day": 9, "makeup_cards_per_month": 2}
    found = owner.put("/circles/morning/levels", json={"levels": levels}).get_json()
    assert [each["called"] for each in found["levels"]][1] == "熟客"
    assert found["levels"][0]["privileges"] == {"posts_per_day": 9} and found["levels"][1]["keep_min"] == 0
    assert found["levels"][1]["privileges"] == {"posts_per_day": 9, "makeup_cards_per_month": 2}
    assert db.session.get_one(Circle, place.circle.id, populate_existing=True).version == found["version"]


def test_levels_honour_the_etag_of_the_circle(owner: ApiClient, admin: ApiClient) -> None:
    seen = owner.get("/circles/morning").headers["ETag"]
    for client, status in ((admin, 200), (owner, 412)):
        body = {"levels": [{"growth_min": 0}, {"growth_min": 70}]}
        answer = client.put("/circles/morning/levels", json=body, headers={"If-Match": seen})
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("levels", "field"),
    [
        ([], "levels"),
        ([{"growth_min": 7}], "levels.0.growth_min"),
        ([{"name": "x"}], "levels.0.growth_min"),
        ([{"growth_min": 0}, {"growth_min": "9"}], "levels.1.growth_min"),
        ([{"growth_min": 0, "privileges": {"images_per_post": 10}}], "levels.0.privileges.images_per_post"),
        ([{"growth_min": 0, "privileges": {"wings": True}}], "levels.0.privileges.wings"),
        ([{"growth_min": 0}, {"growth_min": 5, "privileges": {"upload_mb": 4}}], "levels.1.privileges.upload_mb"),
        ([{"growth_min": n} for n in range(21)], "levels"),
    ],
)
def test_a_bad_level_is_named(owner: ApiClient, levels: list[Any], field: str) -> None:
    answer = owner.put("/circles/morning/levels", json={"levels": levels})
    assert code_of(answer) == (422, "VALIDATION") and list(answer.get_json()["errors"]) == [field]


# ---- by hand ---------------------------------------------------------------------------------------------------------


def test_a_small_adjustment_is_applied_and_a_large_one_waits(place: Place, owner: ApiClient, admin: ApiClient) -> None:
    small, large = adjust(admin, place), adjust(admin, place, amount=5000)
    assert (small.status_code, small.get_json()["status"]) == (201, "applied")
    assert (large.status_code, large.get_json()["status"]) == (202, "pending")
    path = f"/point-adjustments/{large.get_json()['id']}"
    assert code_of(keyed(admin, f"{path}/approve")) == (422, "SECOND_APPROVER_REQUIRED")
    done = keyed(owner, f"{path}/approve").get_json()
    assert (done["status"], done["decided_by"]["id"]) == ("applied", str(place.owner_user.id))
    assert owner.post(f"{path}/reject", {"note": "too late"}).status_code == 409
    undone = keyed(owner, f"{path}/reverse", {"note": "wrong person"}).get_json()
    assert (undone["status"], undone["note"]) == ("reversed", "wrong person")


def test_the_same_request_twice_gives_once(place: Place, admin: ApiClient) -> None:
    first, second = adjust(admin, place, "same"), adjust(admin, place, "same")
    assert first.get_json() == second.get_json() and second.headers["Idempotency-Replayed"] == "true"
    assert code_of(adjust(admin, place, "same", amount=51)) == (422, "IDEMPOTENCY_KEY_REUSED")
    without = admin.post("/circles/morning/points/adjust", {"amount": 1})
    assert without.status_code in {400, 422}
    assert len(admin.get("/circles/morning/points/adjustments").get_json()["items"]) == 1


def test_refusals_have_their_codes(place: Place, owner: ApiClient, admin: ApiClient, api: Clients) -> None:
    assert code_of(adjust(admin, place, amount=-5)) == (422, "INSUFFICIENT_POINTS")
    assert code_of(adjust(owner, place, user_id=str(place.users["admin"].id), amount=5000)) == (
        422, "SECOND_APPROVER_REQUIRED",
    )  # fmt: skip
    assert code_of(adjust(admin, place, user_id=str(place.users["admin"].id))) == (403, "FORBIDDEN")
    assert code_of(adjust(admin, place, user_id="7")) == (404, "NOT_FOUND")
    assert code_of(adjust(api(place.users["mod"]), place)) == (403, "FORBIDDEN")
    for bad in ({"amount": 0}, {"amount": 1_000_001}, {"amount": 1.5}, {"asset": "CNY"}, {"reason": "short"}):
        answer = adjust(admin, place, **bad)
        assert code_of(answer) == (422, "VALIDATION") and list(answer.get_json()["errors"]) == list(bad)


def test_adjustments_are_listed_by_status(place: Place, owner: ApiClient, admin: ApiClient) -> None:
    for amount in (1, 2, 5000):
        adjust(admin, place, amount=amount)

    def amounts(query: str = "") -> list[int]:
        return [each["amount"] for each in owner.get("/circles/morning/points/adjustments" + query).get_json()["items"]]

    assert (amounts(), amounts("?status=pending"), amounts("?status=rejected")) == ([2, 1], [5000], [])
    first = owner.get("/circles/morning/points/adjustments?limit=1").get_json()
    assert amounts(f"?limit=1&cursor={first['next_cursor']}") == [1]
    assert owner.get("/circles/morning/points/adjustments?status=odd").status_code == 422


def test_the_books_are_told(place: Place, owner: ApiClient, admin: ApiClient, api: Clients) -> None:
    adjust(admin, place, amount=300)
    books = owner.get("/circles/morning/points/books").get_json()
    assert books["balanced"] and books["check"] is None
    assert books["points"] == {"minted": 300, "burned": 0, "expired": 0, "held": 300, "owed": 0, "difference": 0}
    assert api(place.users["mod"]).get("/circles/morning/points/books").status_code == 403
