"""Whether anything in the database changed: a refused request must leave no trace at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from flask import Flask
from sqlalchemy import text

from circle.core.db import db


class Witness:
    """Sees what others commit. `state()` differs after any insert, update or delete."""

    def __init__(self, app: Flask) -> None:
        url: str = app.config["SQLALCHEMY_DATABASE_URI"]
        # SQLite counts for each connection what other connections wrote, so this one must be nobody else's
        self.sqlite = sqlite3.connect(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else None
        tables = " UNION ALL ".join(
            f"SELECT '{table.name}', count(*), coalesce(sum(xmin::text::bigint), 0) FROM \"{table.name}\""
            for table in db.metadata.sorted_tables
        )
        self._sql = text(tables)

    def state(self) -> object:
        """Equal as long as nothing was written; on PostgreSQL the rows per table and who wrote them last."""
        if self.sqlite is not None:
            return self.sqlite.execute("PRAGMA data_version").fetchone()[0]
        with db.engine.connect() as connection:
            return tuple(connection.execute(self._sql).all())

    def close(self) -> None:
        if self.sqlite is not None:
            self.sqlite.close()


@contextmanager
def witness(app: Flask) -> Iterator[Witness]:
    """A Witness for one test."""
    with closing(Witness(app)) as one:
        yield one
