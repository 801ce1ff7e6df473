"""A forgotten password: asking for a mail, and setting a new one with the link in it."""

from __future__ import annotations

from typing import Any

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.accounts import mail_codes, recovery
from circle.accounts.schemas import ForgotInput, NewPasswordForm
from circle.accounts.web.blueprint import Errors, Values, bp, private
from circle.core import mail
from circle.core.i18n import _
from circle.core.web import go, limited, takes_form


def _forgot_page(values: Values, errors: Errors) -> str:
    return render_template(
        "accounts/forgot.html", values=values, errors=errors, mails=mail.sends_mail(), sent="sent" in request.args
    )


@bp.get("/forgot")
def forgot() -> str:
    """Ask for a mail that lets one set a new password."""
    return _forgot_page(request.args, {})


@bp.post("/forgot", endpoint="submit_forgot")
@limited("forgot")
@takes_form(ForgotInput, again=_forgot_page)
def submit_forgot(data: dict[str, Any]) -> AnyResponse:
    """Answers alike whether or not anybody has this name or address."""
    recovery.forgot_password(data["login"])
    return go(url_for("accounts.forgot", sent="1"))


def _reset_page(_values: Values, errors: Errors, code: str) -> AnyResponse:
    known = mail_codes.find_code(code, "reset")
    page = render_template("accounts/reset.html", known=known, code=code, errors=errors)
    return private(make_response(page, 200 if known else 404))


@bp.get("/reset/<code>")
def reset(code: str) -> AnyResponse:
    """The form for a new password; looking at it does not use the link up."""
    return _reset_page({}, {}, code)


@bp.post("/reset/<code>", endpoint="submit_reset")
@limited("sign_in")
@takes_form(NewPasswordForm, again=_reset_page)
def submit_reset(data: dict[str, Any], code: str) -> AnyResponse:
    """Set the new password; every sign-in ends."""
    recovery.reset_password(code, data["password"])
    answer = go(url_for("accounts.login"), toast=_("Your password is changed. Please sign in with the new one."))
    return private(answer)
