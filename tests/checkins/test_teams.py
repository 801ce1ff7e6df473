"""Teams: formed before the first day, fixed when it opens, and what they do day by day."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import Actor
from circle.accounts import operations as accounts
from circle.checkins import jobs, operations, queries
from circle.checkins.days import team_merit, team_needs
from circle.checkins.models import Team
from circle.circles import operations as circles
from circle.core import clock
from circle.core.db import db
from circle.core.errors import Forbidden, Invalid, NotFound
from circle.posts import operations as posts
from tests.checkins.campaigning import Week
from tests.checkins.teaming import PLAN, check_days, code_of, form, in_team, row, team
from tests.factories import Make


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, dict(PLAN))


# ---- forming ---------------------------------------------------------------------------------------------------------


def test_who_takes_part_forms_a_team_and_others_join_it(week: Week) -> None:
    team_id, (ann, ben) = form(week, 2)
    with week.at(0):
        found = row(week, team_id, ben)
        assert (found.name, found.member_count, found.frozen_size, found.rank) == ("早起小队", 2, None, None)
        assert found.captain is not None and found.captain.id == ann.id
        assert [mate.user.id for mate in found.members] == [ann.id, ben.id]
        assert (found.mine, found.can_leave, found.can_join) == (True, True, False)
        operations.join_team(ben, team_id)  # again: nothing
        assert team(team_id).member_count == 2


def test_only_for_who_takes_part_in_a_campaign_with_teams_before_it_begins(week: Week, make: Make) -> None:
    team_id, _members = form(week, 2)
    guest, late = week.member(enrolled=False), week.member()
    with week.at(0):
        assert code_of(lambda: operations.create_team(guest, week.id, name="云")) == "NOT_ENROLLED"
        assert code_of(lambda: operations.join_team(guest, team_id)) == "NOT_ENROLLED"
        with pytest.raises(NotFound):
            operations.join_team(late, 1)
    with week.at(1, 0):
        assert code_of(lambda: operations.create_team(late, week.id, name="云")) == "TEAMS_FIXED"
        assert code_of(lambda: operations.join_team(late, team_id)) == "TEAMS_FIXED"
        assert code_of(lambda: operations.enroll_in_team(guest, week.id, team_id)) == "TEAMS_FIXED"
        assert code_of(lambda: operations.leave_team(_members[0], week.id)) == "TEAMS_FIXED"
    alone = Week(make)
    someone = alone.member()
    with alone.at(0):
        assert code_of(lambda: operations.create_team(someone, alone.id, name="云")) == "NO_TEAMS"
        assert code_of(lambda: operations.leave_team(someone, alone.id)) == "NO_TEAMS"
        with pytest.raises(NotFound):
            queries.team_page(someone, queries.get_campaign(someone, alone.id))


def test_a_stranger_and_a_muted_member_form_no_team(week: Week, make: Make) -> None:
    stranger, quiet = make.user(), week.member()
    with week.at(0):
        from_outside = Actor(id=stranger.id, username=stranger.username, nickname="")
        with pytest.raises(Forbidden):
            operations.create_team(from_outside, week.id, name="云")
        circles.mute_member(week.owner, week.slug, quiet.id or 0, duration_s=3600, reason="冷静一下")
        assert code_of(lambda: operations.create_team(quiet, week.id, name="云")) == "MUTED"


def test_a_name_is_cleaned_bounded_and_taken_once(week: Week) -> None:
    ann, ben = week.member(), week.member()
    with week.at(0):
        team_id = operations.create_team(ann, week.id, name="  早起\u200b  小队 \n")
        assert team(team_id).name == "早起 小队"
        assert code_of(lambda: operations.create_team(ben, week.id, name="早起 小队")) == "TEAM_NAME_TAKEN"
        for bad in ("", " \u200b ", "早" * 21):
            with pytest.raises(Invalid) as refused:
                operations.create_team(ben, week.id, name=bad)
            assert "name" in refused.value.errors
        operations.create_team(ben, week.id, name="早" * 20)


def test_one_team_each(week: Week) -> None:
    first, (ann, _ben) = form(week, 2)
    second, _others = form(week, 2, "晚睡小队")
    with week.at(0):
        assert code_of(lambda: operations.join_team(ann, second)) == "ALREADY_IN_TEAM"
        assert code_of(lambda: operations.create_team(ann, week.id, name="再来")) == "ALREADY_IN_TEAM"
        operations.leave_team(ann, week.id)
        operations.join_team(ann, second)
    assert (team(first).member_count, team(second).member_count) == (1, 3)


def test_the_eleventh_finds_no_room(week: Week) -> None:
    team_id, _members = form(week, 10)
    late, guest = week.member(), week.member(enrolled=False)
    with week.at(0):
        assert code_of(lambda: operations.join_team(late, team_id)) == "TEAM_FULL"
        assert not row(week, team_id, late).can_join and row(week, team_id, late).full
        # joining the campaign with it: both or neither
        assert code_of(lambda: operations.enroll_in_team(guest, week.id, team_id)) == "TEAM_FULL"
        assert queries.get_campaign(guest, week.id).me is None


def test_joining_the_campaign_and_a_team_at_once(week: Week) -> None:
    team_id, _members = form(week, 2)
    guest = week.member(enrolled=False)
    with week.at(0):
        operations.enroll_in_team(guest, week.id, team_id)
        assert row(week, team_id, guest).mine and team(team_id).member_count == 3
        operations.enroll_in_team(guest, week.id, team_id)
        operations.withdraw(guest, week.id)
        assert team(team_id).member_count == 2
        operations.enroll_in_team(guest, week.id, team_id)
    assert team(team_id).member_count == 3 == len(in_team(team_id))


# ---- leaving ---------------------------------------------------------------------------------------------------------


def test_who_was_there_longest_follows_the_captain_and_an_empty_team_is_gone(week: Week) -> None:
    team_id, (ann, ben, cai) = form(week, 3)
    with week.at(0):
        operations.leave_team(ben, week.id)
        operations.leave_team(ben, week.id)  # again: nothing
        with clock.at(week.day(0, 20)):
            operations.join_team(ben, team_id)
            operations.leave_team(ann, week.id)
        assert team(team_id).captain_id == cai.id  # ben came back last
        operations.leave_team(cai, week.id)
        assert (team(team_id).captain_id, team(team_id).member_count) == (ben.id, 1)
        operations.leave_team(ben, week.id)
    assert db.session.scalar(select(func.count()).select_from(Team)) == 0
    assert week.enrollment(ben).team_id is None


def test_withdrawing_being_disqualified_or_leaving_the_circle_before_the_start_makes_room(week: Week) -> None:
    team_id, (ann, ben, cai, dan, eva) = form(week, 5)
    with week.at(0):
        operations.withdraw(ann, week.id)
        operations.disqualify(week.owner, week.id, ben.id or 0, reason="不是本人")
        circles.leave_circle(cai, week.slug)
        circles.ban_member(week.owner, week.slug, dan.id or 0, reason="广告")
    assert in_team(team_id) == [eva.id]
    assert (team(team_id).member_count, team(team_id).captain_id) == (1, eva.id)


def test_after_the_start_who_withdraws_stays_in_the_size_as_absent(week: Week) -> None:
    team_id, (ann, ben) = form(week, 2)
    week.check_in(ann, 1, 2)
    week.check_in(ben, 1, 2)
    with week.at(2, 12):
        operations.withdraw(ben, week.id)
    week.check_in(ann, 3)
    assert (team(team_id).frozen_size, team(team_id).done, team(team_id).member_count) == (2, 2, 2)
    with week.at(3, 12):
        found = row(week, team_id, ann)
        assert [(mate.user.id, mate.present) for mate in found.members] == [(ann.id, True), (ben.id, False)]
        operations.enroll(ben, week.id)  # coming back goes on
    week.check_in(ben, 3)
    assert team(team_id).done == 3
    check_days(team_id)


# ---- sizes -----------------------------------------------------------------------------------------------------------


def test_sizes_are_fixed_once_when_the_first_day_opens(week: Week) -> None:
    three, _members = form(week, 3)
    one, (alone,) = form(week, 1, "独行")
    with week.at(0, 23):
        assert operations.freeze_teams(week.id) == 0
        assert operations.unfrozen_campaigns() == []
    with week.at(1, 0):
        assert operations.unfrozen_campaigns() == [week.id]
        jobs.freeze_teams()
        jobs.freeze_teams()
        assert operations.freeze_teams(week.id) == 0
        assert (team(three).frozen_size, team(one).frozen_size) == (3, 0)
        page = queries.team_page(alone, queries.get_campaign(alone, week.id))
        assert [found.id for found in page.items] == [three]
        mine = queries.my_team(alone, queries.get_campaign(alone, week.id))
        assert mine is not None and not mine.stood and mine.rank is None
    week.check_in(alone, 1)
    assert (team(one).done, team(one).merit) == (0, 0)


def test_a_check_in_fixes_the_size_when_the_sweep_is_late(week: Week) -> None:
    team_id, (ann, _ben) = form(week, 2)
    week.check_in(ann, 1)
    assert (team(team_id).frozen_size, team(team_id).done) == (2, 0)


@pytest.mark.parametrize(("size", "needed"), [(2, 2), (3, 3), (4, 4), (5, 4), (6, 5), (9, 8), (10, 8)])
def test_four_of_five_have_to_do_a_day_rounded_up(size: int, needed: int) -> None:
    assert team_needs(size, 8) == needed


def test_the_merit_of_teams_sorts_by_days_and_then_by_share() -> None:
    assert team_merit(3, 0, 70) > team_merit(2, 70, 70) > team_merit(2, 69, 70)
    assert team_merit(1, 7, 14) == team_merit(1, 35, 70)  # half is half, whatever the size
    assert team_merit(0, 0, 0) == 0


# ---- days ------------------------------------------------------------------------------------------------------------


def test_a_day_is_done_when_four_of_five_did_it(week: Week) -> None:
    team_id, members = form(week, 5)
    for member in members[:3]:
        week.check_in(member, 1)
    assert team(team_id).done == 0
    post_id = week.check_in(members[3], 1).post_id
    assert team(team_id).done == 1
    with week.at(1, 12):
        found = row(week, team_id, members[4])
        assert (found.needed, found.today, found.frozen_size, found.rank) == (4, 4, 5, 1)
        assert [day.state for day in found.days] == ["done", *["future"] * 6]
        assert [mate.done_today for mate in found.members] == [True] * 4 + [False]
        posts.hide_post(week.owner, post_id, reason="跑题")
        assert team(team_id).done == 0
        posts.restore_post(week.owner, post_id)
        assert team(team_id).done == 1
        operations.disqualify(week.owner, week.id, members[0].id or 0, reason="不是本人")
        assert team(team_id).done == 0  # what they did is nobody's
        operations.reinstate(week.owner, week.id, members[0].id or 0)
        assert team(team_id).done == 1
    check_days(team_id)


def test_days_given_by_hand_and_made_up_count_for_the_team(week: Week) -> None:
    team_id, (ann, ben) = form(week, 2)
    week.check_in(ann, 1, 2)
    week.check_in(ben, 2)
    with week.at(2, 12):
        operations.give_checkin(week.owner, week.id, ben.id or 0, 1, reason="当天发不出去")
        assert team(team_id).done == 2
    check_days(team_id)


def test_reviewed_check_ins_count_when_they_are_approved(make: Make) -> None:
    week = Week(make, {**PLAN, "review": "manual"})
    team_id, (ann, ben) = form(week, 2)
    for who in (ann, ben):
        week.check_in(who, 1)
    assert team(team_id).done == 0
    with week.at(1, 12):
        assert row(week, team_id).today == 2
        for who in (ann, ben):
            operations.approve_record(week.owner, week.records(who)[0].id)
    assert team(team_id).done == 1


def test_teams_are_placed_by_days_then_by_share_then_by_age(week: Week) -> None:
    small, (ann, ben) = form(week, 2, "二人")
    large, others = form(week, 5, "五人")
    idle, _nobody = form(week, 2, "闲人")
    week.check_in(ann, 1)
    week.check_in(ben, 1)
    for member in others[:4]:
        week.check_in(member, 1)
    with week.at(1, 12):
        campaign = queries.get_campaign(ann, week.id)
        page = queries.team_page(ann, campaign)
        assert [(each.id, each.rank, each.done) for each in page.items] == [(small, 1, 1), (large, 2, 1), (idle, 3, 0)]
        first = queries.team_page(ann, campaign, limit=2)
        rest = queries.team_page(ann, campaign, first.next_cursor, limit=2)
        assert [(each.id, each.rank) for each in (*first.items, *rest.items)] == [(small, 1), (large, 2), (idle, 3)]
        assert queries.team_count(week.id) == 3


def test_who_blocked_each_other_do_not_see_each_other_in_a_team(week: Week) -> None:
    team_id, (ann, ben, cai) = form(week, 3)
    with week.at(0):
        accounts.block_user(ben, ann.id or 0)
        found = row(week, team_id, ben)
        assert (found.captain, [mate.user.id for mate in found.members]) == (None, [ben.id, cai.id])
        assert found.member_count == 3
        assert len(row(week, team_id).members) == 3  # who runs the circle sees everybody


def test_a_page_of_teams_costs_the_same_for_one_and_for_ten(week: Week, statements: list[str]) -> None:
    _first, (ann, _ben) = form(week, 2)

    def cost() -> int:
        with week.at(1, 12):
            db.session.rollback()
            statements.clear()
            page = queries.team_page(ann, queries.get_campaign(ann, week.id))
            assert page.items
            return len(statements)

    one = cost()
    for number in range(9):
        form(week, 2, f"第 {number} 队")
    assert cost() == one <= 9
