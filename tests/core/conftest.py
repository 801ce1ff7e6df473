"""A second application on the same database, with routes that exist only here (`routes.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from circle.app import create_app, csrf
from circle.core.db import db
from tests.clients import ApiClient, Browser
from tests.core import routes
from tests.factories import Make


@pytest.fixture(scope="session")
def labs() -> Iterator[dict[str, Flask]]:
    made: dict[str, Flask] = {}
    yield made
    for app in made.values():
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def lab(engine: Any, labs: dict[str, Flask]) -> Iterator[Flask]:
    """The application with the routes of `routes.py`, on an empty database, inside an application context."""
    if engine.name not in labs:
        app = create_app(engine.app.config["SETTINGS"])
        app.register_blueprint(routes.api)
        csrf.exempt(routes.api)
        app.register_blueprint(routes.web)
        labs[engine.name] = app
    app = labs[engine.name]
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    engine.reset()
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def lab_api(lab: Flask) -> Callable[..., ApiClient]:
    """`lab_api()` is a visitor, `lab_api(user)` carries a bearer token."""
    return lambda user=None: ApiClient(lab, user)


@pytest.fixture
def lab_browser(lab: Flask) -> Callable[..., Browser]:
    """`lab_browser()` is a visitor, `lab_browser(user)` is signed in."""
    return lambda user=None: Browser(lab, user)


@pytest.fixture
def lab_make(lab: Flask) -> Make:
    return Make()
