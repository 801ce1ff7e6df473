"""What `flask worker` runs: jobs, and beside them a keeper that looks after the queue every few seconds.

The keeper enqueues periodic jobs, renews the lease of the job that runs, and on PostgreSQL takes back jobs of lost
workers. Nothing that goes wrong in either ends the worker: it is logged and tried again. SIGTERM and SIGINT let the
running job finish and stop the worker then; a second SIGINT stops it at once, and the job is taken over later.
"""

from __future__ import annotations

import importlib
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType

import structlog
from flask import Flask

from circle.core import jobs, jobs_postgres, jobs_table
from circle.core.jobs_table import Taken
from circle.core.operation import operation

log = structlog.get_logger(__name__)

#: seconds between two looks into an empty table, and after a failure of the loop itself
POLL = 1.0
PAUSE = 3.0
TICK = 5.0


def run(app: Flask, *, once: bool = False, lease: timedelta = jobs.LEASE) -> None:
    """Run jobs until told to stop; with `once` only those that are due now.

    `lease` is how long a silent worker keeps its job; all workers of one database must agree on it.
    Raises RuntimeError on PostgreSQL when procrastinate is not installed.
    """
    with app.app_context():
        postgres = jobs.on_postgres()
        if once:
            _keep_postgres(lease) if postgres else jobs.enqueue_periodic()
            while jobs.run_due():
                pass
            return
    stop = threading.Event()
    with _stopped_by_signals(stop):
        (_run_postgres if postgres else _run_table)(app, stop, lease)
    log.info("worker stopped")


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    def ask(number: int, _frame: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _keeper(app: Flask, work: Callable[[], None], lease: timedelta) -> Iterator[None]:
    """Call `work` every few seconds, in a thread and an app context of its own, until the block ends."""
    over = threading.Event()

    def keep() -> None:
        while True:
            with _guarded(app, "keeper"):
                work()
            if over.wait(min(TICK, lease.total_seconds() / 3)):
                return

    thread = threading.Thread(target=keep, name="keeper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=TICK)


@contextmanager
def _guarded(app: Flask, what: str) -> Iterator[None]:
    """A fresh app context in which any failure is logged and goes no further."""
    try:
        with app.app_context():
            yield
    except Exception:
        log.exception("worker trouble", what=what)


# ---- SQLite ----------------------------------------------------------------------------------------------------


def _run_table(app: Flask, stop: threading.Event, lease: timedelta) -> None:
    running: list[Taken | None] = [None]

    def note(taken: Taken | None) -> None:
        running[0] = taken

    def keep() -> None:
        if (taken := running[0]) is not None:
            _renew(taken, lease)
        if not stop.is_set():
            jobs.enqueue_periodic()

    with _keeper(app, keep, lease):
        while not stop.is_set():
            ran: bool | None = None
            with _guarded(app, "table"):
                ran = jobs.run_next(lease=lease, running=note)
            if not ran:
                stop.wait(PAUSE if ran is None else POLL)


@operation
def _renew(taken: Taken, lease: timedelta) -> None:
    jobs_table.renew(taken, lease)


# ---- PostgreSQL ------------------------------------------------------------------------------------------------


def _run_postgres(app: Flask, stop: threading.Event, lease: timedelta) -> None:
    try:
        # loaded here only: procrastinate is an extra, and no small part of the start of every other process
        engine = importlib.import_module("circle.core.worker_postgres")
    except ModuleNotFoundError as error:
        if error.name not in {"procrastinate", "psycopg"}:
            raise
        message = "jobs on PostgreSQL need procrastinate: install the extra, fan-circle[postgres]"
        raise RuntimeError(message) from error
    with _keeper(app, lambda: _keep_postgres(lease), lease):
        engine.run(app, stop, lease, PAUSE)


def _keep_postgres(lease: timedelta) -> None:
    if lost := jobs_postgres.take_back(lease, jobs.MAX_ATTEMPTS, jobs.LOST):
        log.warning("took back jobs of lost workers", number=lost)
    jobs.enqueue_periodic()
