from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from circle.app import create_app
from circle.config import Settings
from circle.core.db import db
from circle.core.health import head
from circle.core.operation import in_transaction


@pytest.fixture
def version(app: Flask) -> Iterator[None]:
    """Whatever a test does to the mark of the newest migration, the next test finds it right."""
    yield
    set_version(head())


def set_version(name: str | None) -> None:
    def change() -> None:
        db.session.execute(text("DELETE FROM alembic_version"))
        if name is not None:
            db.session.execute(text("INSERT INTO alembic_version VALUES (:name)"), {"name": name})

    in_transaction(change)


def at_url(app: Flask, url: str) -> Flask:
    return create_app(replace(app.config["SETTINGS"], database_url=url))


def test_a_process_that_answers_is_alive(app: Flask) -> None:
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.get_data(as_text=True), answer.mimetype) == (200, "ok\n", "text/plain")


def test_a_migrated_database_is_ready(app: Flask) -> None:
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {"ready": True, "database": "ok", "migration": "ok", "ledger": "ok"}


@pytest.mark.parametrize("mark", ["0000", None, "9999"])
def test_a_database_of_another_version_is_not_ready(app: Flask, version: None, mark: str | None) -> None:
    set_version(mark)
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json["ready"] is False
    assert str(mark) in answer.json["migration"]
    assert app.test_client().get("/healthz").status_code == 200


@pytest.mark.parametrize("where", ["empty", "gone"])
def test_without_a_database_the_process_lives_but_is_not_ready(app: Flask, tmp_path: Path, where: str) -> None:
    if db.engine.dialect.name == "sqlite":
        (tmp_path / "place").mkdir()
        url = f"sqlite:///{tmp_path}/place/other.db"
    else:
        url = "postgresql+psycopg://nobody@127.0.0.1:1/nothing?connect_timeout=2"
    other = at_url(app, url)
    if where == "gone":  # the disk or the server goes away while the process runs
        for file in sorted((tmp_path / "place").glob("*")):
            file.unlink()
        if (tmp_path / "place").exists():
            (tmp_path / "place").rmdir()
    for _ in range(2):
        answer = other.test_client().get("/readyz")
        assert answer.status_code == 503
        assert answer.json["ready"] is False
        assert answer.json["database"] == "OperationalError"
        assert set(answer.json) == {"ready", "database"}  # no address, no password, no statement
        assert other.test_client().get("/healthz").status_code == 200
    with other.app_context():
        db.engine.dispose()


def test_a_database_that_comes_back_is_ready_again(app: Flask, version: None) -> None:
    set_version("0000")
    assert app.test_client().get("/readyz").status_code == 503
    set_version(head())
    assert app.test_client().get("/readyz").status_code == 200


def test_production_says_no_more_than_development(app: Flask, base_settings: Settings) -> None:
    made = create_app(replace(base_settings, env="production", database_url=app.config["SQLALCHEMY_DATABASE_URI"]))
    said = {"ready": True, "database": "ok", "migration": "ok", "ledger": "ok"}
    assert made.test_client().get("/readyz").json == said
    with made.app_context():
        db.engine.dispose()
