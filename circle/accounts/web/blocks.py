"""Blocking people, and whom one has blocked."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.accounts import blocking, operations, queries
from circle.accounts.schemas import NextForm
from circle.accounts.web.blueprint import Errors, Values, bp
from circle.core.i18n import _
from circle.core.web import actor, go, is_htmx, limited, safe_next, signed_in, takes_form


def _blocked_page(_values: Values, errors: Errors, **_path: Any) -> str:
    cursor = request.args.get("cursor")
    page = blocking.blocked_people(actor(), cursor)
    name = "accounts/_blocked_rows.html" if is_htmx() and cursor else "accounts/settings_blocked.html"
    return render_template(name, page=page, errors=errors)


@bp.get("/settings/blocked")
@signed_in
def settings_blocked() -> str:
    """Whom I have blocked."""
    return _blocked_page({}, {})


def _after(user_id: int, data: dict[str, Any]) -> str:
    """Where to go on: where the form says, else to the person's page, which tells how it stands."""
    person = queries.get_user(actor(), user_id)
    return safe_next(data.get("next"), url_for("home.person", username=person.username))


@bp.post("/users/<id:user_id>/block")
@signed_in
@limited("react")
@takes_form(NextForm, again=_blocked_page)
def block(data: dict[str, Any], user_id: int) -> AnyResponse:
    """Meet somebody no longer."""
    operations.block_user(actor(), user_id)
    return go(_after(user_id, data), toast=_("Blocked. You will not meet any more."))


@bp.post("/users/<id:user_id>/unblock")
@signed_in
@limited("react")
@takes_form(NextForm, again=_blocked_page)
def unblock(data: dict[str, Any], user_id: int) -> AnyResponse:
    """Meet somebody again."""
    operations.unblock_user(actor(), user_id)
    return go(_after(user_id, data), toast=_("No longer blocked."))
