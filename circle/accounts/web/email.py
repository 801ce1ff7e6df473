"""One's e-mail address: set, confirmed, removed."""

from __future__ import annotations

from typing import Any

from flask import make_response, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.accounts import mail_codes, operations, recovery
from circle.accounts.schemas import EmailForm, NothingForm, ProofForm
from circle.accounts.web.blueprint import Errors, Values, bp, private
from circle.core import mail
from circle.core.i18n import _
from circle.core.web import actor, go, limited, signed_in, takes_form


def _email_page(values: Values, errors: Errors) -> str:
    return render_template(
        "accounts/settings_email.html",
        address=mail_codes.address_of(actor()),
        mails=mail.sends_mail(),
        values=values,
        errors=errors,
    )


@bp.get("/settings/email")
@signed_in
def settings_email() -> str:
    """One's e-mail address, and the one that waits to be confirmed."""
    return _email_page({}, {})


@bp.post("/settings/email", endpoint="save_email")
@signed_in
@limited("sign_in")
@takes_form(EmailForm, again=_email_page)
def save_email(data: dict[str, Any]) -> AnyResponse:
    """Have a mail sent to an address; the link in it makes the address one's own."""
    recovery.change_address(actor(), **data)
    return go(url_for("accounts.settings_email"), toast=_("A mail is on its way. Please open the link in it."))


@bp.post("/settings/email/cancel")
@signed_in
@limited("settings")
def cancel_email() -> AnyResponse:
    """Take back an address that was never confirmed."""
    operations.drop_pending_address(actor())
    return go(url_for("accounts.settings_email"), toast=_("That address is forgotten."))


@bp.post("/settings/email/remove")
@signed_in
@limited("sign_in")
@takes_form(ProofForm, again=_email_page)
def remove_email(data: dict[str, Any]) -> AnyResponse:
    """Have no address any more."""
    recovery.remove_address(actor(), **data)
    return go(url_for("accounts.settings_email"), toast=_("Your e-mail address is removed."))


# ---- the link in the mail: whoever has it may not be signed in where they open it --------------------------------


def _confirm_page(_values: Values, errors: Errors, code: str) -> AnyResponse:
    known = mail_codes.find_code(code, "confirm")
    page = render_template("accounts/confirm.html", known=known, code=code, errors=errors, done=False)
    return private(make_response(page, 200 if known else 404))


@bp.get("/confirm/<code>")
def confirm_email(code: str) -> AnyResponse:
    """Ask whether the address belongs to the account: a GET uses nothing up, as programs that scan mail send it."""
    return _confirm_page({}, {}, code)


@bp.post("/confirm/<code>", endpoint="submit_confirm_email")
@limited("sign_in")
@takes_form(NothingForm, again=_confirm_page)
def submit_confirm_email(_data: dict[str, Any], code: str) -> AnyResponse:
    """Make the address the account's."""
    operations.confirm_address(code)
    return private(make_response(render_template("accounts/confirm.html", known=None, code=code, errors={}, done=True)))
