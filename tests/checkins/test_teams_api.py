"""Teams over the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from circle.access import Actor
from circle.accounts.models import User
from circle.checkins import operations
from circle.core.db import db
from tests.checkins.campaigning import Week
from tests.clients import ApiClient
from tests.factories import Make

MakeApi = Callable[..., ApiClient]


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"teams": True, "team_points": 30})


def user(actor: Actor) -> User:
    return db.session.get_one(User, actor.id)


def test_a_team_from_forming_it_to_its_days(week: Week, api: MakeApi) -> None:
    ann, ben = week.member(), week.member()
    mine, his = api(user(ann)), api(user(ben))
    with week.at(0):
        made = mine.post(f"/campaigns/{week.id}/teams", {"name": "早起小队"})
        assert made.status_code == 201
        team = made.get_json()
        assert (team["name"], team["member_count"], team["mine"], team["frozen_size"]) == ("早起小队", 1, True, None)
        listed = his.get(f"/campaigns/{week.id}/teams").get_json()["items"]
        assert [(each["id"], each["can_join"]) for each in listed] == [(team["id"], True)]
        joined = his.post(f"/campaign-teams/{team['id']}/join", {})
        assert joined.get_json()["member_count"] == 2 and not joined.get_json()["can_join"]
        assert his.get(f"/campaigns/{week.id}/me").get_json()["team_id"] == team["id"]
        assert his.post(f"/campaigns/{week.id}/teams/leave", {}).status_code == 204
        assert his.post(f"/campaign-teams/{team['id']}/join", {}).status_code == 200
    for who in (ann, ben):
        week.check_in(who, 1)
    with week.at(1, 12):
        team = api().get(f"/campaign-teams/{team['id']}").get_json()
        assert (team["done"], team["today"], team["needed"], team["frozen_size"], team["rank"]) == (1, 2, 2, 2, 1)
        assert [day["state"] for day in team["days"]][:2] == ["done", "future"]
        assert [mate["done_today"] for mate in team["members"]] == [True, True]


def test_what_is_refused_says_which_rule(week: Week, api: MakeApi) -> None:
    ann, guest = week.member(), week.member(enrolled=False)
    mine, hers = api(user(ann)), api(user(guest))
    with week.at(0):
        team_id = mine.post(f"/campaigns/{week.id}/teams", {"name": "早起小队"}).get_json()["id"]
        again = mine.post(f"/campaigns/{week.id}/teams", {"name": "别的"})
        assert (again.status_code, again.get_json()["code"]) == (409, "ALREADY_IN_TEAM")
        refused = hers.post(f"/campaign-teams/{team_id}/join", {})
        assert (refused.status_code, refused.get_json()["code"]) == (422, "NOT_ENROLLED")
        other = api(user(week.member()))
        taken = other.post(f"/campaigns/{week.id}/teams", {"name": " 早起小队\u200b"})
        assert (taken.status_code, taken.get_json()["code"]) == (409, "TEAM_NAME_TAKEN")
        assert "name" in taken.get_json()["errors"]
        for bad in ({}, {"name": ""}, {"name": "早" * 21}, {"name": 7}, {"name": "\u0000"}, {"name": "早", "x": 1}):
            assert other.post(f"/campaigns/{week.id}/teams", bad).status_code == 422
    with week.at(1):
        fixed = mine.post(f"/campaigns/{week.id}/teams/leave", {})
        assert (fixed.status_code, fixed.get_json()["code"]) == (422, "TEAMS_FIXED")


def test_enrolling_with_a_team_is_both_or_neither(week: Week, api: MakeApi) -> None:
    members = [week.member() for _one in range(10)]
    guest, late = week.member(enrolled=False), week.member(enrolled=False)
    with week.at(0):
        team_id = operations.create_team(members[0], week.id, name="早起小队")
        mine = api(user(guest)).post(f"/campaigns/{week.id}/enroll", {"team_id": str(team_id)})
        assert (mine.status_code, mine.get_json()["team_id"]) == (200, str(team_id))
        for member in members[1:9]:
            operations.join_team(member, team_id)
        refused = api(user(late)).post(f"/campaigns/{week.id}/enroll", {"team_id": str(team_id)})
        assert (refused.status_code, refused.get_json()["code"]) == (422, "TEAM_FULL")
        assert api(user(late)).get(f"/campaigns/{week.id}").get_json()["me"] is None
        assert api(user(late)).post(f"/campaigns/{week.id}/enroll", {"team_id": "1"}).status_code == 404
        assert api(user(late)).post(f"/campaigns/{week.id}/enroll", {}).status_code == 200


def test_who_runs_the_circle_renames_and_dissolves(week: Week, api: MakeApi) -> None:
    ann = week.member()
    with week.at(0):
        team_id = operations.create_team(ann, week.id, name="坏名字")
        boss = api(user(week.owner))
        named = boss.post(f"/campaign-teams/{team_id}/rename", {"name": "好名字", "reason": "不雅"})
        assert named.get_json()["name"] == "好名字"
        assert boss.post(f"/campaign-teams/{team_id}/dissolve", {"reason": "不雅"}).status_code == 204
        assert boss.get(f"/campaign-teams/{team_id}").status_code == 404


def test_pages_of_teams_have_no_gaps(week: Week, api: MakeApi) -> None:
    with week.at(0):
        ids = [str(operations.create_team(week.member(), week.id, name=f"第 {number} 队")) for number in range(5)]
    for day in (0, 1):
        with week.at(day):
            seen, cursor = [], ""
            while True:
                page = api().get(f"/campaigns/{week.id}/teams?limit=2{cursor}").get_json()
                seen += [each["id"] for each in page["items"]]
                if page["next_cursor"] is None:
                    break
                cursor = f"&cursor={page['next_cursor']}"
            assert seen == (ids if day == 0 else [])  # with one member each, none of them came about
