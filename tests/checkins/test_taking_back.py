"""Taking back a day that was given by hand: operation, page, API, notice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from circle.access import Actor
from circle.checkins import operations
from circle.checkins.checking import check_campaign
from circle.checkins.models import Team
from circle.core.audit import AuditEntry
from circle.core.db import db
from circle.core.errors import Conflict, Forbidden, NotFound
from circle.core.jobs import run_due
from circle.points.models import EarnSource
from circle.posts import operations as posts
from tests.checkins.campaigning import Week
from tests.checkins.telling import kinds, told
from tests.clients import ApiClient, Browser
from tests.factories import Make

REASON = "当天上传失败"


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"reward_points": 50, "need_n": 2})


def give(week: Week, actor: Actor, idx: int, day: int = 5) -> int:
    with week.at(day):
        return operations.give_checkin(week.owner, week.id, actor.person_id, idx, reason=REASON)


def take_back(week: Week, actor: Actor, idx: int, *, day: int = 5, by: Actor | None = None) -> None:
    with week.at(day, 9):
        operations.take_back_checkin(by or week.owner, week.id, actor.person_id, idx)
        run_due()


def lawful(week: Week, on: int) -> None:
    db.session.rollback()
    with week.at(on):
        assert check_campaign(week.id).violations == []


# ---- the act ---------------------------------------------------------------------------------------------------------


def test_a_day_that_is_taken_back_counts_no_more_and_its_reason_stays(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    record_id = give(week, ann, 2)
    assert week.enrollment(ann).status == "completed"
    take_back(week, ann, 2)
    mine, record = week.enrollment(ann), week.records(ann)[-1]
    assert (mine.status, mine.done, mine.best_streak) == ("active", 1, 1)
    assert (record.id, record.status, record.reason, record.decided_by) == (record_id, "void", REASON, week.owner.id)
    grant = db.session.get_one(EarnSource, f"campaign:{week.id}:{ann.id}", populate_existing=True)
    assert grant.state == "off"
    (entry,) = db.session.scalars(select(AuditEntry.data).where(AuditEntry.action == "checkin.take_back"))
    assert entry == {"campaign": str(week.id), "user": str(ann.id), "idx": 2}
    lawful(week, 6)


def test_taking_back_twice_is_taking_back_once_and_it_may_be_given_again(week: Week) -> None:
    ann = week.member()
    give(week, ann, 2)
    take_back(week, ann, 2)
    take_back(week, ann, 2)
    assert len(db.session.scalars(select(AuditEntry).where(AuditEntry.action == "checkin.take_back")).all()) == 1
    give(week, ann, 2)
    assert [record.status for record in week.records(ann)] == ["void", "approved"]
    take_back(week, ann, 2)
    assert [record.status for record in week.records(ann)] == ["void", "void"]
    lawful(week, 6)


def test_the_day_is_free_for_a_check_in(week: Week) -> None:
    ann = week.member()
    give(week, ann, 3, day=3)
    take_back(week, ann, 3, day=3)
    assert week.check_in(ann, 3, hour=12).points == 5
    lawful(week, 6)


def test_a_check_in_that_the_given_day_had_replaced_comes_back(week: Week) -> None:
    ann = week.member()
    made = week.check_in(ann, 3)
    with week.at(3, 9):
        posts.hide_post(week.owner, made.post_id, reason="跑题")
    give(week, ann, 3)
    with week.at(5, 8):
        posts.restore_post(week.owner, made.post_id)
    assert [record.status for record in week.records(ann)] == ["void", "approved"]
    take_back(week, ann, 3)
    assert [record.status for record in week.records(ann)] == ["approved", "void"]
    assert week.enrollment(ann).on_time == 1
    lawful(week, 6)


def test_what_was_not_given_is_not_taken_back(week: Week) -> None:
    ann, ben = week.member(), week.member(enrolled=False)
    week.check_in(ann, 1)
    for idx in (1, 2, 99):
        with pytest.raises(Conflict) as refused:
            take_back(week, ann, idx)
        assert refused.value.code == "NOT_GIVEN"
    with pytest.raises(NotFound):
        take_back(week, ben, 1)
    assert week.enrollment(ann).done == 1


def test_after_the_settlement_it_is_too_late(week: Week) -> None:
    ann = week.member()
    give(week, ann, 2)
    week.settle()
    with pytest.raises(Conflict) as refused:
        take_back(week, ann, 2, day=40)
    assert refused.value.code == "CAMPAIGN_SETTLED"
    assert week.records(ann)[0].status == "approved"


def test_nobody_does_it_to_themselves_or_to_a_higher_role_and_moderators_never(week: Week) -> None:
    admin, ann = week.member(role="admin"), week.member()
    moderator = week.member(role="moderator", enrolled=False)
    give(week, admin, 2)
    give(week, ann, 2)
    with week.at(0):
        operations.enroll(week.owner, week.id)
    for by, whom in ((admin, admin), (admin, week.owner), (moderator, ann)):
        with pytest.raises(Forbidden):
            take_back(week, whom, 2, by=by)
    assert [week.enrollment(each).done for each in (admin, ann)] == [1, 1]


def test_a_team_loses_the_day_with_its_member(app: Flask, make: Make) -> None:
    week = Week(make, {"teams": True})
    ann, ben = week.member(), week.member()
    with week.at(0):
        team_id = operations.create_team(ann, week.id, name="早起小队")
        operations.join_team(ben, team_id)
    week.check_in(ann, 2)
    give(week, ben, 2)
    team = db.session.get_one(Team, team_id, populate_existing=True)
    assert team.done == 1
    take_back(week, ben, 2)
    assert db.session.get_one(Team, team_id, populate_existing=True).done == 0
    lawful(week, 6)


# ---- what they hear --------------------------------------------------------------------------------------------------


def test_who_it_is_about_is_told_in_place_of_the_gift(week: Week) -> None:
    ann = week.member()
    give(week, ann, 2)
    assert kinds(ann) == ["checkin.given"]
    take_back(week, ann, 2)
    (notice,) = told(ann)
    assert notice.kind == "checkin.taken_back"
    assert "day 2 of “早安七天”" in notice.text
    give(week, ann, 2, day=6)
    assert kinds(ann) == ["checkin.given", "checkin.taken_back"]


# ---- the page and the API --------------------------------------------------------------------------------------------


@pytest.fixture
def fifth(week: Week) -> Iterator[Week]:
    with week.at(5, 9):
        yield week


def test_the_page_of_people_offers_the_days_that_were_given(fifth: Week, browser: Callable[..., Browser]) -> None:
    week, ann = fifth, fifth.member()
    week.member()
    give(week, ann, 2)
    give(week, ann, 4)
    with week.at(5, 9):
        owner = browser(week.owner)
        owner.post("/settings/language", {"locale": "en"})
        here = f"/{week.slug}/manage/campaigns/{week.id}/people"
        page = owner.get(here).text
        (offered,) = re.findall(rf'<select class="input" id="back-{ann.id}-idx".*?</select>', page, re.S)
        assert re.findall(r'<option value="(\d+)"', offered) == ["4", "2"]
        assert page.count("Take a day back") == 1
        done = owner.post(f"{here}/{ann.id}/take-back", {"idx": "2", "next": here})
        assert (done.status_code, done.location) == (303, here)
        assert [record.status for record in week.records(ann)] == ["void", "approved"]
        never = owner.post(f"{here}/{ann.id}/take-back", {"idx": "3", "next": here})
        assert never.status_code == 422
        assert "were not given this day" in never.text
        assert re.search(rf'<details open>\s*<summary>.*?Take a day back.*?id="back-{ann.id}-idx"', never.text, re.S)
        assert owner.post(f"{here}/{ann.id}/take-back", {}).status_code == 422


def test_over_the_api_it_is_done_once_by_its_key(fifth: Week, api: Callable[..., ApiClient]) -> None:
    week, ann = fifth, fifth.member()
    give(week, ann, 2)
    act = f"/campaigns/{week.id}/people/{ann.id}"
    with week.at(5, 9):
        owner = api(week.owner)
        (there,) = owner.get(f"/campaigns/{week.id}/people").get_json()["items"]
        assert (there["given"], there["can"]["take_back"]) == ([2], True)
        without = owner.post(f"{act}/take-back", {"idx": 2})
        assert (without.status_code, without.get_json()["code"]) == (400, "IDEMPOTENCY_KEY_REQUIRED")
        key = {"Idempotency-Key": "taken-back"}
        first, again = (owner.post(f"{act}/take-back", {"idx": 2}, headers=key) for _time in range(2))
        assert (first.get_json()["done"], first.get_json()["given"]) == (0, [])
        assert again.headers.get("Idempotency-Replayed") == "true"
        wrong = owner.post(f"{act}/take-back", {"idx": 3}, headers={"Idempotency-Key": "taken-three"})
        assert (wrong.status_code, wrong.get_json()["code"]) == (409, "NOT_GIVEN")
