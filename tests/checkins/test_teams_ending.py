"""Teams at the end: rewarded with those who did their own part, and what those who run a circle do about them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from circle.access import Actor
from circle.checkins import jobs, operations
from circle.core import clock
from circle.core.audit import AuditEntry
from circle.core.db import db
from circle.core.errors import Forbidden, NotFound
from circle.notifications.queries import inbox
from tests.checkins.campaigning import Week
from tests.checkins.teaming import PLAN, code_of, form, rewards, row, team
from tests.factories import Make


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, dict(PLAN))


# ---- the end ---------------------------------------------------------------------------------------------------------


def finish(week: Week, done: dict[Actor, tuple[int, ...]]) -> None:
    for actor, indexes in done.items():
        week.check_in(actor, *indexes)
    week.settle()


def test_the_reward_goes_to_members_who_did_their_own_part_once(week: Week) -> None:
    team_id, members = form(week, 5)
    *diligent, lazy = members
    for member in diligent:
        week.check_in(member, 1, 2, 3, 4, 5)
    week.check_in(lazy, 1)
    week.settle()
    week.settle()
    assert (team(team_id).completed, week.campaign.status) == (True, "closed")
    assert rewards() == [("on", 30, 20)] * 4
    told = [notice.kind for notice in inbox(diligent[0]).items]
    assert told.count("team.rewarded") == 1
    assert "team.rewarded" not in [notice.kind for notice in inbox(lazy).items]


def test_a_team_that_did_too_little_gets_nothing(week: Week) -> None:
    team_id, (ann, ben) = form(week, 2)
    week.check_in(ann, 1, 2, 3, 4, 5)
    week.check_in(ben, 3, 4, 5, 6, 7)  # each did their part, but only three days together
    week.settle()
    assert (team(team_id).completed, team(team_id).done) == (False, 3)
    assert rewards() == []
    assert rewards("campaign") == [("on", 50, 30)] * 2


def test_who_was_alone_goes_on_alone(week: Week) -> None:
    team_id, (ann,) = form(week, 1)
    week.check_in(ann, 1, 2, 3, 4, 5)
    week.settle()
    assert (team(team_id).completed, rewards(), week.enrollment(ann).status) == (False, [], "completed")


def test_a_streak_is_asked_of_the_team_and_an_excused_day_does_not_break_it(make: Make) -> None:
    week = Week(make, {**PLAN, "need_type": "streak", "need_n": 4})
    team_id, (ann, ben) = form(week, 2)
    for who in (ann, ben):
        week.check_in(who, 1, 2, 4, 5)
    with week.at(5, 12):
        operations.excuse_period(week.owner, week.id, 3, reason="服务故障")
        jobs.recount(week.id)
        assert row(week, team_id, ann).reached == 4
    week.settle()
    assert (team(team_id).completed, rewards()) == (True, [("on", 30, 20)] * 2)


def test_the_disqualified_get_nothing_and_are_absent(week: Week) -> None:
    team_id, members = form(week, 5)
    for member in members:
        week.check_in(member, 1, 2, 3, 4, 5)
    with week.at(7):
        operations.disqualify(week.owner, week.id, members[0].id or 0, reason="不是本人")
    week.settle()
    assert team(team_id).completed is True
    assert rewards() == [("on", 30, 20)] * 4
    operations.disqualify(week.owner, week.id, members[1].id or 0, reason="不是本人")
    assert sorted(rewards()) == [("off", 0, 0), *[("on", 30, 20)] * 3]
    assert team(team_id).completed is True  # what was decided for the others stays


def test_a_settlement_killed_half_way_gives_every_team_its_reward_once(
    week: Week, monkeypatch: pytest.MonkeyPatch
) -> None:
    teams = [form(week, 2, f"第 {number} 队") for number in range(3)]
    for _id, members in teams:
        for member in members:
            week.check_in(member, 1, 2, 3, 4, 5)
    real, seen = operations.settle_team, []

    def killed(team_id: int) -> bool:
        if seen:
            raise KeyboardInterrupt
        seen.append(team_id)
        return real(team_id)

    monkeypatch.setattr(operations, "settle_team", killed)
    with pytest.raises(KeyboardInterrupt):
        week.settle()
    assert (week.campaign.status, len(rewards())) == ("settling", 2)
    monkeypatch.undo()
    week.settle()
    assert week.campaign.status == "closed"
    assert rewards() == [("on", 30, 20)] * 6


def test_one_team_that_fails_keeps_no_other_waiting(week: Week, monkeypatch: pytest.MonkeyPatch) -> None:
    teams = [form(week, 2, f"第 {number} 队") for number in range(3)]
    for _id, members in teams:
        for member in members:
            week.check_in(member, 1, 2, 3, 4, 5)
    real = operations.settle_team

    def failing(team_id: int) -> bool:
        if team_id == teams[0][0]:
            raise ValueError("broken")
        return real(team_id)

    monkeypatch.setattr(operations, "settle_team", failing)
    with pytest.raises(ValueError, match="broken"):
        week.settle()
    assert [team(id_).completed for id_, _members in teams] == [None, True, True]
    monkeypatch.undo()
    assert week.campaign.status == "settling"
    week.settle()
    assert (week.campaign.status, rewards()) == ("closed", [("on", 30, 20)] * 6)


def test_a_campaign_does_not_close_while_a_team_is_open(week: Week) -> None:
    team_id, (ann, _ben) = form(week, 2)
    week.check_in(ann, 1)
    with clock.at(week.day(8) + timedelta(days=3)):
        operations.begin_settling(week.id)
        assert not operations.settle_team(team_id)  # everybody's own part comes first
        for enrollment_id in operations.unsettled(week.id):
            operations.settle_enrollment(enrollment_id)
        assert not operations.close_campaign(week.id)
        assert operations.settle_team(team_id)
        assert operations.close_campaign(week.id)


def test_of_a_campaign_that_is_cancelled_a_team_gets_its_share_or_nothing(make: Make) -> None:
    before, after = Week(make, dict(PLAN)), Week(make, dict(PLAN))
    early, _members = form(before, 2)
    with before.at(0):
        operations.cancel_campaign(before.owner, before.id, reason="改期")
        jobs.settle(before.id)
    assert (team(early).completed, team(early).frozen_size) == (False, 0)
    late, (ann, ben) = form(after, 2)
    for who in (ann, ben):
        after.check_in(who, 1, 2, 3)
    with after.at(4, 1):
        operations.cancel_campaign(after.owner, after.id, reason="天气不好")
        jobs.settle(after.id)
    assert (team(late).completed, rewards()) == (True, [("on", 30, 20)] * 2)


# ---- the people who run the circle -----------------------------------------------------------------------------------


def test_a_name_is_changed_by_those_who_manage_and_its_members_are_told(week: Week) -> None:
    team_id, (ann, _ben) = form(week, 2, "坏名字")
    mod = week.member(role="moderator", enrolled=False)
    with week.at(0):
        for who in (ann, mod):
            with pytest.raises(Forbidden):
                operations.rename_team(who, team_id, name="好名字", reason="不雅")
        operations.rename_team(week.owner, team_id, name="好名字", reason="不雅")
        operations.rename_team(week.owner, team_id, name="好名字", reason="不雅")  # again: nothing
    with week.at(2):
        operations.rename_team(week.owner, team_id, name="更好的名字", reason="不雅")  # also while it runs
    assert team(team_id).name == "更好的名字"
    told = [notice for notice in inbox(ann).items if notice.kind == "team.renamed"]
    assert len(told) == 2 and "更好的名字" in told[0].text
    other, _members = form(week, 2, "另一队")
    assert (
        code_of(lambda: operations.rename_team(week.owner, other, name="更好的名字", reason="x")) == "TEAM_NAME_TAKEN"
    )
    acts = db.session.scalars(select(AuditEntry.action).where(AuditEntry.target == f"team:{team_id}")).all()
    assert acts == ["team.rename"] * 2


def test_a_team_is_dissolved_before_the_start_only_and_its_members_go_on(week: Week) -> None:
    team_id, (ann, ben) = form(week, 2)
    other, _members = form(week, 2, "另一队")
    with week.at(0):
        with pytest.raises(Forbidden):
            operations.dissolve_team(ann, team_id, reason="不雅")
        operations.dissolve_team(week.owner, team_id, reason="不雅")
        with pytest.raises(NotFound):
            operations.dissolve_team(week.owner, team_id, reason="不雅")
    assert week.enrollment(ben).team_id is None and week.enrollment(ben).status == "active"
    assert [notice.kind for notice in inbox(ben).items].count("team.dissolved") == 1
    with week.at(1):
        assert code_of(lambda: operations.dissolve_team(week.owner, other, reason="不雅")) == "TEAMS_FIXED"


def test_an_admin_does_not_touch_the_team_of_the_owner(week: Week) -> None:
    admin = week.member(role="admin", enrolled=False)
    with week.at(0):
        operations.enroll(week.owner, week.id)
        team_id = operations.create_team(week.owner, week.id, name="圈主队")
        with pytest.raises(Forbidden):
            operations.rename_team(admin, team_id, name="别的", reason="试试")
        assert not row(week, team_id, admin).can_manage and row(week, team_id).can_manage
