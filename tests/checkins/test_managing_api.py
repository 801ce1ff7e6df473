"""Managing campaigns over the API: the contract of each step, refusals by name, what is sent twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from tests.checkins.campaigning import Week
from tests.clients import ApiClient
from tests.factories import Make

Api = Callable[..., ApiClient]


@pytest.fixture
def week(app: Flask, make: Make) -> Iterator[Week]:
    week = Week(make, {"reward_points": 20})
    with week.at(2, 9):
        yield week


@pytest.fixture
def owner(week: Week, api: Api) -> ApiClient:
    return api(week.owner)


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": f"campaign-{name}"}


WHOLE: dict[str, Any] = {
    "title": "读书七天", "intro": "**一起**读", "prompts": ["第一页", "", "第三页"], "cadence": "daily",
    "start_date": "2030-01-07", "end_date": "2030-01-13", "window": {"start_min": 1320, "end_min": 1560},
    "need": {"type": "streak", "n": 4}, "content_rule": {"min_len": 10, "min_images": 1, "audio": False},
    "review": "manual", "makeup": {"free_cards": 2, "price_points": 30, "card_limit": 4, "lookback": 5},
    "late_join_until": "2030-01-09", "level_min": 2, "reward": {"points": 50, "growth": 20},
    "teams": {"enabled": True, "points": 10, "growth": 5},
}  # fmt: skip


def test_a_campaign_is_made_with_all_that_it_may_say(week: Week, owner: ApiClient) -> None:
    answer = owner.post(f"/circles/{week.slug}/campaigns", WHOLE)
    assert answer.status_code == 201
    made = answer.get_json()
    for name in (
        "title",
        "intro",
        "window",
        "need",
        "content_rule",
        "review",
        "makeup",
        "late_join_until",
        "level_min",
    ):
        assert made[name] == WHOLE[name], name
    assert (made["status"], made["teams"], made["start_date"]) == ("draft", True, "2030-01-07")
    assert {(each["for"], each["kind"]): each["amount"] for each in made["rewards"]} == {
        ("completion", "points"): 50, ("completion", "growth"): 20, ("team", "points"): 10, ("team", "growth"): 5,
    }  # fmt: skip


def test_title_and_days_are_enough(week: Week, owner: ApiClient) -> None:
    least = {"title": "读书七天", "start_date": "2030-01-07", "end_date": "2030-01-13"}
    made = owner.post(f"/circles/{week.slug}/campaigns", least).get_json()
    assert (made["need"], made["window"]) == ({"type": "count", "n": 5}, {"start_min": 0, "end_min": 1440})
    published = owner.post(f"/campaigns/{made['id']}/publish").get_json()
    assert (published["status"], published["phase"], published["period_count"]) == ("published", "upcoming", 7)
    again = owner.post(f"/campaigns/{made['id']}/publish")
    assert (again.status_code, again.get_json()["code"]) == (409, "STATE_CONFLICT")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "长" * 41}, "title"),
        ({"title": None}, "title"),
        ({"start_date": "20300107"}, "start_date"),
        ({"start_date": "2030-W02-1"}, "start_date"),
        ({"start_date": "2030-02-30"}, "start_date"),
        ({"start_date": 20300107}, "start_date"),
        ({"end_date": "2030-01-01"}, "end_date"),
        ({"end_date": "9999-12-31", "start_date": "9999-12-31"}, "start_date"),
        ({"window": {"start_min": 600, "end_min": 600}}, "window.end_min"),
        ({"window": {"start_min": 600}}, "window.end_min"),
        ({"window": "all day"}, "window._schema"),
        ({"need": {"type": "most"}}, "need.type"),
        ({"need": {"type": "count", "n": 0}}, "need.n"),
        ({"need": {"type": "count", "n": True}}, "need.n"),
        ({"content_rule": {"min_images": 1, "audio": True}}, "content_rule.audio"),
        ({"makeup": {"free_cards": 11}}, "makeup.free_cards"),
        ({"makeup": {"price_points": 5, "card_limit": 0}}, "makeup.card_limit"),
        ({"reward": {"points": 10_001}}, "reward.points"),
        ({"teams": {"enabled": "yes"}}, "teams.enabled"),
        ({"level_min": 50}, "level_min"),
        ({"topic_id": "12345"}, "topic_id"),
        ({"prompts": ["长" * 201]}, "prompts.0"),
        ({"prompts": ["短"] * 367}, "prompts"),
        ({"late_join_until": "2030-01-14"}, "late_join_until"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_is_wrong_is_named_as_it_was_sent(
    week: Week, owner: ApiClient, changes: dict[str, Any], field: str
) -> None:
    answer = owner.post(f"/circles/{week.slug}/campaigns", WHOLE | {"level_min": 1} | changes)
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"], answer.get_json()


def test_a_change_names_what_is_locked(week: Week, owner: ApiClient) -> None:
    answer = owner.patch(f"/campaigns/{week.id}", {"need": {"type": "count", "n": 2}})
    told = answer.get_json()
    assert (answer.status_code, told["code"], list(told["errors"])) == (422, "CAMPAIGN_LOCKED", ["need.n"])
    kinder = owner.patch(f"/campaigns/{week.id}", {"title": "新名字", "reward": {"points": 30}}).get_json()
    assert (kinder["title"], kinder["rewards"][0]["amount"], kinder["version"]) == ("新名字", 30, 3)


def test_an_older_version_is_not_written_over(week: Week, owner: ApiClient) -> None:
    tag = owner.get(f"/campaigns/{week.id}").headers["ETag"]
    assert owner.patch(f"/campaigns/{week.id}", {"title": "甲"}, headers={"If-Match": tag}).status_code == 200
    late = owner.patch(f"/campaigns/{week.id}", {"title": "乙"}, headers={"If-Match": tag})
    assert (late.status_code, week.campaign.title) == (412, "甲")


def test_publishing_says_what_stands_in_the_way(week: Week, owner: ApiClient) -> None:
    plan = {"title": "读书七天", "start_date": "2030-01-07", "end_date": "2030-01-09"}
    made = owner.post(f"/circles/{week.slug}/campaigns", plan).get_json()
    answer = owner.post(f"/campaigns/{made['id']}/publish").get_json()
    assert (answer["code"], list(answer["errors"])) == ("NEED_UNREACHABLE", ["need.n"])
    old = {"title": "早已结束", "start_date": "2020-01-07", "end_date": "2020-01-13"}
    made = owner.post(f"/circles/{week.slug}/campaigns", old).get_json()
    assert owner.post(f"/campaigns/{made['id']}/publish").status_code == 422


def test_a_day_is_excused(week: Week, owner: ApiClient) -> None:
    answer = owner.post(f"/campaigns/{week.id}/excuse", {"idx": 1, "reason": "服务中断"})
    assert answer.get_json()["excused"] == [{"idx": 1, "reason": "服务中断"}]
    early = owner.post(f"/campaigns/{week.id}/excuse", {"idx": 4, "reason": "服务中断"})
    assert (early.status_code, early.get_json()["code"]) == (422, "PERIOD_NOT_OPENED")
    assert owner.post(f"/campaigns/{week.id}/excuse", {"idx": 1}).status_code == 422
    assert owner.post(f"/campaigns/{week.id}/excuse", {"idx": 99, "reason": "没有"}).status_code == 404


def test_people_are_listed_with_what_is_missing(week: Week, owner: ApiClient) -> None:
    ann, ben = week.member(), week.member()
    week.check_in(ann, 2)
    page = owner.get(f"/campaigns/{week.id}/people?limit=1").get_json()
    (first,) = page["items"]
    assert (first["user"]["id"], first["done"], first["missing"]) == (str(ann.id), 1, [1])
    rest = owner.get(f"/campaigns/{week.id}/people?cursor={page['next_cursor']}").get_json()
    assert [each["user"]["id"] for each in rest["items"]] == [str(ben.id)]
    assert rest["next_cursor"] is None
    assert owner.get(f"/campaigns/{week.id}/people?status=completed").get_json()["items"] == []
    assert owner.get(f"/campaigns/{week.id}/people?status=nonsense").status_code == 422


def test_taking_out_giving_back_and_giving_a_day(week: Week, owner: ApiClient) -> None:
    ann = week.member()
    act = f"/campaigns/{week.id}/people/{ann.id}"
    without = owner.post(f"{act}/disqualify", {"reason": "请人代写"})
    assert (without.status_code, without.get_json()["code"]) == (400, "IDEMPOTENCY_KEY_REQUIRED")
    out = owner.post(f"{act}/disqualify", {"reason": "请人代写"}, headers=key("out")).get_json()
    assert (out["status"], out["reason"], out["can"]["reinstate"]) == ("disqualified", "请人代写", True)
    back = owner.post(f"{act}/reinstate", headers=key("back")).get_json()
    assert (back["status"], back["can"]["give"]) == ("active", True)
    given = owner.post(f"{act}/give", {"idx": 1, "reason": "上传失败"}, headers=key("give"))
    again = owner.post(f"{act}/give", {"idx": 1, "reason": "上传失败"}, headers=key("give"))
    assert (given.get_json()["done"], again.headers.get("Idempotency-Replayed")) == (1, "true")
    twice = owner.post(f"{act}/give", {"idx": 1, "reason": "上传失败"}, headers=key("twice"))
    assert (twice.status_code, twice.get_json()["code"]) == (409, "ALREADY_CHECKED_IN")


def test_nobody_takes_out_themselves(week: Week, api: Api) -> None:
    admin = week.member(role="admin")
    act = f"/campaigns/{week.id}/people/{admin.id}"
    assert api(admin).post(f"{act}/disqualify", {"reason": "自己"}, headers=key("me")).status_code == 403
    (mine,) = api(admin).get(f"/campaigns/{week.id}/people").get_json()["items"]
    assert mine["can"] == {"disqualify": False, "reinstate": False, "give": False, "take_back": False}


def test_calling_off_needs_a_reason(week: Week, owner: ApiClient) -> None:
    assert owner.post(f"/campaigns/{week.id}/cancel").status_code == 422
    assert owner.post(f"/campaigns/{week.id}/cancel", {"reason": "改到下个月"}).status_code == 204
    told = owner.get(f"/campaigns/{week.id}").get_json()
    assert (told["status"], told["phase"], told["cancel_reason"]) == ("cancelled", "closed", "改到下个月")
