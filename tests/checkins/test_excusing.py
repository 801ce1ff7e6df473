"""A day on which the service failed: everybody keeps their streak, and nobody is asked for more than was left."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from circle.checkins import days, jobs, operations
from circle.checkins.models import Campaign, Enrollment
from circle.core.audit import AuditEntry
from circle.core.db import db
from circle.core.errors import Conflict, Forbidden, NotFound, Refused
from circle.core.jobs import run_due
from tests.checkins.campaigning import Week
from tests.factories import Make


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"need_type": "streak", "need_n": 4, "reward_points": 10})


def excuse(week: Week, idx: int, reason: str = "服务中断了一整天") -> None:
    with week.at(idx, 23):
        operations.excuse_period(week.owner, week.id, idx, reason=reason)


def test_a_streak_goes_on_over_an_excused_day(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2)
    excuse(week, 3)
    last = week.check_in(ann, 4)
    assert (last.streak, last.completed) == (3, False)
    assert week.check_in(ann, 5).completed


def test_everybody_is_counted_anew_and_completions_follow(week: Week) -> None:
    ann, ben = week.member(), week.member()
    week.check_in(ann, 1, 2, 4, 5)
    week.check_in(ben, 1, 5)
    assert week.enrollment(ann).best_streak == 2
    with week.at(5, 12):
        operations.excuse_period(week.owner, week.id, 3, reason="服务中断")
        run_due()
    mine = week.enrollment(ann)
    assert (mine.status, mine.done, mine.best_streak) == ("completed", 4, 4)
    assert (week.enrollment(ben).status, week.enrollment(ben).best_streak) == ("active", 1)


def test_where_every_day_is_asked_for_the_others_are_enough(app: Flask, make: Make) -> None:
    week = Week(make, {"need_type": "all"})
    ann = week.member()
    week.check_in(ann, 1, 2, 3, 5, 6)
    excuse(week, 4)
    assert week.check_in(ann, 7).completed


def test_who_did_check_in_keeps_it(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2, 3, 4)
    excuse(week, 3)
    with week.at(4, 23):
        jobs.recount(week.id)
    assert (week.enrollment(ann).done, week.enrollment(ann).status) == (4, "completed")


def test_excusing_twice_is_excusing_once(week: Week) -> None:
    excuse(week, 3, "第一次")
    excuse(week, 3, "第二次")
    assert week.campaign.excused["3"]["reason"] == "第一次"
    assert week.campaign.excused["3"]["by"] == str(week.owner.id)
    entries = list(db.session.scalars(select(AuditEntry.data).where(AuditEntry.action == "campaign.excuse")))
    assert entries == [{"idx": 3, "reason": "第一次"}]


def test_two_days_at_once_wait_for_one_count(week: Week) -> None:
    run_due()
    excuse(week, 2)
    excuse(week, 3)
    assert run_due() >= 1
    assert sorted(week.campaign.excused) == ["2", "3"]


def test_only_a_day_that_has_begun_is_excused(week: Week) -> None:
    with week.at(3), pytest.raises(Refused) as refused:
        operations.excuse_period(week.owner, week.id, 4, reason="还没到")
    assert refused.value.code == "PERIOD_NOT_OPENED"
    with week.at(3), pytest.raises(NotFound):
        operations.excuse_period(week.owner, week.id, 8, reason="没有这一天")
    assert week.campaign.excused == {}


def test_after_the_last_day_it_is_possible_until_the_settlement(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 4, 5, 7)
    with week.at(9):
        operations.excuse_period(week.owner, week.id, 6, reason="服务中断")
    week.settle()
    assert week.enrollment(ann).best_streak == 3
    with week.at(20), pytest.raises(Conflict):
        operations.excuse_period(week.owner, week.id, 2, reason="太晚了")


def test_a_draft_has_no_days_to_excuse(app: Flask, make: Make) -> None:
    draft = Week(make, publish=False)
    with draft.at(3), pytest.raises(Conflict):
        operations.excuse_period(draft.owner, draft.id, 1, reason="还是草稿")


def test_moderators_excuse_nothing(week: Week) -> None:
    moderator = week.member(role="moderator", enrolled=False)
    with week.at(3), pytest.raises(Forbidden):
        operations.excuse_period(moderator, week.id, 2, reason="不行")


def test_a_count_that_was_stopped_is_simply_begun_again(week: Week) -> None:
    people = [week.member() for _number in range(3)]
    for each in people:
        week.check_in(each, 1, 2, 4, 5)
    with week.at(5, 12):
        operations.excuse_period(week.owner, week.id, 3, reason="服务中断")
        operations.recount_enrollment(week.enrollment(people[0]).id)  # the first batch, then the worker died
        jobs.recount(week.id)
    rows = db.session.execute(select(Enrollment.status, Enrollment.best_streak)).all()
    assert [tuple(row) for row in rows] == [("completed", 4)] * 3


def test_the_board_follows(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 3)
    excuse(week, 2)
    run_due()
    mine = week.enrollment(ann)
    assert mine.merit == days.merit(2, 2, 0, mine.lateness_s)
    assert db.session.get_one(Campaign, week.id).version == 3
