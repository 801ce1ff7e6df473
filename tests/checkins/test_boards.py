"""The boards of a campaign: the order, one's own place, what stays after the settlement; the same on both engines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from circle.access import VISITOR, Actor
from circle.accounts import operations as accounts
from circle.accounts.models import User
from circle.checkins import days, operations, queries
from circle.checkins.models import Campaign, CampaignRank, CheckinRecord, Enrollment
from circle.checkins.queries import BestRow, CampaignBoard, PlaceRow
from circle.circles.models import Circle
from circle.core import clock, ids
from circle.core.db import db
from circle.core.errors import BadRequest
from circle.core.operation import in_transaction
from circle.posts import operations as posts
from tests.checkins.campaigning import Week
from tests.factories import Make, actor_of


def board(week: Week, actor: Actor, which: str = "diligence", *, day: int = 5, **asked: Any) -> CampaignBoard:
    with week.at(day, 12):
        campaign = queries.get_campaign(actor, week.id, slug=week.slug)
        return queries.board_of(actor, campaign, which, **asked)


def people(found: CampaignBoard) -> list[tuple[int, int]]:
    return [(row.rank, row.user.id) for row in found.rows]


def kept(week: Week, which: str = "diligence") -> list[tuple[int, int]]:
    rows = select(CampaignRank.rank, CampaignRank.user_id).order_by(CampaignRank.rank)
    rows = rows.where(CampaignRank.campaign_id == week.id, CampaignRank.board == which)
    return [(rank, user_id) for rank, user_id in db.session.execute(rows)]


def erase(actor: Actor) -> None:
    def gone() -> None:
        db.session.get_one(User, actor.id).status = "deleted"

    in_transaction(gone)


# ---- who stands where ------------------------------------------------------------------------------------------------


def test_more_days_on_time_then_longer_streaks_then_likes_then_the_quicker_then_who_came_first(make: Make) -> None:
    week = Week(make)
    quick, slow, liked, gaps, one, first, last = (week.member() for _number in range(7))
    week.check_in(quick, 1, 2, hour=6)
    week.check_in(slow, 1, 2, hour=7)
    submitted = week.check_in(liked, 1, 2, hour=9)
    week.check_in(gaps, 1, 3, hour=5)
    week.check_in(one, 1, hour=5)
    with week.at(3):
        posts.like_post(slow, submitted.post_id, on=True)
    found = board(week, VISITOR)
    assert [row.user.id for row in found.rows] == [who.id for who in (liked, quick, slow, gaps, one, first, last)]
    assert [row.rank for row in found.rows] == [1, 2, 3, 4, 5, 6, 7]
    top = found.rows[0]
    assert (top.done, top.on_time, top.best_streak, top.likes, top.mine) == (2, 2, 2, 1, False)
    assert (found.total, found.next_cursor, found.frozen, found.me) == (7, None, False, None)


def test_days_that_were_made_up_count_less_than_days_on_time(make: Make) -> None:
    week = Week(make)
    punctual, late = week.member(), week.member()
    week.check_in(punctual, 1, 2)
    week.check_in(late, 1)
    with week.at(4):
        operations.make_up(late, week.id, 2, body="补上。")
        operations.give_checkin(week.owner, week.id, late.id or 0, 3, reason="the app had failed")
    assert [(row.user.id, row.on_time, row.done) for row in board(week, VISITOR).rows] == [
        (punctual.id, 2, 2),
        (late.id, 1, 3),
    ]


Numbers = tuple[int, int, int, int]
#: few values, so that many are equal up to the last key
numbers = st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2), st.sampled_from([0, 1, 59, 86_400 * 366]))

statuses = st.sampled_from(["active", "completed", "failed", "withdrawn"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(everybody=st.lists(st.tuples(numbers, statuses), max_size=12),
       limit=st.integers(1, 5))  # fmt: skip
def test_the_order_is_that_of_a_plain_sort_by_the_five_keys_page_by_page(
    crowd: tuple[Circle, Actor, list[Actor]], everybody: list[tuple[Numbers, str]], limit: int
) -> None:
    """C6: a permutation of those who take part, equal on both engines, while it runs and as it is kept."""
    circle, owner, actors = crowd
    week = _campaign_with(circle, owner, list(zip(actors, everybody, strict=False)))
    rows = db.session.execute(select(Enrollment.id, Enrollment.user_id).where(Enrollment.campaign_id == week)).all()
    known = {
        actor.id: numbers for actor, (numbers, status) in zip(actors, everybody, strict=False) if status != "withdrawn"
    }
    ordered = sorted(
        (row for row in rows if row.user_id in known),
        key=lambda row: (*(-number for number in known[row.user_id][:3]), known[row.user_id][3], row.id),
    )
    expected = [(rank, row.user_id) for rank, row in enumerate(ordered, 1)]
    assert _all_pages(actors[0], week, limit) == expected
    for rank, user_id in expected:
        me = next(actor for actor in actors if actor.id == user_id)
        own = queries.board_of(me, queries.get_campaign(me, week), limit=1).me
        assert own is not None
        assert own.rank == rank
    _close(week)
    assert _all_pages(actors[0], week, limit) == expected


@pytest.fixture
def crowd(make: Make) -> tuple[Circle, Actor, list[Actor]]:
    owner = make.user()
    circle = make.circle(owner)
    return circle, actor_of(owner), [actor_of(make.user()) for _number in range(12)]


def _campaign_with(circle: Circle, owner: Actor, parts: list[tuple[Actor, tuple[Numbers, str]]]) -> int:
    """A campaign that runs, with enrolments as if they had checked in so."""
    now, id_ = clock.now(), ids.new_id()
    campaign = Campaign(
        id=id_, circle_id=circle.id, created_by=owner.person_id, title="早安", tz="UTC", start_date=now.date(),
        end_date=now.date(), status="published", published_at=now, opens_at=now, closes_at=now + timedelta(days=1),
    )  # fmt: skip

    def write() -> None:
        db.session.add(campaign)
        db.session.flush()
        for actor, ((on_time, best, likes, late), status) in parts:
            done = on_time + best
            db.session.execute(
                insert(Enrollment).values(
                    id=ids.new_id(), circle_id=circle.id, campaign_id=id_, user_id=actor.id, status=status, done=done,
                    on_time=on_time, best_streak=best, likes=likes, lateness_s=late, joined_at=now, reason="",
                    first_idx=1, created_at=now,
                    merit=days.merit(on_time, best, likes, late), board_key=-days.merit(on_time, best, likes, late),
                )
            )  # fmt: skip

    in_transaction(write)
    return id_


def _close(campaign_id: int) -> None:
    def settled() -> None:
        db.session.get_one(Campaign, campaign_id).status = "settling"
        for part in db.session.scalars(select(Enrollment).where(Enrollment.campaign_id == campaign_id)):
            part.settled_at = clock.now()

    in_transaction(settled)
    assert operations.close_campaign(campaign_id)


def _all_pages(actor: Actor, campaign_id: int, limit: int) -> list[tuple[int, int]]:
    cursor, found = None, []
    while True:
        campaign = queries.get_campaign(actor, campaign_id)
        page = queries.board_of(actor, campaign, cursor=cursor, limit=limit)
        assert len(page.rows) <= limit
        found += people(page)
        cursor = page.next_cursor
        if cursor is None:
            return found


# ---- one's own place -------------------------------------------------------------------------------------------------


def test_ones_own_place_is_there_however_far_down(make: Make) -> None:
    week = Week(make)
    first, second, third = (week.member() for _number in range(3))
    week.check_in(first, 1, 2, 3)
    week.check_in(second, 1, 2)
    found = board(week, third, limit=1)
    assert people(found) == [(1, first.id)]
    assert isinstance(found.me, PlaceRow)
    assert (found.me.rank, found.me.user.id, found.me.mine, found.mine_is_shown) == (3, third.id, True, False)
    assert board(week, first, limit=1).mine_is_shown
    assert board(week, week.owner).me is None  # takes no part


def test_one_more_day_says_which_place_it_would_bring(make: Make) -> None:
    week = Week(make)
    far, near, me = (week.member() for _number in range(3))
    week.check_in(far, 1, 2, 3, 4)
    week.check_in(near, 1, 3, 4)
    week.check_in(me, 1, 3)
    # with the fifth day three on time, but in a row only one: behind the two in a row of who came before
    assert [row.rank for row in board(week, me).rows if row.mine] == [3]
    assert board(week, me).next_rank is None
    week.check_in(me, 4, hour=9)
    # four on time, and three in a row: as many as the first has, whose row is longer
    assert board(week, me).next_rank == 2
    assert board(week, far).next_rank is None  # nothing is better than the first place


def test_whether_the_day_would_come_early_or_late_is_part_of_it(make: Make) -> None:
    week = Week(make)
    other, me = week.member(), week.member()
    week.check_in(other, 1, 2, hour=6)
    week.check_in(me, 1, hour=2)
    assert board_at(week, me, 2, 9).next_rank == 1  # two hours and nine are eleven; the other took twelve
    assert board_at(week, me, 2, 11).next_rank is None
    week.check_in(me, 2, hour=11)
    assert board_at(week, me, 2, 12).next_rank == 1  # tomorrow, then


def board_at(week: Week, actor: Actor, day: int, hour: float) -> CampaignBoard:
    with week.at(day, hour):
        return queries.board_of(actor, queries.get_campaign(actor, week.id, slug=week.slug))


def test_an_excused_day_bridges_the_streak_that_is_promised(make: Make) -> None:
    week = Week(make)
    other, me = week.member(), week.member()
    week.check_in(other, 1, 2, 4, hour=5)
    week.check_in(me, 2, 3, hour=9)
    assert board_at(week, me, 5, 9).next_rank is None  # three on time as well, but not as quickly
    with week.at(4, 20):
        operations.excuse_period(week.owner, week.id, 4, reason="the service was down")
    assert board_at(week, me, 5, 9).next_rank == 1  # the third in a row


def test_nothing_is_promised_before_it_begins_or_when_no_day_is_left(make: Make) -> None:
    week = Week(make)
    ahead, me = week.member(), week.member()
    assert board(week, me, day=0).next_rank is None
    week.check_in(ahead, 1, 7)
    week.check_in(me, 7)
    assert board(week, me, day=7).next_rank is None


# ---- who is seen -----------------------------------------------------------------------------------------------------


def test_who_left_the_campaign_or_was_disqualified_is_not_on_it(make: Make) -> None:
    week = Week(make)
    stays, leaves, cheats = (week.member() for _number in range(3))
    week.check_in(cheats, 1, 2)
    week.check_in(leaves, 1)
    with week.at(3):
        operations.withdraw(leaves, week.id)
        operations.disqualify(week.owner, week.id, cheats.id or 0, reason="the same picture every day")
    found = board(week, VISITOR)
    assert people(found) == [(1, stays.id)]
    assert found.total == 1
    assert board(week, cheats).me is None
    assert board(week, leaves).me is None


def test_people_who_blocked_each_other_keep_their_places_unseen(make: Make) -> None:
    week = Week(make)
    top, middle, last = (week.member() for _number in range(3))
    week.check_in(top, 1, 2)
    week.check_in(middle, 1)
    accounts.block_user(last, top.id or 0)
    assert people(board(week, last)) == [(2, middle.id), (3, last.id)]
    assert people(board(week, top)) == [(1, top.id), (2, middle.id)]
    assert people(board(week, week.owner)) == [(1, top.id), (2, middle.id), (3, last.id)]
    accounts.block_user(last, week.owner.id or 0)
    assert len(board(week, week.owner).rows) == 3  # who runs the circle sees everybody
    page = board(week, last, limit=1)
    assert page.rows == []
    assert page.next_cursor is not None
    assert people(board(week, last, limit=1, cursor=page.next_cursor)) == [(2, middle.id)]
    with clock.at(week.day(8)):
        week.settle()
    assert people(board(week, last)) == [(2, middle.id), (3, last.id)]


# ---- posts -----------------------------------------------------------------------------------------------------------


def test_the_best_posts_are_those_that_meet_most_and_then_the_earliest(make: Make) -> None:
    week = Week(make)
    ann, bob, eve = (week.member() for _number in range(3))
    plain = week.check_in(ann, 1, body="写下了第一天。").post_id
    talked = week.check_in(bob, 1).post_id
    liked = week.check_in(eve, 1).post_id
    second = week.check_in(ann, 2).post_id
    with week.at(2):
        posts.write_comment(ann, talked, body="真好。")
        posts.like_post(ann, liked, on=True)
        posts.like_post(bob, liked, on=True)
    found = board(week, ann, "quality")
    assert [(row.rank, row.post_id, row.engagement) for row in found.rows] == [
        (1, talked, 3), (2, liked, 2), (3, plain, 0), (4, second, 0),
    ]  # fmt: skip
    best: BestRow = found.rows[2]
    assert (best.user.id, best.idx, best.excerpt, best.mine) == (ann.id, 1, "写下了第一天。", True)
    assert best.post_url == f"/{week.slug}/posts/{plain}"
    accounts.block_user(ann, bob.id or 0)
    assert [row.rank for row in board(week, ann, "quality").rows] == [2, 3, 4]


def test_at_most_ten_posts_are_on_it_and_none_that_does_not_count(make: Make) -> None:
    week = Week(make)
    ann, bob, out = (week.member() for _number in range(3))
    hidden = week.check_in(ann, 1).post_id
    for who in (bob, out):
        week.check_in(who, *range(1, 8))
    week.check_in(ann, *range(2, 8))
    with week.at(7):
        posts.like_post(bob, hidden, on=True)
        posts.hide_post(week.owner, hidden, reason="off topic")
        operations.disqualify(week.owner, week.id, out.id or 0, reason="the same picture every day")
    found = board(week, bob, "quality", day=7)
    assert len(found.rows) == found.total == 10
    assert hidden not in [row.post_id for row in found.rows]
    assert out.id not in [row.user.id for row in found.rows]


def test_check_ins_that_wait_for_a_reviewer_are_not_among_the_best(make: Make) -> None:
    week = Week(make, {"review": "manual"})
    ann = week.member()
    week.check_in(ann, 1)
    assert board(week, ann, "quality").rows == []
    with week.at(2):
        operations.approve_record(week.owner, week.records(ann)[0].id)
    assert len(board(week, ann, "quality").rows) == 1


# ---- as it was when it was settled -----------------------------------------------------------------------------------


def test_after_the_settlement_nothing_moves_a_place_any_more(make: Make) -> None:
    week = Week(make)
    ann, bob, eve = (week.member() for _number in range(3))
    anns = week.check_in(ann, 1, 2).post_id
    bobs = week.check_in(bob, 1, 2, hour=9).post_id
    week.check_in(eve, 1)
    with week.at(3):
        posts.like_post(eve, anns, on=True)
    before = {which: board(week, VISITOR, which) for which in ("diligence", "quality")}
    week.settle()
    with week.at(12):
        for who in (ann, eve):
            posts.like_post(who, bobs, on=True)
        posts.like_post(eve, anns, on=False)
    for which, was in before.items():
        now = board(week, VISITOR, which, day=13)
        assert now.frozen
        assert [_numbers(row) for row in now.rows] == [_numbers(row) for row in was.rows]
        assert now.total == was.total
    with week.at(13):
        posts.delete_post(ann, anns)
    assert people(board(week, VISITOR, day=13)) == people(before["diligence"])
    assert [row.rank for row in board(week, VISITOR, "quality", day=13).rows] == [2, 3, 4, 5]  # the first is gone


def _numbers(row: PlaceRow | BestRow) -> tuple[Any, ...]:
    if isinstance(row, BestRow):
        return row.rank, row.post_id, row.engagement, row.idx
    return row.rank, row.user.id, row.done, row.on_time, row.best_streak, row.likes


def test_one_finds_ones_own_place_on_the_board_that_was_kept(make: Make) -> None:
    week = Week(make)
    first, second, third = (week.member() for _number in range(3))
    week.check_in(first, 1, 2, 3)
    week.check_in(second, 1, 2)
    week.settle()
    found = board(week, third, day=12, limit=1)
    assert people(found) == [(1, first.id)]
    assert found.me is not None
    assert (found.me.rank, found.total, found.next_rank, found.mine_is_shown) == (3, 3, None, False)
    second_page = board(week, third, day=12, limit=1, cursor=found.next_cursor)
    assert people(second_page) == [(2, second.id)]


def test_whoever_is_gone_afterwards_is_seen_by_nobody_and_the_others_stay_where_they_are(make: Make) -> None:
    week = Week(make)
    gone, stays = week.member(), week.member()
    week.check_in(gone, 1, 2)
    week.check_in(stays, 1)
    week.settle()
    erase(gone)
    for which in ("diligence", "quality"):
        assert gone.id not in [row.user.id for row in board(week, VISITOR, which, day=12).rows]
    assert people(board(week, VISITOR, day=12)) == [(2, stays.id)]


def test_whoever_is_disqualified_afterwards_is_on_no_board(make: Make) -> None:
    week = Week(make)
    cheats, stays = week.member(), week.member()
    week.check_in(cheats, 1, 2)
    week.check_in(stays, 1)
    week.settle()
    with week.at(12):
        operations.disqualify(week.owner, week.id, cheats.id or 0, reason="the same picture every day")
    for who in (VISITOR, week.owner, cheats):
        found = board(week, who, day=12)
        assert [row.user.id for row in found.rows] == [stays.id]
        assert found.me is None
    assert [row.user.id for row in board(week, VISITOR, "quality", day=12).rows] == [stays.id]


def test_settling_twice_keeps_the_boards_once(make: Make) -> None:
    week = Week(make)
    ann = week.member()
    week.check_in(ann, 1)
    week.settle()
    was = kept(week), kept(week, "quality")
    week.settle()
    assert (kept(week), kept(week, "quality")) == was == ([(1, ann.id)], [(1, ann.id)])


def test_a_campaign_nobody_took_part_in_keeps_empty_boards(make: Make) -> None:
    week = Week(make)
    week.settle()
    found = board(week, VISITOR, day=12)
    assert (found.rows, found.total, found.frozen, found.next_cursor) == ([], 0, True, None)


def test_a_campaign_that_was_called_off_keeps_its_boards_too(make: Make) -> None:
    week = Week(make)
    ann = week.member()
    week.check_in(ann, 1)
    with week.at(2):
        operations.cancel_campaign(week.owner, week.id, reason="the teacher is ill")
    week.settle()
    assert kept(week) == [(1, ann.id)]


# ---- what it costs ---------------------------------------------------------------------------------------------------


def test_a_board_costs_one_statement(make: Make, statements: list[str]) -> None:
    week = Week(make)
    ann, bob = week.member(), week.member()
    week.check_in(ann, 1)
    for day in (5, 12):
        with week.at(day, 12):
            campaign = queries.get_campaign(bob, week.id, slug=week.slug)
            for which in ("diligence", "quality"):
                statements.clear()
                assert queries.board_of(bob, campaign, which).rows
                assert len(statements) == 1
        week.settle()


def test_a_cursor_of_another_board_is_refused(make: Make) -> None:
    week, other = Week(make), Week(make)
    ann, _bob = week.member(), week.member()
    cursor = board(week, ann, limit=1).next_cursor
    for where, which in ((week, "quality"), (other, "diligence")):
        with pytest.raises(BadRequest, match="CURSOR_INVALID"):
            board(where, ann, which, cursor=cursor)


def test_a_page_and_ones_own_place_are_ranges_of_an_index(app: Flask, make: Make, statements: list[str]) -> None:
    if db.session.get_bind().dialect.name != "sqlite":
        pytest.skip("only SQLite tells its plan the same way with so few rows")
    week = Week(make)
    board(week, week.member())
    sent = next(sql for sql in statements if "before_then" in sql)
    with db.engine.connect() as connection:
        values = (1,) * sent.count("?")
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sent}", values)]
    better, equal = "campaign_id=? AND board_key<?", "campaign_id=? AND board_key=? AND id<?"
    assert plan.count(f"SEARCH better USING COVERING INDEX ix_enrollments_board ({better})") == 2
    assert plan.count(f"SEARCH equal USING COVERING INDEX ix_enrollments_board ({equal})") == 2
    assert "SEARCH enrollments USING INDEX ix_enrollments_board (campaign_id=?)" in plan  # in its order, so no sorting:
    assert plan.count("USE TEMP B-TREE FOR ORDER BY") == 1  # of the two parts, fifty rows and one


def test_what_is_kept_of_records_is_their_engagement(make: Make) -> None:
    week = Week(make)
    ann, bob = week.member(), week.member()
    post_id = week.check_in(ann, 1).post_id
    with week.at(2):
        posts.like_post(bob, post_id, on=True)
    week.settle()
    mine = select(CheckinRecord.engagement, CheckinRecord.quality_key).where(CheckinRecord.post_id == post_id)
    assert db.session.execute(mine).one() == (1, -1)
    snapshot = db.session.scalars(select(CampaignRank.snapshot).where(CampaignRank.board == "quality")).one()
    assert snapshot == {"idx": 1, "engagement": 1}


# ---- teams -----------------------------------------------------------------------------------------------------------


def team_of(week: Week, name: str, *members: Actor) -> int:
    with week.at(0):
        team_id = operations.create_team(members[0], week.id, name=name)
        for other in members[1:]:
            operations.join_team(other, team_id)
    return team_id


def test_teams_stand_by_the_periods_that_enough_of_them_did_and_are_kept_so(make: Make) -> None:
    week = Week(make, {"teams": True})
    ann, bob, eve, dan, solo = (week.member() for _number in range(5))
    slow, quick, alone = team_of(week, "晚睡", ann, bob), team_of(week, "早起", eve, dan), team_of(week, "独行", solo)
    week.check_in(ann, 1)
    for who in (eve, dan):
        week.check_in(who, 1)
    found = board(week, ann, "team")
    assert found.boards == ("diligence", "quality", "team")
    assert [(row.rank, row.team_id, row.done, row.size, row.mine) for row in found.rows] == [
        (1, quick, 1, 2, False),
        (2, slow, 0, 2, True),
    ]
    assert (found.total, found.me) == (2, found.rows[1])
    page = board(week, ann, "team", limit=1)
    assert [row.team_id for row in page.rows] == [quick]
    assert page.me == found.me
    assert [row.team_id for row in board(week, ann, "team", limit=1, cursor=page.next_cursor).rows] == [slow]
    week.settle()
    after = board(week, ann, "team", day=12)
    assert after.frozen
    assert [(row.rank, row.team_id, row.name) for row in after.rows] == [(1, quick, "早起"), (2, slow, "晚睡")]
    assert alone not in [row.team_id for row in after.rows]


def test_a_campaign_without_teams_has_no_board_of_them(make: Make) -> None:
    week = Week(make)
    assert board(week, week.owner, "team").board == "diligence"
