"""One operation, one transaction: all of it or nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import delete, event, select, text, update
from sqlalchemy.exc import OperationalError

from circle.accounts.models import User
from circle.core import events
from circle.core.db import db
from circle.core.errors import NotFound, Unavailable
from circle.core.operation import (
    ATTEMPTS,
    abandon,
    after_commit,
    before_commit,
    emit,
    held,
    in_transaction,
    lock,
    lock_all,
    operation,
)
from tests import patience
from tests.factories import Make


@dataclass(frozen=True)
class Renamed(events.Event):
    user_id: int


@pytest.fixture(autouse=True)
def reactions(plain_app: Flask) -> Iterator[None]:
    before = events._reactions  # those of an application: there is one by now
    yield
    events.install(before)


@operation
def rename(user_id: int, nickname: str) -> None:
    db.session.execute(update(User).where(User.id == user_id).values(nickname=nickname))
    emit(Renamed(user_id))


@operation
def add_bio(user_id: int, text: str) -> None:
    db.session.execute(update(User).where(User.id == user_id).values(bio=text))


def state(app: Flask, user_id: int) -> tuple[str, str]:
    """What another connection sees."""
    with db.engine.connect() as connection:
        row = connection.execute(select(User.nickname, User.bio).where(User.id == user_id)).one()
        return row[0], row[1]


class Deadlock(Exception):
    sqlstate = "40P01"


def transient() -> OperationalError:
    return OperationalError("UPDATE", {}, Deadlock("deadlock detected"))


def test_an_operation_inside_another_joins_its_transaction(app: Flask, make: Make) -> None:
    user = make.user("anna")

    @operation
    def both() -> None:
        rename(user.id, "Nina")
        assert state(app, user.id)[0] == "Anna", "the inner one must not commit"
        add_bio(user.id, "hello")

    both()
    assert state(app, user.id) == ("Nina", "hello")


def test_an_error_in_the_outer_operation_undoes_the_inner_one(app: Flask, make: Make) -> None:
    user = make.user("anna")

    @operation
    def fails() -> None:
        rename(user.id, "Nina")
        raise NotFound

    with pytest.raises(NotFound):
        fails()
    assert state(app, user.id)[0] == "Anna"


def test_reactions_run_before_the_commit_and_may_state_further_facts(app: Flask, make: Make) -> None:
    user, other = make.user("anna"), make.user("ben")
    seen: list[int] = []

    def follow(fact: Renamed) -> None:
        assert state(app, user.id)[0] == "Anna"
        seen.append(fact.user_id)
        if fact.user_id == user.id:
            rename(other.id, "Benno")

    events.install({Renamed: [follow]})
    rename(user.id, "Nina")
    assert seen == [user.id, other.id]
    assert state(app, other.id)[0] == "Benno"


def test_a_failing_reaction_rolls_everything_back(app: Flask, make: Make) -> None:
    user = make.user("anna")

    def refuse(_fact: Renamed) -> None:
        raise ValueError("no")

    events.install({Renamed: [refuse]})
    with pytest.raises(ValueError, match="no"):
        rename(user.id, "Nina")
    assert state(app, user.id)[0] == "Anna"
    events.install({})
    rename(user.id, "Nina")
    assert state(app, user.id)[0] == "Nina", "the session is usable again"


def test_a_transient_failure_runs_the_whole_operation_again(app: Flask, make: Make) -> None:
    user = make.user("anna")
    runs: list[int] = []

    @operation
    def unlucky() -> str:
        runs.append(1)
        rename(user.id, f"Nina{len(runs)}")
        if len(runs) < 3:
            raise transient()
        return "done"

    assert unlucky() == "done"
    assert len(runs) == 3
    assert state(app, user.id)[0] == "Nina3"


def test_a_database_that_stays_busy_is_unavailable_not_a_crash(app: Flask) -> None:
    runs: list[int] = []

    @operation
    def never() -> None:
        runs.append(1)
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    with pytest.raises(Unavailable) as refused:
        never()
    assert len(runs) == ATTEMPTS
    assert refused.value.retry_after


def test_another_database_error_is_not_tried_again(app: Flask) -> None:
    runs: list[int] = []

    @operation
    def wrong() -> None:
        runs.append(1)
        raise OperationalError("UPDATE", {}, Exception("no such table"))

    with pytest.raises(OperationalError):
        wrong()
    assert len(runs) == 1


def test_what_waits_for_the_commit_runs_after_it_and_only_then(app: Flask, make: Make) -> None:
    user = make.user("anna")
    order: list[str] = []

    @operation
    def work(fail: bool) -> None:
        rename(user.id, "Nina")
        before_commit(lambda: order.append("before " + state(app, user.id)[0]))
        after_commit(lambda: order.append("after " + state(app, user.id)[0]))
        if fail:
            raise NotFound

    with pytest.raises(NotFound):
        work(True)
    assert order == []
    work(False)
    assert order == ["before Anna", "after Nina"]


def test_a_write_outside_an_operation_is_refused(app: Flask, make: Make) -> None:
    user = make.user("anna")
    if db.engine.dialect.name == "sqlite":
        with pytest.raises(RuntimeError, match="outside an operation"):
            db.session.execute(update(User).where(User.id == user.id).values(bio="x"))
    else:
        db.session.execute(update(User).where(User.id == user.id).values(bio="x"))
    db.session.rollback()
    assert state(app, user.id)[1] == ""


def test_changed_rows_left_in_the_session_are_noticed_by_the_next_operation(app: Flask, make: Make) -> None:
    user = db.session.get_one(User, make.user("anna").id)
    user.bio = "changed in passing"
    with pytest.raises(RuntimeError, match="outside an operation"):
        rename(user.id, "Nina")
    db.session.rollback()


def test_facts_can_only_be_stated_inside_an_operation(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="inside an operation"):
        emit(Renamed(1))


# ---- locks ---------------------------------------------------------------------------------------------------


def test_rows_are_locked_in_one_order_and_a_wrong_order_is_an_error_at_once(app: Flask, make: Make) -> None:
    first, second = sorted([make.user().id, make.user().id])

    @operation
    def backwards() -> None:
        lock(User, second)
        lock(User, first)

    @operation
    def forwards() -> list[int]:
        lock(User, first)
        lock(User, second)
        lock(User, first)  # once more is no new lock
        return [user.id for user in lock_all(User, [second, first])]

    with pytest.raises(RuntimeError, match="lock order"):
        backwards()
    assert forwards() == [first, second]


def test_a_locked_row_is_fresh(app: Flask, make: Make) -> None:
    user = make.user("anna")

    @operation
    def look() -> str:
        stale = db.session.get_one(User, user.id)
        db.session.execute(
            update(User).where(User.id == user.id).values(bio="new").execution_options(synchronize_session=False)
        )
        assert stale.bio == ""
        return lock(User, user.id).bio

    assert look() == "new"


def test_locking_what_is_not_there_is_not_found(app: Flask) -> None:
    @operation
    def missing() -> None:
        lock(User, 1)

    with pytest.raises(NotFound):
        missing()


def test_two_that_count_up_at_the_same_time_both_count(app: Flask, make: Make) -> None:
    user = make.user("anna")

    @operation
    def count_up() -> None:
        row = lock(User, user.id)
        row.version += 1

    def run(_number: int) -> None:
        with app.app_context():
            for _each in range(5):
                count_up()

    patience.at_once(run, range(4))
    with db.engine.connect() as connection:
        assert connection.scalar(select(User.version).where(User.id == user.id)) == 21


# ---- held ----------------------------------------------------------------------------------------------------


def test_held_keeps_the_commit_back_until_the_work_is_done(app: Flask, make: Make) -> None:
    user = make.user("anna")

    def work() -> str:
        rename(user.id, "Nina")
        add_bio(user.id, "hello")
        assert state(app, user.id) == ("Anna", "")
        return "answer"

    assert held(work) == "answer"
    assert state(app, user.id) == ("Nina", "hello")


def test_held_opens_its_transaction_with_the_first_operation(app: Flask, make: Make) -> None:
    user = make.user("anna")

    def elsewhere() -> None:
        with app.app_context():
            add_bio(user.id, "somebody else writes meanwhile")

    def work() -> None:
        # the slow part must not hold the write lock
        patience.joined(patience.started([threading.Thread(target=elsewhere)]), 5)
        rename(user.id, "Nina")

    held(work)
    assert state(app, user.id) == ("Nina", "somebody else writes meanwhile")


def test_held_undoes_everything_when_the_work_fails(app: Flask, make: Make) -> None:
    user = make.user("anna")

    def work() -> None:
        rename(user.id, "Nina")
        raise NotFound

    with pytest.raises(NotFound):
        held(work)
    assert state(app, user.id)[0] == "Anna"
    rename(user.id, "Nina")
    assert state(app, user.id)[0] == "Nina", "a later operation opens its own transaction"


def test_held_runs_the_whole_work_again_on_a_transient_failure(app: Flask, make: Make) -> None:
    user = make.user("anna")
    runs: list[int] = []

    def work() -> int:
        runs.append(1)
        rename(user.id, f"Nina{len(runs)}")
        if len(runs) == 1:
            raise transient()
        return len(runs)

    assert held(work) == 2
    assert state(app, user.id)[0] == "Nina2"


def test_held_that_only_reads_opens_no_transaction(app: Flask, make: Make) -> None:
    user = make.user("anna")
    begun: list[str] = []

    def note(_connection: object, _cursor: object, sql: str, *_rest: object) -> None:
        begun.append(sql)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert held(lambda: db.session.scalar(select(User.nickname).where(User.id == user.id))) == "Anna"
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert not [sql for sql in begun if "IMMEDIATE" in sql]


def test_held_inside_an_operation_joins_it(app: Flask, make: Make) -> None:
    user = make.user("anna")

    @operation
    def outer() -> None:
        held(lambda: rename(user.id, "Nina"))
        assert state(app, user.id)[0] == "Anna"
        db.session.execute(delete(User).where(User.id == 0))

    outer()
    assert state(app, user.id)[0] == "Nina"


# ---- what waits for the disk -----------------------------------------------------------------------------------------


def synchronous() -> str:
    return ("OFF", "NORMAL", "FULL")[db.session.execute(text("PRAGMA synchronous")).scalar_one()]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # PostgreSQL gathers commits that wait
def test_every_commit_waits_for_the_disk_but_those_that_say_otherwise(lab: Flask) -> None:
    seen = [in_transaction(synchronous, durable=durable) for durable in (True, False, True)]
    db.session.remove()
    assert [*seen, synchronous()] == ["FULL", "NORMAL", "FULL", "FULL"]


def test_what_may_be_lost_with_the_power_is_there_without_it(lab: Flask, lab_make: Make) -> None:
    user = lab_make.user()
    in_transaction(lambda: rename(user.id, "Ann"), durable=False)
    assert state(lab, user.id)[0] == "Ann"


def test_one_that_failed_leaves_no_connection_in_a_hurry(lab: Flask, lab_make: Make) -> None:
    user = lab_make.user()

    def fail() -> None:
        rename(user.id, "Ann")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_transaction(fail, durable=False)
    assert state(lab, user.id)[0] != "Ann"
    if db.engine.dialect.name == "sqlite":
        db.session.remove()
        assert in_transaction(synchronous) == "FULL"


# ---- statements on tables --------------------------------------------------------------------------------------------


def test_a_statement_on_a_table_sees_what_the_session_was_given_before(app: Flask, make: Make) -> None:
    user = make.user()

    @operation
    def change_and_look() -> str:
        db.session.get_one(User, user.id).bio = "changed"
        return str(db.session.execute(select(User.__table__.c.bio).where(User.__table__.c.id == user.id)).scalar_one())

    assert change_and_look() == "changed"


def test_a_statement_on_a_table_is_part_of_the_transaction(app: Flask, make: Make) -> None:
    user = make.user()

    @operation
    def change_and_fail() -> None:
        db.session.execute(update(User.__table__).values(bio="changed"), {})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_fail()
    assert state(app, user.id)[1] == ""
    # and outside of operations the session reads as ever
    assert db.session.execute(select(User.__table__.c.bio).where(User.__table__.c.id == user.id)).scalar_one() == ""


def test_whoever_undoes_the_work_inside_it_may_go_on_to_read(app: Flask, make: Make) -> None:
    user = make.user()

    def work() -> str:
        rename(user.id, "Ann")
        abandon()
        return str(db.session.execute(select(User.__table__.c.nickname).where(User.__table__.c.id == user.id)).scalar())

    assert held(work) == user.nickname
    assert state(app, user.id)[0] == user.nickname
