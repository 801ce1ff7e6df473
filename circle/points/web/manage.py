"""The owner's desk for points: the books, what was given and taken by hand, and what waits for a second person."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.core.errors import Forbidden, Invalid
from circle.core.i18n import _
from circle.core.web import actor, go, is_htmx, limited, once, signed_in, takes_form
from circle.points import operations, queries
from circle.points.manage_schemas import AdjustForm, NoteInput, NothingInput
from circle.points.operations import adjusting
from circle.points.web.blueprint import bp


def _page(slug: str, values: Any = None, errors: Any = None, noted: Any = None) -> str:
    circle = queries.adjustable(actor(), slug)
    done = queries.adjustment_page(circle, cursor=request.args.get("cursor"))
    more = url_for("points.manage", slug=slug, cursor=done.next_cursor) if done.next_cursor else None
    if is_htmx() and request.method == "GET":
        return render_template("points/_adjustments.html", circle=circle, adjustments=done.items, next_url=more)
    return render_template(
        "points/manage.html",
        circle=circle,
        books=queries.circle_books(circle),
        waiting=queries.adjustment_page(circle, status="pending", limit=50).items,
        adjustments=done.items,
        next_url=more,
        values=values or {"username": request.args.get("user", "")[:60]},
        errors=errors or {},
        noted=noted or {},
        alone_max=adjusting.ALONE_MAX,
        amount_max=adjusting.AMOUNT_MAX,
        reason_min=adjusting.REASON_MIN,
    )


def _again(form: Any, errors: Any, slug: str, **_path: Any) -> str:
    return _page(slug, form.to_dict(), errors)


def _plain_again(form: Any, errors: Any, slug: str, adjustment_id: int) -> str:
    sentences = [text for texts in errors.values() for text in texts]
    return _page(slug, None, {"": sentences}, noted={adjustment_id: form.get("note", "")})


@bp.get("/<slug:slug>/manage/points")
@signed_in
def manage(slug: str) -> str:
    """The books, what waits, what was done, and the form to adjust."""
    return _page(slug)


@bp.post("/<slug:slug>/manage/points/adjust")
@signed_in
@limited("manage")
@once
@takes_form(AdjustForm, again=_again)
def adjust(data: dict[str, Any], slug: str) -> AnyResponse:
    """Give somebody points or growth, or take them."""
    circle = queries.adjustable(actor(), slug)
    user_id = queries.member_named(circle, data["username"])
    if user_id is None:
        raise Invalid(errors={"username": [_("Nobody in this circle has this user name.")]})
    amount = data["amount"] if data["direction"] == "give" else -data["amount"]
    try:
        done = operations.ask_adjustment(
            actor(), slug, user_id, asset=data["asset"], amount=amount, reason=data["reason"]
        )  # fmt: skip
    except Forbidden as error:  # it is about oneself, or somebody of a higher role: another name may be meant
        raise Invalid(errors={"username": [error.sentence]}) from None
    if queries.get_adjustment(actor(), done).status == "pending":
        toast = _("Kept. A second admin has to agree; they were told.")
    else:
        toast = _("Given. They can read why.") if amount > 0 else _("Taken. They can read why.")
    return go(url_for("points.manage", slug=slug), toast=toast)


@bp.post("/<slug:slug>/manage/points/adjustments/<id:adjustment_id>/approve")
@signed_in
@limited("manage")
@takes_form(NothingInput, again=_plain_again)
def approve_adjustment(_data: dict[str, Any], slug: str, adjustment_id: int) -> AnyResponse:
    """Agree to what somebody else asked for."""
    queries.get_adjustment(actor(), adjustment_id, slug=slug)  # not of another circle
    operations.approve_adjustment(actor(), adjustment_id)
    return go(url_for("points.manage", slug=slug), toast=_("Approved. It has been applied."))


@bp.post("/<slug:slug>/manage/points/adjustments/<id:adjustment_id>/reject")
@signed_in
@limited("manage")
@takes_form(NoteInput, again=_plain_again)
def reject_adjustment(data: dict[str, Any], slug: str, adjustment_id: int) -> AnyResponse:
    """Turn down what somebody asked for."""
    queries.get_adjustment(actor(), adjustment_id, slug=slug)  # not of another circle
    operations.reject_adjustment(actor(), adjustment_id, **data)
    return go(url_for("points.manage", slug=slug), toast=_("Turned down. Nothing was moved."))


@bp.post("/<slug:slug>/manage/points/adjustments/<id:adjustment_id>/undo")
@signed_in
@limited("manage")
@takes_form(NoteInput, again=_plain_again)
def undo_adjustment(data: dict[str, Any], slug: str, adjustment_id: int) -> AnyResponse:
    """Undo what was applied."""
    queries.get_adjustment(actor(), adjustment_id, slug=slug)  # not of another circle
    operations.reverse_adjustment(actor(), adjustment_id, **data)
    return go(url_for("points.manage", slug=slug), toast=_("Undone. They can read why."))
