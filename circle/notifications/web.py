"""Pages of notifications."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.core.i18n import _
from circle.core.web import actor, go, is_htmx, limited, signed_in
from circle.notifications import operations, queries

bp = Blueprint("notifications", __name__)


@bp.get("/notifications")
@signed_in
def index() -> str:
    """The inbox, newest first; htmx asks for the next rows only."""
    page = queries.inbox(actor(), request.args.get("cursor"))
    more = url_for("notifications.index", cursor=page.next_cursor) if page.next_cursor else None
    template = "notifications/_rows.html" if is_htmx() and "cursor" in request.args else "notifications/index.html"
    return render_template(template, notices=page.items, more_url=more)


@bp.post("/notifications/read")
@signed_in
@limited("react")
def read_all() -> AnyResponse:
    """Everything was read."""
    operations.mark_read(actor())
    return go(url_for("notifications.index"), toast=_("All caught up."))
