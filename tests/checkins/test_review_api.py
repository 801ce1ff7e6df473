"""Reviewing check-ins over the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from circle.access import Actor
from tests.checkins.campaigning import Week
from tests.clients import ApiClient
from tests.factories import Make

Clients = Callable[..., ApiClient]


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"review": "manual"})


def code_of(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json()["code"]


def test_the_list_has_what_waits_with_the_post_and_what_may_be_done(week: Week, api: Clients) -> None:
    ann = week.member()
    made = week.check_in(ann, 2, body="窗外有雾。")
    with week.at(2, 12):
        body = api(week.owner).get(f"/campaigns/{week.id}/records").get_json()
    (record,) = body["items"]
    assert body["next_cursor"] is None
    assert (record["id"], record["campaign_id"]) == (str(made.record_id), str(week.id))
    assert (record["idx"], record["day"], record["status"], record["source"]) == (2, "2026-11-17", "pending", "normal")
    assert (record["user"]["id"], record["post"]["body"]) == (str(ann.id), "窗外有雾。")
    assert record["can"] == {"approve": True, "reject": True}
    assert record["decided_by"] is None


def test_approving_answers_with_the_record_and_again_changes_nothing(week: Week, api: Clients) -> None:
    made = week.check_in(week.member(), 1)
    with week.at(1, 12):
        client = api(week.owner)
        for _again in range(2):
            answer = client.post(f"/checkin-records/{made.record_id}/approve")
            assert answer.status_code == 200
            body = answer.get_json()
            assert (body["status"], body["decided_by"]["id"]) == ("approved", str(week.owner.id))
            assert body["can"] == {"approve": False, "reject": False}
        found = client.get(f"/campaigns/{week.id}/records?status=approved").get_json()
    assert [record["id"] for record in found["items"]] == [str(made.record_id)]


def test_rejecting_needs_a_reason(week: Week, api: Clients) -> None:
    made = week.check_in(week.member(), 1)
    path = f"/checkin-records/{made.record_id}/reject"
    with week.at(1, 12):
        client = api(week.owner)
        for bad in ({}, {"reason": ""}, {"reason": "x" * 201}, {"reason": 5}):
            assert client.post(path, bad).status_code == 422
        body = client.post(path, {"reason": "照片看不清"}).get_json()
        assert (body["status"], body["reason"]) == ("rejected", "照片看不清")
        assert code_of(client.post(f"/checkin-records/{made.record_id}/approve"))[0] == 409


def test_each_refusal_has_its_code(week: Week, api: Clients) -> None:
    mod = week.member(role="moderator")
    own, made = week.check_in(mod, 1), week.check_in(week.member(), 1)
    with week.at(1, 12):
        assert code_of(api(mod).post(f"/checkin-records/{own.record_id}/approve")) == (403, "SELF_REVIEW")
        assert api(week.member()).post(f"/checkin-records/{made.record_id}/approve").status_code == 404
        assert api(mod).post("/checkin-records/1/approve").status_code == 404
        assert api().get(f"/campaigns/{week.id}/records").status_code == 401
        assert api(week.member()).get(f"/campaigns/{week.id}/records").status_code == 403
        assert api(mod).get("/campaigns/1/records").status_code == 404
        assert api(mod).get(f"/campaigns/{week.id}/records?status=x").status_code == 422
        assert code_of(api(mod).get(f"/campaigns/{week.id}/records?cursor=x")) == (400, "CURSOR_INVALID")
    week.settle()
    settled = code_of(api(week.owner).post(f"/checkin-records/{made.record_id}/approve"))
    assert settled == (409, "CAMPAIGN_SETTLED")


def test_pages_go_on_where_the_one_before_ended(week: Week, api: Clients) -> None:
    people: list[Actor] = [week.member() for _number in range(3)]
    ids = [str(week.check_in(each, 1).record_id) for each in people]
    with week.at(1, 12):
        client = api(week.owner)
        first = client.get(f"/campaigns/{week.id}/records?limit=2").get_json()
        rest = client.get(f"/campaigns/{week.id}/records?limit=2&cursor={first['next_cursor']}").get_json()
    assert [record["id"] for record in first["items"] + rest["items"]] == ids
