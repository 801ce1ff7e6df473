"""Rules tried on the past: under the rules that were in force, exactly what was given comes out again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from circle.circles import operations as circles
from circle.core import clock
from circle.core.db import db
from circle.core.errors import Forbidden, Invalid
from circle.points import operations, queries
from circle.points.catalog import EVERYTHING
from circle.points.earn_rules import FIELDS, Rule, usual_rules
from circle.points.models import EarnSource
from circle.points.operations import Cause
from circle.points.queries import rules as rule_queries
from circle.points.simulation import RuleSums, Simulation, Source, simulate
from tests.factories import Make, Place, actor_of

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
#: the day on which New York's clocks go back lies in it
START = datetime(2026, 10, 26, 3, 30, tzinfo=UTC)
_keys = count(1)


def source(member: int = 1, code: str = "comment", **values: Any) -> Source:
    usual = {
        "giver_id": None, "length": None, "state": "on", "reason": "", "granted_points": 1, "granted_growth": 1,
        "effective_at": NOW,
    }  # fmt: skip
    return Source(member_id=member, rule_code=code, **{**usual, **values})


def tried(sources: list[Source], tz: str = "Asia/Shanghai", **changed: Mapping[str, Any]) -> Simulation:
    rules = usual_rules()
    for name, values in changed.items():
        code = {"like": "like.received", "all": EVERYTHING, "text": "post.text"}.get(name, name)
        rules[code] = rules[code]._replace(**values)
    return simulate(sources, rules, tz)


def after(result: Simulation) -> tuple[int, int]:
    return result.total.points_after, result.total.growth_after


# ---- the replay ------------------------------------------------------------------------------------------------------


def test_caps_are_those_of_days_and_weeks_in_the_circle() -> None:
    # 15:30 and 16:30 UTC are two days in Shanghai, and one in New York
    two = [source(effective_at=datetime(2026, 11, 19, hour, 30, tzinfo=UTC)) for hour in (15, 16)]
    once_a_day = {"daily_count_cap": 1}
    assert after(tried(two, comment=once_a_day)) == (2, 2)
    assert after(tried(two, tz="America/New_York", comment=once_a_day)) == (1, 1)
    assert after(tried(two, comment={"weekly_point_cap": 1})) == (1, 1)
    sunday = [source(effective_at=datetime(2026, 11, 22, hour, 30, tzinfo=UTC)) for hour in (15, 16)]
    assert after(tried(sunday, comment={"weekly_point_cap": 1})) == (2, 2)
    assert [week.monday.isoformat() for week in tried(sunday).weeks] == ["2026-11-16", "2026-11-23"]


def test_growth_is_cut_as_points_are() -> None:
    result = tried([source(), source()], comment={"points": 4, "growth": 10, "daily_point_cap": 6})
    assert after(result) == (4 + 2, 10 + 5)
    assert (result.capped_before, result.capped_after) == (0, 50)


def test_the_caps_over_everything_can_be_off() -> None:
    ten = [source() for _one in range(10)]
    assert after(tried(ten, all={"daily_point_cap": 3})) == (3, 3)
    assert after(tried(ten, all={"daily_point_cap": 3, "enabled": False})) == (10, 10)


def test_a_cap_per_giver_is_for_each_of_them() -> None:
    likes = [source(code="like.received", giver_id=giver) for giver in (7, 7, 7, 8)]
    assert after(tried(likes, like={"giver_daily_cap": 2})) == (3, 3)


def test_short_texts_and_rules_that_are_off_earn_nothing() -> None:
    texts = [source(code="post.text", length=length) for length in (5, 50, None)]
    assert after(tried(texts, text={"min_len": 10})) == (4, 4)
    assert after(tried(texts, text={"enabled": False})) == (0, 0)


def test_what_was_off_then_earns_when_the_draft_says_so() -> None:
    then = source(state="none", reason="disabled", granted_points=0, granted_growth=0)
    gone = source(state="none", reason="not_member", granted_points=0, granted_growth=0)
    assert after(tried([then, gone])) == (1, 1)


def test_what_was_taken_back_fills_the_caps_and_is_in_neither_sum() -> None:
    result = tried([source(state="off"), source(granted_points=0, granted_growth=0)], comment={"daily_count_cap": 1})
    assert (result.total.points_before, result.total.points_after, result.total.times) == (0, 0, 1)


def test_winners_and_losers_are_named_in_order() -> None:
    posts = [source(member, "post.text", granted_points=2, granted_growth=2) for member in (1, 2, 2)]
    comments = [source(3), source(3), source(4)]
    result = tried(posts + comments, text={"points": 5}, comment={"points": 0, "growth": 0})
    assert [(one.member_id, one.points_more) for one in result.winners] == [(2, 6), (1, 3)]
    assert [(one.member_id, one.points_more, one.growth_more) for one in result.losers] == [(3, -2, -2), (4, -1, -1)]
    assert (result.better_off, result.worse_off, result.people_before, result.people_after) == (2, 2, 4, 2)
    assert {row.code: row.points_more for row in result.rules if row.times} == {"post.text": 9, "comment": -3}


# ---- exactly what was given ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """Something happens `minutes` after what was before it."""

    minutes: int
    who: str
    code: str
    giver: int
    length: int
    act: str


_EVENTS = st.builds(
    Event,
    minutes=st.integers(1, 600),
    who=st.sampled_from(["ann", "bob", "mod"]),
    code=st.sampled_from(["post.text", "comment", "like.received", "post.media"]),
    giver=st.integers(1, 2),
    length=st.integers(0, 20),
    act=st.sampled_from(["on", "on", "on", "on", "off", "again", "leave", "join"]),
)


@st.composite
def _rule(draw: st.DrawFn, code: str) -> dict[str, Any]:
    values: dict[str, Any] = {"code": code, "enabled": draw(st.integers(0, 9)) > 0}
    for name in FIELDS[code]:
        least = 0 if name in {"points", "growth"} else 1
        number = st.integers(least, 12 if name in {"points", "growth", "min_len"} else 30)
        values[name] = draw(number if least == 0 else st.none() | number)
    return values


def _live(place: Place, events: list[Event]) -> None:
    """Do it all, each thing at its own moment."""
    moment, keys = START, []
    gone: set[str] = set()
    for event in events:
        moment += timedelta(minutes=event.minutes)
        user = place.users[event.who]
        with clock.at(moment):
            if event.act == "leave" and event.who not in gone:
                circles.leave_circle(actor_of(user), place.slug)
                gone.add(event.who)
            elif event.act == "join" and event.who in gone:
                circles.join_circle(actor_of(user), place.slug)
                gone.discard(event.who)
            elif event.act in {"off", "again"} and keys:
                user_id, cause = keys[event.length % len(keys)]
                operations.set_earned(place.circle.id, user_id, cause, on=event.act == "again")
            else:
                key = f"thing:{next(_keys)}"
                giver = event.giver if event.code == "like.received" else None
                cause = Cause(key, event.code, key, giver_id=giver, length=event.length)
                keys.append((user.id, cause))
                operations.set_earned(place.circle.id, user.id, cause, on=True)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_under_the_rules_in_force_the_past_comes_out_again(app: Flask, make: Make, data: st.DataObject) -> None:
    """The law that makes the figures worth reading: each single thing earns in the replay what it earned in life."""
    place = make.place(tz=data.draw(st.sampled_from(["Asia/Shanghai", "America/New_York", "Asia/Kathmandu"])))
    rules = [data.draw(_rule(code)) for code in FIELDS]
    operations.save_rules(place.owner, place.slug, rules)
    _live(place, data.draw(st.lists(_EVENTS, min_size=5, max_size=40)))
    columns = [getattr(EarnSource, name) for name in Source._fields]
    rows = db.session.execute(
        select(*columns).where(EarnSource.circle_id == place.circle.id).order_by(EarnSource.effective_at)
    ).all()
    draft = {each["code"]: Rule(**_without_code(each)) for each in rules}
    for number in range(1, len(rows) + 1):  # of the last thing alone, after all that was before it
        sums = simulate([Source(*row) for row in rows[:number]], draft, place.circle.tz).total
        assert (sums.points_after, sums.growth_after) == (sums.points_before, sums.growth_before)
        assert sums.capped_after == sums.capped_before
    with clock.at(START + timedelta(days=30)):
        result = queries.try_rules(place.owner, place.slug, rules).result
    assert (result.winners, result.losers, result.better_off, result.worse_off) == ([], [], 0, 0)
    assert (
        result.total.points_after
        == result.total.points_before
        == sum(row.granted_points for row in rows if row.state != "off")
    )


def _without_code(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "code" and value is not None}


# ---- over a circle ---------------------------------------------------------------------------------------------------


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


def earn(place: Place, at: datetime, number: int, who: str = "ann") -> None:
    for _one in range(number):
        key = f"comment:{next(_keys)}"
        with clock.at(at + timedelta(seconds=next(_keys))):
            operations.set_earned(place.circle.id, place.users[who].id, Cause(key, "comment", key), on=True)


def comment(points: int) -> list[dict[str, Any]]:
    return [{"code": "comment", "points": points, "growth": 1, "daily_count_cap": 10}]


def test_the_last_ninety_days_are_tried_from_a_monday_on(place: Place) -> None:
    earn(place, NOW - timedelta(days=110), 2)
    earn(place, NOW - timedelta(days=90), 3)
    earn(place, NOW, 4)
    with clock.at(NOW + timedelta(hours=1)):
        shown = queries.try_rules(place.owner, place.slug, comment(3))
    assert (shown.result.total.points_before, shown.result.total.points_after) == (7, 21)
    assert not shown.cut
    assert clock.local_date(shown.since, place.circle.tz).isoweekday() == 1 and 90 <= shown.days <= 98
    assert [(one["user"].id, one["points_after"]) for one in shown.winners] == [(place.users["ann"].id, 21)]


def test_more_than_can_be_looked_at_is_cut_at_a_week_and_said(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for weeks in (3, 2, 1, 0):
        earn(place, NOW - timedelta(weeks=weeks), 5)
    monkeypatch.setattr(rule_queries, "TRIED_MOST", 12)
    with clock.at(NOW + timedelta(hours=1)):
        shown = queries.try_rules(place.owner, place.slug, comment(3))
    assert shown.cut and shown.result.total.times == 10
    assert clock.local_date(shown.since, place.circle.tz).isoformat() == "2026-11-09"


def test_trying_writes_nothing_and_is_a_fixed_number_of_statements(place: Place, statements: list[str]) -> None:
    earn(place, NOW, 3)
    owner = place.owner
    with clock.at(NOW + timedelta(hours=1)):
        statements.clear()
        queries.try_rules(owner, place.slug, comment(3))
        few = len(statements)
        earn(place, NOW, 5, "bob")
        owner = place.owner
        statements.clear()
        queries.try_rules(owner, place.slug, comment(4))
        assert len(statements) == few <= 5
    assert not [sql for sql in statements if not sql.lstrip().upper().startswith("SELECT")]


def test_only_those_who_may_change_the_rules_try_them(place: Place) -> None:
    for who in (place.mod, place.ann):
        with pytest.raises(Forbidden):
            queries.try_rules(who, place.slug, comment(3))
    with pytest.raises(Invalid):
        queries.try_rules(place.owner, place.slug, comment(-1))


def test_a_circle_in_which_nothing_happened_has_an_empty_result(place: Place) -> None:
    result = queries.try_rules(place.owner, place.slug, comment(3)).result
    assert (result.weeks, result.winners, result.capped_after) == ([], [], 0)
    assert [row.code for row in result.rules] == [code for code in FIELDS if code != EVERYTHING]
    assert result.total == RuleSums()
