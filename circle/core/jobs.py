"""What leaves the process, or may wait: jobs, written in the same transaction as the reason for them.

    @job("accounts.forget_sessions")
    def forget_sessions() -> None: ...

    enqueue(forget_sessions)                      # inside an operation: stored or rolled back with it
    enqueue(render, certificate_id, key=f"render:{certificate_id}")   # at most one waiting job per key

A job takes plain JSON values (ids), runs at least once, and must be safe to run twice. `flask worker` runs them;
one that fails is tried again with growing pauses and is dead after `MAX_ATTEMPTS`. A worker that is killed loses
nothing: its lease runs out and another takes the job.

On SQLite the queue is the `jobs` table below. On PostgreSQL it is procrastinate, deferred through its SQL function
on the same connection (`jobs_postgres`); both engines answer to the same five functions.
"""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, ParamSpec

import structlog
from sqlalchemy import Index, String, Text, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from circle.core import clock, ids
from circle.core.db import Base, IdMixin, Json, db, one_of
from circle.core.operation import abandon, operation

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=120)
MAX_ATTEMPTS = 12
KEEP_DONE = timedelta(days=3)

P = ParamSpec("P")


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


class JobRow(IdMixin, Base):
    __tablename__ = "jobs"
    __table_args__ = (one_of("status", "pending", "leased", "done", "dead"), Index(None, "status", "available_at"))

    name: Mapped[str] = mapped_column(String(64))
    #: positional arguments, plain JSON
    args: Mapped[list[Any]] = mapped_column(Json)
    #: at most one unfinished job has a given key
    dedupe_key: Mapped[str | None] = mapped_column(String(120), unique=True)
    available_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(16), default="pending")
    #: when another worker may take it over
    leased_until: Mapped[datetime | None]
    worker: Mapped[str | None] = mapped_column(String(64))
    last_error: Mapped[str | None] = mapped_column(Text)
    finished_at: Mapped[datetime | None]


@operation
def enqueue(what: Job[...], *args: Any, key: str | None = None, delay: timedelta = timedelta(0)) -> None:
    """Write a job. With `key`, nothing happens while an unfinished job has the same key."""
    at = clock.now() + delay
    if key is not None and db.session.scalar(select(JobRow.id).where(JobRow.dedupe_key == key)) is not None:
        return
    db.session.execute(
        insert(JobRow).values(
            id=ids.new_id(), created_at=clock.now(), name=what.name, args=list(args), dedupe_key=key, available_at=at,
            attempts=0, status="pending",
        )
    )


@dataclass(frozen=True)
class _Taken:
    id: int
    name: str
    args: list[Any]
    attempts: int


@operation
def _take(worker: str) -> _Taken | None:
    now = clock.now()
    due = (
        select(JobRow.id)
        .where(
            ((JobRow.status == "pending") & (JobRow.available_at <= now))
            | ((JobRow.status == "leased") & (JobRow.leased_until < now))
        )
        .order_by(JobRow.available_at, JobRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    id_ = db.session.scalar(due)
    if id_ is None:
        return None
    row = db.session.execute(
        update(JobRow)
        .where(JobRow.id == id_)
        .values(status="leased", leased_until=now + LEASE, worker=worker, attempts=JobRow.attempts + 1)
        .returning(JobRow.id, JobRow.name, JobRow.args, JobRow.attempts)
    ).one()
    return _Taken(*row)


@operation
def _finish(taken: _Taken, error: str | None) -> None:
    now = clock.now()
    values: dict[str, Any]
    if error is None:
        values = {"status": "done", "finished_at": now, "dedupe_key": None, "last_error": None}
    elif taken.attempts >= MAX_ATTEMPTS:
        values = {"status": "dead", "finished_at": now, "dedupe_key": None, "last_error": error}
    else:
        pause = min(5 * 2**taken.attempts, 3600) * random.uniform(0.8, 1.2)
        values = {"status": "pending", "available_at": now + timedelta(seconds=pause), "last_error": error}
    # a worker whose lease ran out must not overwrite what the next one wrote
    still_mine = (JobRow.id == taken.id, JobRow.attempts == taken.attempts, JobRow.status == "leased")
    db.session.execute(update(JobRow).where(*still_mine).values(leased_until=None, **values))


def run_next(worker: str | None = None) -> bool:
    """Run one due job, if there is one. A failing job is logged and stored, never raised. Returns whether one ran."""
    taken = _take(worker or f"{socket.gethostname()[:40]}:{os.getpid()}")
    if taken is None:
        return False
    started = time.monotonic()
    try:
        known = REGISTRY.get(taken.name)
        if known is None:
            raise LookupError(f"no job is called {taken.name}")
        known.run(*taken.args)
    except Exception as error:
        abandon()
        log.exception("job failed", job=taken.name, id=taken.id, attempt=taken.attempts)
        _finish(taken, f"{type(error).__name__}: {error}"[:2000])
    else:
        _finish(taken, None)
        log.info("job done", job=taken.name, id=taken.id, ms=round((time.monotonic() - started) * 1000))
    return True


def run_due(limit: int = 1000) -> int:
    """Run jobs until none is due (or `limit` ran); returns how many. Tests and the demo call it inline."""
    count = 0
    while count < limit and run_next():
        count += 1
    return count


@operation
def enqueue_periodic() -> None:
    """Enqueue each periodic job once per period, however many workers ask."""
    now = clock.now().timestamp()
    for each in REGISTRY.values():
        if each.every is None:
            continue
        period = int(now // each.every.total_seconds())
        key = f"every:{each.name}:{period}"
        if db.session.scalar(select(JobPeriod.key).where(JobPeriod.key == key)) is None:
            db.session.add(JobPeriod(key=key, created_at=clock.now()))
            db.session.flush()  # two workers at once: the primary key lets one through, the other retries later
            enqueue(each)


class JobPeriod(Base):
    """Which periods of periodic jobs were enqueued; the primary key makes it once."""

    __tablename__ = "job_periods"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    created_at: Mapped[datetime]


@operation
def forget_done() -> None:
    """Remove finished jobs and period marks that nobody will ask about any more."""
    before = clock.now() - KEEP_DONE
    db.session.execute(delete(JobRow).where(JobRow.status == "done", JobRow.finished_at < before))
    db.session.execute(delete(JobPeriod).where(JobPeriod.created_at < before - timedelta(days=40)))


def counts() -> dict[str, int]:
    """How many jobs there are by status, for the operator."""
    rows = db.session.execute(select(JobRow.status, func.count()).group_by(JobRow.status)).all()
    return {status: number for status, number in rows}
