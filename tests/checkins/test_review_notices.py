"""What those who review, and teams, are told of campaigns: once a day, and gone when it is done."""

from __future__ import annotations

import pytest
from flask import Flask

from circle.access import Actor
from circle.checkins import jobs as checkin_jobs
from circle.checkins import operations
from circle.circles import operations as circles
from circle.core import clock, jobs
from circle.posts import operations as posts
from tests.checkins.campaigning import Week
from tests.checkins.telling import kinds, told, work
from tests.factories import Make

NEWS = "campaign.published"


@pytest.fixture
def reviewed(app: Flask, make: Make) -> Week:
    """One whose check-ins somebody has to look at."""
    return Week(make, {"review": "manual"})


def member(week: Week, role: str = "member") -> Actor:
    """Somebody in the circle who does not take part."""
    return week.member(role=role, enrolled=False)


# ---- those who review ------------------------------------------------------------------------------------------------


def test_those_who_review_hear_once_a_day_that_something_waits(reviewed: Week) -> None:
    ann, ben, mod = reviewed.member(), reviewed.member(), member(reviewed, "moderator")
    reviewed.check_in(ann, 1)
    work(reviewed, 1, 9)
    reviewed.check_in(ben, 1, hour=10)
    work(reviewed, 1, 11)
    for who in (reviewed.owner, mod):
        (notice,) = told(who, NEWS)
        assert (notice.kind, notice.category) == ("checkin.waiting", "circle")
        assert notice.url == f"/{reviewed.slug}/manage/campaigns/{reviewed.id}/review"
    assert "checkin.waiting" not in kinds(ann) + kinds(ben)


def test_what_still_waits_the_day_after_is_said_again_in_place_of_the_first(reviewed: Week) -> None:
    ann = reviewed.member()
    reviewed.check_in(ann, 1)
    work(reviewed, 1, 9)
    first = told(reviewed.owner, NEWS)[0].id
    for hour in (7, 9.5, 15):
        with reviewed.at(2, hour):
            checkin_jobs.remind_reviewers()
            jobs.run_due()
        (notice,) = told(reviewed.owner, NEWS)
        assert (notice.id == first) == (hour == 7)  # not before the day has begun


def test_when_the_queue_is_empty_nobody_is_asked_any_more_nor_again_that_day(reviewed: Week) -> None:
    ann, ben, mod = reviewed.member(), reviewed.member(), member(reviewed, "moderator")
    first, second = reviewed.check_in(ann, 1), reviewed.check_in(ben, 1)
    work(reviewed, 1, 9)
    with reviewed.at(1, 10):
        operations.approve_record(mod, first.record_id)
        assert kinds(reviewed.owner, NEWS) == kinds(mod, NEWS) == ["checkin.waiting"]
        operations.reject_record(mod, second.record_id, reason="看不清")
        assert kinds(reviewed.owner, NEWS) == kinds(mod, NEWS) == []
    reviewed.check_in(ben, 1, hour=11)
    work(reviewed, 1, 12)
    assert kinds(mod, NEWS) == []
    with reviewed.at(2, 9.5):
        checkin_jobs.remind_reviewers()
        jobs.run_due()
    assert kinds(mod, NEWS) == ["checkin.waiting"]


def test_a_check_in_that_is_deleted_waits_no_more(reviewed: Week) -> None:
    ann = reviewed.member()
    made = reviewed.check_in(ann, 1)
    work(reviewed, 1, 9)
    with reviewed.at(1, 10):
        posts.delete_post(ann, made.post_id)
    assert kinds(reviewed.owner, NEWS) == []


def test_nobody_is_asked_to_review_what_only_they_wrote(reviewed: Week) -> None:
    mod = reviewed.member(role="moderator")
    reviewed.check_in(mod, 1)
    work(reviewed, 1, 9)
    assert kinds(mod, NEWS) == []
    assert kinds(reviewed.owner, NEWS) == ["checkin.waiting"]


def test_who_reviews_no_more_is_asked_no_more(reviewed: Week) -> None:
    ann, mod = reviewed.member(), member(reviewed, "admin")
    reviewed.check_in(ann, 1)
    work(reviewed, 1, 9)
    circles.change_role(reviewed.owner, reviewed.slug, mod.id or 0, "moderator")
    assert kinds(mod, NEWS) == ["checkin.waiting"]  # still theirs to do
    circles.change_role(reviewed.owner, reviewed.slug, mod.id or 0, "member")
    assert kinds(mod, NEWS) == []


def test_settling_asks_nobody_to_review_any_more(reviewed: Week) -> None:
    ann = reviewed.member()
    reviewed.check_in(ann, 1)
    work(reviewed, 1, 9)
    reviewed.settle()
    assert kinds(reviewed.owner, NEWS) == []


# ---- teams -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", ["nothing", "banned", "withdrawn", "excused"])
def test_nobody_is_promised_what_they_could_not_do_about_a_rejected_check_in(reviewed: Week, gone: str) -> None:
    week, ann = reviewed, reviewed.member()
    made = week.check_in(ann, 1)
    with week.at(2):
        if gone == "banned":
            circles.ban_member(week.owner, week.slug, ann.person_id, reason="广告")
        elif gone == "withdrawn":
            operations.withdraw(ann, week.id)
        elif gone == "excused":
            operations.excuse_period(week.owner, week.id, 1, reason="服务中断")
        operations.reject_record(week.owner, made.record_id, reason="看不清")
    (notice,) = [row for row in told(ann) if row.kind == "checkin.rejected"]
    assert ("make it up" in notice.text) == (gone == "nothing")


@pytest.fixture
def teamed(app: Flask, make: Make) -> Week:
    return Week(make, {"teams": True, "team_points": 20, "need_n": 2})


def test_a_team_hears_of_its_new_name_and_of_its_end_and_why(teamed: Week) -> None:
    ann, ben, cai = teamed.member(), teamed.member(), teamed.member()
    with teamed.at(0, 9):
        team_id = operations.create_team(ann, teamed.id, name="不雅的名字")
        operations.join_team(ben, team_id)
        operations.rename_team(teamed.owner, team_id, name="晨光", reason="名字不雅")
        (notice,) = told(ben)
        assert (notice.kind, notice.quote, notice.category) == ("team.renamed", "名字不雅", "moderation")
        assert "晨光" in notice.text
        operations.dissolve_team(teamed.owner, team_id, reason="人数凑不齐")
    assert kinds(ann) == kinds(ben) == ["team.dissolved", "team.renamed"]
    assert told(ann)[0].url == f"/{teamed.slug}/campaigns/{teamed.id}/teams"
    assert kinds(cai) == []


def test_who_completed_with_their_team_hears_what_that_gave(teamed: Week) -> None:
    ann, ben = teamed.member(), teamed.member()
    with teamed.at(0, 9):
        team_id = operations.create_team(ann, teamed.id, name="晨光")
        operations.join_team(ben, team_id)
    for who in (ann, ben):
        teamed.check_in(who, 1, 2)
    teamed.settle()
    with clock.at(teamed.day(12)):
        jobs.run_due()
    (notice,) = [row for row in told(ann) if row.kind == "team.rewarded"]
    assert "晨光" in notice.text
    assert "20 points" in notice.text
