"""The blueprint all pages of accounts hang on, and what several of them do: entering and leaving a browser."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, request, session
from flask_login import login_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from circle.accounts import operations, queries
from circle.accounts.queries import BrowserUser
from circle.core import clock
from circle.core.errors import Unauthenticated, Unavailable
from circle.core.web import actor, safe_next

bp = Blueprint("accounts", __name__)

#: a visit is noted at most this often
SEEN_EVERY = timedelta(minutes=15)

Values = Mapping[str, Any]
Errors = Mapping[str, Any]


def load_browser_user(token: str) -> BrowserUser | None:
    """The person whose cookie this is, for Flask-Login: one statement, and rarely a write that lets it live on."""
    user = queries.browser_user_of_token(token)
    if user is not None and user.last_seen_at + SEEN_EVERY < clock.now() and user.actor.session_id is not None:
        with suppress(Unavailable):  # the next request will note it
            operations.touch_session(user.actor.session_id)
        session.modified = True  # the cookie lives on too; it is not sent again with every answer
    return user


def target_of(values: Values) -> str:
    """Where to go on after this: the path in `next`, else the front page."""
    return safe_next(values.get("next"), "/")


def device() -> dict[str, str]:
    """What is kept of the device that signs in."""
    return {"user_agent": request.headers.get("User-Agent", ""), "address": request.remote_addr or ""}


def enter(token: str, target: str) -> AnyResponse:
    """Give this browser a new session that holds the sign-in, and nothing a stranger may have put there before."""
    operations.sign_out(actor())
    locale = session.get("locale")
    session.clear()
    session.permanent = True
    if locale:
        session["locale"] = locale
    user = load_browser_user(token)
    if user is None:
        raise Unauthenticated
    login_user(user)
    return redirect(target, 303)


def leave() -> None:
    """Forget whom this browser belonged to, but not its language."""
    locale = session.get("locale")
    logout_user()
    session.clear()
    if locale:
        session["locale"] = locale


def private(response: AnyResponse) -> AnyResponse:
    """The answer at an address that holds a code: neither kept by anybody, nor told to where one goes from here."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
