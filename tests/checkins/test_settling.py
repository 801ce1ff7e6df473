"""The end of a campaign: what is undecided is decided, and after that nothing changes any more."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import Actor
from circle.checkins import jobs, operations, queries
from circle.checkins.checking import check_campaign
from circle.checkins.models import CampaignRank, Enrollment
from circle.checkins.operations import settling
from circle.circles import operations as circles
from circle.core import clock
from circle.core.db import db
from circle.core.errors import CircleError, Conflict, Refused, Unavailable
from circle.core.jobs import run_due
from circle.points.models import EarnSource
from circle.posts import operations as posts
from tests.checkins.campaigning import FIRST, Week
from tests.factories import Make

REWARD = 50


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"reward_points": REWARD})


def a_week(make: Make, **plan: Any) -> Week:
    return Week(make, {"reward_points": REWARD} | plan)


def stands(week: Week, actor: Actor, code: str = "campaign") -> int:
    """Points that stand for a code, of what the campaign gave."""
    mine = (EarnSource.source_key.like(f"{code}:{week.id}:{actor.id}%"), EarnSource.state == "on")
    return int(db.session.scalar(select(func.sum(EarnSource.active_points)).where(*mine)) or 0)


def assert_lawful(week: Week, moment: datetime | None = None) -> None:
    db.session.rollback()
    with clock.at(moment or week.day(30)):
        assert check_campaign(week.id).violations == []


# ---- when ------------------------------------------------------------------------------------------------------------


def test_a_campaign_is_settled_48_hours_after_its_last_window(week: Week) -> None:
    closes = week.day(8, 0)
    assert week.campaign.settle_at == closes + timedelta(hours=48)
    for early in (closes, closes + timedelta(hours=48, microseconds=-1)):
        with clock.at(early):
            assert operations.due_campaigns() == []
            jobs.settle(week.id)
        assert week.campaign.status == "published"
    with clock.at(closes + timedelta(hours=48)):
        jobs.settle_due()
        run_due()
    assert (week.campaign.status, week.campaign.closed_at) == ("closed", closes + timedelta(hours=48))


def test_a_campaign_that_nobody_joined_is_closed_all_the_same(week: Week) -> None:
    week.settle()
    assert week.campaign.status == "closed"
    assert db.session.scalar(select(func.count()).select_from(CampaignRank)) == 0
    assert_lawful(week)


def test_one_day_can_be_all_that_is_asked_for(app: Flask, make: Make) -> None:
    week = a_week(make, need_n=1, end_date=FIRST)
    ann, ben = week.member(), week.member()
    assert week.check_in(ann, 1).completed
    week.settle()
    assert [week.enrollment(who).status for who in (ann, ben)] == ["completed", "failed"]
    assert_lawful(week)


def test_what_nobody_had_the_time_to_review_counts(app: Flask, make: Make) -> None:
    week = a_week(make, need_n=2, review="manual")
    ann, ben = week.member(), week.member()
    made = [week.check_in(who, 1, 2) for who in (ann, ben)]
    with week.at(3):
        operations.reject_record(week.owner, made[1].record_id, reason="太短了")
    assert week.enrollment(ann).done == 0
    week.settle()
    assert [record.status for record in week.records(ann)] == ["approved", "approved"]
    assert [record.status for record in week.records(ben)] == ["approved", "rejected"]
    assert [week.enrollment(who).status for who in (ann, ben)] == ["completed", "failed"]
    assert (stands(week, ann), stands(week, ann, "checkin")) == (REWARD, 10)
    with pytest.raises(Conflict) as refused, clock.at(week.day(12)):
        operations.approve_record(week.owner, made[1].record_id)
    assert refused.value.code == "CAMPAIGN_SETTLED"
    assert_lawful(week)


def test_nothing_is_taken_while_it_is_being_settled(week: Week, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, cat = week.member(), week.member(enrolled=False)
    week.check_in(ann, 1)
    monkeypatch.setattr(operations, "settle_enrollment", lambda _id: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        week.settle()
    assert week.campaign.status == "settling"
    with clock.at(week.day(10, 1)):
        for act, code in (
            (lambda: operations.submit(ann, week.id, body="还来得及吗？"), "WINDOW_CLOSED"),
            (lambda: operations.make_up(ann, week.id, 7, body="还来得及吗？"), "WINDOW_CLOSED"),
            (lambda: operations.enroll(cat, week.id), "NOT_OPEN"),
            (lambda: operations.cancel_campaign(week.owner, week.id, reason="算了"), "STATE_CONFLICT"),
            (lambda: operations.give_checkin(week.owner, week.id, ann.id or 0, 7, reason="补"), "STATE_CONFLICT"),
            (lambda: operations.excuse_period(week.owner, week.id, 7, reason="故障"), "STATE_CONFLICT"),
        ):
            with pytest.raises(CircleError) as refused:
                act()
            assert refused.value.code == code


# ---- something goes wrong in the middle ------------------------------------------------------------------------------


def test_one_part_that_fails_keeps_nobody_else_waiting(week: Week, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [week.member() for _number in range(4)]
    for who in people:
        week.check_in(who, 1, 2, 3, 4, 5)
    bad, settle = week.enrollment(people[1]).id, operations.settle_enrollment
    monkeypatch.setattr(operations, "settle_enrollment", lambda id_: 1 / 0 if id_ == bad else settle(id_))
    with pytest.raises(ZeroDivisionError):
        week.settle()
    assert [week.enrollment(who).settled_at is not None for who in people] == [True, False, True, True]
    assert week.campaign.status == "settling"
    monkeypatch.setattr(operations, "settle_enrollment", settle)
    week.settle()
    assert week.campaign.status == "closed"
    assert {stands(week, who) for who in people} == {REWARD}
    assert_lawful(week)


def test_a_database_that_is_away_is_nobodys_fault(week: Week, monkeypatch: pytest.MonkeyPatch) -> None:
    for _number in range(3):
        week.member()
    asked: list[int] = []

    def away(id_: int) -> bool:
        asked.append(id_)
        raise Unavailable

    monkeypatch.setattr(operations, "settle_enrollment", away)
    with pytest.raises(Unavailable):
        week.settle()
    assert len(asked) == 1, "and the job comes back later"


def test_a_settlement_that_was_cut_off_goes_on_where_it_stopped(week: Week, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [week.member() for _number in range(5)]
    for who in people:
        week.check_in(who, 1, 2, 3, 4, 5)
    settle, seen = operations.settle_enrollment, list[int]()

    class Killed(BaseException):
        """As if the process ended."""

    def until_the_third(id_: int) -> bool:
        seen.append(id_)
        if len(seen) == 3:
            raise Killed
        return settle(id_)

    monkeypatch.setattr(operations, "settle_enrollment", until_the_third)
    with pytest.raises(Killed):
        week.settle()
    week.settle()
    assert (len(seen), len(set(seen)), week.campaign.status) == (6, 5, "closed")
    assert {stands(week, who) for who in people} == {REWARD}
    assert_lawful(week)


def test_a_part_is_asked_again_when_a_check_in_came_in_that_moment(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    week = a_week(make, review="manual", need_n=1)
    ann = week.member()
    week.check_in(ann, 1)
    first, real = list[int](), settling._open_posts

    def before_it_came(id_: int) -> Any:
        """Nothing, the first time it is asked."""
        first.append(id_)
        return real(0 if len(first) == 1 else id_)

    monkeypatch.setattr(settling, "_open_posts", before_it_came)
    week.settle()
    assert (len(first), week.enrollment(ann).status) == (4, "completed")
    assert_lawful(week)


def test_a_campaign_that_is_gone_is_not_settled(week: Week) -> None:
    jobs.settle(12345)


# ---- after it --------------------------------------------------------------------------------------------------------


def test_what_happens_to_posts_afterwards_changes_points_of_days_and_no_outcome(week: Week) -> None:
    ann, ben = week.member(), week.member()
    made = week.check_in(ann, 1, 2, 3, 4, 5)
    lost = week.check_in(ben, 1, 2, 3, 4, 5)
    with week.at(6):
        posts.hide_post(week.owner, lost.post_id, reason="跑题")
    week.settle()
    before = [vars(week.enrollment(who)) for who in (ann, ben)]
    kept = [{name: row[name] for name in ("status", "done", "best_streak", "merit", "likes")} for row in before]
    assert [row["status"] for row in kept] == ["completed", "failed"]
    with clock.at(week.day(13)):
        posts.hide_post(week.owner, made.post_id, reason="跑题")
        posts.restore_post(week.owner, lost.post_id)
        posts.like_post(ann, lost.post_id, on=True)
    after = [week.enrollment(who) for who in (ann, ben)]
    assert [{name: getattr(row, name) for name in kept[0]} for row in after] == kept
    assert [stands(week, who) for who in (ann, ben)] == [REWARD, 0]
    assert [stands(week, who, "checkin") for who in (ann, ben)] == [20, 25]
    assert_lawful(week)


def test_disqualifying_is_the_one_thing_that_still_bites(week: Week) -> None:
    ann, ben = week.member(), week.member()
    for who in (ann, ben):
        week.check_in(who, 1, 2, 3, 4, 5)
    week.settle()
    with clock.at(week.day(13)):
        operations.disqualify(week.owner, week.id, ann.id or 0, reason="抄袭")
    assert (week.enrollment(ann).status, stands(week, ann)) == ("disqualified", 0)
    boards = select(CampaignRank.user_id, CampaignRank.rank).where(CampaignRank.board == "diligence")
    assert db.session.execute(boards).all() == [(ben.id, 1)]
    assert_lawful(week)


# ---- called off ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "done", "over", "status"),
    [
        # five of seven, called off after three: ceil(15 / 7) = 3
        ({}, (1, 2, 3), 3, "completed"),
        ({}, (1, 3), 3, "failed"),
        # one over: one is enough; none over: nobody, whatever they did
        ({}, (1,), 1, "completed"),
        ({}, (1,), 0, "failed"),
        ({"need_n": 1}, (1,), 0, "completed"),  # who had completed it has completed it
        ({}, (), 1, "failed"),
        ({"need_type": "all", "need_n": 1}, (1, 2, 3), 3, "completed"),
        ({"need_type": "all", "need_n": 1}, (1, 2), 3, "failed"),
        # four in a row, called off after four: ceil(16 / 7) = 3
        ({"need_type": "streak", "need_n": 4}, (2, 3, 4), 4, "completed"),
        ({"need_type": "streak", "need_n": 4}, (1, 2, 4), 4, "failed"),
        # what was done in the window that was open counts, too
        ({}, (1, 2, 4), 3, "completed"),
    ],
)  # fmt: skip
def test_who_had_done_their_share_of_what_was_called_off_gets_what_was_promised(
    app: Flask, make: Make, plan: dict[str, Any], done: tuple[int, ...], over: int, status: str
) -> None:
    week = a_week(make, **plan)
    ann = week.member()
    if done:
        week.check_in(ann, *done)
    with week.at(over + 1, 12):
        operations.cancel_campaign(week.owner, week.id, reason="人太少")
        run_due()
    mine, campaign = week.enrollment(ann), week.campaign
    assert (mine.status, stands(week, ann)) == (status, REWARD if status == "completed" else 0)
    assert (campaign.status, campaign.closed_at is not None) == ("cancelled", True)
    assert stands(week, ann, "checkin") == 5 * len(done)
    assert_lawful(week)


def test_an_excused_day_is_nobodys_in_what_was_called_off_either(app: Flask, make: Make) -> None:
    week = a_week(make, need_type="all", need_n=1)
    ann = week.member()
    week.check_in(ann, 1, 3)
    with week.at(3, 9):
        operations.excuse_period(week.owner, week.id, 2, reason="服务故障")
    with week.at(4):
        operations.cancel_campaign(week.owner, week.id, reason="人太少")
        run_due()
    assert week.enrollment(ann).status == "completed"
    assert_lawful(week)


# ---- who is not there any more ---------------------------------------------------------------------------------------


def test_who_was_banned_or_left_keeps_what_they_had_done_and_gets_no_further(week: Week) -> None:
    ann, ben, cat = week.member(), week.member(), week.member()
    week.check_in(ann, 1, 2, 3, 4, 5)
    for who in (ben, cat):
        week.check_in(who, 1, 2, 3, 4)
    with week.at(5, 9):
        circles.ban_member(week.owner, week.slug, ann.id or 0, reason="辱骂")
        circles.ban_member(week.owner, week.slug, ben.id or 0, reason="辱骂")
        circles.leave_circle(cat, week.slug)
        for who in (ben, cat):
            with pytest.raises(CircleError):
                operations.submit(who, week.id, body="我还在。")
    week.settle()
    assert [(week.enrollment(who).status, week.enrollment(who).done) for who in (ann, ben, cat)] == [
        ("completed", 5), ("failed", 4), ("failed", 4)
    ]  # fmt: skip
    assert_lawful(week)


def test_who_withdrew_is_settled_and_stays_withdrawn(app: Flask, make: Make) -> None:
    week = a_week(make, review="manual", need_n=1)
    ann = week.member()
    week.check_in(ann, 1)
    with week.at(2):
        operations.withdraw(ann, week.id)
    week.settle()
    mine = week.enrollment(ann)
    assert (mine.status, mine.done, mine.settled_at is not None, stands(week, ann)) == ("withdrawn", 1, True, 0)
    assert week.campaign.enrolled_count == 0
    assert_lawful(week)


# ---- joining late, and again -----------------------------------------------------------------------------------------


def join(week: Week, moment: datetime) -> str:
    """What somebody new is told who wants to join at that moment."""
    actor = week.member(enrolled=False)
    with clock.at(moment):
        try:
            operations.enroll(actor, week.id)
        except Refused as refused:
            return refused.code
    return ""


def test_one_may_join_until_the_rest_is_not_enough(week: Week) -> None:
    # five of seven: the third day is the last
    assert join(week, week.day(4, 0) - timedelta(microseconds=1)) == ""
    assert join(week, week.day(4, 0)) == "LATE_JOIN_CLOSED"


def test_across_midnight_one_may_join_until_that_window_closes(app: Flask, make: Make) -> None:
    week = a_week(make, win_start_min=22 * 60, win_end_min=26 * 60)
    assert join(week, week.day(4, 1.9)) == ""
    # still the day on which that window closed, but there is no fifth day left
    assert join(week, week.day(4, 2)) == "LATE_JOIN_CLOSED"


def test_an_early_window_that_is_over_is_too_late_on_the_same_day(app: Flask, make: Make) -> None:
    week = a_week(make, win_start_min=6 * 60, win_end_min=9 * 60)
    assert (join(week, week.day(3, 8.9)), join(week, week.day(3, 9))) == ("", "LATE_JOIN_CLOSED")


def test_of_weeks_one_may_join_until_that_week_is_over(app: Flask, make: Make) -> None:
    week = a_week(make, cadence="weekly", end_date=FIRST + timedelta(days=20), need_n=2)
    assert (join(week, week.day(14, 23.9)), join(week, week.day(15, 0))) == ("", "LATE_JOIN_CLOSED")


def test_all_days_can_only_be_done_from_the_first(app: Flask, make: Make) -> None:
    week = a_week(make, need_type="all", need_n=1)
    assert (join(week, week.day(1, 23.9)), join(week, week.day(2, 0))) == ("", "LATE_JOIN_CLOSED")


@pytest.mark.parametrize("until", [date(2026, 11, 17), date(2026, 11, 21)])
def test_the_day_that_was_set_counts_to_its_end_earlier_or_later(app: Flask, make: Make, until: date) -> None:
    week = a_week(make, late_join_until=until)
    end = week.day((until - FIRST).days + 2, 0)
    assert (join(week, end - timedelta(microseconds=1)), join(week, end)) == ("", "LATE_JOIN_CLOSED")


def test_after_the_end_nobody_joins_whatever_was_set(app: Flask, make: Make) -> None:
    week = a_week(make, late_join_until=FIRST + timedelta(days=6), win_start_min=360, win_end_min=540)
    assert (join(week, week.day(7, 8.9)), join(week, week.day(7, 9))) == ("", "NOT_OPEN")


def test_who_comes_back_goes_on_while_they_can_still_complete_it(week: Week) -> None:
    ann, ben = week.member(), week.member()
    week.check_in(ann, 1, 2, 3)
    week.check_in(ben, 1)
    with week.at(4):
        for who in (ann, ben):
            operations.withdraw(who, week.id)
        with pytest.raises(Refused) as refused:
            operations.submit(ann, week.id, body="我还在。")
    assert refused.value.code == "NOT_ENROLLED"
    with week.at(6):  # three and two are five; one and two are not
        offered = [queries.get_campaign(who, week.id).can.enroll for who in (ann, ben)]
        assert offered == [True, False]
        operations.enroll(ann, week.id)
        with pytest.raises(Refused) as refused:
            operations.enroll(ben, week.id)
    assert refused.value.code == "LATE_JOIN_CLOSED"
    assert week.check_in(ann, 6, 7).completed
    assert (week.enrollment(ann).best_streak, week.enrollment(ann).first_idx) == (3, 1)
    assert week.campaign.enrolled_count == 1
    assert_lawful(week)


def test_for_who_comes_back_what_waits_for_a_reviewer_is_done(app: Flask, make: Make) -> None:
    week = a_week(make, review="manual")
    ann = week.member()
    week.check_in(ann, 1, 2, 3)
    with week.at(4):
        operations.withdraw(ann, week.id)
    with week.at(6):  # three that wait, and two to come
        assert queries.get_campaign(ann, week.id).can.enroll
        operations.enroll(ann, week.id)
    week.check_in(ann, 6, 7)
    week.settle()
    assert (week.enrollment(ann).status, stands(week, ann)) == ("completed", REWARD)
    assert_lawful(week)


def test_leaving_and_coming_back_gives_no_second_card(week: Week) -> None:
    ann = week.member()
    for _time in range(3):
        with week.at(0):
            operations.withdraw(ann, week.id)
            operations.enroll(ann, week.id)
    with week.at(5):
        operations.make_up(ann, week.id, 4, body="补上这一天。")
        with pytest.raises(Refused) as refused:
            operations.make_up(ann, week.id, 3, body="补上这一天。")
    assert refused.value.code == "NO_CARD"
    assert db.session.scalar(select(func.count()).select_from(Enrollment)) == 1
    assert_lawful(week)


def test_what_was_approved_while_somebody_was_away_counts_when_they_are_back(app: Flask, make: Make) -> None:
    week = a_week(make, review="manual", need_n=1)
    ann = week.member()
    made = week.check_in(ann, 1)
    with week.at(2):
        operations.withdraw(ann, week.id)
        operations.approve_record(week.owner, made.record_id)
    assert (week.enrollment(ann).status, stands(week, ann)) == ("withdrawn", 0)
    with week.at(3):
        operations.enroll(ann, week.id)
    assert (week.enrollment(ann).status, stands(week, ann)) == ("completed", REWARD)
    assert_lawful(week)
