"""What everybody sees of a campaign: its phases, each day of it, their own part, and what they may do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from circle.access import VISITOR, Actor
from circle.checkins import operations, queries
from circle.checkins.models import CheckinRecord
from circle.checkins.operations import Plan
from circle.circles import operations as circle_operations
from circle.circles.models import Member
from circle.core import clock, ids
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import in_transaction
from tests.checkins.campaigning import FIRST, Week
from tests.checkins.seeing import circle_for, seen, states
from tests.factories import Make, actor_of


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"reward_points": 50, "prompts": ("窗外", "早饭", "一封信")})


# ---- phases and days -------------------------------------------------------------------------------------------------


def test_a_campaign_is_upcoming_then_running_then_settling_then_closed(week: Week) -> None:
    ann = week.member()
    assert seen(week, ann, 0).phase == "upcoming"
    assert seen(week, ann, 1, 0).phase == "running"
    assert seen(week, ann, 7, 23.99).phase == "running"
    assert seen(week, ann, 8, 0).phase == "settling"
    week.settle()
    assert seen(week, ann, 12).phase == "closed"


def test_every_state_of_a_day(make: Make, app: Flask) -> None:
    week = Week(make, {"review": "manual", "lookback": 7})
    ann = week.member()
    week.check_in(ann, 1, 2)
    records = week.records(ann)
    with week.at(2, 9):
        operations.approve_record(week.owner, records[0].id)
    give(week, ann, 3)
    excuse(week, 4)
    row = seen(week, ann, 6)
    assert states(row) == "done pending given excused missed open future"
    assert [day.idx for day in row.strip if day.can_make_up] == [5]
    assert [day.idx for day in row.strip if day.post_url] == [1, 2]
    assert row.current is not None
    assert (row.current.idx, row.current.is_today) == (6, True)
    assert (row.phase, row.stage, row.today_count) == ("running", "check_in", 0)


def give(week: Week, actor: Actor, idx: int) -> None:
    def write() -> None:
        mine = week.enrollment(actor)
        db.session.add(
            CheckinRecord(
                id=ids.new_id(),
                circle_id=week.circle_id,
                campaign_id=week.id,
                enrollment_id=mine.id,
                user_id=mine.user_id,
                idx=idx,
                source="admin",
                submitted_at=week.day(idx),
            )
        )

    in_transaction(write)


def excuse(week: Week, idx: int) -> None:
    def write() -> None:
        week.campaign.excused = {str(idx): {"reason": "服务器故障", "at": "", "by": None}}

    in_transaction(write)


def test_what_was_made_up_says_so_and_a_rejected_day_is_open_again(make: Make, app: Flask) -> None:
    week = Week(make, {"review": "manual"})
    ann = week.member()
    week.check_in(ann, 1)
    with week.at(1, 9):
        operations.reject_record(week.owner, week.records(ann)[0].id, reason="只有一个字")
    row = seen(week, ann, 1, 10)
    assert states(row).startswith("open future")
    assert row.can.submit
    with week.at(2):
        operations.make_up(ann, week.id, 1, body="补上昨天的。")
        operations.approve_record(week.owner, week.records(ann)[-1].id)
    row = seen(week, ann, 2, 10)
    assert states(row).startswith("makeup open")
    assert row.me is not None
    assert (row.me.done, row.me.on_time, row.me.streak, row.me.makeup_cards) == (1, 0, 1, 0)


def test_missed_days_can_be_made_up_as_far_as_the_campaign_looks_back(week: Week) -> None:
    ann = week.member()
    row = seen(week, ann, 6)
    assert [day.idx for day in row.strip if day.can_make_up] == [3, 4, 5]
    assert row.can.makeup
    assert not [day for day in seen(week, ann, 8).strip if day.can_make_up], "over is over"


def test_days_before_joining_are_missed_like_others(week: Week) -> None:
    ann = week.member(enrolled=False)
    with week.at(3):
        operations.enroll(ann, week.id)
    row = seen(week, ann, 3, 9)
    assert states(row) == "missed missed open future future future future"
    assert row.me is not None
    assert row.me.first_idx == 3


def test_who_takes_no_part_sees_the_days_as_nobodys(week: Week) -> None:
    ann, bob = week.member(), week.member(enrolled=False)
    week.check_in(ann, 1, 2)
    for actor in (bob, VISITOR):
        row = seen(week, actor, 3)
        assert row.me is None
        assert states(row) == "past past open future future future future"


def test_the_streak_of_the_row_is_the_current_one(week: Week) -> None:
    ann = week.member()
    week.check_in(ann, 1, 2, 4)
    of = [seen(week, ann, idx).me for idx in (4, 5, 6)]
    assert [(me.streak, me.best_streak) for me in of if me] == [(1, 2), (1, 2), (0, 2)]


def test_between_two_windows_the_next_one_is_the_current(make: Make, app: Flask) -> None:
    week = Week(make, {"win_start_min": 6 * 60, "win_end_min": 9 * 60})
    ann = week.member()
    week.check_in(ann, 1, hour=7)
    row = seen(week, ann, 1, 12)
    assert row.current is not None
    assert (row.current.idx, row.current.state, row.current.is_today) == (2, "future", False)
    assert (row.stage, row.can.submit) == ("waiting", False)
    assert seen(week, ann, 2, 5.9).stage == "waiting"
    assert seen(week, ann, 2, 6).stage == "check_in"
    assert seen(week, ann, 2, 9).stage == "waiting"


def test_a_window_across_midnight_is_open_on_the_next_calendar_day(make: Make, app: Flask) -> None:
    week = Week(make, {"win_start_min": 22 * 60, "win_end_min": 26 * 60})
    ann = week.member()
    row = seen(week, ann, 2, 1)
    assert row.current is not None
    assert (row.current.idx, row.current.day, row.current.is_today) == (1, FIRST, True)


def test_weeks_are_periods_of_their_own(make: Make, app: Flask) -> None:
    week = Week(make, {"cadence": "weekly", "need_n": 2, "end_date": FIRST + timedelta(days=20)})
    ann = week.member()
    week.check_in(ann, 2)
    row = seen(week, ann, 9)
    assert states(row) == "done open future"
    assert [day.day for day in row.strip] == [FIRST + timedelta(weeks=n) for n in range(3)]


def test_days_go_by_the_time_zone_of_the_campaign(make: Make, app: Flask) -> None:
    owner = make.user()
    circle = make.circle(owner, tz="America/New_York")
    here, day = actor_of(owner), date(2026, 3, 7)
    with clock.at(datetime(2026, 3, 1, tzinfo=UTC)):
        plan = Plan(title="春天", start_date=day, end_date=day + timedelta(days=2), need_n=1)
        campaign_id = operations.create_campaign(here, circle.slug, plan)
        operations.publish_campaign(here, campaign_id)
        row = queries.get_campaign(here, campaign_id)
    hours = [(one.closes_at - one.opens_at) / timedelta(hours=1) for one in row.strip]
    assert hours == [24, 23, 24], "clocks change on 8 March"
    with clock.at(row.strip[1].closes_at - timedelta(seconds=1)):
        assert queries.get_campaign(here, campaign_id).current.idx == 2  # type: ignore[union-attr]
    with clock.at(row.strip[1].closes_at):
        assert queries.get_campaign(here, campaign_id).current.idx == 3  # type: ignore[union-attr]


def test_prompts_are_told_when_their_day_begins(week: Week) -> None:
    ann = week.member()
    assert [day.prompt for day in seen(week, ann, 2).strip][:4] == ["窗外", "早饭", "", ""]
    assert [day.prompt for day in seen(week, week.owner, 2).strip][:4] == ["窗外", "早饭", "一封信", ""]
    current = seen(week, ann, 0).current
    assert current is not None
    assert current.prompt == ""


# ---- who sees what, who may what -------------------------------------------------------------------------------------


def test_a_draft_is_there_for_those_who_manage_campaigns_only(make: Make, app: Flask) -> None:
    week = Week(make, publish=False)
    ann, moderator, admin = (week.member(role=role, enrolled=False) for role in ("member", "moderator", "admin"))
    for actor in (ann, moderator, VISITOR):
        with pytest.raises(NotFound):
            seen(week, actor, 0)
    for actor in (admin, week.owner):
        row = seen(week, actor, 0)
        assert (row.phase, row.stage, row.can.publish, row.days) == ("draft", "draft", True, ())
    assert queries.campaign_list(week.owner, circle_for(week, week.owner)) == []


def test_a_private_circle_keeps_its_campaigns_to_itself(week: Week, make: Make) -> None:
    ann = week.member()
    circle_operations.update_circle(week.owner, week.slug, visibility="private")
    assert seen(week, ann, 2).id == week.id
    for actor in (VISITOR, actor_of(make.user())):
        with pytest.raises(NotFound):
            seen(week, actor, 2)


def test_a_campaign_is_not_found_under_another_circle(week: Week, make: Make) -> None:
    other = make.circle(make.user())
    with week.at(2), pytest.raises(NotFound):
        queries.get_campaign(week.owner, week.id, slug=other.slug)
    with week.at(2), pytest.raises(NotFound):
        queries.get_campaign(week.owner, 12345)


def test_each_reader_is_told_their_own_next_step(week: Week, make: Make) -> None:
    ann, bob = week.member(), week.member(enrolled=False)
    stranger = actor_of(make.user())
    assert seen(week, VISITOR, 2).stage == "visitor"
    assert seen(week, stranger, 2).stage == "stranger"
    assert (seen(week, bob, 2).stage, seen(week, bob, 2).can.enroll) == ("join", True)
    assert (seen(week, bob, 4).stage, seen(week, bob, 4).can.enroll) == ("too_late", False)
    assert (seen(week, ann, 0).stage, seen(week, ann, 0).can.submit) == ("waiting", False)
    assert (seen(week, ann, 2).stage, seen(week, ann, 2).can.submit) == ("check_in", True)
    week.check_in(ann, 2)
    assert (seen(week, ann, 2, 9).stage, seen(week, ann, 2, 9).can.submit) == ("done", False)
    with week.at(3):
        operations.withdraw(ann, week.id)
    assert (seen(week, ann, 3).stage, seen(week, ann, 3).can.enroll) == ("join", True)
    assert states(seen(week, ann, 3)).startswith("past past open")
    assert seen(week, ann, 8).stage == "over"


def test_whoever_left_may_come_back_as_long_as_they_can_complete_it(week: Week) -> None:
    ann, bob = week.member(), week.member()
    week.check_in(ann, 1, 2, 3)
    with week.at(3, 9):
        for actor in (ann, bob):
            operations.withdraw(actor, week.id)
    assert [seen(week, actor, 5).can.enroll for actor in (ann, bob)] == [True, False]
    assert not seen(week, ann, 7).can.enroll, "one day is not enough for her either"
    assert [seen(week, actor, 5).stage for actor in (ann, bob)] == ["join", "too_late"]
    with week.at(5):
        operations.enroll(ann, week.id)
    assert seen(week, ann, 5).stage == "check_in"


def test_the_last_day_to_join_is_as_the_operation_has_it(week: Week) -> None:
    bob = week.member(enrolled=False)
    row = seen(week, bob, 2)
    assert row.join_until == FIRST + timedelta(days=2)
    assert [seen(week, bob, *moment).can.enroll for moment in ((3, 23.99), (4, 0))] == [True, False]


def test_muted_banned_disqualified_and_low_levels_are_told_so(make: Make, app: Flask) -> None:
    week = Week(make, {"level_min": 3})
    low, moderator = week.member(enrolled=False), week.member(role="moderator")
    assert (seen(week, low, 2).stage, seen(week, low, 2).can.enroll) == ("too_low", False)

    def lift() -> None:
        db.session.query(Member).filter_by(user_id=low.id).update({"level": 3})

    in_transaction(lift)
    with week.at(1):
        operations.enroll(low, week.id)
    with week.at(2):
        circle_operations.mute_member(week.owner, week.slug, low.id or 0, duration_s=86400)
    row = seen(week, low, 2, 9)
    assert (row.stage, row.can.submit, row.can.makeup, row.can.withdraw) == ("muted", False, False, True)
    assert seen(week, low, 4).stage == "check_in"
    with week.at(4):
        circle_operations.ban_member(week.owner, week.slug, low.id or 0)
    assert seen(week, moderator, 4).can.review

    def disqualify() -> None:
        week.enrollment(moderator).status = "disqualified"

    in_transaction(disqualify)
    row = seen(week, moderator, 4)
    assert (row.stage, row.can.submit, row.can.enroll, row.can.withdraw) == ("disqualified", False, False, False)


def test_after_the_end_everybody_reads_how_it_went_for_them(week: Week) -> None:
    ann, bob = week.member(), week.member()
    week.check_in(ann, 1, 2, 3, 4, 5)
    week.check_in(bob, 1)
    assert [seen(week, actor, 6).stage for actor in (ann, bob)] == ["check_in", "check_in"]
    assert seen(week, ann, 6).me.completed_at is not None  # type: ignore[union-attr]
    assert [seen(week, actor, 8).stage for actor in (ann, bob)] == ["completed", "settling"]
    week.settle()
    assert [seen(week, actor, 12).stage for actor in (ann, bob)] == ["completed", "failed"]
    assert not any((row := seen(week, ann, 12)).can[:5]), row.can


def test_a_cancelled_campaign_says_why(week: Week) -> None:
    ann = week.member()
    with week.at(3):
        operations.cancel_campaign(week.owner, week.id, reason="场地变了")
    row = seen(week, ann, 3)
    assert (row.phase, row.stage, row.cancel_reason, row.current) == ("cancelled", "cancelled", "场地变了", None)
    assert not any(row.can[:8])


def test_cards_for_sale_are_offered_up_to_the_limit(make: Make, app: Flask) -> None:
    week = Week(make, {"card_price": 10, "card_limit": 1, "free_cards": 0})
    other = Week(make, {"card_price": 10, "card_limit": 1, "free_cards": 1})
    assert seen(week, week.member(), 2).can.buy_card
    assert not seen(other, other.member(), 2).can.buy_card
    assert not seen(week, week.member(), 0).can.buy_card, "not before it begins"
