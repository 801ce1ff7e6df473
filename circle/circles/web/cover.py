"""Pages for everybody: founding a circle, its cover, coming and going, its members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.circles import operations, queries
from circle.circles.schemas import CircleInput, JoinInput, MembersQuery, NoInput
from circle.circles.web.blueprint import Errors, Values, bp, typed
from circle.circles.web.settings import time_zones
from circle.core.i18n import _
from circle.core.web import actor, go, is_htmx, limited, load_form, once, signed_in, takes_form

# ---- founding ------------------------------------------------------------------------------------------------


def _new_page(values: Values, errors: Errors) -> str:
    return render_template("circles/new.html", values=values, errors=errors, time_zones=time_zones(values.get("tz")))


def _new_again(values: Any, errors: Errors) -> str:
    return _new_page(typed(values, "questions"), errors)


@bp.get("/circles/new")
@signed_in
def new() -> str:
    """The form for a new circle."""
    return _new_page({"join_mode": "open", "visibility": "public", "tz": "Asia/Shanghai"}, {})


@bp.post("/circles/new")
@signed_in
@limited("publish")
@once
@takes_form(CircleInput, again=_new_again)
def create(data: dict[str, Any]) -> AnyResponse:
    """Found a circle."""
    operations.create_circle(actor(), **data)
    return go(url_for("circles.manage_settings", slug=data["slug"]), toast=_("Your circle is here. Give it a cover."))


# ---- the cover, coming and going -----------------------------------------------------------------------------


def _about_page(slug: str, values: Values, errors: Errors) -> str:
    circle = queries.get_circle(actor(), slug)
    return render_template("circles/about.html", circle=circle, values=values, errors=errors)


def _invited_page(slug: str, token: str, values: Values, errors: Errors) -> str:
    circle = queries.get_circle(actor(), slug)
    return render_template(
        "circles/invited.html",
        circle=circle,
        token=token,
        good=queries.is_invited(circle, token),
        values=values,
        errors=errors,
    )


def _join_again(form: Any, errors: Errors, slug: str) -> str:
    values = typed(form, "answers")
    values.pop("passphrase", None)
    if token := form.get("invite"):
        return _invited_page(slug, token, values, errors)
    return _about_page(slug, values, errors)


@bp.get("/<slug:slug>/about")
def about(slug: str) -> str:
    """What the circle is and how to join; all that a stranger sees of a private one."""
    return _about_page(slug, {}, {})


@bp.get("/<slug:slug>/invite/<token>")
def invited(slug: str, token: str) -> str:
    """The cover, for somebody who was sent an invitation."""
    return _invited_page(slug, token, {}, {})


@bp.post("/<slug:slug>/join")
@signed_in
@limited("join")
@takes_form(JoinInput, again=_join_again)
def join(data: dict[str, Any], slug: str) -> AnyResponse:
    """Join, or apply."""
    joined = operations.join_circle(actor(), slug, **data)
    if joined.status == "pending":
        return go(url_for("circles.about", slug=slug), toast=_("Sent. You will hear as soon as somebody has read it."))
    toast = _("Welcome! Say hello in your first post.") if joined.new else _("You are a member already.")
    return go(url_for("home.circle", slug=slug), toast=toast)


def _plain_again(_form: Any, errors: Errors, slug: str) -> str:
    return _about_page(slug, {}, errors)


@bp.post("/<slug:slug>/leave")
@signed_in
@limited("join")
@takes_form(NoInput, again=_plain_again)
def leave(_data: dict[str, Any], slug: str) -> AnyResponse:
    """Leave the circle."""
    operations.leave_circle(actor(), slug)
    return go(url_for("circles.about", slug=slug), toast=_("You have left the circle."))


@bp.post("/<slug:slug>/withdraw")
@signed_in
@limited("join")
def withdraw(slug: str) -> AnyResponse:
    """Take back one's application."""
    operations.withdraw_application(actor(), slug)
    return go(url_for("circles.about", slug=slug), toast=_("Your application was taken back."))


# ---- members -------------------------------------------------------------------------------------------------


def member_filters(args: Any) -> dict[str, Any]:
    """The filters in an address; an address that names none of ours lists everybody."""
    found, errors = load_form(MembersQuery(), args)
    return {"role": None, "level": None, "q": None, "status": "active"} if errors else found


def listed(endpoint: str, slug: str, filters: Mapping[str, Any], cursor: str | None = None) -> str:
    """The address of a member list with these filters, from `cursor` on."""
    kept = {name: value for name, value in filters.items() if value and (name, value) != ("status", "active")}
    return url_for(endpoint, slug=slug, cursor=cursor, **kept)


@bp.get("/<slug:slug>/members")
def members(slug: str) -> str:
    """Who is in the circle."""
    circle = queries.readable_circle(actor(), slug)
    filters = member_filters(request.args) | {"status": "active"}
    page = queries.member_page_of(circle, **filters, cursor=request.args.get("cursor"))
    name = "circles/_member_rows.html" if is_htmx() else "circles/members.html"
    more = listed("circles.members", slug, filters, page.next_cursor) if page.next_cursor else None
    return render_template(name, circle=circle, members=page.items, filters=filters, next_url=more)
