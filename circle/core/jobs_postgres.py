"""The queue on PostgreSQL: procrastinate's tables, written through its SQL functions on our own connection.

So a job is stored or rolled back with the transaction that asked for it, without a relay. `core.worker_postgres`
runs procrastinate's own worker on it; `take` and what follows it serve the inline runs of tests and of the demo.
The schema is installed by migration 0001. Every job is procrastinate's task `TASK` with our name, our positional
arguments, and (procrastinate keeps no message itself) the error of the last attempt.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from circle.core import clock
from circle.core.db import db
from circle.core.jobs_table import DeadJob, Taken
from circle.core.operation import operation

TASK = "circle"
QUEUE = "circle"
_STATUSES = {"todo": "pending", "doing": "leased", "succeeded": "done", "failed": "dead"}
_WAITING_KEY = "procrastinate_jobs_queueing_lock_idx_v1"


def _run(sql: str, **values: Any) -> Any:
    return db.session.execute(text(sql), values)


def _unless_waiting(sql: str, **values: Any) -> bool:
    """Run `sql`; False (and nothing changed) when a job with the same key waits already."""
    # what waits to be written must not be written inside the savepoint: it would be lost with it
    db.session.flush()
    try:
        with db.session.connection().begin_nested():
            _run(sql, **values)
    except IntegrityError as error:
        if getattr(getattr(error.orig, "diag", None), "constraint_name", None) != _WAITING_KEY:
            raise
        return False
    return True


def put(name: str, args: list[Any], key: str | None, at: datetime | None) -> None:
    """Write a job, unless one with the same key waits; `at` None means now."""
    arguments = json.dumps({"name": name, "args": args, "error": None})
    values = {"queue": QUEUE, "task": TASK, "key": key, "arguments": arguments, "at": at}
    sql = """
        SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
            CAST(:queue AS varchar), CAST(:task AS varchar), 0, NULL, CAST(:key AS text),
            CAST(:arguments AS jsonb), CAST(:at AS timestamptz)
        )::procrastinate_job_to_defer_v1])"""
    if key is None:
        _run(sql, **values)
        return
    while not _unless_waiting(sql, **values):
        # hold the waiting job back until we commit: it must see what this transaction wrote. If a worker was
        # faster it does not wait any more, and ours is needed
        held = "SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = :key AND status = 'todo' FOR SHARE"
        if _run(held, key=key).first() is not None:
            return


def take(worker: str, lease: timedelta) -> Taken | None:
    """Take the first job that is due by our clock, as a worker of its own that lives until the job is over.

    The operator sees procrastinate's worker ids; `worker` and `lease` belong to the table of SQLite.
    """
    row = _run(
        """
        SELECT id, args, attempts, queueing_lock FROM procrastinate_jobs
        WHERE status = 'todo' AND queue_name = :queue AND (scheduled_at IS NULL OR scheduled_at <= :now)
        ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED""",
        queue=QUEUE, now=clock.now(),
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    _run(
        """
        UPDATE procrastinate_jobs SET status = 'doing',
            worker_id = (SELECT worker_id FROM procrastinate_register_worker_v1())
        WHERE id = :id""",
        id=row.id,
    )
    return Taken(row.id, row.args["name"], row.args["args"], row.attempts + 1, row.queueing_lock)


def done(taken: Taken) -> None:
    """The job ran to its end."""
    if _leave(taken):
        _finish(taken.id, "succeeded")


def again(taken: Taken, at: datetime, error: str) -> None:
    """The job failed and waits for another attempt; if its key waits again already, that job does the work."""
    if _leave(taken):
        note_error(taken.id, error)
        _wait_again(taken.id, at)


def bury(taken: Taken, error: str) -> None:
    """The job is given up; an operator may revive it."""
    if _leave(taken):
        note_error(taken.id, error)
        _finish(taken.id, "failed")


def _leave(taken: Taken) -> bool:
    """End the worker that `take` made; False when the job was taken back from it meanwhile."""
    mine = _run(
        """
        SELECT worker_id FROM procrastinate_jobs
        WHERE id = :id AND status = 'doing' AND attempts = :before FOR UPDATE""",
        id=taken.id, before=taken.attempts - 1,
    ).one_or_none()  # fmt: skip
    if mine is None:
        return False
    _run("SELECT procrastinate_unregister_worker_v1(:worker)", worker=mine.worker_id)
    return True


def _finish(id_: int, status: str) -> None:
    _run("SELECT procrastinate_finish_job_v1(:id, CAST(:status AS procrastinate_job_status), false)",
         id=id_, status=status)  # fmt: skip


def _wait_again(id_: int, at: datetime) -> None:
    if not _unless_waiting("SELECT procrastinate_retry_job_v2(:id, :at, NULL, NULL, NULL)", id=id_, at=at):
        _finish(id_, "succeeded")


@operation
def note_error(id_: int, error: str) -> None:
    """Keep the error of the last attempt with the job."""
    _run("UPDATE procrastinate_jobs SET args = jsonb_set(args, '{error}', CAST(:error AS jsonb)) WHERE id = :id",
         id=id_, error=json.dumps(error))  # fmt: skip


@operation
def take_back(lease: timedelta, most: int, error: str) -> int:
    """Let jobs wait again whose worker gave no sign of life for `lease`, or bury them after attempt `most`.

    Returns how many there were.
    """
    lost = _run(
        """
        SELECT job.id, job.attempts FROM procrastinate_jobs job
        LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
        WHERE job.status = 'doing' AND job.queue_name = :queue
          AND (worker.id IS NULL OR worker.last_heartbeat < now() - CAST(:lease AS interval))
        ORDER BY job.id FOR UPDATE OF job SKIP LOCKED""",
        queue=QUEUE, lease=lease,
    ).all()  # fmt: skip
    for id_, attempts in lost:
        note_error(id_, error)
        if attempts + 1 >= most:
            _finish(id_, "failed")
        else:
            _wait_again(id_, clock.now())
    return len(lost)


def revive(id_: int) -> bool:
    """Make a dead job wait again from its first attempt; returns whether there was one."""
    # without its key: another job may wait under it by now
    free = "UPDATE procrastinate_jobs SET queueing_lock = NULL WHERE id = :id AND status = 'failed' RETURNING id"
    if _run(free, id=id_).one_or_none() is None:
        return False
    _wait_again(id_, clock.now())
    _run("UPDATE procrastinate_jobs SET attempts = 0 WHERE id = :id", id=id_)
    return True


def forget_done(before: datetime) -> None:
    """Remove jobs that were done before the moment."""
    _run(
        """
        DELETE FROM procrastinate_jobs job WHERE job.status = 'succeeded' AND NOT EXISTS (
            SELECT 1 FROM procrastinate_events event WHERE event.job_id = job.id AND event.at >= :before)""",
        before=before,
    )


def counts() -> dict[str, int]:
    """How many jobs there are by status, in the words of the table engine."""
    rows = _run("SELECT CAST(status AS text), count(*) FROM procrastinate_jobs WHERE queue_name = :queue GROUP BY 1",
                queue=QUEUE)  # fmt: skip
    return {_STATUSES.get(status, status): number for status, number in rows}


def dead() -> list[DeadJob]:
    """The jobs that were given up, oldest first."""
    rows = _run(
        "SELECT id, args, attempts FROM procrastinate_jobs WHERE status = 'failed' AND queue_name = :queue ORDER BY id",
        queue=QUEUE,
    )
    return [DeadJob(id_, args["name"], args["args"], attempts, args.get("error") or "") for id_, args, attempts in rows]
