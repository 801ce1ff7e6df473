"""Campaigns over the API: reading, joining, leaving."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from circle.checkins import operations
from circle.checkins.operations import Plan
from circle.circles import operations as circles
from tests.checkins.campaigning import FIRST, Week
from tests.clients import ApiClient
from tests.factories import Make, actor_of

Client = Callable[..., ApiClient]


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"reward_points": 50, "reward_growth": 20, "prompts": ("窗外", "早饭"), "card_price": 30})


def read(week: Week, client: ApiClient, idx: int, path: str = "") -> Any:
    with week.at(idx):
        answer = client.get(f"/campaigns/{week.id}{path}")
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def test_a_campaign_is_what_the_contract_says(week: Week, api: Client) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    told = read(week, api(ann), 2)
    assert told["id"] == str(week.id)
    assert (told["circle_slug"], told["title"], told["phase"], told["status"]) == (
        week.slug, "早安七天", "running", "published",
    )  # fmt: skip
    assert told["window"] == {"start_min": 0, "end_min": 1440}
    assert told["need"] == {"type": "count", "n": 5}
    assert told["content_rule"] == {"min_len": 0, "min_images": 0, "audio": False}
    assert told["makeup"] == {"free_cards": 1, "price_points": 30, "card_limit": 2, "lookback": 3}
    assert told["rewards"] == [
        {"for": "completion", "kind": "points", "amount": 50},
        {"for": "completion", "kind": "growth", "amount": 20},
    ]
    assert (told["start_date"], told["end_date"], told["join_until"]) == ("2026-11-16", "2026-11-22", "2026-11-18")
    assert (told["enrolled_count"], told["period_count"], told["today_count"]) == (1, 7, 0)
    assert told["current"]["idx"] == 2
    assert (told["current"]["open"], told["current"]["prompt"]) == (True, "早饭")
    assert told["can"]["submit"]
    me = told["me"]
    assert (me["status"], me["done"], me["on_time"], me["streak"], me["makeup_cards"]) == ("active", 1, 1, 1, 1)
    assert (me["target"], me["reached"]) == (5, 1)
    first, second, third = me["days"][:3]
    assert (first["state"], first["date"], first["post_id"]) == (
        "done", "2026-11-16", str(week.records(ann)[0].post_id),
    )  # fmt: skip
    assert (second["state"], second["opens_at"], second["closes_at"]) == (
        "open", "2026-11-16T16:00:00Z", "2026-11-17T16:00:00Z",
    )  # fmt: skip
    assert (third["state"], third["prompt"], third["post_id"]) == ("future", "", None)


def test_who_takes_no_part_has_no_me(week: Week, api: Client) -> None:
    assert read(week, api(), 2)["me"] is None
    bob = week.member(enrolled=False)
    assert read(week, api(bob), 2)["can"]["enroll"]
    with week.at(2):
        answer = api(bob).get(f"/campaigns/{week.id}/me")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "NOT_ENROLLED")
    with week.at(2):
        assert api().get(f"/campaigns/{week.id}/me").status_code == 401


def test_ones_own_calendar(week: Week, api: Client) -> None:
    ann = week.member()
    week.check_in(ann, 1, 3)
    me = read(week, api(ann), 4, "/me")
    assert [day["state"] for day in me["days"]] == ["done", "missed", "done", "open", "future", "future", "future"]
    assert [day["idx"] for day in me["days"] if day["can_make_up"]] == [2]
    assert (me["streak"], me["best_streak"]) == (1, 1)


def test_a_cancelled_campaign_is_closed_and_says_so(week: Week, api: Client) -> None:
    with week.at(2):
        operations.cancel_campaign(week.owner, week.id, reason="场地变了")
    told = read(week, api(), 3)
    assert (told["phase"], told["status"], told["cancel_reason"]) == ("closed", "cancelled", "场地变了")
    assert told["current"] is None


def test_the_list_in_pages_and_by_phase(week: Week, api: Client) -> None:
    for title, start in (("快了", 10), ("过去", -20)):
        first = FIRST + timedelta(days=start)
        with week.at(start - 1):
            plan = Plan(title=title, start_date=first, end_date=first + timedelta(days=6))
            operations.publish_campaign(week.owner, operations.create_campaign(week.owner, week.slug, plan))
    ann = week.member()
    with week.at(2):
        client = api(ann)
        one = client.get(f"/circles/{week.slug}/campaigns?limit=2").get_json()
        rest = client.get(f"/circles/{week.slug}/campaigns?limit=2&cursor={one['next_cursor']}").get_json()
        over = client.get(f"/circles/{week.slug}/campaigns?phase=over").get_json()
        wrong = client.get(f"/circles/{week.slug}/campaigns?phase=never")
        other = client.get(f"/circles/{week.slug}/campaigns?phase=over&cursor={one['next_cursor']}")
    titles = [item["title"] for item in one["items"] + rest["items"]]
    assert titles == ["快了", "早安七天", "过去"]
    assert one["items"][1]["me"]["days"] == []
    assert [item["title"] for item in over["items"]] == ["过去"]
    assert wrong.status_code == 422
    assert other.get_json()["code"] == "CURSOR_INVALID"


def test_joining_and_leaving_answer_the_enrolment(week: Week, api: Client) -> None:
    bob = week.member(enrolled=False)
    client = api(bob)
    with week.at(1):
        for _twice in range(2):
            answer = client.post(f"/campaigns/{week.id}/enroll")
            assert (answer.status_code, answer.get_json()["status"]) == (200, "active")
        assert len(answer.get_json()["days"]) == 7
        answer = client.post(f"/campaigns/{week.id}/withdraw")
        assert (answer.status_code, answer.get_json()["status"]) == (200, "withdrawn")
        again = client.post(f"/campaigns/{week.id}/withdraw")
        assert (again.status_code, again.get_json()["code"]) == (422, "NOT_ENROLLED")
        assert client.post(f"/campaigns/{week.id}/enroll").get_json()["status"] == "active"
    assert week.campaign.enrolled_count == 1


@pytest.mark.parametrize(
    ("idx", "plan", "status", "code"),
    [
        (5, {}, 422, "LATE_JOIN_CLOSED"),
        (9, {}, 422, "NOT_OPEN"),
        (1, {"level_min": 3}, 422, "LEVEL_TOO_LOW"),
    ],
)
def test_whoever_may_not_join_is_told_why(
    make: Make, api: Client, app: Flask, idx: int, plan: dict[str, Any], status: int, code: str
) -> None:
    week = Week(make, plan)
    bob = week.member(enrolled=False)
    with week.at(idx):
        answer = api(bob).post(f"/campaigns/{week.id}/enroll")
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_a_body_that_is_not_known_is_refused(week: Week, api: Client) -> None:
    bob = week.member(enrolled=False)
    with week.at(1):
        assert api(bob).post(f"/campaigns/{week.id}/enroll", json={"nonsense": 1}).status_code == 422


def test_drafts_and_private_campaigns_are_not_there(week: Week, make: Make, api: Client) -> None:
    draft, stranger = Week(make, publish=False), actor_of(make.user())
    with week.at(0):
        for client in (api(), api(stranger)):
            assert client.get(f"/campaigns/{draft.id}").status_code == 404
        assert api(draft.owner).get(f"/campaigns/{draft.id}").get_json()["phase"] == "draft"
    circles.update_circle(week.owner, week.slug, visibility="private")
    with week.at(2):
        for path in (f"/campaigns/{week.id}", f"/campaigns/{week.id}/checkins", f"/circles/{week.slug}/campaigns"):
            assert api(stranger).get(path).status_code == 404


def test_check_ins_come_as_posts_that_say_their_day(week: Week, api: Client) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2)
    with week.at(3):
        page = api().get(f"/campaigns/{week.id}/checkins?limit=1").get_json()
        rest = api().get(f"/campaigns/{week.id}/checkins?limit=1&cursor={page['next_cursor']}").get_json()
        feed = api().get(f"/circles/{week.slug}/feed").get_json()
    assert [page["items"][0]["checkin"]["idx"], rest["items"][0]["checkin"]["idx"]] == [2, 1]
    assert rest["next_cursor"] is None
    assert page["items"][0]["checkin"] == {
        "campaign_id": str(week.id), "title": "早安七天", "idx": 2, "total": 7, "cadence": "daily", "source": "normal",
        "status": "approved",
    }  # fmt: skip
    assert [item["type"] for item in feed["items"]] == ["checkin", "checkin"]


def test_an_ordinary_post_has_no_check_in(week: Week, api: Client, make: Make) -> None:
    ann = week.member()
    with week.at(1):
        post = api(ann).post(f"/circles/{week.slug}/posts", {"body": "随便说说"}).get_json()
    assert post["checkin"] is None
