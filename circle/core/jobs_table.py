"""The queue on SQLite: one table, from which a worker leases a row.

One writer at a time is what SQLite gives, so every function here is safe by running in a write operation. The same
functions for PostgreSQL are in `jobs_postgres`; there this table stays empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, String, Text, delete, func, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from circle.core import clock, ids
from circle.core.db import Base, IdMixin, Json, db, insert_once, one_of

_WAITING = text("status = 'pending'")


class JobRow(IdMixin, Base):
    __tablename__ = "jobs"
    __table_args__ = (
        one_of("status", "pending", "leased", "done", "dead"),
        Index(None, "status", "available_at"),
        Index("uq_jobs_dedupe_key", "dedupe_key", unique=True, sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    name: Mapped[str] = mapped_column(String(64))
    #: positional arguments, plain JSON
    args: Mapped[list[Any]] = mapped_column(Json)
    #: at most one pending job has a given key
    dedupe_key: Mapped[str | None] = mapped_column(String(120))
    available_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(16), default="pending")
    #: when another worker may take it over
    leased_until: Mapped[datetime | None]
    worker: Mapped[str | None] = mapped_column(String(64))
    last_error: Mapped[str | None] = mapped_column(Text)
    finished_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Taken:
    """A job that a worker holds. `attempts` counts this one."""

    id: int
    name: str
    args: list[Any]
    attempts: int
    key: str | None


@dataclass(frozen=True)
class DeadJob:
    """A job that was given up, for the operator."""

    id: int
    name: str
    args: list[Any]
    attempts: int
    error: str


def put(name: str, args: list[Any], key: str | None, at: datetime | None) -> None:
    """Write a job, unless one with the same key waits; `at` None means now."""
    now = clock.now()
    insert_once(
        JobRow, id=ids.new_id(), created_at=now, name=name, args=args, dedupe_key=key, available_at=at or now,
        attempts=0, status="pending",
    )  # fmt: skip


def take(worker: str, lease: timedelta) -> Taken | None:
    """Lease the job that waited longest, or one whose worker gave no sign of life."""
    now = clock.now()
    due = (
        select(JobRow.id)
        .where(
            ((JobRow.status == "pending") & (JobRow.available_at <= now))
            | ((JobRow.status == "leased") & (JobRow.leased_until < now))
        )
        .order_by(JobRow.available_at, JobRow.id)
        .limit(1)
    )
    row = db.session.execute(
        update(JobRow)
        .where(JobRow.id == due.scalar_subquery())
        .values(status="leased", leased_until=now + lease, worker=worker, attempts=JobRow.attempts + 1)
        .returning(JobRow.id, JobRow.name, JobRow.args, JobRow.attempts, JobRow.dedupe_key)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return None if row is None else Taken(*row)


def renew(taken: Taken, lease: timedelta) -> None:
    """Say that the worker is alive and still at it."""
    _change(taken, leased_until=clock.now() + lease)


def done(taken: Taken) -> None:
    """The job ran to its end."""
    _change(taken, status="done", finished_at=clock.now(), leased_until=None, last_error=None)


def again(taken: Taken, at: datetime, error: str) -> None:
    """The job failed and waits for another attempt; if its key waits again already, that job does the work."""
    waits = select(JobRow.id).where(JobRow.dedupe_key == taken.key, JobRow.status == "pending")
    if taken.key is not None and db.session.scalar(waits) is not None:
        _change(taken, status="done", finished_at=clock.now(), leased_until=None, last_error=error)
    else:
        _change(taken, status="pending", available_at=at, leased_until=None, last_error=error)


def bury(taken: Taken, error: str) -> None:
    """The job is given up; an operator may revive it."""
    _change(taken, status="dead", finished_at=clock.now(), leased_until=None, last_error=error)


def _change(taken: Taken, **values: Any) -> None:
    # a worker whose lease ran out must not overwrite what the next one wrote
    still_mine = (JobRow.id == taken.id, JobRow.attempts == taken.attempts, JobRow.status == "leased")
    db.session.execute(update(JobRow).where(*still_mine).values(**values).execution_options(synchronize_session=False))


def revive(id_: int) -> bool:
    """Make a dead job wait again from its first attempt; returns whether there was one."""
    result = db.session.execute(
        update(JobRow)
        .where(JobRow.id == id_, JobRow.status == "dead")
        # without its key: another job may wait under it by now
        .values(status="pending", attempts=0, available_at=clock.now(), finished_at=None, dedupe_key=None)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def forget_done(before: datetime) -> None:
    """Remove jobs that were done before the moment."""
    db.session.execute(delete(JobRow).where(JobRow.status == "done", JobRow.finished_at < before))


def counts() -> dict[str, int]:
    """How many jobs there are by status."""
    rows = db.session.execute(select(JobRow.status, func.count()).group_by(JobRow.status)).all()
    return {status: int(number) for status, number in rows}


def dead() -> list[DeadJob]:
    """The jobs that were given up, oldest first."""
    rows = db.session.execute(
        select(JobRow.id, JobRow.name, JobRow.args, JobRow.attempts, JobRow.last_error)
        .where(JobRow.status == "dead")
        .order_by(JobRow.id)
    )
    return [DeadJob(id_, name, args, attempts, error or "") for id_, name, args, attempts, error in rows]
