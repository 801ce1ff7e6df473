"""What a member reads of their own points: where they stand, the statement with its filters, and how it stood once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert, select, text

from circle.access import SYSTEM, Actor
from circle.circles import operations as circles
from circle.circles.models import Member
from circle.circles.queries import CircleRow, get_circle
from circle.core import clock, ids
from circle.core.db import db
from circle.core.errors import BadRequest, NotFound
from circle.core.operation import operation
from circle.ledger import queries as ledger
from circle.ledger.accounts import points_of
from circle.ledger.models import LedgerEntry, LedgerTxn
from circle.ledger.operations import Why, expire_lots, spend
from circle.points import operations, queries
from circle.points.queries.mine import Filter
from circle.posts import operations as posts
from tests.factories import Make, Place

#: noon of a Wednesday in Shanghai
NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)


def here(place: Place, actor: Actor | None = None) -> CircleRow:
    return get_circle(actor or place.ann, place.slug)


def member_id(place: Place, actor: Actor | None = None) -> int:
    mine = (Member.circle_id == place.circle.id, Member.user_id == (actor or place.ann).id)
    return db.session.scalars(select(Member.id).where(*mine)).one()


def entries(place: Place, **wanted: Any) -> list[tuple[str, int]]:
    page = queries.statement(place.ann, here(place), Filter(**wanted), limit=50)
    return [(row.entry.kind, row.entry.amount) for row in page.items]


reward = operation(operations.reward)


def give(place: Place, key: str, *, points: int = 0, growth: int = 0) -> None:
    reward(member_id(place), Why("task", key, "task:1"), points=points, growth=growth)


# ---- where one stands ------------------------------------------------------------------------------------------------


def test_somebody_new_has_nothing_and_sees_the_way_up(app: Flask, make: Make) -> None:
    place = make.place()
    own = queries.my_points(place.ann, here(place))
    assert (own.points, own.growth, own.debt, own.level.level, own.percent, own.active) == (0, 0, 0, 1, 0, True)
    assert own.next is not None
    assert (own.next.level, own.next.growth_min, own.next.missing) == (2, 500, 500)
    assert [step.current for step in own.ladder] == [True, False, False]
    assert (own.since, own.expiring, queries.level_history(place.ann, here(place))) == (None, (), [])


def test_growth_brings_a_level_its_gift_and_a_new_goal(app: Flask, make: Make) -> None:
    place = make.place()
    with clock.at(NOON):
        reward(member_id(place), Why("task", "t:1", "task:1"), points=0, growth=600)
    own = queries.my_points(place.ann, here(place))
    assert (own.level.level, own.points, own.growth, own.percent) == (2, 20, 600, 20)
    assert (own.since, own.assess_at, own.keep_min) == (NOON, NOON + timedelta(days=365), 100)
    assert own.next is not None
    assert own.next.missing == 2400
    change = queries.level_history(place.ann, here(place))[0]
    assert (change.before.level, change.after.level, change.reason, change.rose) == (1, 2, "promote", True)
    assert [(kind, amount) for kind, amount in entries(place)] == [("gift", 20)]


def test_at_the_top_there_is_no_next_level(app: Flask, make: Make) -> None:
    place = make.place()
    reward(member_id(place), Why("task", "t:1", "task:1"), points=0, growth=5000)
    own = queries.my_points(place.ann, here(place))
    assert (own.level.level, own.next, own.percent) == (3, None, 100)


def test_what_runs_out_next_is_told_with_its_last_day(app: Flask, make: Make) -> None:
    place = make.place()
    for year, points in ((2025, 7), (2026, 11)):
        with clock.at(NOON.replace(year=year)):
            reward(member_id(place), Why("task", f"t:{year}", "task:1"), points=points, growth=0)
    with clock.at(NOON):
        own = queries.my_points(place.ann, here(place))
    assert [each.points for each in own.expiring] == [7, 11]
    assert [each.at for each in own.expiring] == [
        datetime(2026, 12, 31, 16, tzinfo=UTC), datetime(2027, 12, 31, 16, tzinfo=UTC),
    ]  # fmt: skip
    assert own.expiring[0].last.astimezone(UTC).isoformat() == "2026-12-31T15:59:59.999999+00:00"


def test_only_who_was_a_member_has_points_and_who_left_still_reads_them(app: Flask, make: Make) -> None:
    place = make.place(visibility="private")
    make.post(place)
    circles.leave_circle(place.ann, place.slug)
    own = queries.my_points(place.ann, here(place))
    assert (own.active, own.points, own.growth) == (False, 2, 2)
    assert entries(place) == [("earn.post.text", 2)]
    stranger = make.user()
    actor = Actor(id=stranger.id, username=stranger.username, nickname=stranger.nickname)
    with pytest.raises(NotFound):
        queries.my_points(actor, here(place, actor))
    with pytest.raises(NotFound):
        queries.statement(actor, here(place, actor), Filter())
    with pytest.raises(NotFound):
        queries.as_of(actor, here(place, actor), clock.now())


def test_levels_and_points_of_all_circles_come_in_one_statement(app: Flask, make: Make, statements: list[str]) -> None:
    place, other = make.place(), make.place()
    make.member(other.circle, user=place.users["ann"])
    make.post(place)
    mine = [here(place), get_circle(place.ann, other.slug)]
    statements.clear()
    found = queries.in_circles(place.ann, mine)
    assert len(statements) == 1
    assert {id_: (has.points, has.growth, has.level.level) for id_, has in found.items()} == {
        place.circle.id: (2, 2, 1), other.circle.id: (0, 0, 1),
    }  # fmt: skip
    assert queries.in_circles(Actor(id=None), mine) == {}


# ---- the statement ---------------------------------------------------------------------------------------------------


def filled(make: Make) -> Place:
    """Ann earned in two months, something was taken back, spent, and something ran out."""
    place = make.place()
    with clock.at(datetime(2026, 10, 31, 15, 59, tzinfo=UTC)):  # the last minute of October in Shanghai
        make.post(place)
    with clock.at(datetime(2026, 10, 31, 16, 0, tzinfo=UTC)):  # the first of November
        gone = make.post(place)
    with clock.at(NOON):
        posts.delete_post(place.ann, gone)
        give(place, "t:1", points=30)
        spend(place.circle.id, member_id(place), 5, Why("spend", "s:1", "order:1"))
    return place


def test_the_statement_is_newest_first_with_running_balances(app: Flask, make: Make) -> None:
    place = filled(make)
    assert entries(place) == [
        ("spend", -5), ("task", 30), ("unearn.post.text", -2), ("earn.post.text", 2), ("earn.post.text", 2),
    ]  # fmt: skip
    page = queries.statement(place.ann, here(place), Filter())
    assert [row.entry.balance_after for row in page.items] == [27, 32, 2, 4, 2]
    assert [row.entry.seq for row in page.items] == [5, 4, 3, 2, 1]
    assert page.items[-1].entry.source == page.items[-1].why
    assert all(row.why.startswith("txn:") for row in page.items[:2])
    assert entries(place, asset="GROWTH") == [
        ("unearn.post.text", -2), ("earn.post.text", 2), ("earn.post.text", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "amounts"),
    [
        ({"kind": "earned"}, [2, 2]),
        ({"kind": "earn.post.text"}, [2, 2]),
        ({"kind": "rewards"}, [30]),
        ({"kind": "taken"}, [-2]),
        ({"kind": "spent"}, [-5]),
        ({"kind": "expired"}, []),
        ({"kind": "earn.comment"}, []),
        ({"kind": "'; DROP TABLE"}, []),
        ({"direction": "in"}, [30, 2, 2]),
        ({"direction": "out"}, [-5, -2]),
        ({"kind": "earned", "direction": "out"}, []),
    ],
)
def test_the_statement_can_be_narrowed(app: Flask, make: Make, wanted: dict[str, str], amounts: list[int]) -> None:
    assert [amount for _kind, amount in entries(filled(make), **wanted)] == amounts


def test_what_goes_both_ways_is_told_apart_by_its_sign(app: Flask, make: Make) -> None:
    place = make.place()
    for key, amount in (("adjust:1", 9), ("adjust:2", 4)):
        reward(member_id(place), Why("adjust", key, key), points=amount, growth=0)
    spend(place.circle.id, member_id(place), 3, Why("adjust", "adjust:3", "adjust:3"))
    assert entries(place, direction="in") == [("adjust", 4), ("adjust", 9)]
    assert entries(place, direction="out") == [("adjust", -3)]


def test_a_stretch_of_time_includes_its_first_moment_and_not_its_last(app: Flask, make: Make) -> None:
    place = filled(make)
    november = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
    assert entries(place, until=november) == [("earn.post.text", 2)]
    assert len(entries(place, since=november)) == 4
    assert entries(place, since=november, until=NOON) == [("earn.post.text", 2)]
    assert entries(place, since=november, until=november) == []
    assert entries(place, since=NOON + timedelta(seconds=1)) == []
    assert entries(place, until=datetime(2020, 1, 1, tzinfo=UTC)) == []
    assert entries(place, since=november, kind="taken") == [("unearn.post.text", -2)]


@pytest.mark.parametrize("wanted", [{}, {"direction": "in"}, {"kind": "rewards"}])
def test_paging_shows_every_entry_once_while_more_are_earned(app: Flask, make: Make, wanted: dict[str, str]) -> None:
    place = make.place()
    for number in range(9):
        give(place, f"t:{number}", points=number + 1)
    seen, cursor, rounds = [], None, 0
    while rounds == 0 or cursor:
        page = queries.statement(place.ann, here(place), Filter(**wanted), cursor=cursor, limit=4)
        seen += [row.entry.amount for row in page.items]
        cursor, rounds = page.next_cursor, rounds + 1
        give(place, f"late:{rounds}", points=100)
    assert seen == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert rounds == 3


def test_the_cursor_of_one_account_is_no_good_for_another(app: Flask, make: Make) -> None:
    place = make.place()
    for number in range(3):
        give(place, f"t:{number}", points=1, growth=1)
    cursor = queries.statement(place.ann, here(place), Filter(), limit=1).next_cursor
    with pytest.raises(BadRequest):
        queries.statement(place.ann, here(place), Filter("GROWTH"), cursor=cursor)
    with pytest.raises(BadRequest):
        queries.statement(place.bob, here(place, place.bob), Filter(), cursor=cursor)


@operation
def _fill(circle_id: int, account_id: int, count: int) -> None:
    """A long statement of several kinds, without going through each of its stories."""
    kinds = ("earn.comment", "earn.comment", "earn.like.received", "unearn.comment", "expire")
    now = NOON
    txns = [
        {"id": ids.new_id(), "circle_id": circle_id, "kind": kinds[number % 5], "idem_key": f"k:{number}",
         "payload_hash": "", "effective_at": now, "posted_at": now + timedelta(minutes=number), "memo": "", "meta": {},
         "created_at": now}
        for number in range(count)
    ]  # fmt: skip
    db.session.execute(insert(LedgerTxn), txns)
    rows = [
        {"id": ids.new_id(), "txn_id": txn["id"], "account_id": account_id, "asset": "POINTS", "kind": txn["kind"],
         "amount": -1 if txn["kind"] in {"expire", "unearn.comment"} else 1, "seq": number + 2, "balance_after": 1,
         "posted_at": txn["posted_at"]}
        for number, txn in enumerate(txns)
    ]  # fmt: skip
    db.session.execute(insert(LedgerEntry), rows)


@contextmanager
def asked() -> Iterator[list[tuple[str, Any]]]:
    """The SELECTs sent inside, with their values."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, sql: str, values: Any, *_rest: Any) -> None:
        if sql.startswith(("SELECT", "WITH")):
            sent.append((sql, values))

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


def entries_read(sql: str, values: Any) -> int:
    """How many entries PostgreSQL looked at, whether it used them or not."""
    explained = db.session.connection().exec_driver_sql("EXPLAIN (ANALYZE, FORMAT JSON) " + sql, values).scalar_one()
    plan = explained if isinstance(explained, list) else json.loads(explained)

    def read(node: dict[str, Any]) -> int:
        inner = sum(read(child) for child in node.get("Plans", ()))
        if node.get("Relation Name") != "ledger_entries":
            return inner
        return inner + (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]

    return int(read(plan[0]["Plan"]))


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"direction": "out"},
        {"kind": "earned"},
        {"kind": "earned", "since": NOON + timedelta(minutes=200), "until": NOON + timedelta(minutes=4000)},
        {"until": NOON + timedelta(minutes=1000)},
    ],
)
def test_a_page_of_a_long_statement_reads_little_more_than_it_shows(
    app: Flask, make: Make, wanted: dict[str, Any]
) -> None:
    place = make.place()
    give(place, "t:1", points=1)
    _fill(place.circle.id, points_of(place.circle.id, member_id(place)).id, 6000)
    postgres = db.engine.dialect.name == "postgresql"
    if postgres:
        with db.engine.begin() as connection:
            connection.execute(text("ANALYZE ledger_entries, ledger_txns"))
    circle = here(place)
    with asked() as sent:
        page = queries.statement(place.ann, circle, Filter(**wanted))
    assert len(page.items) == 20
    assert len(sent) <= 4
    for sql, values in sent:
        if postgres:
            assert entries_read(sql, values) <= 5 * 21 + 10, sql
        else:
            plan = db.session.connection().exec_driver_sql("EXPLAIN QUERY PLAN " + sql, values).all()
            scans = [row[3] for row in plan if "SCAN ledger_entries" in row[3]]
            assert not scans, scans
            assert all("USING" in row[3] for row in plan if "SEARCH ledger_entries" in row[3])


def test_a_statement_costs_the_same_however_long_it_is(app: Flask, make: Make, statements: list[str]) -> None:
    place = make.place()

    def cost() -> int:
        statements.clear()
        queries.statement(ann, circle, Filter(direction="in"))
        queries.my_points(ann, circle)
        return len(statements)

    ann, circle = place.ann, here(place)
    for number in range(2):
        give(place, f"few:{number}", points=1, growth=1)
    few = cost()
    for number in range(25):
        give(place, f"many:{number}", points=1, growth=1)
    assert cost() == few <= 6


# ---- how it stood once -----------------------------------------------------------------------------------------------


def test_as_of_knows_every_moment_exactly(app: Flask, make: Make) -> None:
    place = make.place()
    second = timedelta(seconds=1)
    for number, moment in enumerate((NOON, NOON + second)):
        with clock.at(moment):
            reward(member_id(place), Why("task", f"t:{number}", "task:1"), points=10, growth=400)
    with clock.at(NOON + 2 * second):
        spend(place.circle.id, member_id(place), 8, Why("spend", "s:1", "order:1"))
    then = {
        moment: queries.as_of(place.ann, here(place), moment)
        for moment in (NOON - timedelta(microseconds=1), NOON, NOON + second, NOON + 2 * second)
    }
    assert [(each.points, each.growth, each.level.level) for each in then.values()] == [
        (0, 0, 1), (10, 400, 1), (40, 800, 2), (32, 800, 2),
    ]  # fmt: skip
    with clock.at(NOON + 3 * second):
        until = queries.until(NOON + second)
        page = queries.statement(place.ann, here(place), until)
        assert [row.entry.amount for row in page.items] == [20, 10, 10]  # the gift of the level, and the two tasks
        to_come = queries.as_of(place.ann, here(place), NOON + timedelta(days=9))
    assert (to_come.points, to_come.at) == (32, NOON + 3 * second)


def test_as_of_knows_debts_and_what_ran_out(app: Flask, make: Make) -> None:
    place = make.place()
    with clock.at(NOON):
        gone = make.post(place)
        spend(place.circle.id, member_id(place), 2, Why("spend", "s:1", "order:1"))
    with clock.at(NOON + timedelta(hours=1)):
        posts.delete_post(place.ann, gone)
    before = queries.as_of(place.ann, here(place), NOON + timedelta(minutes=59))
    after = queries.as_of(place.ann, here(place), NOON + timedelta(hours=1))
    assert [(each.points, each.debt) for each in (before, after)] == [(0, 0), (0, 2)]
    assert queries.my_points(place.ann, here(place)).debt == 2
    with clock.at(NOON + timedelta(hours=2)):
        give(place, "t:1", points=12)
    assert queries.my_points(place.ann, here(place)).points == 10
    with clock.at(NOON.replace(year=2029)):
        expire_lots(points_of(place.circle.id, member_id(place)).id, clock.now())
        ended = queries.as_of(place.ann, here(place), clock.now())
    assert (ended.points, ended.debt) == (0, 0)
    assert entries(place, kind="expired") == [("expire", -10)]


def test_levels_are_for_whoever_may_read_the_circle(app: Flask, make: Make) -> None:
    place, closed = make.place(), make.place(visibility="private")
    nobody = Actor(id=None)
    steps = queries.levels(nobody, place.slug)
    assert [(step.level, step.growth_min) for step in steps] == [(1, 0), (2, 500), (3, 3000)]
    assert all(step.allows for step in steps)
    with pytest.raises(NotFound):
        queries.levels(nobody, closed.slug)
    assert len(queries.levels(SYSTEM, closed.slug)) == 3


def test_the_kinds_of_an_account_are_found_without_reading_it(app: Flask, make: Make) -> None:
    place = filled(make)
    account = points_of(place.circle.id, member_id(place))
    assert ledger.kinds_on(account) == ["earn.post.text", "spend", "task", "unearn.post.text"]
    assert ledger.kinds_on(points_of(place.circle.id, 1)) == []
