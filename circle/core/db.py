"""The database: base class, column types, and the SQLite settings that keep every promise.

Models subclass `Base` with plain declarative columns; `db` only brings engines and sessions (the stack decision on
why not `db.Model` is in docs/decisions/0002). On SQLite SQLAlchemy itself emits BEGIN, so that a write can start
with BEGIN IMMEDIATE (see `operation`) and SAVEPOINT and DDL behave as on PostgreSQL.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    String,
    TypeDecorator,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine.characteristics import ConnectionCharacteristic
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from circle.core import clock, ids

#: one naming rule for all constraints; batch migrations on SQLite need every constraint to have a name
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

#: waiting for another writer comes first, so that every later pragma already waits
SQLITE_PRAGMAS = (
    "busy_timeout=10000",
    "journal_mode=WAL",
    "synchronous=FULL",  # NORMAL may lose the last commits on power loss; a point lost is worse than a slow one
    "foreign_keys=ON",
    "mmap_size=134217728",
    "cache_size=-16000",
    "temp_store=MEMORY",
)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime. Naive input raises; SQLite gives back what was put in."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime given to a UTC column")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


BigInt = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """Base of all models: int is BIGINT, datetime is UTC, dict and list are JSON."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInt,
        datetime: UTCDateTime,
        str: String,
        dict[str, Any]: Json,
        list[Any]: Json,
        list[str]: Json,
    }
    #: place of the table in the lock order of the whole product (domain rule: business rows by rank, then id)
    lock_rank: ClassVar[int] = 1000


class IdMixin:
    """`id` (time-ordered, made by the application) and `created_at`, as nearly every table has them."""

    id: Mapped[int] = mapped_column(primary_key=True, default=ids.new_id, autoincrement=False)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


def one_of(column: str, *values: str, version: int = 1) -> CheckConstraint:
    """A named CHECK that `column` is one of `values`. Raise `version` when the values change, else migrations
    would not notice (the comparison is by name)."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_v{version}")


class QuickSession(Session):
    """A session that hands statements on tables straight to the connection of the open operation.

    They need nothing of what a session does for statements on models, and nearly every write consists of them.
    `operation` puts the connection there.
    """

    def get_bind(self, *args: Any, **kwargs: Any) -> Any:
        """The only database there is; without looking through the statement for a table of another."""
        return kwargs.get("bind") or self._db.engines[None]

    def execute(self, statement: Any, params: Any = None, **more: Any) -> Any:
        """As every session, with what was added or changed flushed first."""
        connection = self.info.get("connection")
        # closed: the operation was rolled back by somebody inside it, who goes on to read
        if (
            connection is None
            or connection.closed
            or any(more.values())
            or "compile_state_plugin" in statement._propagate_attrs
        ):
            return super().execute(statement, params, **more)
        self._autoflush()
        return connection.execute(statement, params)


db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False, "class_": QuickSession})


def insert_once(model: type[Base], **values: Any) -> bool:
    """Insert a row unless its key exists already; returns whether it was inserted.

    Exactly-once rests on the unique key, on both engines, however many try at the same time.
    """
    result = db.session.execute(_once_statement(model, db.session.get_bind().dialect.name), values)
    return bool(result.rowcount)  # type: ignore[attr-defined]


@cache
def _once_statement(model: type[Base], dialect: str) -> Any:
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    # without the option SQLAlchemy does not ask PostgreSQL how many rows an INSERT made
    table: Any = model.__table__
    return make(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


class _Begin(ConnectionCharacteristic):
    """The execution option `sqlite_begin`: how transactions of a connection begin, DEFERRED until it says otherwise.

    As a characteristic and not as an event, because an engine with a listener asks for listeners at every statement.
    """

    transactional = True

    def __init__(self) -> None:
        #: by the identity of the driver's connection, which is in the pool as long as the process lives
        self.modes: dict[int, str] = {}

    def get_characteristic(self, dialect: Dialect, dbapi_conn: Any) -> str:
        return self.modes[id(dbapi_conn)]

    def set_characteristic(self, dialect: Dialect, dbapi_conn: Any, value: str) -> None:
        self.modes[id(dbapi_conn)] = value

    def reset_characteristic(self, dialect: Dialect, dbapi_conn: Any) -> None:
        self.modes[id(dbapi_conn)] = "DEFERRED"

    def begin(self, pooled: Any) -> None:
        """As the dialect begins a transaction: the driver leaves it to us."""
        driver = pooled.dbapi_connection
        driver.execute("BEGIN " + self.modes[id(driver)])


class _Synchronous(ConnectionCharacteristic):
    """The execution option `sqlite_synchronous`: NORMAL for a transaction that may be lost with the power. Where a
    connection waits for the disk even less (in tests), that stays."""

    transactional = True

    def get_characteristic(self, dialect: Dialect, dbapi_conn: Any) -> str:
        return _SYNCHRONOUS[dbapi_conn.execute("PRAGMA synchronous").fetchone()[0]]

    def set_characteristic(self, dialect: Dialect, dbapi_conn: Any, value: str) -> None:
        if self.get_characteristic(dialect, dbapi_conn) != "OFF":
            dbapi_conn.execute(f"PRAGMA synchronous={value}")

    def reset_characteristic(self, dialect: Dialect, dbapi_conn: Any) -> None:
        self.set_characteristic(dialect, dbapi_conn, "FULL")


_SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")


def install_sqlite(engine: Engine, *, strict: bool) -> None:
    """Give `engine` the pragmas and explicit BEGIN; a no-op on PostgreSQL.

    `strict` (development and tests) refuses a write outside an operation: it would ride on a read snapshot and
    fail with "database is locked" only under load.
    """
    if engine.dialect.name != "sqlite":
        return
    dialect: Any = engine.dialect
    begin = _Begin()
    dialect.connection_characteristics = {
        **dialect.connection_characteristics, "sqlite_begin": begin, "sqlite_synchronous": _Synchronous()
    }  # fmt: skip
    dialect.do_begin = begin.begin

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we emit BEGIN, not the driver
        begin.reset_characteristic(dialect, connection)
        for pragma in SQLITE_PRAGMAS:
            connection.execute("PRAGMA " + pragma)

    if strict:

        @event.listens_for(engine, "before_cursor_execute")
        def _guard(connection: Any, _cursor: Any, sql: str, _params: Any, context: Any, _many: bool) -> None:
            writes = context and (context.isinsert or context.isupdate or context.isdelete)
            if writes and connection.get_execution_options().get("sqlite_begin") != "IMMEDIATE":
                raise RuntimeError("write outside an operation: " + sql[:80])
