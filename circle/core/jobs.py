"""What leaves the process, or may wait: jobs, written in the same transaction as the reason for them.

    @job("accounts.forget_sessions", every=timedelta(days=1))
    def forget_sessions() -> None: ...

    enqueue(forget_sessions)                      # inside an operation: stored or rolled back with it
    enqueue(render, certificate_id, key=f"render:{certificate_id}")   # at most one waiting job per key

A job takes plain JSON values (ids), runs at least once, and must be safe to run twice. `flask worker` runs them
(`core.worker`); one that fails is tried again with growing pauses and is dead after `MAX_ATTEMPTS`. A worker that is
killed loses nothing: it stops giving signs of life and another takes its job.

On SQLite the queue is the `jobs` table (`jobs_table`). On PostgreSQL it is procrastinate (`jobs_postgres`), written
through its SQL function on the same connection. docs/decisions/0003-jobs.md says why there are two.
"""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, ParamSpec, Protocol

import structlog
from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from circle.core import clock, jobs_postgres, jobs_table
from circle.core.db import Base, db, insert_once
from circle.core.jobs_table import DeadJob, Taken
from circle.core.operation import abandon, operation

log = structlog.get_logger(__name__)

#: a job whose worker gave no sign of life for so long is taken by another
LEASE = timedelta(seconds=30)
MAX_ATTEMPTS = 12
KEEP_DONE = timedelta(days=3)
#: longer than the longest period of any job, or it would run twice in one
KEEP_PERIODS = timedelta(days=400)
LOST = "the worker was lost while it ran"

P = ParamSpec("P")


class Queue(Protocol):
    """What both engines can do; each function runs in the operation that is open."""

    def put(self, name: str, args: list[Any], key: str | None, at: datetime | None) -> None: ...
    def take(self, worker: str, lease: timedelta) -> Taken | None: ...
    def done(self, taken: Taken) -> None: ...
    def again(self, taken: Taken, at: datetime, error: str) -> None: ...
    def bury(self, taken: Taken, error: str) -> None: ...
    def revive(self, id_: int) -> bool: ...
    def forget_done(self, before: datetime) -> None: ...
    def counts(self) -> Mapping[str, int]: ...
    def dead(self) -> list[DeadJob]: ...


@dataclass(frozen=True)
class Job(Generic[P]):
    """A named function that a worker can run. `every` makes it periodic."""

    name: str
    run: Callable[P, object]
    every: timedelta | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> object:
        return self.run(*args, **kwargs)


REGISTRY: dict[str, Job[...]] = {}


def job(name: str, *, every: timedelta | None = None) -> Callable[[Callable[P, object]], Job[P]]:
    """Register a function as the job `name` (feature.verb_noun); with `every` it also runs by itself."""

    def register(function: Callable[P, object]) -> Job[P]:
        if name in REGISTRY:
            raise RuntimeError(f"two jobs are called {name}")
        made = Job(name, function, every)
        REGISTRY[name] = made
        return made

    return register


def on_postgres() -> bool:
    """Whether this application's jobs are procrastinate's."""
    return db.session.get_bind().dialect.name == "postgresql"


def _queue() -> Queue:
    return jobs_postgres if on_postgres() else jobs_table


# ---- writing ---------------------------------------------------------------------------------------------------


@operation
def enqueue(what: Job[...], *args: Any, key: str | None = None, delay: timedelta = timedelta(0)) -> None:
    """Write a job. With `key`, nothing happens while a job with the same key still waits to be run.

    A job that runs already does not count as waiting: it may have read before this transaction wrote.
    """
    _queue().put(what.name, list(args), key, clock.now() + delay if delay else None)


def enqueue_periodic() -> None:
    """Enqueue each periodic job once per period, however many workers ask."""
    now = clock.now().timestamp()
    due = {
        f"every:{each.name}:{int(now // each.every.total_seconds())}": each
        for each in REGISTRY.values()
        if each.every is not None
    }
    seen = set(db.session.scalars(select(JobPeriod.key).where(JobPeriod.key.in_(due))))
    # the read spares a write transaction per tick; the primary key is what decides
    if missing := {key: each for key, each in due.items() if key not in seen}:
        _enqueue_once(missing)


@operation
def _enqueue_once(due: Mapping[str, Job[...]]) -> None:
    for key, each in sorted(due.items()):
        if insert_once(JobPeriod, key=key, created_at=clock.now()):
            enqueue(each, key=f"every:{each.name}")


class JobPeriod(Base):
    """Which periods of periodic jobs were enqueued; the primary key makes it once."""

    __tablename__ = "job_periods"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    created_at: Mapped[datetime]


# ---- running ---------------------------------------------------------------------------------------------------


def pause_after(attempts: int) -> timedelta:
    """How long to wait after the failed attempt number `attempts`: min(5·2ⁿ s, 1 h) ± 20 %."""
    return timedelta(seconds=min(5 * 2**attempts, 3600) * random.uniform(0.8, 1.2))


def perform(name: str, args: list[Any]) -> None:
    """Call the job's function. Raises LookupError for a name nobody registered, and whatever the job raises."""
    known = REGISTRY.get(name)
    if known is None:
        # kept and tried again like any failure: during a deployment an older worker may meet a newer job
        raise LookupError(f"no job is called {name}")
    known.run(*args)


def describe(error: BaseException) -> str:
    """The error as it is stored with the job."""
    return f"{type(error).__name__}: {error}".replace("\0", "")[:2000]


@operation
def _take(worker: str, lease: timedelta) -> Taken | None:
    while (taken := _queue().take(worker, lease)) is not None:
        if taken.attempts <= MAX_ATTEMPTS:
            return taken
        _queue().bury(taken, LOST)  # a job that kills its worker must not kill workers for ever
    return None


@operation
def _done(taken: Taken) -> None:
    _queue().done(taken)


@operation
def _failed(taken: Taken, error: str) -> None:
    if taken.attempts >= MAX_ATTEMPTS:
        _queue().bury(taken, error)
    else:
        _queue().again(taken, clock.now() + pause_after(taken.attempts), error)


def run_next(
    worker: str | None = None, *, lease: timedelta = LEASE, running: Callable[[Taken | None], None] | None = None
) -> bool:
    """Run one due job, if there is one. A failing job is logged and stored, never raised. Returns whether one ran.

    `running` is told which job runs (to renew its lease), and None when it is over.
    """
    taken = _take(worker or f"{socket.gethostname()[:40]}:{os.getpid()}", lease)
    if taken is None:
        return False
    tell = running or (lambda _taken: None)
    tell(taken)
    started = time.monotonic()
    try:
        perform(taken.name, taken.args)
    except Exception as error:
        abandon()
        log.exception("job failed", job=taken.name, id=taken.id, attempt=taken.attempts)
        _failed(taken, describe(error))
    else:
        _done(taken)
        log.info("job done", job=taken.name, id=taken.id, ms=round((time.monotonic() - started) * 1000))
    finally:
        tell(None)
    return True


def run_due(limit: int = 1000) -> int:
    """Run jobs until none is due (or `limit` ran); returns how many. Tests and the demo call it inline."""
    count = 0
    while count < limit and run_next():
        count += 1
    return count


# ---- house-keeping ---------------------------------------------------------------------------------------------


@operation
def forget_done() -> None:
    """Remove finished jobs and period marks that nobody will ask about any more."""
    _queue().forget_done(clock.now() - KEEP_DONE)
    db.session.execute(delete(JobPeriod).where(JobPeriod.created_at < clock.now() - KEEP_PERIODS))


def counts() -> dict[str, int]:
    """How many jobs there are by status (pending, leased, done, dead), for the operator."""
    return dict(_queue().counts())


def dead() -> list[DeadJob]:
    """The jobs that were given up, oldest first."""
    return _queue().dead()


@operation
def retry(id_: int) -> bool:
    """Let a dead job start over, with all its attempts. Returns False when no dead job has this id."""
    return _queue().revive(id_)
