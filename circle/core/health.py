"""For the machine that watches this one: `/healthz` (the process answers) and `/readyz` (it can do its work)."""

from __future__ import annotations

from functools import cache

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from circle.config import ROOT
from circle.core.db import db

bp = Blueprint("health", __name__)


@cache
def head() -> str | None:
    """The newest migration in the code."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return ScriptDirectory.from_config(config).get_current_head()


@bp.get("/healthz")
def healthz() -> Response:
    """The process is alive."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
def readyz() -> tuple[Response, int]:
    """The database answers and has the newest migration; otherwise 503 with what is wrong."""
    try:
        current = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError as error:
        return jsonify(ready=False, database=type(error).__name__), 503
    ready = current == head()
    return jsonify(ready=ready, database="ok", migration="ok" if ready else f"{current} is not {head()}"), (
        200 if ready else 503
    )
