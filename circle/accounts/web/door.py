"""The door: signing up, in and out."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, session
from werkzeug.wrappers import Response as AnyResponse

from circle.accounts import credentials, operations
from circle.accounts.schemas import LoginForm, SignupInput
from circle.accounts.web.blueprint import Errors, Values, bp, device, enter, leave, target_of
from circle.core.errors import Invalid, Unauthenticated
from circle.core.i18n import _
from circle.core.web import actor, go, limited, takes_form


def _login_page(values: Values, errors: Errors) -> str:
    return render_template("accounts/login.html", values=values, errors=errors, target=target_of(values))


@bp.get("/login")
def login() -> str | AnyResponse:
    """The sign-in page; who is signed in goes straight on."""
    if actor().signed_in:
        return redirect(target_of(request.args), 303)
    return _login_page(request.args, {})


@bp.post("/login", endpoint="submit_login")
@limited("sign_in")
@takes_form(LoginForm, again=_login_page)
def submit_login(data: dict[str, Any]) -> AnyResponse:
    """Sign in with user name and password."""
    try:
        token = credentials.sign_in_browser(data["username"], data["password"], **device())
    except Unauthenticated as error:
        raise Invalid(errors={"": [error.sentence]}) from None  # the form again, not "please sign in first"
    return enter(token, target_of(data))


def _signup_page(values: Values, errors: Errors) -> str:
    return render_template("accounts/signup.html", values=values, errors=errors, target=target_of(values))


@bp.get("/signup")
def signup() -> str | AnyResponse:
    """The page to make an account; who is signed in goes straight on."""
    if actor().signed_in:
        return redirect(target_of(request.args), 303)
    return _signup_page(request.args, {})


@bp.post("/signup", endpoint="submit_signup")
@limited("sign_up")
@takes_form(SignupInput, again=_signup_page)
def submit_signup(data: dict[str, Any]) -> AnyResponse:
    """Make an account and sign in."""
    chosen = {name: data[name] for name in ("username", "nickname", "password")}
    user_id = credentials.sign_up(**chosen, locale=session.get("locale"))
    return enter(operations.open_browser_session(user_id, **device()), target_of(data))


@bp.post("/logout")
@limited("settings")
def logout() -> AnyResponse:
    """Sign this browser out."""
    operations.sign_out(actor())
    leave()
    return go("/", toast=_("You are signed out."))
