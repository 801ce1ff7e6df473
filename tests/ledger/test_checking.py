"""Every kind of mistake is made in the books behind everybody's back, and found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from circle.circles.models import Circle
from circle.core import jobs as core_jobs
from circle.core.db import db
from circle.core.errors import Conflict
from circle.ledger import checking, queries, rules
from circle.ledger import operations as ledger
from circle.notifications.models import Notice
from circle.points import jobs
from circle.points.checking import check_books
from circle.points.operations import Cause, begin_points, reward, set_earned
from tests.clients import Browser
from tests.factories import Make
from tests.ledger.books import Holder, balanced, found, heal, holder, raw


@pytest.fixture
def ann(app: Flask, make: Make) -> Holder:
    """Somebody with a bit of everything: gifts, a debt that was paid, growth, sources, a level."""
    ann = holder(make)
    begin_points(ann.circle_id)
    reward(ann.member_id, ann.why("task"), points=20, growth=600)
    for number in (1, 2):
        set_earned(ann.circle_id, ann.user_id, Cause(f"post:{number}", "post.text", f"post:{number}"), on=True)
    set_earned(ann.circle_id, ann.user_id, Cause("post:2", "post.text", "post:2"), on=False)
    ann.refund(ann.spend(9).txn_id)
    ann.spend(4)
    assert ann.has == (38, 0, 602)  # 20 and 20 for the level that the growth reached
    return ann


_A, _G = "account_id = :points", "account_id = :growth"
_LAST = "seq = (SELECT max(seq) FROM ledger_entries WHERE account_id = :points)"
_SAME = "circle_id, kind, payload_hash, source, actor_id, effective_at, posted_at, memo, meta, created_at"
_COPY = f"INSERT INTO ledger_txns (id, idem_key, {_SAME}, reverses_txn_id) SELECT id + 1, 'other', {_SAME},"
_TXN = "(SELECT txn_id FROM ledger_entries WHERE account_id = :points AND seq = 1)"

MISTAKES: dict[str, tuple[str, set[str]]] = {
    "an entry says another amount": (f"UPDATE ledger_entries SET amount = amount + 1 WHERE {_A} AND seq = 1",
                                     {"L1", "L2", "L3"}),
    "an entry is missing": (f"DELETE FROM ledger_entries WHERE {_A} AND seq = 2", {"L1", "L2", "L3"}),
    "the other side is missing": (f"DELETE FROM ledger_entries WHERE txn_id = {_TXN} AND seq IS NULL "
                                  "AND asset = 'POINTS'", {"L1", "L2"}),
    "a transaction is empty": (f"{_COPY} NULL FROM ledger_txns WHERE id = {_TXN}", {"L1"}),
    "an entry moved to another asset": (f"UPDATE ledger_entries SET asset = 'GROWTH' WHERE {_A} AND seq = 1",
                                        {"L1", "L2"}),
    "an entry has another kind": (f"UPDATE ledger_entries SET kind = 'x' WHERE {_A} AND seq = 1", {"L1"}),
    "a balance was raised": ("UPDATE ledger_accounts SET balance = balance + 100 WHERE id = :points", {"L3", "L5"}),
    "growth was raised": ("UPDATE ledger_accounts SET balance = balance + 1 WHERE id = :growth", {"L3"}),
    "a balance is below zero": ("UPDATE ledger_accounts SET balance = -1 WHERE id = :points", {"L3", "L4", "L5"}),
    "a number was left out": (f"UPDATE ledger_entries SET seq = seq + 1 WHERE {_A} AND {_LAST}", {"L3"}),
    "a balance after is wrong": (f"UPDATE ledger_entries SET balance_after = balance_after + 1 WHERE {_A} AND seq = 2",
                                 {"L3"}),
    "a derived account keeps a balance": ("UPDATE ledger_accounts SET balance = 5 WHERE owner_type = 'system' "
                                          "AND kind = 'system.mint' AND asset = 'POINTS'", {"L3"}),
    "a lot holds more": ("UPDATE point_lots SET remaining = remaining + 1 WHERE id = (SELECT max(id) FROM point_lots "
                         "WHERE remaining < amount)", {"L5"}),
    "a lot vanished": ("DELETE FROM point_lots WHERE id = (SELECT min(id) FROM point_lots WHERE remaining > 0)",
                       {"L5"}),
    "a lot ran out quietly": ("UPDATE point_lots SET expired = 1 WHERE id = (SELECT min(id) FROM point_lots)", {"L5"}),
    "a use of a lot vanished": ("DELETE FROM lot_uses WHERE amount = 4", {"L5"}),
    "a use was put back quietly": ("UPDATE lot_uses SET restored = 1 WHERE amount = 4", {"L5"}),
    "a source says it earned more": ("UPDATE earn_sources SET granted_points = 9, active_points = 9 "
                                     "WHERE source_key = 'post:1'", {"L6"}),
    "a source is on and gave nothing": ("UPDATE earn_sources SET state = 'on', active_points = granted_points "
                                        "WHERE source_key = 'post:2'", {"L6"}),
    "a source that never earned has entries": ("UPDATE earn_sources SET state = 'none' WHERE source_key = 'post:1'",
                                               {"L6"}),
    "a source lost growth": ("UPDATE earn_sources SET active_growth = 0 WHERE source_key = 'post:1'", {"L6"}),
    "time went backwards": (f"UPDATE ledger_entries SET posted_at = '2001-01-01 00:00:00' WHERE {_A} AND seq = 3",
                            {"L10"}),
    "a reversal of nothing": ("UPDATE ledger_txns SET reverses_txn_id = 7 WHERE kind = 'refund'", {"L11"}),
    "a debt that nobody made": ("UPDATE ledger_accounts SET owed = 3 WHERE id = :points", {"L12", "owed"}),
    "a board counts too much": ("UPDATE growth_totals SET growth = growth + 1", {"boards"}),
    "a board lost a day": ("DELETE FROM growth_totals WHERE period_key <> 'ALL'", {"boards"}),
    "a level that nobody reached": ("UPDATE members SET level = 3 WHERE id = :member", {"level"}),
    "a level that was lost": ("UPDATE members SET level = 1 WHERE id = :member", {"level"}),
}  # fmt: skip


@pytest.fixture
def healed(app: Flask) -> Iterator[None]:
    """PostgreSQL gets its CHECKs back as they were, once what they refuse is gone."""
    yield
    heal()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found(ann: Holder, mistake: str, healed: None) -> None:
    statement, broken = MISTAKES[mistake]
    assert balanced(ann.circle_id, check_books)
    values = {"points": ann.points_id, "growth": ann.growth_id, "member": ann.member_id}
    with raw() as sql:
        changed = sql(statement, **{name: value for name, value in values.items() if f":{name}" in statement})
        assert changed.rowcount
    assert set(found(ann.circle_id, check_books)) == broken


def test_a_transaction_that_was_reversed_twice_is_found(app: Flask, ann: Holder) -> None:
    """No engine lets that in, so the table has to lose its rule first."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("a table of SQLite does not lose its rules")
    name = "uq_ledger_txns_reverses_txn_id"
    with raw() as sql:
        sql(f"ALTER TABLE ledger_txns DROP CONSTRAINT {name}")
        sql(f"{_COPY} reverses_txn_id FROM ledger_txns WHERE kind = 'refund'")
    try:
        assert set(found(ann.circle_id)) == {"L1", "L11"}
    finally:
        with raw() as sql:
            sql("DELETE FROM ledger_txns WHERE idem_key = 'other'")
            sql(f"ALTER TABLE ledger_txns ADD CONSTRAINT {name} UNIQUE (reverses_txn_id)")
    assert balanced(ann.circle_id)


@pytest.mark.parametrize("table", checking.APPEND_ONLY)
def test_a_trigger_that_is_gone_or_asleep_is_found(ann: Holder, table: str) -> None:
    if db.engine.dialect.name == "sqlite":
        name = f"{table}_no_update"
        with db.engine.connect() as connection:
            made = connection.execute(text(f"SELECT sql FROM sqlite_master WHERE name = '{name}'")).scalar_one()
        off, on = f"DROP TRIGGER {name}", made
    else:
        off = f"ALTER TABLE {table} DISABLE TRIGGER {table}_no_change"
        on = off.replace("DISABLE", "ENABLE")
    execute(off)
    try:
        assert found(ann.circle_id) == ["L8"]
    finally:
        execute(on)
    assert balanced(ann.circle_id)


def execute(statement: str) -> None:
    db.session.rollback()
    with db.engine.connect() as connection:
        connection.execute(text(statement))
        connection.commit()


def test_what_is_wrong_in_one_circle_is_not_found_in_another(ann: Holder, make: Make) -> None:
    bob = holder(make)
    bob.give(5)
    with raw() as sql:
        sql("UPDATE ledger_accounts SET balance = balance + 1 WHERE id = :points", points=ann.points_id)
    assert found(bob.circle_id) == []
    assert found(ann.circle_id) == ["L3", "L5"]


def test_a_circle_without_books_balances(app: Flask, make: Make) -> None:
    checked = check_books(make.circle().id)
    assert (checked.accounts, checked.txns, checked.entries, checked.points, list(checked.violations)) == (
        0,
        0,
        0,
        0,
        [],
    )


def test_numbers_are_counted(ann: Holder) -> None:
    checked = check_books(ann.circle_id)
    assert checked.points == 38
    assert checked.accounts == 9  # three of ann, three of the system for each asset
    assert checked.txns == 8  # a task, a gift, two posts, one taken back, two spendings, one given back
    assert checked.entries == 4 + 2 + 4 + 4 + 4 + 2 + 2 + 2


def test_of_one_kind_only_the_first_are_told(ann: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MAX_FOUND", 2)
    with raw() as sql:
        sql(
            "UPDATE ledger_entries SET balance_after = balance_after + 1 WHERE account_id = :points",
            points=ann.points_id,
        )
        sql("UPDATE ledger_accounts SET balance = balance + 1 WHERE id = :points", points=ann.points_id)
    db.session.rollback()
    found_here = [each for each in check_books(ann.circle_id).violations if "follow" in each.what]
    assert len(found_here) == 1  # the others agree with each other
    with raw() as sql:
        sql("UPDATE ledger_entries SET amount = amount + seq WHERE account_id = :points", points=ann.points_id)
    assert (
        len([each for each in check_books(ann.circle_id).violations if "POINTS" in each.what and each.rule == "L1"])
        == 2
    )


# ---- the command, the jobs, and what follows -------------------------------------------------------------------------


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    db.session.remove()
    result = app.test_cli_runner().invoke(args=["ledger", "check", *arguments])
    return result.exit_code, result.output


def slug_of(circle_id: int) -> str:
    return db.session.get_one(Circle, circle_id).slug


def break_books(ann: Holder) -> None:
    with raw() as sql:
        sql("UPDATE ledger_accounts SET balance = balance + 1 WHERE id = :id", id=ann.growth_id)


def mend_books(ann: Holder) -> None:
    with raw() as sql:
        sql("UPDATE ledger_accounts SET balance = balance - 1 WHERE id = :id", id=ann.growth_id)


def test_the_command_shows_a_table_and_is_content(app: Flask, ann: Holder, make: Make) -> None:
    bob = holder(make)
    bob.give(5)
    slugs = sorted([slug_of(ann.circle_id), slug_of(bob.circle_id)])
    code, output = run(app, "--all")
    assert code == 0
    lines = [line.split() for line in output.splitlines()]
    assert lines[0] == ["circle", "accounts", "transactions", "entries", "points", "violations"]
    assert sorted(line[0] for line in lines[1:]) == slugs
    assert [line[-2:] for line in lines[1:] if line[0] == slug_of(ann.circle_id)] == [["38", "0"]]
    code, output = run(app, slugs[0])
    assert (code, len(output.splitlines())) == (0, 2)
    assert queries.last_check(ann.circle_id) is not None


def test_the_command_names_what_is_wrong_and_fails(app: Flask, ann: Holder) -> None:
    break_books(ann)
    code, output = run(app, "--all")
    assert code == 1
    assert f"{slug_of(ann.circle_id)}: L3: the balance of an account is not that of its entries (account" in output
    assert output.splitlines()[1].split()[-1] == "1"


def test_the_command_wants_to_know_which_circles(app: Flask, ann: Holder) -> None:
    assert run(app)[0] == 2
    assert run(app, "--all", slug_of(ann.circle_id))[0] == 2
    code, output = run(app, "nowhere")
    assert (code, "there is no circle nowhere" in output) == (1, True)


def test_books_that_do_not_balance_block_and_the_owner_hears_of_it_once(
    app: Flask, ann: Holder, browser: Callable[..., Browser]
) -> None:
    owner_id = db.session.get_one(Circle, ann.circle_id).owner_id

    def told() -> list[str]:
        db.session.rollback()
        kinds = select(Notice.kind).where(Notice.user_id == owner_id, Notice.kind.startswith("ledger."))
        return list(db.session.scalars(kinds.order_by(Notice.id)))

    jobs.check_one(ann.circle_id)
    assert (queries.books_blocked(ann.circle_id), told(), queries.health()) == (False, [], "ok")
    rules.check_unblocked(blocked=queries.books_blocked(ann.circle_id))
    break_books(ann)
    for _ in range(2):
        jobs.check_one(ann.circle_id)
    assert (queries.books_blocked(ann.circle_id), told(), queries.health()) == (True, ["ledger.violated"], "violated")
    with pytest.raises(Conflict) as refused:
        rules.check_unblocked(blocked=queries.books_blocked(ann.circle_id))
    assert refused.value.code == "BOOKS_BLOCKED"
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["ready"], answer.json["ledger"]) == (200, True, "violated")
    mend_books(ann)
    jobs.check_one(ann.circle_id)
    assert (queries.books_blocked(ann.circle_id), told()) == (False, ["ledger.violated", "ledger.cleared"])
    assert app.test_client().get("/readyz").json["ledger"] == "ok"
    break_books(ann)
    jobs.check_one(ann.circle_id)
    assert told() == ["ledger.violated", "ledger.cleared", "ledger.violated"]
    mend_books(ann)


def test_every_circle_with_books_is_checked_by_night(app: Flask, ann: Holder, make: Make) -> None:
    bob, idle = holder(make), make.circle()
    bob.give(5)
    jobs.check_all()
    jobs.check_all()  # an impatient operator: still one job for each
    core_jobs.run_due()
    db.session.rollback()
    checked = {each: queries.last_check(each) for each in (ann.circle_id, bob.circle_id, idle.id)}
    assert {each for each, check in checked.items() if check is not None} == {ann.circle_id, bob.circle_id}


def test_a_check_keeps_a_hundred_findings_at_most(ann: Holder) -> None:
    many: list[dict[str, Any]] = [{"rule": "L3", "what": str(number), "numbers": {}} for number in range(150)]
    ledger.keep_check(ann.circle_id, txn_count=1, entry_count=2, violations=many)
    check = queries.last_check(ann.circle_id)
    assert check is not None
    assert len(check.violations) == 100


def test_a_check_sees_one_moment_and_keeps_nobody_from_writing(ann: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody spends after half of the books were added up: the other half must not know of it."""

    def spending(connection: Any, circle_id: int) -> list[Any]:
        ann.spend(3)
        return []

    checks = (checking.CHECKERS[0], spending, *checking.CHECKERS[1:])
    monkeypatch.setattr(checking, "CHECKERS", checks)
    db.session.rollback()
    assert list(check_books(ann.circle_id).violations) == []
    assert ann.has[0] == 35


def test_boards_keep_what_decays_and_begin_anew_for_who_let_go(ann: Holder) -> None:
    ann_again = ledger.Why("growth.decay", "decay:1")
    ledger.deduct(ann.circle_id, ann.member_id, ann_again, growth=5)
    assert found(ann.circle_id, check_books) == []
    with raw() as sql:
        sql("UPDATE growth_totals SET growth = growth + 1 WHERE period_key = 'ALL'")
    assert found(ann.circle_id, check_books) == ["boards"]
