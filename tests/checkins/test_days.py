"""The arithmetic of days: vectors of the domain specification (§3) and of odd places, and laws against brute force."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from circle.checkins import days, operations
from circle.checkins.days import DAY, Need, Period, best_run, current_run, merit, periods_of, wall
from circle.checkins.models import CampaignPeriod
from circle.checkins.operations import Plan
from circle.circles import operations as circles
from circle.core import clock
from circle.core.db import db
from circle.core.errors import Invalid, Refused
from tests.checkins.campaigning import FIRST, Week
from tests.factories import Make, actor_of

NEW_YORK, SANTIAGO, APIA, CAIRO = "America/New_York", "America/Santiago", "Pacific/Apia", "Africa/Cairo"
LORD_HOWE, CASABLANCA, SHANGHAI = "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Shanghai"
ZONES = (
    NEW_YORK, SANTIAGO, APIA, CAIRO, LORD_HOWE, CASABLANCA, SHANGHAI, "Europe/London", "Asia/Kathmandu", "UTC",
    "America/St_Johns", "Asia/Beirut", "Pacific/Kiritimati", "Asia/Tehran", "America/Havana", "Antarctica/Troll",
)  # fmt: skip
HOUR = 60


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def lengths(found: list[Period]) -> list[float]:
    """Hours for which each is open."""
    return [(each.closes_at - each.opens_at) / timedelta(hours=1) for each in found]


# ---- moments ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "minutes", "moment"),
    [
        # those of the specification: left out, twice there, and midnight itself left out
        (NEW_YORK, date(2026, 3, 8), 150, "2026-03-08T07:00"),
        (NEW_YORK, date(2026, 11, 1), 90, "2026-11-01T05:30"),
        (SANTIAGO, date(2026, 9, 6), 0, "2026-09-06T04:00"),
        # midnight of the same day said from the day before
        (SANTIAGO, date(2026, 9, 5), DAY, "2026-09-06T04:00"),
        (SANTIAGO, date(2025, 4, 5), 23 * HOUR + 30, "2025-04-06T02:30"),
        # half an hour is left out, and half an hour comes twice
        (LORD_HOWE, date(2025, 10, 5), 2 * HOUR + 10, "2025-10-04T15:30"),
        (LORD_HOWE, date(2025, 10, 5), 2 * HOUR + 30, "2025-10-04T15:30"),
        (LORD_HOWE, date(2025, 4, 6), HOUR + 45, "2025-04-05T14:45"),
        # a whole day is left out
        (APIA, date(2011, 12, 29), 23 * HOUR, "2011-12-30T09:00"),
        (APIA, date(2011, 12, 30), 0, "2011-12-30T10:00"),
        (APIA, date(2011, 12, 30), 12 * HOUR, "2011-12-30T10:00"),
        (APIA, date(2011, 12, 31), 0, "2011-12-30T10:00"),
        # changes at midnight, and during Ramadan
        (CAIRO, date(2025, 4, 25), 0, "2025-04-24T22:00"),
        (CAIRO, date(2025, 4, 25), HOUR, "2025-04-24T22:00"),
        (CAIRO, date(2025, 10, 30), 23 * HOUR + 30, "2025-10-30T20:30"),
        (CASABLANCA, date(2025, 2, 23), 2 * HOUR + 30, "2025-02-23T01:30"),
        (CASABLANCA, date(2025, 4, 6), 2 * HOUR + 30, "2025-04-06T02:00"),
        (SHANGHAI, date(2026, 3, 8), 150, "2026-03-07T18:30"),
        (SHANGHAI, date(2026, 11, 21), DAY, "2026-11-21T16:00"),
    ],
)
def test_a_time_on_the_wall_is_one_moment(zone: str, day: date, minutes: int, moment: str) -> None:
    assert wall(day, minutes, zone) == utc(moment)


def slowly(day: date, minutes: int, zone: str) -> datetime:
    """The first moment at which clocks show that time or a later one, minute by minute."""
    wanted, there = datetime.combine(day, time()) + timedelta(minutes=minutes), ZoneInfo(zone)
    moment = wanted.replace(tzinfo=UTC) - timedelta(hours=40)
    while moment.astimezone(there).replace(tzinfo=None) < wanted:
        moment += timedelta(minutes=1)
    return moment


five_minutes = st.integers(0, 2 * DAY // 5).map(lambda number: number * 5)
some_days = st.dates(date(1990, 1, 1), date(2037, 1, 1))
zones = st.sampled_from(ZONES)


@given(zones, some_days, five_minutes)
def test_any_time_on_the_wall_is_the_first_moment_that_is_not_before_it(zone: str, day: date, minutes: int) -> None:
    assert wall(day, minutes, zone) == slowly(day, minutes, zone)


@given(zones, st.integers(1990, 2036), st.integers(0, DAY // 5))
def test_also_where_clocks_change(zone: str, year: int, number: int) -> None:
    there, day = ZoneInfo(zone), date(year, 1, 1)
    noons = [datetime.combine(day + timedelta(days=each), time(12), there) for each in range(365)]
    changes = [now.date() for before, now in pairwise(noons) if before.utcoffset() != now.utcoffset()]
    for each in changes:
        assert wall(each, number * 5, zone) == slowly(each, number * 5, zone)


# ---- periods ---------------------------------------------------------------------------------------------------------


def test_a_week_of_whole_days_is_seven_days_back_to_back() -> None:
    found = periods_of("daily", FIRST, FIRST + timedelta(days=6), SHANGHAI)
    assert [each.idx for each in found] == [1, 2, 3, 4, 5, 6, 7]
    assert (found[0].key, found[0].day, found[0].opens_at) == ("D2026-11-16", FIRST, utc("2026-11-15T16:00"))
    assert all(before.closes_at == after.opens_at for before, after in pairwise(found))
    assert lengths(found) == [24] * 7


def test_days_on_which_clocks_change_have_23_and_25_hours() -> None:
    spring = periods_of("daily", date(2026, 3, 7), date(2026, 3, 9), NEW_YORK)
    autumn = periods_of("daily", date(2026, 10, 31), date(2026, 11, 2), NEW_YORK)
    assert (lengths(spring), lengths(autumn)) == ([24, 23, 24], [24, 25, 24])
    half = periods_of("daily", date(2025, 10, 4), date(2025, 10, 6), LORD_HOWE)
    assert lengths(half) == [24, 23.5, 24]


def test_a_day_that_begins_at_one_in_the_morning_has_23_hours_and_no_gap_before_it() -> None:
    found = periods_of("daily", date(2026, 9, 5), date(2026, 9, 7), SANTIAGO)
    assert lengths(found) == [24, 23, 24]
    assert found[0].closes_at == found[1].opens_at == utc("2026-09-06T04:00")


def test_a_window_across_midnight_belongs_to_the_day_on_which_it_opens() -> None:
    found = periods_of(
        "daily", FIRST, FIRST + timedelta(days=1), SHANGHAI, win_start_min=22 * HOUR, win_end_min=26 * HOUR
    )
    assert [(each.day, each.opens_at, each.closes_at) for each in found] == [
        (FIRST, utc("2026-11-16T14:00"), utc("2026-11-16T18:00")),
        (FIRST + timedelta(days=1), utc("2026-11-17T14:00"), utc("2026-11-17T18:00")),
    ]


@pytest.mark.parametrize(
    ("saturday", "hours"),
    # until two o'clock, which is when clocks are put forward, or back: the second two o'clock is the only one
    [(date(2026, 3, 7), [4, 4, 4]), (date(2026, 10, 31), [4, 5, 4])],
)
def test_a_window_across_midnight_over_a_change_of_clocks(saturday: date, hours: list[int]) -> None:
    first, last = saturday - timedelta(days=1), saturday + timedelta(days=1)
    found = periods_of("daily", first, last, NEW_YORK, win_start_min=22 * HOUR, win_end_min=26 * HOUR)
    assert lengths(found) == hours


def test_a_window_reaching_around_the_clock_never_meets_the_next() -> None:
    found = periods_of("daily", date(2026, 10, 30), date(2026, 11, 3), NEW_YORK, win_start_min=90, win_end_min=90 + DAY)
    assert all(before.closes_at == after.opens_at for before, after in pairwise(found))


def test_weeks_are_those_of_the_iso_year() -> None:
    found = periods_of("weekly", date(2026, 12, 30), date(2027, 1, 4), SHANGHAI)
    assert [(each.idx, each.key, each.day) for each in found] == [
        (1, "W2026-53", date(2026, 12, 28)), (2, "W2027-01", date(2027, 1, 4)),
    ]  # fmt: skip
    assert [each.key for each in periods_of("weekly", date(2024, 12, 29), date(2024, 12, 31), SHANGHAI)] == [
        "W2024-52", "W2025-01",
    ]  # fmt: skip


def test_a_week_that_is_only_touched_is_open_as_a_whole() -> None:
    sunday, monday = date(2026, 11, 22), date(2026, 11, 23)
    found = periods_of("weekly", sunday, monday, SHANGHAI, win_start_min=8 * HOUR, win_end_min=9 * HOUR)
    assert [(each.day, each.opens_at) for each in found] == [
        (date(2026, 11, 16), utc("2026-11-15T16:00")), (monday, utc("2026-11-22T16:00")),
    ]  # fmt: skip
    assert lengths(found) == [168, 168]
    assert len(periods_of("weekly", sunday, sunday, SHANGHAI)) == 1


def test_a_week_in_which_clocks_change_is_an_hour_shorter_or_longer() -> None:
    assert lengths(periods_of("weekly", date(2026, 3, 8), date(2026, 3, 9), NEW_YORK)) == [167, 168]
    assert lengths(periods_of("weekly", date(2026, 11, 1), date(2026, 11, 1), NEW_YORK)) == [169]


@given(
    st.sampled_from(["daily", "weekly"]), zones, some_days, st.integers(0, 40), st.integers(0, DAY - 1),
    st.integers(1, DAY),
)  # fmt: skip
def test_periods_follow_each_other_and_never_overlap(
    cadence: str, zone: str, start: date, more: int, win_start_min: int, length: int
) -> None:
    window = {"win_start_min": win_start_min, "win_end_min": win_start_min + length}
    end = start + timedelta(days=more)
    found = periods_of(cadence, start, end, zone, **window)
    assert [each.idx for each in found] == list(range(1, len(found) + 1))
    assert len({each.key for each in found}) == len(found) <= days.MAX_PERIODS
    assert found[0].day <= start <= end < found[-1].day + timedelta(days=7 if cadence == "weekly" else 1)
    for each in found:
        assert each.opens_at <= each.closes_at
        assert each.opens_at.tzinfo is UTC
        assert each.opens_at.microsecond == 0
    for before, after in pairwise(found):
        assert before.closes_at <= after.opens_at


# ---- publishing fixes them -------------------------------------------------------------------------------------------


def campaign(make: Make, zone: str, **plan: object) -> tuple[Make, str, int]:
    owner = make.user()
    circle = make.circle(owner, tz=zone)
    values = {"title": "早安", "need_n": 1} | plan
    campaign_id = operations.create_campaign(actor_of(owner), circle.slug, Plan(**values))  # type: ignore[arg-type]
    operations.publish_campaign(actor_of(owner), campaign_id)
    return make, circle.slug, campaign_id


@pytest.mark.parametrize(
    ("zone", "day", "window"),
    [(NEW_YORK, date(2027, 3, 14), (130, 175)), (LORD_HOWE, date(2027, 10, 3), (125, 145))],
)
def test_a_window_that_a_change_of_clocks_swallows_is_refused_when_publishing(
    app: Flask, make: Make, zone: str, day: date, window: tuple[int, int]
) -> None:
    start, (opens, closes) = day - timedelta(days=1), window
    values = {"end_date": day + timedelta(days=1), "win_start_min": opens, "win_end_min": closes}
    with clock.at(datetime.combine(start, time(), UTC) - timedelta(days=3)):
        with pytest.raises(Refused) as refused:
            campaign(make, zone, start_date=start, **values)
        assert (refused.value.code, set(refused.value.errors or ())) == ("PERIODS_EMPTY", {"win_start_min"})
        assert f"{day.month}月{day.day}日" in str(refused.value.sentence)
        # a minute that is left is enough
        campaign(make, zone, start_date=start, **values | {"win_end_min": 3 * HOUR + 1})


def test_a_day_that_a_place_left_out_cannot_be_a_day_of_a_campaign(app: Flask, make: Make) -> None:
    with clock.at(utc("2011-12-20T00:00")), pytest.raises(Refused) as refused:
        campaign(make, APIA, start_date=date(2011, 12, 28), end_date=date(2012, 1, 2))
    assert refused.value.code == "PERIODS_EMPTY"


def test_days_that_are_over_cannot_be_published(app: Flask, make: Make) -> None:
    with clock.at(utc("2026-11-23T00:00")), pytest.raises(Invalid) as invalid:
        campaign(make, SHANGHAI, start_date=FIRST, end_date=FIRST + timedelta(days=6))
    assert set(invalid.value.errors) == {"end_date"}


def test_what_is_asked_for_must_be_possible(app: Flask, make: Make) -> None:
    with clock.at(utc("2026-11-13T00:00")), pytest.raises(Refused) as refused:
        campaign(make, SHANGHAI, start_date=FIRST, end_date=FIRST + timedelta(days=3), need_n=5)
    assert (refused.value.code, set(refused.value.errors or ())) == ("NEED_UNREACHABLE", {"need_n"})


def test_another_time_zone_of_the_circle_moves_drafts_only(app: Flask, make: Make) -> None:
    week, drafted = Week(make), Week(make, publish=False)

    def found(of: Week) -> list[tuple[datetime, datetime]]:
        here = select(CampaignPeriod.opens_at, CampaignPeriod.closes_at).where(CampaignPeriod.campaign_id == of.id)
        return [(row.opens_at, row.closes_at) for row in db.session.execute(here.order_by(CampaignPeriod.idx))]

    before, ann = found(week), week.member()
    for each in (week, drafted):
        circles.update_circle(each.owner, each.slug, tz=NEW_YORK)
    assert (week.campaign.tz, found(week)) == (SHANGHAI, before)
    with drafted.at(-1):
        operations.publish_campaign(drafted.owner, drafted.id)
    assert (drafted.campaign.tz, drafted.campaign.opens_at) == (NEW_YORK, utc("2026-11-16T05:00"))
    # seven in the morning in Shanghai is still the first day there, and yesterday in New York
    assert week.check_in(ann, 1, hour=7).idx == 1


# ---- streaks ---------------------------------------------------------------------------------------------------------

TOTAL = 24
day_sets = st.sets(st.integers(1, TOTAL)) | st.sets(st.integers(1, TOTAL)).map(
    lambda out: set(range(1, TOTAL + 1)) - out
)


def runs(done: Collection[int], excused: Collection[int], until: int = TOTAL) -> list[int]:
    """Rows of days done, oldest first: days written as a word, without the excused ones, cut where one is missing."""
    word = "".join("x" if idx in done else "" if idx in excused else "." for idx in range(1, until + 1))
    return [len(run) for run in word.split(".")]


@given(day_sets, day_sets)
def test_the_best_streak_is_that_of_brute_force(done: set[int], excused: set[int]) -> None:
    assert best_run(done, excused) == max(runs(done, excused))


@given(day_sets, day_sets, st.integers(0, TOTAL))
def test_the_current_streak_is_that_of_brute_force(done: set[int], excused: set[int], closed: int) -> None:
    done = {idx for idx in done if idx <= closed + 1}  # nobody has done what is to come
    assert current_run(done, excused, closed=closed) == runs(done, excused, closed)[-1] + (closed + 1 in done)


@given(day_sets, day_sets)
def test_the_best_streak_was_the_current_one_once(done: set[int], excused: set[int]) -> None:
    moments = range(TOTAL + 1)
    seen = [current_run({idx for idx in done if idx <= now + 1}, excused, closed=now) for now in moments]
    assert best_run(done, excused) == max(seen)


def test_an_open_day_breaks_no_streak_and_an_excused_one_bridges_it() -> None:
    assert current_run({1, 2}, closed=2) == current_run({1, 2, 3}, closed=3) - 1 == 2
    assert current_run({1, 2}, closed=3) == 0
    assert current_run({1, 2}, {3}, closed=3) == 2
    assert (current_run({1, 2, 4}, {3}, closed=4), best_run({1, 2, 4}, {3})) == (3, 3)
    assert best_run({2, 3}, {1, 4}) == 2
    assert (best_run(()), current_run((), closed=0)) == (0, 0)


needs = st.builds(
    Need, st.sampled_from(["count", "streak", "all"]), st.integers(1, TOTAL) | st.integers(1, 5), st.just(TOTAL)
)


@given(needs, day_sets, day_sets)
def test_whoever_does_every_day_that_was_left_completes(need: Need, done: set[int], excused: set[int]) -> None:
    everything = set(range(1, TOTAL + 1))
    if everything - excused:
        assert need.met(done | (everything - excused), excused)
    assert need.met(everything, excused)


@given(needs, day_sets, day_sets, st.integers(1, TOTAL))
def test_neither_a_day_more_nor_an_excused_day_more_ever_undoes_completion(
    need: Need, done: set[int], excused: set[int], idx: int
) -> None:
    if need.met(done, excused):
        assert need.met(done | {idx}, excused)
        assert need.met(done, excused | {idx})


@given(needs, day_sets, day_sets)
def test_nobody_completes_without_a_day(need: Need, done: set[int], excused: set[int]) -> None:
    assert need.target(done, excused) >= 1
    assert not need.met((), excused)
    if not excused:
        asked = {"count": len(done) >= need.n, "streak": max(runs(done, ())) >= need.n, "all": len(done) == TOTAL}
        assert need.met(done) == asked[need.type]


# ---- the board -------------------------------------------------------------------------------------------------------

one_place = st.tuples(
    st.integers(0, 366), st.integers(0, 366), st.integers(0, days.MAX_LIKES), st.integers(0, 366 * 25 * 3600)
)


@given(st.lists(one_place, min_size=2, max_size=30))
def test_merit_sorts_as_the_board_does(places: list[tuple[int, int, int, int]]) -> None:
    by_hand = sorted(places, key=lambda place: (-place[0], -place[1], -place[2], place[3]))
    assert sorted(places, key=lambda place: -merit(*place)) == by_hand
    assert len({merit(*place) for place in places}) == len(set(places))


@given(one_place)
def test_merit_fits_the_column_and_a_like_is_worth_what_count_like_adds(place: tuple[int, int, int, int]) -> None:
    on_time, best, likes, lateness = place
    assert 0 <= merit(*place) < 2**63
    if likes < days.MAX_LIKES:
        assert merit(on_time, best, likes + 1, lateness) - merit(*place) == days.LIKE


def test_a_year_of_days_and_more_likes_than_fit_still_make_a_merit() -> None:
    assert merit(366, 366, days.MAX_LIKES + 5, 10**9) == merit(366, 366, days.MAX_LIKES, 10**9) < 2**63
