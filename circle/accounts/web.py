"""Pages of accounts: signing up, in and out, settings, a person's page, terms and privacy."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_login import login_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from circle.accounts import credentials, operations, queries
from circle.accounts.queries import BrowserUser
from circle.accounts.schemas import AppearanceForm, LanguageForm, LoginForm, PasswordInput, ProfileForm, SignupInput
from circle.core import clock
from circle.core.errors import Conflict, Invalid, PreconditionFailed, Unauthenticated, Unavailable
from circle.core.i18n import LOCALES, _
from circle.core.web import actor, choose_locale, fragment_or_redirect, go, limited, safe_next, signed_in, takes_form

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
    return user


def _target(values: Values) -> str:
    return safe_next(values.get("next"), "/")


def _device() -> dict[str, str]:
    return {"user_agent": request.headers.get("User-Agent", ""), "address": request.remote_addr or ""}


# ---- signing up, in and out ----------------------------------------------------------------------------------


def _enter(token: str, target: str) -> AnyResponse:
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


def _leave() -> None:
    locale = session.get("locale")
    logout_user()
    session.clear()
    if locale:
        session["locale"] = locale


def _login_page(values: Values, errors: Errors) -> str:
    return render_template("accounts/login.html", values=values, errors=errors, target=_target(values))


@bp.get("/login")
def login() -> str | AnyResponse:
    """The sign-in page; who is signed in goes straight on."""
    if actor().signed_in:
        return redirect(_target(request.args), 303)
    return _login_page(request.args, {})


@bp.post("/login", endpoint="submit_login")
@limited("sign_in")
@takes_form(LoginForm, again=_login_page)
def submit_login(data: dict[str, Any]) -> AnyResponse:
    """Sign in with user name and password."""
    try:
        token = credentials.sign_in_browser(data["username"], data["password"], **_device())
    except Unauthenticated as error:
        raise Invalid(errors={"": [error.sentence]}) from None  # the form again, not "please sign in first"
    return _enter(token, _target(data))


def _signup_page(values: Values, errors: Errors) -> str:
    return render_template("accounts/signup.html", values=values, errors=errors, target=_target(values))


@bp.get("/signup")
def signup() -> str | AnyResponse:
    """The page to make an account; who is signed in goes straight on."""
    if actor().signed_in:
        return redirect(_target(request.args), 303)
    return _signup_page(request.args, {})


@bp.post("/signup", endpoint="submit_signup")
@limited("sign_up")
@takes_form(SignupInput, again=_signup_page)
def submit_signup(data: dict[str, Any]) -> AnyResponse:
    """Make an account and sign in."""
    chosen = {name: data[name] for name in ("username", "nickname", "password")}
    user_id = credentials.sign_up(**chosen, locale=session.get("locale"))
    return _enter(operations.open_browser_session(user_id, **_device()), _target(data))


@bp.post("/logout")
@limited("settings")
def logout() -> AnyResponse:
    """Sign this browser out."""
    operations.sign_out(actor())
    _leave()
    return go("/", toast=_("You are signed out."))


# ---- settings ------------------------------------------------------------------------------------------------


@bp.get("/settings")
@signed_in
def settings() -> str:
    """The way to all settings."""
    return render_template("accounts/settings.html", person=queries.get_me(actor()), languages=LOCALES)


def _profile_page(values: Values, errors: Errors) -> str:
    return render_template(
        "accounts/settings_profile.html", person=queries.get_me(actor()), values=values, errors=errors
    )


@bp.get("/settings/profile")
@signed_in
def settings_profile() -> str:
    """Nickname, picture and introduction."""
    person = queries.get_me(actor())
    return _profile_page({"nickname": person.nickname, "bio": person.bio}, {})


@bp.post("/settings/profile", endpoint="save_profile")
@signed_in
@limited("settings")
@takes_form(ProfileForm, again=_profile_page)
def save_profile(data: dict[str, Any]) -> AnyResponse:
    """Store nickname and introduction."""
    try:
        operations.edit_profile(actor(), expected_version=data["version"], nickname=data["nickname"], bio=data["bio"])
    except PreconditionFailed as error:
        raise Conflict(error.sentence) from None  # the form again, with what was typed
    return go(url_for("accounts.settings_profile"), toast=_("Saved"))


@bp.post("/settings/profile/avatar/remove")
@signed_in
@limited("settings")
def remove_avatar() -> AnyResponse:
    """Show no picture any more."""
    operations.set_avatar(actor(), None)
    return go(url_for("accounts.settings_profile"), toast=_("Your picture is gone."))


def _security_page(values: Values, errors: Errors) -> str:
    sessions = queries.list_sessions(actor(), request.args.get("cursor"))
    return render_template("accounts/settings_security.html", sessions=sessions, errors=errors)


@bp.get("/settings/security")
@signed_in
def settings_security() -> str:
    """Password, and where one is signed in."""
    return _security_page({}, {})


@bp.post("/settings/security/password", endpoint="change_password")
@signed_in
@limited("sign_in")
@takes_form(PasswordInput, again=_security_page)
def change_password(data: dict[str, Any]) -> AnyResponse:
    """Exchange the password and end all other sign-ins."""
    credentials.change_password(actor(), **data)
    return go(
        url_for("accounts.settings_security"), toast=_("Your password is changed. All other devices are signed out.")
    )


@bp.post("/settings/security/sessions/<id:session_id>/revoke")
@signed_in
@limited("settings")
def revoke_session(session_id: int) -> AnyResponse:
    """Sign one device out."""
    operations.revoke_session(actor(), session_id)
    if session_id == actor().session_id:
        _leave()
        return go(url_for("accounts.login"), toast=_("You are signed out."))
    return go(url_for("accounts.settings_security"), toast=_("That device is signed out."))


@bp.post("/settings/security/logout-all")
@signed_in
@limited("settings")
def logout_all() -> AnyResponse:
    """Sign out everywhere, here too."""
    operations.sign_out_everywhere(actor())
    _leave()
    return go(url_for("accounts.login"), toast=_("You are signed out everywhere."))


@bp.get("/settings/appearance")
@signed_in
def settings_appearance() -> str:
    """Light, dark, or as the phone is."""
    return _appearance_page({}, {})


def _appearance_page(values: Values, errors: Errors) -> str:
    person = queries.get_me(actor())
    return render_template("accounts/settings_appearance.html", chosen=person.settings["theme"], errors=errors)


@bp.post("/settings/appearance", endpoint="save_appearance")
@signed_in
@limited("settings")
@takes_form(AppearanceForm, again=_appearance_page)
def save_appearance(data: dict[str, Any]) -> AnyResponse:
    """Store the choice of light or dark."""
    operations.edit_profile(actor(), theme=data["theme"])
    back = url_for("accounts.settings_appearance")
    return fragment_or_redirect(lambda: "", back, toast=_("Saved"))


def _language_page(values: Values, errors: Errors) -> str:
    chosen = str(values.get("locale") or choose_locale())
    return render_template(
        "accounts/settings_language.html",
        languages=[(code, name, "") for code, name in LOCALES.items()],
        chosen=chosen,
        errors=errors,
        target=safe_next(values.get("next"), url_for("accounts.settings") if actor().signed_in else "/"),
    )


@bp.get("/settings/language")
def settings_language() -> str:
    """Choose the language of pages; for visitors too."""
    return _language_page(request.args, {})


@bp.post("/settings/language", endpoint="save_language")
@limited("settings")
@takes_form(LanguageForm, again=_language_page)
def save_language(data: dict[str, Any]) -> AnyResponse:
    """Keep the language: with the person, or with this browser for a visitor."""
    session.permanent, session["locale"] = True, data["locale"]
    if actor().signed_in:
        operations.edit_profile(actor(), locale=data["locale"])
    return go(_target(data))


# ---- pages for everybody -------------------------------------------------------------------------------------


@bp.get("/terms")
def terms() -> str:
    """The rules of the site."""
    return render_template("accounts/terms.html")


@bp.get("/privacy")
def privacy() -> str:
    """What is kept of people, and why."""
    return render_template("accounts/privacy.html")
