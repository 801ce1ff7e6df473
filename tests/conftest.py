"""Fixtures. Every test that asks for `app` runs twice: on SQLite and on a real PostgreSQL.

Names to know: `app`, `browser` (an HTTP client with cookies), `api` (a JSON client that checks every answer against
the route's contract), `make` (tests/factories.py), `shared_data` (a folder with other people's test data, or skip).
"""

from __future__ import annotations

import faulthandler
import gc
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import hypothesis
import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event, text

from circle.accounts import passwords
from circle.app import create_app
from circle.config import Settings, load
from circle.core.db import db
from tests import services
from tests.clients import ApiClient, Browser
from tests.factories import Make
from tests.openings import QUEUE, Openings

ENGINES = ("sqlite", "postgres")
#: seconds that a process may take to end after its last test
ENDING = 120
#: the real one: during tests pytest puts a file of its own in its place
_stderr = pytest.StashKey[int]()
#: what hashes the passwords of users
_HASHER = passwords._hasher


def pytest_configure(config: pytest.Config) -> None:
    # `kill -USR1` shows where every thread is; tools/bounded.py asks so when the time is up
    config.stash[_stderr] = os.dup(2)
    faulthandler.register(signal.SIGUSR1, file=config.stash[_stderr], all_threads=True)
    # how long one example takes says on a busy machine how busy it is
    hypothesis.settings.register_profile("circle", parent=hypothesis.settings(), deadline=None)
    hypothesis.settings.load_profile("circle")
    # passwords are slow to hash on purpose, and tests do it some thousand times; see `dear_passwords`
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """What a process waits for after its last test (threads, what is to be done at exit) has an end too."""
    faulthandler.dump_traceback_later(ENDING, exit=True, file=session.config.stash[_stderr])


@pytest.fixture(scope="session")
def worker(request: pytest.FixtureRequest) -> str:
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


@pytest.fixture(scope="session")
def shared_tmp(tmp_path_factory: pytest.TempPathFactory, worker: str) -> Path:
    root = tmp_path_factory.getbasetemp()
    return root if worker == "main" else root.parent


@pytest.fixture(scope="session")
def postgres_url(shared_tmp: Path) -> Iterator[str]:
    with services.postgres(shared_tmp) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with services.valkey() as url:
        yield url


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    with services.s3() as url:
        yield url


@pytest.fixture(scope="session")
def base_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    directory = tmp_path_factory.mktemp("var")
    return load(
        {
            "CIRCLE_ENV": "test",
            "CIRCLE_SECRET_KEY": "test-secret-" * 4,
            "CIRCLE_DATA_DIR": str(directory),
            "CIRCLE_RATE_LIMITS": "off",
            "CIRCLE_BASE_URL": "http://localhost",
        }
    )


@pytest.fixture(scope="session")
def plain_app(base_settings: Settings) -> Flask:
    """The application as built, for tests that only look at its routes."""
    return create_app(base_settings)


class Engine:
    """One migrated database per worker and engine, brought back to empty before each test."""

    def __init__(self, app: Flask, name: str) -> None:
        self.app, self.name, self._resets = app, name, -1
        with app.app_context():
            if name == "sqlite":
                event.listen(db.engine, "connect", _as_tests_want)
            upgrade()
            db.session.remove()
        self.openings = Openings(app, name)
        if name == "sqlite":
            self._path = Path(db_path(app))
            self._checkpoint()
            shutil.copyfile(self._path, self._path.with_suffix(".template"))
        # what was loaded so far stays until the end: nobody has to look through it again and again
        gc.collect()
        gc.freeze()

    def _checkpoint(self) -> None:
        with self.app.app_context(), db.engine.connect() as connection:
            connection.connection.dbapi_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def reset(self) -> None:
        with self.app.app_context():
            db.session.remove()
            if self.name == "sqlite":
                db.engine.dispose()
                for suffix in ("-wal", "-shm"):
                    Path(f"{self._path}{suffix}").unlink(missing_ok=True)
                shutil.copyfile(self._path.with_suffix(".template"), self._path)
            else:
                with db.engine.begin() as connection:
                    # a transaction that an earlier test left open would keep this waiting without end
                    connection.execute(text("SET LOCAL lock_timeout = '60s'"))
                    for statement in self._emptying():
                        connection.exec_driver_sql(statement)
        self.openings.begin()

    def _emptying(self) -> list[str]:
        """What empties PostgreSQL. TRUNCATE makes a new file of every table and index, 160 ms; to delete the few rows
        of a test takes two, without the triggers that refuse it. Now and then the dead rows have to go, too."""
        names = [*(table.name for table in db.metadata.sorted_tables), *QUEUE]
        self._resets += 1
        if self._resets % 100 == 0:
            return [f"TRUNCATE {', '.join(names)} CASCADE"]
        return ["SET LOCAL session_replication_role = replica", "; ".join(f"DELETE FROM {name}" for name in names)]


def _as_tests_want(connection: sqlite3.Connection, _record: object) -> None:
    """No waiting for the disk: no test pulls the plug, and processes that are killed lose nothing that was written.
    What no ORDER BY puts in order comes backwards: code and tests that lean on the order of rows fail here, each time,
    and not on PostgreSQL once in a hundred runs."""
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA reverse_unordered_selects=ON")


def db_path(app: Flask) -> str:
    return app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")


@pytest.fixture(scope="session")
def engines(
    base_settings: Settings, tmp_path_factory: pytest.TempPathFactory, worker: str, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], Engine]]:
    made: dict[str, Engine] = {}

    def engine(name: str) -> Engine:
        if name not in made:
            if name == "sqlite":
                url = f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'circle.db'}"
            else:
                admin = request.getfixturevalue("postgres_url")
                database = f"circle_{worker}_{os.getpid()}"
                with psycopg.connect(admin, autocommit=True) as connection:
                    connection.execute(f'CREATE DATABASE "{database}"')
                url = admin.replace("/postgres?", f"/{database}?")
            made[name] = Engine(create_app(replace(base_settings, database_url=url)), name)
        return made[name]

    yield engine
    for each in made.values():
        with each.app.app_context():
            db.engine.dispose()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, engines: Callable[[str], Engine]) -> Engine:
    return engines(request.param)


@pytest.fixture
def app(engine: Engine, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application on an empty database, inside an application context."""
    engine.reset()
    if "monkeypatch" in request.fixturenames:
        engine.openings.leave()  # what is patched may be what a test opens with
    shutil.rmtree(engine.app.config["SETTINGS"].media_dir, ignore_errors=True)
    with engine.app.app_context():
        yield engine.app
        db.session.remove()


@pytest.fixture
def dear_passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords are hashed as they are for users."""
    monkeypatch.setattr(passwords, "_hasher", _HASHER)
    passwords._nobody.cache_clear()  # made with the one or with the other
    yield
    passwords._nobody.cache_clear()


@pytest.fixture
def make(app: Flask) -> Make:
    return Make()


@pytest.fixture
def browser(app: Flask) -> Callable[..., Browser]:
    """`browser()` is a visitor; `browser(user)` is signed in."""
    return lambda user=None: Browser(app, user)


@pytest.fixture
def api(app: Flask) -> Callable[..., ApiClient]:
    """`api()` is a visitor; `api(user)` carries a bearer token."""
    return lambda user=None: ApiClient(app, user)


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """The SQL statements sent since the test cleared the list."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, sql: str, *_rest: object) -> None:
        if not sql.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")):
            sent.append(sql)

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """A folder of conformance vectors and hostile input that others wrote; tests that need it skip without it."""
    place = Path(os.environ.get("CIRCLE_SHARED") or Path(__file__).resolve().parents[2] / "shared") / "data"
    if not place.is_dir():
        pytest.skip("the shared test data is not here (set CIRCLE_SHARED)")
    return place
