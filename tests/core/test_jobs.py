"""The queue: the same promises on the table of SQLite and on procrastinate."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from procrastinate.schema import SchemaManager
from sqlalchemy import text

from circle.app import create_app
from circle.circles.models import Circle
from circle.config import ROOT, Settings
from circle.core import clock, jobs, jobs_postgres, jobs_table
from circle.core import worker as worker_module
from circle.core.db import db
from circle.core.jobs import enqueue, job, run_due
from circle.core.operation import operation
from tests import patience
from tests.factories import Make

LONG = timedelta(hours=2)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """What the test's jobs did; the registry holds only jobs that the test adds."""
    monkeypatch.setattr(jobs, "REGISTRY", {})
    return []


def status() -> dict[str, int]:
    db.session.rollback()
    return jobs.counts()


def race(app: Flask, *calls: object) -> None:
    """Run the calls at the same moment, each in its own thread and app context; their errors fail the test."""

    def run(call: object) -> None:
        with app.app_context():
            call()  # type: ignore[operator]

    patience.at_once(run, calls)


def test_a_job_runs_once_with_its_arguments(app: Flask, ran: list[object]) -> None:
    note = job("test.note")(lambda *args: ran.append(args))
    enqueue(note, 7, "圈", [1, None], {"a": True})
    assert (status(), run_due(), run_due()) == ({"pending": 1}, 1, 0)
    assert ran == [(7, "圈", [1, None], {"a": True})]
    assert status() == {"done": 1}


def test_jobs_run_in_the_order_they_were_written(app: Flask, ran: list[object]) -> None:
    note = job("test.note")(ran.append)
    for number in range(5):
        enqueue(note, number)
    assert run_due() == 5
    assert ran == [0, 1, 2, 3, 4]


def test_a_job_of_an_operation_that_fails_is_never_run(app: Flask, ran: list[object]) -> None:
    note = job("test.note")(ran.append)

    @operation
    def promise_and_fail() -> None:
        enqueue(note, 1)
        enqueue(note, 2, key="same")
        enqueue(note, 3, key="same")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        promise_and_fail()
    assert (run_due(), ran, status()) == (0, [], {})


def test_a_delayed_job_waits(app: Flask, ran: list[object]) -> None:
    enqueue(job("test.note")(ran.append), 1, delay=timedelta(hours=1))
    assert run_due() == 0
    with clock.at(clock.now() + LONG):
        assert run_due() == 1
    assert ran == [1]


def test_a_failing_job_is_tried_again_later_and_is_dead_after_the_last_attempt(app: Flask, ran: list[object]) -> None:
    @job("test.fail")
    def fail(number: int) -> None:
        ran.append(number)
        raise ConnectionError(f"no answer \0 to {number}")

    enqueue(fail, 5)
    assert (run_due(), status()) == (1, {"pending": 1})
    assert run_due() == 0, "it must pause before the next attempt"
    moment = clock.now()
    for _attempt in range(jobs.MAX_ATTEMPTS - 1):
        moment += LONG
        with clock.at(moment):
            assert run_due() == 1
    with clock.at(moment + LONG):
        assert run_due() == 0
    assert (len(ran), status()) == (jobs.MAX_ATTEMPTS, {"dead": 1})
    (dead,) = jobs.dead()
    assert (dead.name, dead.args, dead.attempts) == ("test.fail", [5], jobs.MAX_ATTEMPTS)
    assert dead.error == "ConnectionError: no answer  to 5"


def test_what_a_failing_job_wrote_halfway_is_not_kept(app: Flask, ran: list[object]) -> None:
    note = job("test.note")(ran.append)

    @job("test.fail")
    @operation
    def fail() -> None:
        enqueue(note, 1)
        raise ValueError("half-way")

    enqueue(fail)
    run_due()
    assert (ran, status()) == ([], {"pending": 1})


def test_a_dead_job_can_be_revived_with_all_its_attempts(app: Flask, ran: list[object], monkeypatch) -> None:
    monkeypatch.setattr(jobs, "MAX_ATTEMPTS", 1)
    well: list[bool] = []

    @job("test.fail")
    def fail() -> None:
        ran.append(1)
        if not well:
            raise ValueError("ill")

    enqueue(fail, key="k")
    run_due()
    (dead,) = jobs.dead()
    enqueue(fail, key="k")
    assert jobs.retry(dead.id) is True
    assert jobs.retry(dead.id) is False, "it is not dead any more"
    well.append(True)
    assert (run_due(), status()) == (2, {"done": 2})
    assert jobs.retry(123456) is False


def test_a_job_whose_name_nobody_knows_is_kept_for_a_newer_worker(app: Flask, ran: list[object]) -> None:
    enqueue(jobs.Job("test.from_tomorrow", ran.append), 1)
    assert (run_due(), status()) == (1, {"pending": 1})
    job("test.from_tomorrow")(ran.append)
    with clock.at(clock.now() + LONG):
        assert run_due() == 1
    assert ran == [1]


# ---- keys ------------------------------------------------------------------------------------------------------


def test_at_most_one_job_waits_per_key(app: Flask, ran: list[object]) -> None:
    note = job("test.note")(ran.append)
    enqueue(note, 1, key="a")
    enqueue(note, 2, key="a")
    enqueue(note, 3, key="b")
    assert (run_due(), ran) == (2, [1, 3])
    enqueue(note, 4, key="a")
    assert (run_due(), ran) == (1, [1, 3, 4])


def test_a_job_may_be_asked_for_again_while_it_runs(app: Flask, ran: list[object]) -> None:
    @job("test.again")
    def again(number: int) -> None:
        ran.append(number)
        if number == 1:
            enqueue(jobs.REGISTRY["test.again"], 2, key="k")  # it has read already: what changed now needs a run

    enqueue(again, 1, key="k")
    assert (run_due(), ran) == (2, [1, 2])


def test_what_was_changed_just_before_a_job_that_waits_already_is_written(
    app: Flask, make: Make, ran: list[object]
) -> None:
    note = job("test.note")(ran.append)
    circle = make.circle()

    @operation
    def change(name: str) -> None:
        db.session.get_one(Circle, circle.id).name = name  # not flushed when the job is written
        enqueue(note, 7, key="the-key")

    for name in ("first", "second"):
        change(name)
    db.session.expire_all()
    assert db.session.get_one(Circle, circle.id).name == "second"


def test_a_failed_job_leaves_the_work_to_the_one_that_waits_under_its_key(app: Flask, ran: list[object]) -> None:
    @job("test.again")
    def again(number: int) -> None:
        ran.append(number)
        if number == 1:
            enqueue(jobs.REGISTRY["test.again"], 2, key="k")
            raise ValueError("no")

    enqueue(again, 1, key="k")
    assert (run_due(), ran) == (2, [1, 2])
    with clock.at(clock.now() + LONG):
        assert run_due() == 0
    assert status() == {"done": 2}


def test_racing_writers_store_one_job_per_key(app: Flask, ran: list[object]) -> None:
    note = job("test.note")(ran.append)
    for turn in range(5):
        race(app, *[lambda turn=turn: enqueue(note, turn, key=f"k{turn}")] * 6)
    assert (run_due(), ran) == (5, [0, 1, 2, 3, 4])


def test_a_waiting_job_is_not_taken_while_somebody_who_needs_it_has_not_committed(
    app: Flask, ran: list[object]
) -> None:
    note = job("test.note")(ran.append)
    enqueue(note, 1, key="k")
    inside, go_on = threading.Event(), threading.Event()

    @operation
    def write_and_ask() -> None:
        enqueue(note, 2, key="k")
        inside.set()
        go_on.wait(5)
        ran.append("written")

    def take() -> None:
        inside.wait(5)
        timer = threading.Timer(0.3, go_on.set)
        timer.start()
        patience.until(run_due, 30, pause=0)

    race(app, write_and_ask, take)
    assert ran == ["written", 1]


def test_racing_workers_run_each_job_once(app: Flask, ran: list[object]) -> None:
    note = job("test.note")(ran.append)
    for number in range(20):
        enqueue(note, number)
    race(app, *[run_due] * 4)
    assert sorted(ran) == list(range(20))  # type: ignore[type-var]
    assert status() == {"done": 20}


# ---- periods ---------------------------------------------------------------------------------------------------


def test_a_periodic_job_runs_once_per_period_however_many_workers_ask(app: Flask, ran: list[object]) -> None:
    job("test.hourly", every=timedelta(hours=1))(lambda: ran.append("hourly"))
    job("test.daily", every=timedelta(days=1))(lambda: ran.append("daily"))
    job("test.never")(lambda: ran.append("never"))
    noon = clock.now().replace(hour=12, minute=0, second=1, microsecond=0)

    def ask() -> None:
        with clock.at(noon):
            jobs.enqueue_periodic()

    race(app, *[ask] * 6)
    with clock.at(noon):
        run_due()
    assert sorted(ran) == ["daily", "hourly"]  # type: ignore[type-var]
    with clock.at(noon + timedelta(minutes=59)):
        jobs.enqueue_periodic()
        assert run_due() == 0
    with clock.at(noon + timedelta(minutes=61)):
        jobs.enqueue_periodic()
        assert run_due() == 1


def test_periods_of_a_failing_job_do_not_pile_up(app: Flask, ran: list[object]) -> None:
    job("test.hourly", every=timedelta(hours=1))(lambda: ran.append(1))
    for hours in range(5):
        with clock.at(clock.now() + timedelta(hours=hours)):
            jobs.enqueue_periodic()
    assert status() == {"pending": 1}


def test_asking_again_for_the_periods_writes_nothing(app: Flask, ran: list[object], statements: list[str]) -> None:
    job("test.daily", every=timedelta(days=1))(lambda: None)
    jobs.enqueue_periodic()
    statements.clear()
    jobs.enqueue_periodic()
    assert len(statements) == 1
    assert statements[0].startswith("SELECT")


# ---- lost workers ----------------------------------------------------------------------------------------------


def lose_worker(lease: timedelta) -> jobs_table.Taken:
    """Take a job and give no sign of life; then let `lease` pass."""
    taken = jobs._take("lost", lease)
    assert taken is not None
    if jobs.on_postgres():
        _execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 day'")
        jobs_postgres.take_back(lease, jobs.MAX_ATTEMPTS, jobs.LOST)
    else:
        _execute("UPDATE jobs SET leased_until = '2020-01-01' WHERE status = 'leased'")
    return taken


@operation
def _execute(sql: str) -> None:
    db.session.execute(text(sql))


def test_a_job_of_a_lost_worker_is_taken_by_another(app: Flask, ran: list[object]) -> None:
    enqueue(job("test.note")(ran.append), 1)
    lose_worker(jobs.LEASE)
    assert (run_due(), ran, status()) == (1, [1], {"done": 1})


def test_a_job_that_kills_every_worker_is_buried(app: Flask, ran: list[object]) -> None:
    enqueue(job("test.note")(ran.append), 1)
    for _attempt in range(jobs.MAX_ATTEMPTS):
        lose_worker(jobs.LEASE)
    assert (run_due(), ran, status()) == (0, [], {"dead": 1})
    assert jobs.dead()[0].error == jobs.LOST


def test_a_job_of_a_living_worker_is_left_alone(app: Flask, ran: list[object]) -> None:
    enqueue(job("test.note")(ran.append), 1)
    taken = jobs._take("alive", timedelta(seconds=30))
    assert taken is not None
    if jobs.on_postgres():
        assert jobs_postgres.take_back(jobs.LEASE, jobs.MAX_ATTEMPTS, jobs.LOST) == 0
    else:
        worker_module._renew(taken, LONG)
        with clock.at(clock.now() + timedelta(hours=1)):
            assert run_due() == 0
    assert (run_due(), status()) == (0, {"leased": 1})


def test_a_worker_that_comes_back_too_late_does_not_overwrite_the_next_one(app: Flask, ran: list[object]) -> None:
    enqueue(job("test.note")(ran.append), 1)
    late = lose_worker(jobs.LEASE)
    assert run_due() == 1
    jobs._failed(late, "too late")
    jobs._done(late)
    assert (run_due(), ran, status()) == (0, [1], {"done": 1})


# ---- the worker's loop (killed processes are in tests/races) ---------------------------------------------------


@pytest.fixture
def working(app: Flask, ran: list[object], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A worker of this engine runs in a thread while the test looks."""
    monkeypatch.setattr(worker_module, "PAUSE", 0.1)
    stop = threading.Event()
    loop = worker_module._run_postgres if jobs.on_postgres() else worker_module._run_table
    running = patience.started([threading.Thread(target=loop, args=(app, stop, timedelta(seconds=3)))])
    yield
    stop.set()
    patience.joined(running)


def test_a_worker_runs_what_comes_and_what_fails_waits_for_another_attempt(
    app: Flask, ran: list[object], working: None
) -> None:
    note = job("test.note")(ran.append)

    @job("test.fail")
    def fail(key: str | None) -> None:
        ran.append("failed")
        if key:
            enqueue(note, "instead", key=key)
        raise ValueError("no")

    enqueue(note, 1)
    enqueue(fail, None)
    enqueue(fail, "k", key="k")
    patience.until(lambda: status() == {"pending": 1, "done": 3})
    assert sorted(map(str, ran)) == ["1", "failed", "failed", "instead"]
    with clock.at(clock.now() + LONG):
        run_due()
    assert ran.count("failed") == 3


def test_a_worker_buries_a_job_after_its_last_attempt(
    app: Flask, ran: list[object], monkeypatch: pytest.MonkeyPatch, working: None
) -> None:
    monkeypatch.setattr(jobs, "MAX_ATTEMPTS", 1)

    @job("test.fail")
    def fail() -> None:
        raise ValueError("no")

    enqueue(fail)
    patience.until(lambda: status() == {"dead": 1})
    assert [(each.name, each.error) for each in jobs.dead()] == [("test.fail", "ValueError: no")]


def test_a_worker_enqueues_the_periodic_jobs(app: Flask, ran: list[object], working: None) -> None:
    job("test.daily", every=timedelta(days=1))(lambda: ran.append(1))
    patience.until(lambda: ran == [1])


def test_a_worker_survives_trouble_with_its_database(
    app: Flask, ran: list[object], monkeypatch: pytest.MonkeyPatch, working: None
) -> None:
    note = job("test.note")(ran.append)
    enqueue(note, 1)
    patience.until(lambda: ran == [1])
    trouble = threading.Event()
    take, ask = jobs._take, jobs.enqueue_periodic

    def fail_once(*args: object) -> object:
        monkeypatch.setattr(jobs, "_take", take)
        trouble.set()
        raise OSError("disk")

    def fail_to_ask() -> None:
        monkeypatch.setattr(jobs, "enqueue_periodic", ask)
        trouble.set()
        raise OSError("disk")

    if jobs.on_postgres():
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        with db.engine.connect() as connection:
            connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
        db.session.remove()
        db.engine.dispose()
    else:
        monkeypatch.setattr(jobs, "_take", fail_once)
    patience.until(lambda: jobs.on_postgres() or trouble.is_set())
    trouble.clear()
    monkeypatch.setattr(jobs, "enqueue_periodic", fail_to_ask)
    patience.until(trouble.is_set)
    enqueue(note, 2)
    patience.until(lambda: ran == [1, 2])


# ---- house-keeping ---------------------------------------------------------------------------------------------


def test_finished_jobs_are_forgotten_after_some_days(app: Flask, ran: list[object], monkeypatch) -> None:
    note = job("test.note")(ran.append)
    enqueue(note, 1)
    run_due()
    enqueue(note, 2)
    jobs.forget_done()
    assert status() == {"done": 1, "pending": 1}
    with clock.at(clock.now() + jobs.KEEP_DONE + timedelta(minutes=1)):
        jobs.forget_done()
    assert status() == {"pending": 1}


def test_two_jobs_cannot_have_one_name(ran: list[object]) -> None:
    job("test.note")(ran.append)
    with pytest.raises(RuntimeError, match=r"test\.note"):
        job("test.note")(ran.append)


def test_the_installed_procrastinate_is_the_one_that_the_migrations_make() -> None:
    pinned = Path(ROOT / "migrations" / "procrastinate" / "schema_3.10.sql").read_text(encoding="utf-8")
    assert SchemaManager.get_schema() == pinned, "its schema changed: see migrations/procrastinate/README.md"


def test_downgrading_leaves_nothing_of_procrastinate(base_settings: Settings, postgres_url: str, worker: str) -> None:
    name = f"jobs_{worker}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    app = create_app(replace(base_settings, database_url=postgres_url.replace("/postgres?", f"/{name}?")))
    with app.app_context():
        upgrade()
        downgrade(revision="base")
        for table, column in (("pg_class", "relname"), ("pg_proc", "proname"), ("pg_type", "typname")):
            left = db.session.scalars(text(f"SELECT {column} FROM {table} WHERE {column} ~ 'procrastinate'")).all()
            assert left == []
        db.session.remove()
        db.engine.dispose()


def test_the_table_engine_is_not_used_on_postgres(app: Flask, ran: list[object]) -> None:
    enqueue(job("test.note")(ran.append), 1)
    assert len(jobs_table.counts()) == (0 if jobs.on_postgres() else 1)
