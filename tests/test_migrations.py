"""Migrations make exactly the models, on both engines, up and down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from circle.access import VISITOR
from circle.app import create_app
from circle.config import ROOT, Settings
from circle.core.db import db
from circle.posts import operations as posts
from circle.qa.queries import get_question
from tests.factories import Make, actor_of


@pytest.fixture(params=["sqlite", "postgres"])
def fresh_app(request: pytest.FixtureRequest, base_settings: Settings, tmp_path: Path, worker: str) -> Iterator[Flask]:
    """The application on a database without a single table."""
    if request.param == "sqlite":
        url, admin, name = f"sqlite:///{tmp_path / 'fresh.db'}", None, ""
    else:
        admin, name = request.getfixturevalue("postgres_url"), f"fresh_{worker}"
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')
        url = admin.replace("/postgres?", f"/{name}?")
    app = create_app(replace(base_settings, database_url=url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    if admin:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def own_tables() -> set[str]:
    return {name for name in inspect(db.engine).get_table_names() if not name.startswith("procrastinate_")}


def test_the_migrations_make_exactly_the_models(fresh_app: Flask) -> None:
    upgrade()
    assert own_tables() == {*db.metadata.tables, "alembic_version"}
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_object": lambda _o, name, kind, *_rest: (
                    not (kind == "table" and (name or "").startswith("procrastinate_"))
                ),
            },
        )
        assert compare_metadata(context, db.metadata) == []


def test_migrations_go_down_to_nothing_and_up_again(fresh_app: Flask) -> None:
    upgrade()
    downgrade(revision="base")
    assert own_tables() == {"alembic_version"}
    upgrade()
    assert "posts" in own_tables()


def test_who_asked_without_a_name_does_not_show_after_going_back_and_forth(fresh_app: Flask) -> None:
    upgrade()
    make = Make()
    owner, ann = make.user(), make.user()
    circle = make.circle(owner)
    make.member(circle, user=ann)
    named, unnamed = (
        posts.publish_post(
            actor_of(ann), circle.slug, title="怎么坚持早起？", body="", type="question", anonymous=hidden
        )
        for hidden in (False, True)
    )
    posts.write_comment(actor_of(ann), unnamed, body="补充一句。")
    db.session.remove()
    downgrade(revision="0003")
    shown = {row.id: row.status for row in db.session.execute(text("SELECT id, status FROM posts"))}
    assert shown == {named: "published", unnamed: "hidden"}
    assert db.session.scalars(text("SELECT status FROM comments")).all() == ["hidden"]
    db.session.remove()
    upgrade()
    assert get_question(VISITOR, named).status == "open"


def test_upgrading_twice_changes_nothing(fresh_app: Flask) -> None:
    upgrade()
    upgrade()
    assert db.session.scalar(text("SELECT count(*) FROM alembic_version")) == 1


def test_there_is_one_line_of_migrations() -> None:
    script = ScriptDirectory(str(ROOT / "migrations"))
    assert len(script.get_heads()) == 1
