"""Pages for those who run a circle: its settings."""

from __future__ import annotations

from typing import Any

from babel.dates import get_timezone_location
from flask import redirect, render_template, url_for
from flask_babel import get_locale
from werkzeug.wrappers import Response as AnyResponse

from circle.access import Permission
from circle.circles import operations, queries
from circle.circles.queries import CircleRow
from circle.circles.schemas import CircleForm
from circle.circles.web.blueprint import Errors, Values, bp, managed, typed
from circle.core.errors import Conflict, PreconditionFailed
from circle.core.i18n import _
from circle.core.web import actor, go, limited, signed_in, takes_form

#: offered in the form, from west to east; the API takes every IANA zone, and a circle keeps the one it has
TIME_ZONES = (
    "Pacific/Honolulu",
    "America/Los_Angeles",
    "America/Denver",
    "America/Chicago",
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Paris",
    "Europe/Berlin",
    "Africa/Johannesburg",
    "Europe/Moscow",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Bangkok",
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Taipei",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Australia/Sydney",
    "Pacific/Auckland",
)


def time_zones(current: str | None) -> list[tuple[str, str]]:
    """(IANA name, place in the reader's language) for a select, with the current one even if it is rare."""
    names = TIME_ZONES if not current or current in TIME_ZONES else (current, *TIME_ZONES)
    return [(name, f"{_place(name)} ({name})") for name in names]


def _place(name: str) -> str:
    try:
        return get_timezone_location(name, locale=get_locale())
    except LookupError:
        return name


@bp.get("/<slug:slug>/manage")
@signed_in
def manage(slug: str) -> AnyResponse:
    """To the first page of the back office that is for this person."""
    circle = managed(slug, Permission.MEMBER_MUTE)
    page = "manage_settings" if circle.may(Permission.CIRCLE_CONFIGURE) else "manage_members"
    return redirect(url_for(f"circles.{page}", slug=slug), 303)


def _settings_page(circle: CircleRow, values: Values, errors: Errors) -> str:
    return render_template(
        "circles/manage_settings.html",
        circle=circle,
        values=values,
        errors=errors,
        time_zones=time_zones(values.get("tz")),
        pending_applications=queries.pending_count(circle),
    )


def _settings_again(form: Any, errors: Errors, slug: str) -> str:
    return _settings_page(managed(slug, Permission.CIRCLE_CONFIGURE), typed(form, "questions"), errors)


@bp.get("/<slug:slug>/manage/settings")
@signed_in
def manage_settings(slug: str) -> str:
    """What the circle is called, looks like, and how people come in."""
    circle = managed(slug, Permission.CIRCLE_CONFIGURE)
    return _settings_page(circle, vars(circle), {})


@bp.post("/<slug:slug>/manage/settings")
@signed_in
@limited("manage")
@takes_form(CircleForm, again=_settings_again)
def save_settings(data: dict[str, Any], slug: str) -> AnyResponse:
    """Save the settings."""
    try:
        slug = operations.update_circle(actor(), slug, **data)
    except PreconditionFailed as error:
        raise Conflict(error.sentence) from None
    return go(url_for("circles.manage_settings", slug=slug), toast=_("Saved."))


@bp.post("/<slug:slug>/manage/cover/remove")
@signed_in
@limited("manage")
def remove_cover(slug: str) -> AnyResponse:
    """Take the picture off the circle's cover."""
    operations.set_cover(actor(), slug, None)
    return go(url_for("circles.manage_settings", slug=slug), toast=_("The cover was removed."))
