"""Leaving for good: check-ins go or stay as one chose, words go in any case, and nobody else's place moves."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import pytest
from flask import Flask
from sqlalchemy import cast, func, select
from sqlalchemy.types import BigInteger, String

from circle.access import Actor
from circle.accounts import operations as accounts
from circle.accounts import recovery
from circle.accounts.operations import DELETION_DELAY
from circle.accounts.passwords import hash_password
from circle.checkins import operations, queries
from circle.checkins.models import CampaignRank, CheckinRecord, Enrollment, MakeupCard, Team
from circle.core import clock, jobs
from circle.core.db import Base, db
from circle.home import erasure
from circle.home import jobs as home_jobs
from circle.notifications.queries import inbox
from circle.points.models import EarnSource
from tests.checkins.campaigning import FIRST, Week
from tests.factories import PASSWORD, Make, actor_of
from tests.races.together import together

NAME, NICKNAME, WORDS = "lu.xiaoan", "陆小安", "竹影扫阶"
LABEL = "已注销用户"
PLAN = {"teams": True, "team_points": 30, "reward_points": 50, "reward_growth": 30}


@cache
def hashed() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, dict(PLAN))


def xiaoan(week: Week, *, enrolled: bool = True) -> Actor:
    with week.at(0):
        user = week.make.user(NAME, nickname=NICKNAME, password_hash=hashed())
        actor = actor_of(week.make.member(week.circle, user=user))
        if enrolled:
            operations.enroll(actor, week.id)
    return actor


def leave(week: Week, actor: Actor, *, keep: bool, day: int) -> None:
    """Ask for it on that day at noon, seven days before."""
    with clock.at(week.day(day, 12) - DELETION_DELAY - timedelta(minutes=1)):
        recovery.delete_account(actor, current_password=PASSWORD, keep_content=keep, forfeit_points=True)
    with week.at(day, 12):
        home_jobs.close_accounts()
        jobs.run_due()
    db.session.expire_all()


def left_of(*words: str) -> list[str]:
    """Where these words still stand, in any column of any table."""
    forms = {form.casefold() for word in words for form in (word, word.encode("unicode_escape").decode())}
    return sorted(
        {
            f"{table.name}.{column.name}"
            for table in Base.metadata.sorted_tables
            for column in table.columns
            if not isinstance(column.type, BigInteger)
            for value in db.session.scalars(select(cast(column, String)).where(column.is_not(None)))
            if any(form in str(value).casefold() for form in forms)
        }
    )


def states(code: str) -> list[str]:
    return list(db.session.scalars(select(EarnSource.state).where(EarnSource.rule_code == code)))


# ---- one's own part --------------------------------------------------------------------------------------------------


def test_erased_check_ins_count_no_more_and_leave_no_word(week: Week) -> None:
    me, ann = xiaoan(week), week.member()
    week.check_in(me, 1, 2, 3, 4, 5, body=f"{WORDS}，今天也写。")
    week.check_in(ann, 1, 2)
    assert week.enrollment(me).status == "completed"
    leave(week, me, keep=False, day=6)
    mine = week.enrollment(me)
    assert (mine.status, mine.done, mine.on_time, mine.likes, mine.merit > 0) == ("active", 0, 0, 0, True)
    assert {record.status for record in week.records(me)} == {"void"}
    assert set(states("campaign")) == {"off"} and states("checkin").count("on") == 2
    assert left_of(WORDS, NAME, NICKNAME) == []
    week.settle()
    assert week.enrollment(me).status == "failed"
    assert week.campaign.status == "closed"


def test_kept_check_ins_stay_as_those_of_nobody(week: Week) -> None:
    me, ann = xiaoan(week), week.member()
    week.check_in(me, 1, 2, 3, body=f"{WORDS}，今天也写。")
    week.check_in(ann, 1)
    leave(week, me, keep=True, day=4)
    assert (week.enrollment(me).done, {record.status for record in week.records(me)}) == (3, {"approved"})
    with week.at(4, 13):
        board = queries.board_of(ann, queries.get_campaign(ann, week.id))
        assert [row.rank for row in board.rows if row.user.id == ann.id] == [2]  # the place above is still taken
        page = queries.checkin_posts(ann, queries.get_campaign(ann, week.id))
        assert {post.author.username for post in page.items} == {"", ann.username}
    assert left_of(NAME, NICKNAME) == []


@pytest.mark.parametrize("keep", [True, False])
def test_the_boards_of_a_settled_campaign_keep_their_places_without_the_name(week: Week, keep: bool) -> None:
    me, ann = xiaoan(week), week.member()
    week.check_in(me, 1, 2, 3, 4, 5)
    week.check_in(ann, 1, 2, 3)
    week.settle()
    places = select(CampaignRank.rank, CampaignRank.user_id).where(CampaignRank.board == "diligence")
    before = db.session.execute(places.order_by(CampaignRank.rank)).all()
    leave(week, me, keep=keep, day=20)
    assert db.session.execute(places.order_by(CampaignRank.rank)).all() == before
    assert (week.enrollment(me).status, week.enrollment(me).done) == ("completed", 5)  # what was settled stays so
    with week.at(20, 13):
        board = queries.board_of(ann, queries.get_campaign(ann, week.id))
        assert [row.rank for row in board.rows if row.user.username] == [2]
    assert left_of(NAME, NICKNAME) == []


@pytest.mark.parametrize("keep", [True, False])
def test_reasons_that_were_told_go_and_so_do_cards_that_were_not_used(make: Make, keep: bool) -> None:
    week = Week(make, {**PLAN, "review": "manual", "free_cards": 2})
    me = xiaoan(week)
    week.check_in(me, 1)
    with week.at(1, 12):
        operations.reject_record(week.owner, week.records(me)[0].id, reason=f"{WORDS}不是今天的")
        operations.give_checkin(week.owner, week.id, me.id or 0, 1, reason=f"{WORDS}补上")
        operations.disqualify(week.owner, week.id, me.id or 0, reason=f"{WORDS}不是本人")
    leave(week, me, keep=keep, day=3)
    mine = week.enrollment(me)
    assert (mine.status, mine.reason, {record.reason for record in week.records(me)}) == ("disqualified", "", {""})
    assert db.session.scalar(select(func.count()).select_from(MakeupCard)) == 0
    assert [at for at in left_of(WORDS) if at != "audit_log.data"] == []  # the log loses nothing
    assert left_of(NAME, NICKNAME) == []


def test_nothing_of_anybody_elses_goes(week: Week) -> None:
    me, ann = xiaoan(week), week.member()
    week.check_in(me, 1)
    week.check_in(ann, 1, 2)
    before = (week.enrollment(ann).merit, [record.id for record in week.records(ann)])
    leave(week, me, keep=False, day=3)
    assert (week.enrollment(ann).merit, [record.id for record in week.records(ann)]) == before
    assert db.session.scalar(select(func.count()).where(MakeupCard.enrollment_id == week.enrollment(ann).id)) == 1
    assert week.campaign.enrolled_count == 2


# ---- teams -----------------------------------------------------------------------------------------------------------


def form(week: Week, captain: Actor, *others: Actor, name: str) -> int:
    with week.at(0):
        team_id = operations.create_team(captain, week.id, name=name)
        for other in others:
            operations.join_team(other, team_id)
    return team_id


def team(team_id: int) -> Team:
    return db.session.get_one(Team, team_id, populate_existing=True)


def test_before_the_start_they_are_out_of_the_team_and_a_captain_has_a_successor(make: Make) -> None:
    week = Week(make, dict(PLAN, start_date=FIRST + timedelta(days=14), end_date=FIRST + timedelta(days=20)))
    me, ann = xiaoan(week), week.member()
    team_id = form(week, me, ann, name=f"{WORDS}队")
    leave(week, me, keep=False, day=10)
    assert (team(team_id).captain_id, team(team_id).member_count) == (ann.id, 1)
    assert (week.enrollment(me).team_id, team(team_id).name) == (None, erasure.team_label())
    assert left_of(WORDS, NAME, NICKNAME) == []


def test_while_it_runs_they_are_absent_and_somebody_else_is_captain(week: Week) -> None:
    me, ann, ben = xiaoan(week), week.member(), week.member()
    team_id = form(week, me, ann, ben, name="早起小队")
    for who in (me, ann, ben):
        week.check_in(who, 1)
    assert team(team_id).done == 1
    leave(week, me, keep=True, day=3)
    row = team(team_id)
    assert (row.captain_id, row.member_count, row.frozen_size, row.done) == (ann.id, 3, 3, 1)
    assert row.name == "早起小队"  # it is theirs who are still there
    with week.at(3, 13):
        shown = queries.get_team(ben, team_id)
        assert [mate.user.username for mate in shown.members] == [ann.username, "", ben.username]


def test_a_team_is_not_called_by_the_name_of_who_is_gone(week: Week, make: Make) -> None:
    me, ann = xiaoan(week), week.member()
    team_id = form(week, me, ann, name=f"{NAME.upper()} 小队")
    other = form(week, week.member(), week.member(), name=f"@{NAME} 后援队")
    taken = form(week, week.member(), week.member(), name=erasure.team_label())
    leave(week, me, keep=True, day=3)
    plain = erasure.team_label()
    names = (team(team_id).name, team(other).name, team(taken).name)
    assert names == (f"{plain} 2", f"@{LABEL} 后援队", plain)
    assert left_of(NAME, NICKNAME) == []


# ---- the name in what others wrote -----------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [True, False])
def test_texts_of_campaigns_and_reasons_to_others_name_nobody(week: Week, keep: bool) -> None:
    me, ann = xiaoan(week), week.member()
    with week.at(0):
        operations.update_campaign(
            week.owner, week.id, intro=f"**谢谢** @{NAME} 出的题，`@{NAME}` 是他。",
            prompts=("窗外有什么？", f"@{NAME} 问：桌上有什么？"),
        )  # fmt: skip
    week.check_in(ann, 1)
    with week.at(1, 12):
        operations.excuse_period(week.owner, week.id, 1, reason=f"@{NAME} 报告的故障")
        operations.give_checkin(week.owner, week.id, xiaoanless(week).id or 0, 1, reason=f"@{NAME} 作证")
        operations.disqualify(week.owner, week.id, ann.id or 0, reason=f"@{NAME} 说不是本人")
        jobs.run_due()
    leave(week, me, keep=keep, day=3)
    campaign = week.campaign
    assert campaign.intro == f"**谢谢** @{LABEL} 出的题，`@{LABEL}` 是他。"
    assert "<strong>谢谢</strong>" in campaign.intro_html and NAME not in campaign.intro_html
    assert campaign.prompts[0] == "窗外有什么？" and LABEL in campaign.prompts[1]
    assert LABEL in campaign.excused["1"]["reason"] and campaign.excused["1"]["by"] == str(week.owner.id)
    assert LABEL in week.enrollment(ann).reason
    assert any(LABEL in (notice.quote or "") for notice in inbox(ann).items)
    assert [at for at in left_of(NAME) if at != "audit_log.data"] == []


def xiaoanless(week: Week) -> Actor:
    """Somebody else who takes part."""
    return week.member()


# ---- again and at once -----------------------------------------------------------------------------------------------


def test_erasing_twice_or_by_two_workers_is_erasing_once(app: Flask, week: Week) -> None:
    me, ann = xiaoan(week), week.member()
    team_id = form(week, me, ann, name=f"{NAME} 队")
    week.check_in(me, 1, 2, body=WORDS)
    with clock.at(week.day(3, 12) - DELETION_DELAY - timedelta(minutes=1)):
        recovery.delete_account(me, current_password=PASSWORD, keep_content=False, forfeit_points=True)
    user_id = me.id or 0
    with week.at(3, 12):
        accounts.close_account(user_id)

    def erase() -> None:
        with week.at(3, 12):
            erasure.erase_account(user_id)

    outcomes = together(app, [erase, erase])
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    db.session.expire_all()

    def state() -> list[tuple[object, ...]]:
        tables = (Team, Enrollment, CheckinRecord, MakeupCard)
        return [tuple(row) for model in tables for row in db.session.execute(select(model.__table__).order_by("id"))]

    before = state()
    erase()
    assert state() == before
    assert (team(team_id).name, team(team_id).captain_id) == (erasure.team_label(), ann.id)
    assert left_of(WORDS, NAME) == []
