"""Password, and where one is signed in."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.accounts import credentials, operations, presence
from circle.accounts.schemas import PasswordInput
from circle.accounts.web.blueprint import Errors, Values, bp, leave
from circle.core.i18n import _
from circle.core.web import actor, go, limited, signed_in, takes_form


def _security_page(values: Values, errors: Errors) -> str:
    sessions = presence.list_sessions(actor(), request.args.get("cursor"))
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
        leave()
        return go(url_for("accounts.login"), toast=_("You are signed out."))
    return go(url_for("accounts.settings_security"), toast=_("That device is signed out."))


@bp.post("/settings/security/logout-all")
@signed_in
@limited("settings")
def logout_all() -> AnyResponse:
    """Sign out everywhere, here too."""
    operations.sign_out_everywhere(actor())
    leave()
    return go(url_for("accounts.login"), toast=_("You are signed out everywhere."))
