"""What many tests begin with is done once: after that its rows are put back.

A test opens with steps that others take too: a circle and its people, a campaign, somebody who takes part. `opening`
runs such a step, keeps what it wrote, and puts the same rows back when another test takes the same step from the same
place. The places form a tree with the empty database at its root, so steps build on each other. A commit by anybody
else leaves the tree until the next reset: from then on every step is really done, as it is in tests that patch the
code (they ask for `monkeypatch`), and whenever a row that the step changed is not what it was.

So a step has to be the work of operations alone (no files, nothing in memory), with a result of plain values, and its
key has to name everything that it depends on. Its rows are as old as the first time, at most `FRESH`.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import psycopg
from flask import Flask, current_app
from sqlalchemy import event

from circle.core import clock
from circle.core.db import db

T = TypeVar("T")
#: after this a step that was not taken at a set hour is done anew: its rows say when they were made
FRESH = timedelta(seconds=60)
#: the queue on PostgreSQL has no models
QUEUE = ("procrastinate_events", "procrastinate_periodic_defers", "procrastinate_jobs", "procrastinate_workers")
#: a row of a table: its columns on SQLite, its text on PostgreSQL
Rows = Counter[tuple[str, Any]]


@dataclass
class _Step:
    """A step that was taken, and what can be taken from there."""

    value: Any = None
    #: all that is in the database after it; None: taken, not looked at yet
    rows: Rows | None = None
    put: Callable[[Any], bool] | None = None
    made_at: datetime | None = None
    next: dict[str, _Step] = field(default_factory=dict)

    def is_fresh(self, now: datetime) -> bool:
        return clock.is_set() or (self.made_at is not None and timedelta() <= now - self.made_at < FRESH)

    def bare(self) -> _Step:
        """Only that it was taken, and what was from there."""
        return _Step(next={key: step.bare() for key, step in self.next.items()})


class Openings:
    """The steps that were taken on one database."""

    def __init__(self, app: Flask, name: str) -> None:
        self._sqlite = name == "sqlite"
        self._root = _Step(rows=Counter())
        self._here: _Step | None = None
        self._ours = False
        app.extensions["openings"] = self
        with app.app_context():
            event.listen(db.engine, "commit", self._commit)
        os.register_at_fork(before=self.leave)  # a child's commits are not heard here

    def begin(self) -> None:
        """The database is empty."""
        self._here = self._root

    def leave(self) -> None:
        """What is in the database is nothing that is known here."""
        self._here = None

    def _commit(self, _connection: object) -> None:
        if not self._ours:
            self.leave()

    def take(self, key: str, step: Callable[[], T]) -> T:
        """What the step returns, taken or put back."""
        here = self._here
        if here is None or db.session().info.get("work") is not None or not _alone():
            return step()
        now = clock.now()
        key = f"{key} {now if clock.is_set() else ''}"
        known = here.next.get(key)
        if known is not None and known.put is not None and known.is_fresh(now):
            if not self._put(known.put):
                self.leave()
                return step()
            self._here = known
            return known.value  # type: ignore[no-any-return]
        value = step()
        self._here = here.next[key] = self._seen(here, known, value, now)
        return value

    def _seen(self, before: _Step, known: _Step | None, value: Any, now: datetime) -> _Step:
        """The step that was just taken. Only one that is taken again is worth a look at all tables."""
        if known is None or before.rows is None:
            return _Step(value)
        with self._connection() as connection:
            rows = Counter(_rows_sqlite(connection) if self._sqlite else _rows_postgres(connection))
        gone, come = _by_table(before.rows - rows), _by_table(rows - before.rows)
        put = (_putting_sqlite if self._sqlite else _putting_postgres)(gone, come)
        return _Step(value, rows, put, now, known.bare().next)

    def _put(self, put: Callable[[Any], bool]) -> bool:
        with self._connection() as connection:
            return put(connection)

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        """The driver's own, with nothing begun. As with an operation, what was read before is forgotten."""
        db.session.rollback()
        db.session.expire_all()
        with db.engine.connect() as connection:
            yield connection.connection.dbapi_connection

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A commit in here writes nothing."""
        self._ours = True
        try:
            yield
        finally:
            self._ours = False


def _alone() -> bool:
    return threading.current_thread() is threading.main_thread()


def opening(key: str, step: Callable[[], T]) -> T:
    """Take the step, or put back what it wrote. `key` names it, with all that it depends on but the hour set."""
    openings: Openings | None = current_app.extensions.get("openings")
    # the address of an object says nothing about it
    return step() if openings is None or " at 0x" in key else openings.take(key, step)


def loaded(read: Callable[[], T]) -> T:
    """Rows that a step made. No snapshot is left open, as after an operation."""
    if db.session().info.get("work") is not None:
        return read()
    openings: Openings | None = current_app.extensions.get("openings")
    with nullcontext() if openings is None else openings.reading():
        value = read()
        db.session.commit()
    return value


# ---- rows ------------------------------------------------------------------------------------------------------------


@cache
def _columns() -> dict[str, list[str]]:
    """Of each table, those that are written."""
    return {
        table.name: [column.name for column in table.columns if column.computed is None]
        for table in db.metadata.sorted_tables
    }


def _rows_sqlite(connection: sqlite3.Connection) -> Iterator[tuple[str, Any]]:
    for name, columns in _columns().items():
        for row in connection.execute(f"SELECT {', '.join(columns)} FROM {name}"):
            yield name, row


def _rows_postgres(connection: psycopg.Connection[Any]) -> list[tuple[str, Any]]:
    every = " UNION ALL ".join(f"SELECT '{name}', t::text FROM {name} t" for name in (*_columns(), *QUEUE))
    rows = connection.execute(every).fetchall()
    connection.rollback()
    return rows


def _by_table(rows: Rows) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, row in rows.elements():
        found.setdefault(name, []).append(row)
    return found


def _putting_sqlite(gone: dict[str, list[Any]], come: dict[str, list[Any]]) -> Callable[[sqlite3.Connection], bool]:
    def names(table: str) -> tuple[str, str]:
        columns = _columns()[table]
        return f"({', '.join(columns)})", f"({', '.join('?' * len(columns))})"

    todo = [("DELETE FROM {} WHERE {} IS {}".format(name, *names(name)), rows) for name, rows in gone.items()]
    todo += [("INSERT INTO {} {} VALUES {}".format(name, *names(name)), rows) for name, rows in come.items()]

    def put(connection: sqlite3.Connection) -> bool:
        same = False
        connection.execute("PRAGMA foreign_keys=OFF")  # a row that changed goes and comes, which nothing must follow
        connection.execute("BEGIN IMMEDIATE")
        try:
            same = all(connection.executemany(sql, rows).rowcount == len(rows) for sql, rows in todo)
        except sqlite3.IntegrityError:
            pass  # something is there already
        finally:
            connection.execute("COMMIT" if same else "ROLLBACK")
            connection.execute("PRAGMA foreign_keys=ON")
        return same

    return put


def _putting_postgres(
    gone: dict[str, list[Any]], come: dict[str, list[Any]]
) -> Callable[[psycopg.Connection[Any]], bool]:
    # no triggers, of foreign keys and of what may not change: see above
    script, counts = ["SET LOCAL session_replication_role = replica"], []
    for name, rows in gone.items():
        script.append(f"DELETE FROM {name} t WHERE t::text IN ({', '.join(map(_quoted, rows))})")
        counts.append(len(rows))
    for name, rows in come.items():
        values = ", ".join(f"({_quoted(row)}::{name})" for row in rows)
        columns = _columns().get(name)
        into, out = (
            (f"({', '.join(columns)})", ", ".join(f"(r).{each}" for each in columns)) if columns else ("", "(r).*")
        )
        script.append(f"INSERT INTO {name} {into} SELECT {out} FROM (VALUES {values}) AS given (r)")
        counts.append(len(rows))
    sql = "; ".join(script)

    def put(connection: psycopg.Connection[Any]) -> bool:
        same = False
        try:
            cursor = connection.execute(sql, prepare=False)  # all of it in one message
            same = [cursor.rowcount for _each in counts if cursor.nextset()] == counts
        except psycopg.IntegrityError:
            pass  # something is there already
        finally:
            (connection.commit if same else connection.rollback)()
        return same

    return put


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
