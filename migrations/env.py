"""Alembic environment: one set of migrations for SQLite and PostgreSQL.

On SQLite foreign keys are off while tables are rebuilt (batch mode would otherwise cascade into children), and are
checked afterwards, before the commit. On PostgreSQL an advisory lock lets only one starting process migrate.
"""

from __future__ import annotations

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import JSON, text

from circle.core.db import UTCDateTime, db

LOCK = 0x63697263  # "circ"


def render_item(kind: str, item: Any, autogen: Any) -> str | bool:
    """Spell our own types as plain SQLAlchemy, so that a migration never imports the application."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    return False


def include_object(_object: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Tables of the PostgreSQL job engine belong to that engine."""
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


def run() -> None:
    migrate = current_app.extensions["migrate"]
    with db.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        raw = connection.connection.dbapi_connection
        if sqlite:
            raw.execute("PRAGMA foreign_keys=OFF")  # raw and before BEGIN: a no-op inside a transaction
            connection.execution_options(sqlite_begin="IMMEDIATE")
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_item=render_item,
            include_object=include_object,
            **migrate.configure_args,
        )
        with context.begin_transaction():
            if not sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            context.run_migrations()
            if sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
                raise RuntimeError(f"foreign keys broken by this migration: {broken[:5]}")
        if sqlite:
            raw.execute("PRAGMA foreign_keys=ON")


run()
