"""Pages of notifications: the inbox, where to hear of what, and the way out of a mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.core import mail
from circle.core.errors import NotFound
from circle.core.i18n import _
from circle.core.web import actor, go, is_htmx, limited, load_form, signed_in, takes_form
from circle.notifications import operations, queries
from circle.notifications.kinds import CATEGORIES
from circle.notifications.operations import Choice
from circle.notifications.schemas import NoticeSettingsForm, PartQuery, UnsubscribeForm
from circle.notifications.unsubscribing import categories_of, unsubscribed_by

bp = Blueprint("notifications", __name__)


@bp.get("/notifications")
@signed_in
def index() -> str:
    """The inbox, last told first; htmx asks for the next rows only."""
    part: str = load_form(PartQuery(), request.args)[0].get("part") or ""
    categories = queries.PARTS.get(part, ())
    page = queries.inbox(actor(), request.args.get("cursor"), unread=part == "unread", categories=categories)
    more = url_for("notifications.index", part=part or None, cursor=page.next_cursor) if page.next_cursor else None
    template = "notifications/_rows.html" if is_htmx() and "cursor" in request.args else "notifications/index.html"
    return render_template(template, notices=page.items, more_url=more, part=part)


@bp.get("/notifications/<id:notice_id>/open")
@signed_in
@limited("react")
def open_notice(notice_id: int) -> AnyResponse:
    """Go where a notice leads; it is read then."""
    address = queries.address_of(actor(), notice_id)
    operations.mark_read(actor(), [notice_id])
    return redirect(address or url_for("notifications.index"), 303)


@bp.post("/notifications/read")
@signed_in
@limited("react")
def read_all() -> AnyResponse:
    """Everything was read."""
    operations.mark_read(actor())
    return go(url_for("notifications.index"), toast=_("All caught up."))


# ---- where to hear of what -----------------------------------------------------------------------------------


def _settings_page(_values: Mapping[str, Any], errors: Mapping[str, Any]) -> str:
    settings = queries.settings_of(actor())
    return render_template("notifications/settings.html", settings=settings, mails=mail.sends_mail(), errors=errors)


@bp.get("/settings/notifications")
@signed_in
def settings() -> str:
    """Which notices one gets, and which of them by e-mail too."""
    return _settings_page({}, {})


@bp.post("/settings/notifications", endpoint="save_settings")
@signed_in
@limited("settings")
@takes_form(NoticeSettingsForm, again=_settings_page)
def save_settings(data: dict[str, Any]) -> AnyResponse:
    """Store what is ticked and what is not."""
    chosen = {
        name: Choice(inbox=category.fixed is not None or name in data["inbox"], mail=name in data["mail"])
        for name, category in CATEGORIES.items()
    }
    operations.choose_settings(actor(), chosen)
    return go(url_for("notifications.settings"), toast=_("Saved"))


# ---- the way out of a mail -----------------------------------------------------------------------------------


def _unsubscribe_page(token: str, *, done: bool) -> AnyResponse:
    known = unsubscribed_by(token)
    if known is None:
        raise NotFound
    about = CATEGORIES[known[1]].title if known[1] in CATEGORIES else ""
    return make_response(render_template("notifications/unsubscribe.html", about=about, done=done, token=token))


@bp.get("/unsubscribe/<token>")
def unsubscribe(token: str) -> AnyResponse:
    """Ask whether to stop such mails: a GET alone changes nothing, as programs that scan mail send it, too."""
    return _unsubscribe_page(token, done=False)


@bp.post("/unsubscribe/<token>", endpoint="submit_unsubscribe")
@limited("settings")
@takes_form(UnsubscribeForm, again=lambda _values, _errors, token: _unsubscribe_page(token, done=False))
def submit_unsubscribe(_data: dict[str, Any], token: str) -> AnyResponse:
    """Stop such mails, for the button and for the one click of a mail program, which has neither cookie nor page."""
    known = unsubscribed_by(token)
    if known is None:
        raise NotFound
    operations.stop_mail(known[0], categories_of(known[1]))
    return _unsubscribe_page(token, done=True)
