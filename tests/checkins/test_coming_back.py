"""A check-in that is void comes back as what it was: when its post is restored, or what had replaced it is gone."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from circle.access import Actor
from circle.checkins import jobs as checkin_jobs
from circle.checkins import operations
from circle.checkins.checking import check_campaign
from circle.core import clock
from circle.core.db import db
from circle.core.errors import Refused
from circle.core.jobs import run_due
from circle.points.models import EarnSource, TaskProgress
from circle.posts import operations as posts
from circle.posts.models import Post
from tests.checkins.campaigning import Week
from tests.checkins.telling import all_told, kinds
from tests.factories import Make


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"need_n": 2, "reward_points": 50})


@pytest.fixture
def reviewed(app: Flask, make: Make) -> Week:
    return Week(make, {"review": "manual", "need_n": 2, "reward_points": 50})


def statuses(week: Week, actor: Actor) -> list[str]:
    return [record.status for record in week.records(actor)]


def shown(post_id: int) -> Any:
    return db.session.get_one(Post, post_id, populate_existing=True).parts["checkin"]["status"]


def earns(week: Week, actor: Actor, idx: int = 1) -> str:
    source = db.session.get(EarnSource, f"checkin:{week.id}:{actor.id}:{idx}", populate_existing=True)
    return "" if source is None else source.state


def lawful(week: Week, on: int = 7) -> None:
    db.session.rollback()
    with week.at(on, 23):
        assert check_campaign(week.id).violations == []


def replaced(week: Week, actor: Actor) -> tuple[int, int]:
    """Somebody checks in, that is hidden, they check in once more, and the first is restored: both posts."""
    first = week.check_in(actor, 1, hour=7)
    with week.at(1, 8):
        posts.hide_post(week.owner, first.post_id, reason="跑题")
    second = week.check_in(actor, 1, hour=9)
    with week.at(1, 10):
        posts.restore_post(week.owner, first.post_id)
        run_due()
    return first.post_id, second.post_id


# ---- what was replaced -----------------------------------------------------------------------------------------------


def test_what_was_replaced_counts_again_when_the_other_is_deleted(week: Week) -> None:
    ann = week.member()
    first, second = replaced(week, ann)
    assert statuses(week, ann) == ["void", "approved"]
    with week.at(1, 11):
        posts.delete_post(ann, second)
        assert (week.enrollment(ann).done, earns(week, ann)) == (0, "off")
        run_due()
    mine = week.enrollment(ann)
    assert (statuses(week, ann), shown(first)) == (["approved", "void"], "approved")
    assert (mine.done, mine.on_time, earns(week, ann)) == (1, 1, "on")
    record = week.records(ann)[0]
    assert (record.voided_from, record.decided_by) == (None, None)
    lawful(week)


@pytest.mark.parametrize("end", ["hide", "remove"])
def test_and_when_it_is_hidden_or_removed_and_who_is_told_so_reads_nothing_of_a_lost_day(week: Week, end: str) -> None:
    ann = week.member()
    first, second = replaced(week, ann)
    with week.at(1, 11):
        (posts.hide_post if end == "hide" else posts.remove_post)(week.owner, second, reason="跑题")
        run_due()
    assert statuses(week, ann) == ["approved", "void"]
    assert "day 1" not in all_told(ann)[0].text
    if end == "hide":  # and now the second waits behind the first
        with week.at(1, 12):
            posts.restore_post(week.owner, second)
            assert statuses(week, ann) == ["approved", "void"]
            posts.delete_post(ann, first)
            run_due()
        assert statuses(week, ann) == ["void", "approved"]
    lawful(week)


def test_a_completion_follows(week: Week) -> None:
    ann = week.member()
    _first, second = replaced(week, ann)
    week.check_in(ann, 2)
    assert kinds(ann) == ["campaign.completed"]
    with week.at(2, 9):
        posts.delete_post(ann, second)
        assert kinds(ann) == ["campaign.completion_lost"]
        run_due()
    assert kinds(ann) == ["campaign.completed"]
    assert week.enrollment(ann).status == "completed"
    lawful(week)


def test_of_several_the_first_comes_back(week: Week) -> None:
    ann = week.member()
    made = []
    for hour in (1, 3, 5):
        made.append(week.check_in(ann, 1, hour=hour).post_id)
        with week.at(1, hour + 1):
            posts.hide_post(week.owner, made[-1], reason="跑题")
    last = week.check_in(ann, 1, hour=8).post_id
    with week.at(1, 9):
        for post_id in reversed(made[1:]):
            posts.restore_post(week.owner, post_id)
        posts.delete_post(ann, last)
        run_due()
    assert statuses(week, ann) == ["void", "approved", "void", "void"]
    lawful(week)


def test_what_is_hidden_still_or_what_was_done_otherwise_meanwhile_stays_as_it_is(week: Week) -> None:
    ann, ben = week.member(), week.member()
    first, second = replaced(week, ann)
    with week.at(1, 11):
        posts.delete_post(ann, second)
        third = operations.submit(ann, week.id, body="又写了一次。")  # quicker than the job
        run_due()
    assert statuses(week, ann) == ["void", "void", "approved"]
    with week.at(1, 12):
        posts.hide_post(week.owner, first, reason="跑题")
        posts.delete_post(ann, third.post_id)
        run_due()
    assert statuses(week, ann) == ["void"] * 3
    checkin_jobs.bring_back(week.enrollment(ben).id, 1)
    lawful(week)


def test_doing_it_twice_is_doing_it_once(week: Week) -> None:
    ann = week.member()
    _first, second = replaced(week, ann)
    mine = week.enrollment(ann).id
    checkin_jobs.bring_back(mine, 1)  # too early
    assert statuses(week, ann) == ["void", "approved"]
    with week.at(1, 11):
        posts.delete_post(ann, second)
        run_due()
        checkin_jobs.bring_back(mine, 1)
    assert statuses(week, ann) == ["approved", "void"]


@pytest.mark.parametrize("plan", [{}, {"review": "manual"}])
def test_a_settlement_that_is_quicker_than_the_job_lets_it_come_back(
    app: Flask, make: Make, plan: dict[str, str]
) -> None:
    week = Week(make, {"need_n": 1, "reward_points": 50, **plan})
    ann, ben = week.member(), week.member()
    (first, second), (mine, other) = replaced(week, ann), replaced(week, ben)
    with week.at(9, 23):
        posts.delete_post(ann, second)
        posts.delete_post(ben, other)
        operations.disqualify(week.owner, week.id, ben.person_id, reason="请人代写")
    with week.at(10, 1):
        checkin_jobs.settle(week.id)
        run_due()
    assert (statuses(week, ann), shown(first)) == (["approved", "void"], "approved")
    assert (week.enrollment(ann).status, week.enrollment(ann).done, earns(week, ann)) == ("completed", 1, "on")
    assert (statuses(week, ben), shown(mine)) == (["void", "void"], "void")
    lawful(week, 20)


def test_after_the_settlement_nothing_comes_back(week: Week) -> None:
    ann = week.member()
    _first, second = replaced(week, ann)
    week.settle()
    with clock.at(week.day(20)):
        posts.delete_post(ann, second)
        run_due()
        checkin_jobs.bring_back(week.enrollment(ann).id, 1)
    assert (statuses(week, ann), week.enrollment(ann).done) == (["void", "void"], 1)
    lawful(week, 30)


def test_one_that_is_rejected_lets_the_other_back_and_never_comes_back_itself(reviewed: Week) -> None:
    week, ann = reviewed, reviewed.member()
    first, second = replaced(week, ann)
    assert statuses(week, ann) == ["void", "pending"]
    with week.at(1, 11):
        operations.reject_record(week.owner, week.records(ann)[1].id, reason="看不清")
        assert "You can check in again" not in all_told(ann)[0].text
        run_due()
    assert statuses(week, ann) == ["pending", "rejected"]
    with week.at(1, 12):
        posts.delete_post(ann, first)
        posts.hide_post(week.owner, second, reason="跑题")
        posts.restore_post(week.owner, second)
        run_due()
    assert statuses(week, ann) == ["void", "rejected"]
    lawful(week)


def test_what_may_come_back_keeps_what_the_campaign_asks_for(app: Flask, make: Make) -> None:
    week = Week(make, {"min_len": 5})
    ann = week.member()
    first, second = replaced(week, ann)
    with week.at(1, 11):
        for post_id in (first, second):
            with pytest.raises(Refused) as refused:
                posts.edit_post(ann, post_id, body="短")
            assert refused.value.code == "CONTENT_RULE"
        posts.edit_post(ann, first, body="写得足够长的一句话。")


# ---- what nobody had reviewed ----------------------------------------------------------------------------------------


def test_what_waited_waits_again_when_its_post_is_restored(reviewed: Week) -> None:
    week, ann = reviewed, reviewed.member()
    made = week.check_in(ann, 1)
    with week.at(1, 9):
        posts.hide_post(week.owner, made.post_id, reason="看一看")
        posts.restore_post(week.owner, made.post_id)
    record = week.records(ann)[0]
    assert (record.status, record.voided_from, record.decided_by, record.decided_at) == ("pending", None, None, None)
    assert (shown(made.post_id), week.enrollment(ann).done, earns(week, ann)) == ("pending", 0, "")
    assert all_told(ann)[0].text == "Your post can be seen again"
    lawful(week)
    with week.at(1, 10):
        operations.approve_record(week.owner, made.record_id)
    assert (week.enrollment(ann).done, earns(week, ann)) == (1, "on")


def test_what_was_approved_comes_back_approved(reviewed: Week) -> None:
    week, ann = reviewed, reviewed.member()
    made = week.check_in(ann, 1)
    with week.at(1, 9):
        operations.approve_record(week.owner, made.record_id)
        posts.hide_post(week.owner, made.post_id, reason="看一看")
        posts.restore_post(week.owner, made.post_id)
    assert (statuses(week, ann), earns(week, ann)) == (["approved"], "on")
    lawful(week)


def test_those_who_review_hear_that_it_waits_again(reviewed: Week) -> None:
    week, ann = reviewed, reviewed.member()
    made = week.check_in(ann, 1)
    with week.at(1, 9):
        run_due()
        posts.hide_post(week.owner, made.post_id, reason="看一看")
    assert kinds(week.owner) == []
    with week.at(2, 9):
        posts.restore_post(week.owner, made.post_id)
        run_due()
    assert kinds(week.owner) == ["checkin.waiting"]


def test_where_nobody_reviews_any_more_it_counts(reviewed: Week) -> None:
    week, ann, ben = reviewed, reviewed.member(), reviewed.member()
    one, two = week.check_in(ann, 1), week.check_in(ben, 1)
    with week.at(1, 9):
        for made in (one, two):
            posts.hide_post(week.owner, made.post_id, reason="看一看")
        operations.update_campaign(week.owner, week.id, review="auto")
        posts.restore_post(week.owner, one.post_id)
    assert (statuses(week, ann), earns(week, ann)) == (["approved"], "on")
    week.settle()
    with clock.at(week.day(20)):
        posts.restore_post(week.owner, two.post_id)
    assert (statuses(week, ben), earns(week, ben), week.enrollment(ben).done) == (["approved"], "on", 0)
    lawful(week, 30)


def test_after_the_settlement_what_nobody_had_reviewed_counts_as_the_rest_did(reviewed: Week, make: Make) -> None:
    week, ann = reviewed, reviewed.member()
    made = week.check_in(ann, 1)
    with week.at(1, 9):
        posts.hide_post(week.owner, made.post_id, reason="看一看")
    week.settle()
    with clock.at(week.day(20)):
        posts.restore_post(week.owner, made.post_id)
    assert (statuses(week, ann), earns(week, ann), week.enrollment(ann).done) == (["approved"], "on", 0)
    assert db.session.scalars(select(TaskProgress.count)).all() != []
    lawful(week, 30)


def test_but_not_of_somebody_who_was_taken_out(reviewed: Week) -> None:
    week, ann = reviewed, reviewed.member()
    made = week.check_in(ann, 1)
    with week.at(2):
        operations.disqualify(week.owner, week.id, ann.person_id, reason="请人代写")
    week.settle()
    with clock.at(week.day(20)):
        posts.hide_post(week.owner, made.post_id, reason="看一看")
        posts.restore_post(week.owner, made.post_id)
    assert (statuses(week, ann), earns(week, ann), shown(made.post_id)) == (["void"], "", "void")
    lawful(week, 30)
