"""Whether anything in the database changed: a refused request must leave no trace at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
from flask import Flask

from circle.core.db import db


class Witness:
    """Sees what others commit. `state()` differs after any insert, update or delete."""

    def __init__(self, app: Flask) -> None:
        self._url: str = app.config["SQLALCHEMY_DATABASE_URI"]
        self.on_sqlite = self._url.startswith("sqlite")
        self._connection = self._connected()
        tables = " UNION ALL ".join(
            f"SELECT '{table.name}', count(*), coalesce(sum(xmin::text::bigint), 0) FROM \"{table.name}\""
            for table in db.metadata.sorted_tables
        )
        self._sql = "PRAGMA data_version" if self.on_sqlite else f"{tables} ORDER BY 1"

    def _connected(self) -> sqlite3.Connection | psycopg.Connection[tuple[object, ...]]:
        """One of its own: SQLite counts for each connection what others wrote, and PostgreSQL plans for each
        connection, which takes longer than to answer."""
        if self.on_sqlite:
            return sqlite3.connect(self._url.removeprefix("sqlite:///"))
        return psycopg.connect(self._url.replace("+psycopg", ""), autocommit=True, prepare_threshold=0)

    def state(self) -> object:
        """Equal as long as nothing was written; on PostgreSQL the rows per table and who wrote them last."""
        return self._connection.execute(self._sql).fetchall()

    def look_again(self) -> None:
        """After `close`."""
        self._connection = self._connected()

    def close(self) -> None:
        self._connection.close()


@contextmanager
def witness(app: Flask) -> Iterator[Witness]:
    """A Witness for one test."""
    with closing(Witness(app)) as one:
        yield one
