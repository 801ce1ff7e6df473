"""What people set for themselves: profile, appearance, language."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.accounts import operations, queries
from circle.accounts.schemas import AppearanceForm, LanguageForm, ProfileForm, UsernameForm
from circle.accounts.web.blueprint import Errors, Values, bp, target_of
from circle.core.errors import Conflict, PreconditionFailed
from circle.core.i18n import LOCALES, _
from circle.core.web import actor, choose_locale, fragment_or_redirect, go, limited, safe_next, signed_in, takes_form


@bp.get("/settings")
@signed_in
def settings() -> str:
    """The way to all settings."""
    return render_template("accounts/settings.html", person=queries.get_me(actor()), languages=LOCALES)


def _profile_page(values: Values, errors: Errors, name: str | None = None, name_errors: Errors | None = None) -> str:
    person = queries.get_me(actor())
    return render_template(
        "accounts/settings_profile.html",
        person=person,
        values=values,
        errors=errors,
        new_name=person.username if name is None else name,
        name_errors=name_errors or {},
        name_free_at=queries.next_username_change(person.id),
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


def _username_again(values: Values, errors: Errors) -> str:
    person = queries.get_me(actor())
    return _profile_page({"nickname": person.nickname, "bio": person.bio}, {}, values.get("username", ""), errors)


@bp.post("/settings/username")
@signed_in
@limited("settings")
@takes_form(UsernameForm, again=_username_again)
def save_username(data: dict[str, Any]) -> AnyResponse:
    """Take another user name."""
    operations.change_username(actor(), data["username"])
    return go(url_for("accounts.settings_profile"), toast=_("Saved"))


@bp.post("/settings/profile/avatar/remove")
@signed_in
@limited("settings")
def remove_avatar() -> AnyResponse:
    """Show no picture any more."""
    operations.set_avatar(actor(), None)
    return go(url_for("accounts.settings_profile"), toast=_("Your picture is gone."))


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
    return go(target_of(data))
