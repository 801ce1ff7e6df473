"""For the machine that watches this one: `/healthz` (the process answers) and `/readyz` (it can do its work).

Features add words of their own to what `/readyz` says (`tell`); they do not decide whether it is ready.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from circle.config import ROOT
from circle.core.db import db

bp = Blueprint("health", __name__)
#: name -> what is said under it, in a word
_TOLD: dict[str, Callable[[], str]] = {}


def tell(name: str, word: Callable[[], str]) -> None:
    """Let `/readyz` say under `name` what `word` answers. Called by `create_app`."""
    _TOLD[name] = word


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
        told = {name: word() for name, word in _TOLD.items()} if current == head() else {}
    except SQLAlchemyError as error:
        return jsonify(ready=False, database=type(error).__name__), 503
    if current != head():
        return jsonify(ready=False, database="ok", migration=f"{current} is not {head()}"), 503
    # Whatever these say, it stays 200: a load balancer that took all machines away would turn books of one circle that
    # do not balance into a site that nobody can reach. Who watches reads the words.
    return jsonify(ready=True, database="ok", migration="ok", **told), 200
