"""Corrections of campaigns that meet check-ins, moderation and the settlement in the same moment."""

from __future__ import annotations

from functools import partial

import pytest
from flask import Flask

from circle.checkins import jobs, operations
from circle.posts import operations as posts
from tests.races.test_checkins import REWARD, Race, broken, codes, shuffled, week  # noqa: F401  # two are fixtures
from tests.races.together import all_well, together


def test_an_excusal_is_undone_while_everybody_checks_in(app: Flask, week: Race) -> None:  # noqa: F811
    people = [week.member() for _number in range(8)]
    for who in people:
        week.check_in(who, 1, 2)
        with week.at(4):
            operations.make_up(who, week.id, 3, body="补上这一天。")
    with week.at(4, 9):
        operations.excuse_period(week.owner, week.id, 3, reason="服务故障")

    def undo() -> None:
        operations.unexcuse_period(week.owner, week.id, 3)
        jobs.recount(week.id)

    recount = week.now(5, partial(jobs.recount, week.id))
    acts = [*(week.submitting(who, 5) for who in people), week.now(5, undo), recount]
    all_well(together(app, shuffled(acts, 3)))
    with week.at(5, 9):
        jobs.recount(week.id)
    assert {(week.enrollment(who).done, week.enrollment(who).best_streak) for who in people} == {(4, 3)}
    week.lawful()


@pytest.mark.parametrize("number", range(2))
def test_what_had_been_replaced_comes_back_once_or_is_done_anew(app: Flask, week: Race, number: int) -> None:  # noqa: F811
    """The other post is deleted, the job looks (twice), the first post is hidden and restored again."""
    ann, mod = week.member(), week.member(role="moderator", enrolled=False)
    first = week.check_in(ann, 1, hour=7).post_id
    with week.at(1, 8):
        posts.hide_post(mod, first, reason="与活动无关")
    second = week.check_in(ann, 1, hour=9).post_id
    mine = week.enrollment(ann).id

    def there_and_back() -> None:
        posts.restore_post(mod, first)
        posts.hide_post(mod, first, reason="与活动无关")
        posts.restore_post(mod, first)

    back = week.now(1, partial(jobs.bring_back, mine, 1), 10)
    acts = [back, back, week.now(1, there_and_back, 10), week.now(1, partial(posts.delete_post, ann, second), 10)]
    all_well(together(app, shuffled(acts, number)))
    with week.at(1, 11):
        jobs.bring_back(mine, 1)
    assert [record.status for record in week.records(ann)] == ["approved", "void"]
    assert (week.enrollment(ann).done, week.points(ann)["checkin"]) == (1, 5)
    week.lawful()


@pytest.mark.parametrize("number", range(2))
def test_a_given_day_is_taken_back_once_before_the_settlement_or_not_at_all(
    app: Flask,
    week: Race,  # noqa: F811
    number: int,
) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2, 3, 4)
    with week.at(6):
        operations.give_checkin(week.owner, week.id, ann.person_id, 5, reason="上传失败")
    take = week.then(week.due, partial(operations.take_back_checkin, week.owner, week.id, ann.person_id, 5))
    found = codes(together(app, shuffled([take, take, week.settling(), week.settling()], number)))
    mine = week.enrollment(ann)
    taken = week.records(ann)[-1].status == "void"
    assert set(found) <= {"", "CAMPAIGN_SETTLED", "STATE_CONFLICT"}
    assert (mine.status, mine.done) == (("failed", 4) if taken else ("completed", 5))
    assert week.points(ann)["campaign"] == (0 if taken else REWARD)
    week.lawful()
