"""A copy of everything one has here: asked for, waited for, fetched."""

from __future__ import annotations

import structlog
from flask import render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.accounts import copies, operations
from circle.accounts.schemas import NothingForm
from circle.accounts.web.blueprint import Errors, Values, bp
from circle.core.errors import NotFound, RateLimited, Refused
from circle.core.i18n import _
from circle.core.serving import send_stored
from circle.core.storage import is_signed
from circle.core.web import actor, go, limited, signed_in, takes_form

log = structlog.get_logger(__name__)


def _data_page(_values: Values, errors: Errors) -> str:
    return render_template("accounts/settings_data.html", copy=copies.newest_takeout(actor()), errors=errors)


@bp.get("/settings/data")
@signed_in
def settings_data() -> str:
    """The copy of my data, and the way out."""
    return _data_page({}, {})


@bp.post("/settings/data/copy")
@signed_in
@limited("settings")
@takes_form(NothingForm, again=_data_page)
def ask_copy(_data: object) -> AnyResponse:
    """Ask for a copy; a job makes it."""
    try:
        operations.ask_takeout(actor())
    except RateLimited as error:
        raise Refused("TAKEOUT_LATELY", error.sentence) from None  # the page again, which says from when
    return go(url_for("accounts.settings_data"), toast=_("Your copy is being made. We will tell you when it is ready."))


@bp.get("/settings/data/copies/<id:takeout_id>.zip")
def fetch_copy(takeout_id: int) -> AnyResponse:
    """The copy itself, for its owner alone."""
    signed = is_signed(request.path, request.args.get("t", ""))
    row = copies.takeout_to_fetch(actor(), takeout_id, signed=signed)
    try:
        return send_stored(
            row.storage_key or "",
            mime="application/zip",
            cache="private, no-store",
            modified=row.ready_at,
            download=f"circle-{row.created_at:%Y-%m-%d}.zip",
        )
    except FileNotFoundError:
        log.error("stored file missing", key=row.storage_key, takeout=takeout_id)
        raise NotFound from None
