"""Leaving for good: asking for it, and taking that back within seven days."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.accounts import leaving, operations, recovery
from circle.accounts.schemas import DeletionForm, NextForm
from circle.accounts.web.blueprint import Errors, Values, bp
from circle.core.i18n import _
from circle.core.web import actor, go, limited, safe_next, signed_in, takes_form


def _deletion_page(values: Values, errors: Errors) -> str:
    return render_template(
        "accounts/settings_deletion.html",
        deletion=leaving.deletion_of(actor()),
        circles=leaving.circles_in_the_way(actor()),
        losses=leaving.losses_of(actor()),
        days=operations.DELETION_DELAY.days,
        values=values,
        errors=errors,
    )


@bp.get("/settings/deletion")
@signed_in
def settings_deletion() -> str:
    """What happens when an account is deleted, and the form for it."""
    return _deletion_page({}, {})


@bp.post("/settings/deletion", endpoint="delete_account")
@signed_in
@limited("sign_in")
@takes_form(DeletionForm, again=_deletion_page)
def delete_account(data: dict[str, Any]) -> AnyResponse:
    """Have my account deleted in seven days."""
    recovery.delete_account(
        actor(), current_password=data["current_password"], keep_content=data["content"] == "keep",
        forfeit_points=data["forfeit_points"],
    )  # fmt: skip
    return go(url_for("accounts.settings_deletion"))


@bp.post("/settings/deletion/cancel")
@signed_in
@limited("settings")
@takes_form(NextForm, again=_deletion_page)
def cancel_deletion(data: dict[str, Any]) -> AnyResponse:
    """Keep my account after all."""
    operations.cancel_deletion(actor())
    target = safe_next(data.get("next"), url_for("accounts.settings"))
    return go(target, toast=_("Your account stays. Good to have you back."))
