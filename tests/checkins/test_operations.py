"""The thread through all of it: join, check in, complete, settle."""

from __future__ import annotations

import pytest
from flask import Flask

from circle.core.errors import Conflict, Refused
from circle.posts import operations as posts
from tests.checkins.campaigning import Week
from tests.factories import Make


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"reward_points": 50, "reward_growth": 30})


def test_five_days_complete_the_campaign_and_give_what_it_promised(week: Week) -> None:
    ann = week.member()
    last = week.check_in(ann, 1, 2, 3, 4)
    assert (last.streak, last.done, last.points, last.completed) == (4, 4, 5, False)
    last = week.check_in(ann, 6)
    assert (last.streak, last.done, last.completed) == (1, 5, True)
    mine = week.enrollment(ann)
    assert (mine.status, mine.done, mine.on_time, mine.best_streak) == ("completed", 5, 5, 4)


def test_a_second_check_in_on_the_same_day_is_refused(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1)
    with pytest.raises(Conflict) as refused:
        week.check_in(ann, 1, hour=9)
    assert refused.value.code == "ALREADY_CHECKED_IN"


def test_outside_of_every_window_nothing_is_taken(week: Week) -> None:
    ann = week.member()
    for day in (0, 8):
        with pytest.raises(Refused) as refused:
            week.check_in(ann, day)
        assert refused.value.code == "WINDOW_CLOSED"


def test_a_hidden_post_takes_completion_and_reward_along_and_gives_them_back(week: Week) -> None:
    ann = week.member()
    post_id = week.check_in(ann, 1, 2, 3, 4, 5).post_id
    with week.at(5, 12):
        posts.hide_post(week.owner, post_id, reason="跑题")
        assert (week.enrollment(ann).status, week.enrollment(ann).done) == ("active", 4)
        posts.restore_post(week.owner, post_id)
    assert (week.enrollment(ann).status, week.enrollment(ann).done) == ("completed", 5)


def test_settling_closes_every_part_once(week: Week) -> None:
    ann, ben = week.member(), week.member()
    week.check_in(ann, 1, 2, 3, 4, 5)
    week.check_in(ben, 1)
    week.settle()
    week.settle()
    assert week.campaign.status == "closed"
    assert [week.enrollment(who).status for who in (ann, ben)] == ["completed", "failed"]


def test_likes_are_counted_for_the_board(week: Week) -> None:
    ann, ben = week.member(), week.member()
    post_id = week.check_in(ann, 1).post_id
    before = week.enrollment(ann).merit
    with week.at(1, 12):
        posts.like_post(ben, post_id, on=True)
    assert (week.enrollment(ann).likes, week.enrollment(ann).merit > before) == (1, True)
    week.check_in(ann, 2)
    assert week.enrollment(ann).likes == 1
    assert week.records(ann)[0].engagement == 1
