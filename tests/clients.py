"""HTTP clients that behave as a browser and as a mini-program do."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, TypeVar

from flask import Flask, has_app_context
from flask.globals import _cv_app
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from circle.accounts import operations as accounts
from circle.core.api import PROBLEM, Contract, ProblemOut, answer_schema
from circle.core.db import db

T = TypeVar("T")
_FROM = {"user_agent": "test", "address": "127.0.0.1"}
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def outside(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call with no application context, as a server does: each request gets its own `g` and database session.
    (Flask would lend the test's context to the request.) The clock that a test set stays set."""

    if has_app_context():
        db.session.rollback()  # ends the test's own snapshot: afterwards it sees what the request wrote

    def run() -> T:
        _cv_app.set(None)  # type: ignore[arg-type]  # only inside the copied context
        return function(*args, **kwargs)

    return copy_context().run(run)


class Browser:
    """A browser without JavaScript: keeps cookies, and sends a form only as a page with its token would."""

    def __init__(self, app: Flask, user: Any = None) -> None:
        """`user` is a person who signs in now, or the token of a sign-in."""
        self.app = app
        self.http: FlaskClient = app.test_client()
        self._form: tuple[str, str] | None = None
        if user is not None:
            token = user if isinstance(user, str) else accounts.open_browser_session(user.id, **_FROM)
            with self.http.session_transaction() as session:
                session["_user_id"] = token
                session["_fresh"] = True

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("buffered", True)  # reads the answer and closes its file
        return outside(self.http.get, path, **kwargs)

    def post(self, path: str, data: dict[str, Any] | None = None, *, htmx: bool = False, **kwargs: Any) -> TestResponse:
        headers = dict(kwargs.pop("headers", {}))
        kwargs.setdefault("buffered", True)
        if htmx:
            headers["HX-Request"] = "true"
        form = {"csrf_token": self.csrf_token(), **(data or {})}
        return outside(self.http.post, path, data=form, headers=headers, **kwargs)

    def csrf_token(self) -> str:
        """The token a form would carry, taken from a page with a form; that page again when the cookie is another's."""
        if self._form is None or self._form[0] != self._cookie_of_forms():
            page = self.get("/settings/language").get_data(as_text=True)
            found = _TOKEN.search(page)
            assert found, "no form with a csrf token on /settings/language"
            self._form = (self._cookie_of_forms(), found[1])
        return self._form[1]

    def _cookie_of_forms(self) -> str:
        """What the cookie says of forms: the tokens of one cookie are good for each of its forms."""
        cookie = self.http.get_cookie(self.app.config["SESSION_COOKIE_NAME"])
        serializer = SecureCookieSessionInterface().get_signing_serializer(self.app)
        kept: dict[str, Any] = serializer.loads(cookie.value) if cookie is not None and serializer is not None else {}
        return str(kept.get("csrf_token", ""))


class ApiClient:
    """A JSON client. Every answer is checked: success against the route's schema (no field more, none less), errors
    against the problem schema, and both for the headers that all answers carry."""

    def __init__(self, app: Flask, user: Any = None) -> None:
        self.app = app
        self.http: FlaskClient = app.test_client()
        self.token: str | None = None
        if user is not None:
            self.token = user if isinstance(user, str) else accounts.open_api_session(user.id, **_FROM).access_token

    def call(self, method: str, path: str, **kwargs: Any) -> TestResponse:
        headers = dict(kwargs.pop("headers", {}))
        kwargs.setdefault("buffered", True)
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        response = outside(self.http.open, "/api/v1" + path, method=method, headers=headers, **kwargs)
        check_answer(self.app, method, "/api/v1" + path.partition("?")[0], response)
        return response

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.call("GET", path, **kwargs)

    def post(self, path: str, json: Any = None, **kwargs: Any) -> TestResponse:
        return self.call("POST", path, json={} if json is None and "data" not in kwargs else json, **kwargs)

    def put(self, path: str, **kwargs: Any) -> TestResponse:
        return self.call("PUT", path, **kwargs)

    def patch(self, path: str, json: Any = None, **kwargs: Any) -> TestResponse:
        return self.call("PATCH", path, json=json, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> TestResponse:
        return self.call("DELETE", path, **kwargs)


def contract_of(app: Flask, method: str, path: str) -> Contract | None:
    """The contract of the route that answers this address."""
    try:
        endpoint, _arguments = app.url_map.bind("localhost").match(path, method=method)
    except Exception:
        return None
    return getattr(app.view_functions[endpoint], "contract", None)


def check_answer(app: Flask, method: str, path: str, response: TestResponse) -> None:
    """Fail when an answer is not what its contract promises."""
    assert response.headers.get("X-Request-Id"), "every answer has a request id"
    if response.status_code in {204, 304}:
        return
    assert response.status_code < 500, response.get_data(as_text=True)
    if response.status_code >= 400:
        assert response.content_type == PROBLEM, response.content_type
        assert not set(response.get_json()) - set(ProblemOut().fields)
        assert response.get_json()["status"] == response.status_code
        return
    contract = contract_of(app, method, path)
    if contract is None:
        return
    assert response.status_code in {contract.status, *contract.also}, response.status_code
    schema = answer_schema(contract)
    if schema is not None:
        _check_shape(schema, response.get_json(), path)


def _check_shape(schema: Any, body: Any, where: str) -> None:
    from marshmallow import fields

    assert isinstance(body, dict), f"{where}: not an object"
    names = {(field.data_key or name): field for name, field in schema.dump_fields.items()}
    assert set(body) <= set(names), f"{where}: unknown {set(body) - set(names)}"
    missing = {name for name, field in names.items() if field.required} - set(body)
    assert not missing, f"{where}: missing {missing}"
    for name, field in names.items():
        value = body.get(name)
        if isinstance(field, fields.Boolean):  # the engines do not agree on what a condition is
            assert isinstance(value, bool | None), f"{where}: {name} is {value!r}"
        if isinstance(field, fields.Nested) and isinstance(value, dict):
            _check_shape(field.schema, value, f"{where}.{name}")
        if isinstance(field, fields.List) and isinstance(field.inner, fields.Nested):
            for item in value or []:
                _check_shape(field.inner.schema, item, f"{where}.{name}[]")
