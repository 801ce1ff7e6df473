from flask import Flask
from sqlalchemy import text

from circle.core.db import db


def test_the_app_answers_on_a_migrated_database(app: Flask) -> None:
    assert db.session.scalar(text("select version_num from alembic_version")) == "0005"
    assert app.test_client().get("/healthz").status_code == 200
    assert app.test_client().get("/readyz").get_json()["ready"] is True
