"""What time does to points: they run out, their owners hear of it before, and levels are looked at after a year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.circles import operations as circles
from circle.circles.models import Circle
from circle.core import clock
from circle.core.db import db
from circle.core.operation import operation
from circle.ledger import operations as ledger
from circle.ledger.models import LedgerEntry
from circle.notifications.models import Notice
from circle.points import jobs
from circle.points import operations as points
from circle.points.models import GrowthTotal, LevelEvent, MemberLevel
from circle.points.queries import ageing
from tests.factories import Make, Place
from tests.points.passing import (
    NEW_YEAR,
    NOW,
    YEAR,
    Killed,
    assert_books_hold,
    at,
    give,
    held,
    level,
    member_id,
    reward,
    stops_after,
    told,
    txns,
)
from tests.races.together import together


@pytest.fixture
def place(make: Make) -> Place:
    return make.place()


# ---- points run out --------------------------------------------------------------------------------------------------


def test_points_run_out_at_their_time_and_not_before(place: Place) -> None:
    give(place, points=7)
    give(place, points=3, until=NEW_YEAR + YEAR)
    with clock.at(NEW_YEAR - timedelta(seconds=1)):
        jobs.expire_lots()
    assert held(place)[0] == 10
    with clock.at(NEW_YEAR):
        jobs.expire_lots()
    assert held(place)[0] == 3
    assert_books_hold()


def test_points_that_never_run_out_stay(place: Place) -> None:
    give(place, points=7, until=ledger.NEVER)
    with clock.at(NEW_YEAR + 50 * YEAR):
        jobs.expire_lots()
    assert held(place)[0] == 7


def test_running_out_twice_is_running_out_once(place: Place) -> None:
    for name in ("ann", "bob"):
        give(place, name, points=7)
    with clock.at(NEW_YEAR):
        jobs.expire_lots()
        jobs.expire_lots()
    assert (held(place), held(place, "bob"), txns("expire")) == ((0, 0), (0, 0), 2)
    assert_books_hold()


def test_what_was_spent_runs_out_no_more(place: Place) -> None:
    give(place, points=7)

    @operation
    def spend() -> None:
        ledger.spend(place.circle.id, member_id(place), 5, ledger.Why("spend", "test:spend"))

    spend()
    with clock.at(NEW_YEAR):
        jobs.expire_lots()
    run_out = select(func.sum(LedgerEntry.amount)).where(LedgerEntry.kind == "expire", LedgerEntry.amount > 0)
    assert (held(place)[0], db.session.scalar(run_out)) == (0, 2)


def test_a_worker_that_is_killed_half_way_leaves_the_rest_to_the_next(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_LOTS", 2)
    for _time in range(5):
        give(place, points=2)
        give(place, "bob", points=2)
    stops_after(monkeypatch, ledger, "expire_lots", 2)
    with clock.at(NEW_YEAR):
        with pytest.raises(Killed):
            jobs.expire_lots()
        assert 0 < held(place)[0] + held(place, "bob")[0] < 20
        assert_books_hold()
        monkeypatch.undo()
        jobs.expire_lots()
    assert (held(place), held(place, "bob"), txns("expire")) == ((0, 0), (0, 0), 10)
    assert_books_hold()


def test_a_few_accounts_at_a_time_are_all_of_them(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_BATCH", 1)
    for name in ("ann", "bob", "mod"):
        give(place, name, points=4, until=NEW_YEAR)
        give(place, name, points=4, until=NEW_YEAR - timedelta(days=3))
    with clock.at(NEW_YEAR):
        jobs.expire_lots()
    assert [held(place, name)[0] for name in ("ann", "bob", "mod")] == [0, 0, 0]


def test_two_workers_at_once_let_them_run_out_once(app: Flask, place: Place) -> None:
    for _time in range(6):
        give(place, points=2)
        give(place, "bob", points=2)
    outcomes = together(app, [at(NEW_YEAR, jobs.expire_lots)] * 2)
    assert [outcome for outcome in outcomes if isinstance(outcome, BaseException)] == []
    assert (held(place)[0], held(place, "bob")[0], txns("expire")) == (0, 0, 12)
    assert_books_hold()


def test_who_left_keeps_no_points_beyond_their_time(place: Place) -> None:
    give(place, points=7)
    with clock.at(NEW_YEAR - timedelta(days=9)):
        circles.leave_circle(place.ann, place.slug)
    with clock.at(NEW_YEAR):
        jobs.expire_lots()
    assert held(place)[0] == 0


# ---- and are announced before ----------------------------------------------------------------------------------------


def days_before(days: int) -> datetime:
    """Eight in the morning, so many days before 31 December in Shanghai."""
    return datetime(2027, 12, 31, 0, tzinfo=UTC) - timedelta(days=days)


def test_people_hear_thirty_and_seven_days_before_how_many_points_run_out(place: Place) -> None:
    give(place, points=7)
    give(place, points=5)
    give(place, points=100, until=NEW_YEAR + YEAR)
    heard = []
    for days in range(40, -1, -1):
        with clock.at(days_before(days)):
            jobs.remind_expiry()
        if len(told(place.ann)) > len(heard):
            heard.append(days)
    assert heard == [30, 7]
    assert [sorted(parts) for parts, _url in told(place.ann)] == [["12", "12月31日"]] * 2
    assert {url for _parts, url in told(place.ann)} == {f"/{place.slug}/points"}
    assert told(place.bob) == []


def test_reminding_twice_is_reminding_once(place: Place) -> None:
    give(place, points=7)
    with clock.at(days_before(7)):
        jobs.remind_expiry()
        jobs.remind_expiry()
    with clock.at(days_before(6)):
        jobs.remind_expiry()
    assert len(told(place.ann)) == 1


def test_a_day_on_which_no_worker_ran_is_made_up_for(place: Place) -> None:
    give(place, points=7)
    with clock.at(days_before(28)):
        jobs.remind_expiry()
    assert len(told(place.ann)) == 1
    with clock.at(days_before(20)):
        jobs.remind_expiry()
    assert len(told(place.ann)) == 1


def test_points_that_run_out_at_two_hours_of_a_day_are_one_sum(place: Place) -> None:
    give(place, points=7, until=NEW_YEAR - timedelta(hours=3))
    give(place, points=5)
    with clock.at(days_before(7)):
        jobs.remind_expiry()
    assert ["12" in parts for parts, _url in told(place.ann)] == [True]


def test_each_circle_counts_its_own_days(make: Make) -> None:
    honolulu, shanghai = make.place(tz="Pacific/Honolulu"), make.place()
    #: midnight before 1 January there
    midnight = datetime(2028, 1, 1, 10, tzinfo=UTC)
    give(honolulu, points=3, until=midnight)
    give(shanghai, points=3)
    with clock.at(datetime(2027, 12, 1, 9, tzinfo=UTC)):  # still 30 November on Hawaii, 31 days before
        jobs.remind_expiry()
    assert (len(told(honolulu.ann)), len(told(shanghai.ann))) == (0, 1)
    with clock.at(datetime(2027, 12, 1, 11, tzinfo=UTC)):
        jobs.remind_expiry()
    assert ["12月31日" in parts for parts, _url in told(honolulu.ann)] == [True]


def test_only_members_who_are_there_are_reminded(place: Place) -> None:
    for name in ("ann", "bob", "mod"):
        give(place, name, points=7)
    circles.leave_circle(place.ann, place.slug)
    circles.ban_member(place.owner, place.slug, place.users["bob"].id)
    with clock.at(days_before(7)):
        jobs.remind_expiry()
    told_to = select(Notice.user_id).where(Notice.kind == "points.running_out")
    assert db.session.scalars(told_to).all() == [place.users["mod"].id]


def test_reminders_that_were_stopped_half_way_reach_everybody_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("ann", "bob", "mod", "admin")
    for name in names:
        give(place, name, points=7)
        give(place, name, points=1, until=NEW_YEAR - timedelta(hours=1))
    monkeypatch.setattr(jobs, "_BATCH", 2)
    stops_after(monkeypatch, points, "remind_running_out", 1)
    with clock.at(days_before(30)):
        with pytest.raises(Killed):
            jobs.remind_expiry()
        monkeypatch.undo()
        monkeypatch.setattr(jobs, "_BATCH", 2)
        jobs.remind_expiry()
    assert [len(told(getattr(place, name))) for name in names] == [1, 1, 1, 1]
    assert all("8" in told(getattr(place, name))[0][0] for name in names)


# ---- a year with a level ---------------------------------------------------------------------------------------------


def promoted(place: Place, growth: int = 700) -> None:
    with clock.at(NOW):
        reward(place, growth)


def assess(years: int = 1, after: timedelta = timedelta(hours=1)) -> None:
    with clock.at(NOW + years * YEAR + after):
        jobs.assess_levels()


def events(place: Place) -> list[tuple[int, int, str, int]]:
    mine = select(LevelEvent).where(LevelEvent.member_id == member_id(place)).order_by(LevelEvent.id)
    return [(row.from_level, row.to_level, row.reason, row.growth) for row in db.session.scalars(mine)]


def test_who_grew_too_little_in_a_year_falls_one_level(place: Place) -> None:
    promoted(place)
    with clock.at(NOW + timedelta(days=200)):
        reward(place, 40)
    assess(after=timedelta(days=-1))
    assert level(place) == 2
    assess()
    # 740 - (100 - 40) is still enough for level 2: it is taken to the last below it
    assert (level(place), held(place)[1]) == (1, 499)
    assert events(place) == [(1, 2, "promote", 700), (2, 1, "decay", 499)]
    assert txns("growth.decay") == 1
    assert_books_hold()


def test_from_the_third_level_it_is_the_second_and_the_next_year_begins(place: Place) -> None:
    promoted(place, 3100)
    assess()
    # 3100 - 600 = 2500
    assert (level(place), held(place)[1]) == (2, 2500)
    row = db.session.get_one(MemberLevel, member_id(place))
    assert (row.level, row.assess_at) == (2, NOW + 2 * YEAR + timedelta(hours=1))
    assess(years=2, after=timedelta(hours=2))
    assert (level(place), held(place)[1]) == (1, 499)
    assert db.session.get(MemberLevel, member_id(place)) is None


def test_who_grew_enough_keeps_the_level_for_another_year(place: Place) -> None:
    promoted(place)
    with clock.at(NOW + timedelta(days=364)):
        reward(place, 100)
    assess()
    assert (level(place), held(place)[1]) == (2, 800)
    assert db.session.get_one(MemberLevel, member_id(place)).assess_at == NOW + 2 * YEAR
    assert events(place) == [(1, 2, "promote", 700)]
    # the growth of the first year does not count for the second
    assess(years=2)
    assert level(place) == 1


def test_a_year_that_is_looked_at_late_is_the_same_year(place: Place) -> None:
    promoted(place)
    with clock.at(NOW + YEAR + timedelta(days=2)):
        reward(place, 1000)
    assess(after=timedelta(days=3))
    assert level(place) == 1
    promoted_again = [each for each in events(place) if each[2] == "promote"]
    assert len(promoted_again) == 1


def test_what_was_taken_back_does_not_keep_a_level(place: Place) -> None:
    promoted(place)

    @operation
    def given_and_taken() -> None:
        mine = (place.circle.id, member_id(place))
        given = ledger.give(*mine, ledger.Why("adjust", "test:given"), growth=150)
        ledger.reverse(given.txn_id or 0, ledger.Why("adjust.undo", "test:undone"))

    with clock.at(NOW + timedelta(days=9)):
        given_and_taken()
    assess()
    assert level(place) == 1


def test_the_first_level_is_never_looked_at(place: Place) -> None:
    promoted(place, 10)
    for years in (1, 2, 3):
        assess(years=years)
    assert (level(place), held(place)[1]) == (1, 10)
    assert db.session.scalar(select(func.count()).select_from(MemberLevel)) == 0


def test_a_level_that_asks_for_nothing_is_kept_even_when_growth_was_taken_back(place: Place) -> None:
    set_levels(place, [0, 500], keep=0)
    promoted(place)

    @operation
    def took() -> None:
        ledger.deduct(place.circle.id, member_id(place), ledger.Why("adjust", "test:took"), growth=50)

    with clock.at(NOW + timedelta(days=9)):
        took()
    assess()
    assert (level(place), held(place)[1]) == (2, 650)


@operation
def set_levels(place: Place, begins: list[int], keep: int = 100) -> None:
    rows = [{"name": "", "growth_min": begin, "keep_min": keep if begin else 0} for begin in begins]
    db.session.get_one(Circle, place.circle.id).levels = rows


def test_under_raised_thresholds_the_level_falls_and_growth_is_never_raised(place: Place) -> None:
    promoted(place, 3100)
    set_levels(place, [0, 5000, 9000])
    assess()
    assert (level(place), held(place)[1]) == (2, 3100)
    assert events(place)[-1] == (3, 2, "decay", 3100)
    assert txns("growth.decay") == 0
    assess(years=2, after=timedelta(hours=2))
    # 3100 - 100, as ever
    assert (level(place), held(place)[1]) == (1, 3000)


def test_boards_keep_what_was_earned_when_a_level_falls(place: Place) -> None:
    promoted(place)
    before = db.session.execute(select(GrowthTotal.period_key, GrowthTotal.growth).order_by(GrowthTotal.period_key))
    known = before.all()
    assess()
    after = db.session.execute(select(GrowthTotal.period_key, GrowthTotal.growth).order_by(GrowthTotal.period_key))
    assert level(place) == 1
    assert after.all() == known


def test_nobody_is_assessed_while_they_are_away(place: Place) -> None:
    promoted(place)
    with clock.at(NOW + YEAR - timedelta(days=9)):
        circles.leave_circle(place.ann, place.slug)
    assess()
    assert level(place) == 2
    with clock.at(NOW + YEAR + timedelta(days=9)):
        circles.join_circle(place.ann, place.slug)
    assess(after=timedelta(days=10))
    assert level(place) == 1


def test_assessing_twice_is_assessing_once(place: Place) -> None:
    promoted(place, 3100)
    assess()
    assess()
    assert (level(place), held(place)[1], txns("growth.decay")) == (2, 2500, 1)


def test_an_assessment_that_was_stopped_half_way_is_gone_on_with(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.at(NOW):
        for name in ("ann", "bob", "mod"):
            reward(place, 3100, name)
    monkeypatch.setattr(jobs, "_BATCH", 1)
    stops_after(monkeypatch, points, "assess_level", 1)
    with pytest.raises(Killed):
        assess()
    monkeypatch.undo()
    assert sorted(level(place, name) for name in ("ann", "bob", "mod")) == [2, 3, 3]
    assess()
    assert [held(place, name)[1] for name in ("ann", "bob", "mod")] == [2500, 2500, 2500]
    assert txns("growth.decay") == 3


def test_two_workers_at_once_let_a_level_fall_once(app: Flask, place: Place) -> None:
    promoted(place, 3100)
    outcomes = together(app, [at(NOW + YEAR + timedelta(hours=1), jobs.assess_levels)] * 2)
    assert [outcome for outcome in outcomes if isinstance(outcome, BaseException)] == []
    assert (level(place), held(place)[1], txns("growth.decay")) == (2, 2500, 1)
    assert [each[2] for each in events(place)] == ["promote", "decay"]


def test_what_is_due_is_read_along_the_order_it_is_due_in(place: Place) -> None:
    with clock.at(NOW):
        reward(place, 700, "bob")
    with clock.at(NOW - timedelta(days=1)):
        reward(place, 700)
    found = ageing.levels_to_assess(NOW + YEAR, None, 10)
    assert [member for _at, member in found] == [member_id(place), member_id(place, "bob")]
    assert ageing.levels_to_assess(NOW + YEAR, found[0], 10) == found[1:]
