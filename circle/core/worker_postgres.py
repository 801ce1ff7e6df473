"""The worker on PostgreSQL: procrastinate's, with our registry behind its one task.

It is woken by NOTIFY, gives signs of life while a job runs, and stops in order. The package comes with the extra
`postgres`; `core.worker` does without this module where it is not installed.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import procrastinate
import structlog
from flask import Flask
from procrastinate import exceptions, manager
from procrastinate import jobs as engine
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from psycopg.conninfo import make_conninfo

from circle.core import clock, jobs, jobs_postgres
from circle.core.db import db
from circle.core.operation import abandon

log = structlog.get_logger(__name__)

#: seconds; NOTIFY wakes the worker at once, this is for delayed jobs and lost notifications
POLL = 2.0
#: seconds before the end of a job is written once more, when the database was away for a moment
WRITE_AGAIN = (0.5, 2.0, 5.0)


class _Manager(manager.JobManager):
    """Writes the end of a job, also when that takes a second try: a job without an end would never run again.

    A job that fails while its key waits again is over: the waiting one does the work.
    """

    async def retry_job(
        self,
        job: engine.Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        try:
            await _persistently(lambda: super(_Manager, self).retry_job(job, retry_at, priority, queue, lock))
        except exceptions.UniqueViolation:
            await self.finish_job(job, engine.Status.SUCCEEDED, delete_job=False)

    async def finish_job(self, job: engine.Job, status: engine.Status, delete_job: bool) -> None:
        await _persistently(lambda: super(_Manager, self).finish_job(job, status, delete_job))


async def _persistently(write: Callable[[], Awaitable[None]]) -> None:
    for pause in WRITE_AGAIN:
        try:
            return await write()
        except exceptions.UniqueViolation:
            raise
        except exceptions.ConnectorException:
            log.warning("could not write the end of a job", exc_info=True)
            await asyncio.sleep(pause)
    await write()


class _Growing(BaseRetryStrategy):
    """The same pauses and the same end as on SQLite."""

    def get_retry_decision(self, *, exception: BaseException, job: engine.Job) -> RetryDecision | None:
        attempt = job.attempts + 1
        if attempt >= jobs.MAX_ATTEMPTS:
            return None
        return RetryDecision(retry_at=clock.now() + jobs.pause_after(attempt))


def _make(app: Flask) -> procrastinate.App:
    with app.app_context():
        url = db.engine.url
    parameters = url.translate_connect_args(username="user", database="dbname") | dict(url.query)
    connector = procrastinate.PsycopgConnector(conninfo=make_conninfo("", **parameters), min_size=1, max_size=4)
    made = procrastinate.App(connector=connector)
    made.job_manager = _Manager(connector)

    @made.task(name=jobs_postgres.TASK, queue=jobs_postgres.QUEUE, retry=_Growing(), pass_context=True)
    def perform(context: Any, name: str, args: list[Any], error: str | None = None) -> None:
        _perform(app, context.job, name, args)

    return made


def _perform(app: Flask, job: engine.Job, name: str, args: list[Any]) -> None:
    started = time.monotonic()
    with app.app_context():
        try:
            jobs.perform(name, args)
        except Exception as error:
            abandon()
            log.exception("job failed", job=name, id=job.id, attempt=job.attempts + 1)
            jobs_postgres.note_error(job.id or 0, jobs.describe(error))
            raise
    log.info("job done", job=name, id=job.id, ms=round((time.monotonic() - started) * 1000))


def run(app: Flask, stop: threading.Event, lease: timedelta, pause: float) -> None:
    """Run procrastinate's worker until `stop` is set; if it breaks (the database went away) start it again.

    `lease` is how long a silent worker keeps its job, `pause` the seconds before a new start.
    """
    while not stop.is_set():
        try:
            asyncio.run(_run(app, stop, lease))
        except Exception:
            log.exception("worker trouble", what="procrastinate")
        if not stop.is_set():
            stop.wait(pause)


async def _run(app: Flask, stop: threading.Event, lease: timedelta) -> None:
    seconds = lease.total_seconds()
    made = _make(app)
    async with made.open_async():
        running = asyncio.create_task(
            made.run_worker_async(
                queues=[jobs_postgres.QUEUE],
                fetch_job_polling_interval=POLL,
                update_heartbeat_interval=seconds / 3,
                stalled_worker_timeout=seconds,
                install_signal_handlers=False,
            )
        )
        # the signal handler of core.worker sets the event; cancelling lets the running job finish first
        while not running.done() and not stop.is_set():
            await asyncio.wait([running], timeout=0.2)
        running.cancel()
        await asyncio.gather(running, return_exceptions=not running.done())
