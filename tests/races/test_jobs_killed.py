"""Workers as real processes: killed in the middle of a job, or asked to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from circle.config import ROOT
from circle.core import jobs
from circle.core.db import db
from circle.core.jobs import Job, enqueue
from tests import patience

pytestmark = pytest.mark.slow

#: seconds of silence after which a worker counts as lost
LEASE = 3
#: known to the workers' application only (tests/races/slow_jobs_app.py)
SLOW: Job[str, float] = Job("test.slow", lambda _path, _seconds: None)

Worker = subprocess.Popen[bytes]


@pytest.fixture
def start(app: Flask, tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    """`start()` is a running `flask worker` on the test's database."""
    settings = app.config["SETTINGS"]
    environment = os.environ | {
        "CIRCLE_ENV": "test",
        "CIRCLE_SECRET_KEY": settings.secret_key,
        "CIRCLE_DATABASE_URL": settings.database_url,
        "CIRCLE_DATA_DIR": str(tmp_path / "var"),
    }
    workers: list[Worker] = []

    def begin() -> Worker:
        command = [sys.executable, "-m", "flask", "--app", "tests.races.slow_jobs_app", "worker", "--lease", str(LEASE)]
        with (tmp_path / "workers.log").open("ab") as log:
            workers.append(
                subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            )
        return workers[-1]

    yield begin
    for each in workers:
        patience.killed(each)


def until(true: Callable[[], bool]) -> None:
    patience.until(true, 120, pause=0.05)


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def status() -> dict[str, int]:
    """Counts of the test's own jobs (the application's periodic ones may run beside them)."""
    db.session.rollback()
    return jobs.counts()


def test_the_job_of_a_killed_worker_is_run_by_another_and_nothing_is_lost(
    app: Flask, start: Callable[[], Worker], tmp_path: Path
) -> None:
    files = [tmp_path / f"job{number}" for number in range(4)]
    enqueue(SLOW, str(files[0]), 60)
    victim = start()
    until(lambda: bool(lines(files[0])))
    for file in files[1:]:
        enqueue(SLOW, str(file), 0)
    patience.killed(victim)
    other = start()
    until(lambda: all(lines(file)[-1:] == [f"end {other.pid}"] for file in files))
    assert lines(files[0]) == [f"start {victim.pid}", f"start {other.pid}", f"end {other.pid}"]
    for file in files[1:]:
        assert len(lines(file)) == 2, "and nothing ran twice that was not cut off"


def test_a_job_longer_than_the_lease_is_not_taken_from_a_living_worker_and_idle_ones_stop_at_once(
    app: Flask, start: Callable[[], Worker], tmp_path: Path
) -> None:
    file = tmp_path / "job"
    enqueue(SLOW, str(file), LEASE * 2)
    workers = start(), start()
    until(lambda: len(lines(file)) >= 2)
    first, last = lines(file)
    assert (first.split()[0], last.split()[0]) == ("start", "end")
    assert first.split()[1] == last.split()[1]
    until(lambda: not status().keys() & {"pending", "leased"})
    began = time.monotonic()
    for worker, number in zip(workers, (signal.SIGTERM, signal.SIGINT), strict=True):
        worker.send_signal(number)
        assert patience.ended(worker) == 0
    assert time.monotonic() - began < 30


def test_a_worker_that_is_asked_to_stop_finishes_its_job_first(
    app: Flask, start: Callable[[], Worker], tmp_path: Path
) -> None:
    # one and the same handler hears both, so one of them on each engine
    number = signal.SIGTERM if db.engine.dialect.name == "sqlite" else signal.SIGINT
    file, later = tmp_path / "job", tmp_path / "later"
    enqueue(SLOW, str(file), 2)
    worker = start()
    until(lambda: bool(lines(file)))
    enqueue(SLOW, str(later), 0)
    worker.send_signal(number)
    assert patience.ended(worker) == 0
    assert [line.split()[0] for line in lines(file)] == ["start", "end"]
    assert lines(later) == [], "no new job is begun"
    assert "leased" not in status()
