"""Inviting experts to answer, and the invitations one has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for

from circle.circles import queries as circles
from circle.core.i18n import _
from circle.core.web import actor, fragment_or_redirect, go, is_htmx, limited, load_form, signed_in, takes_form
from circle.qa import operations, queries
from circle.qa.input_schemas import NothingInput
from circle.qa.invite_schemas import ExpertsQuery, QuestionInviteInput
from circle.qa.web.blueprint import bp


@bp.get("/<slug:slug>/questions/<id:question_id>/invites")
@signed_in
def invites(slug: str, question_id: int) -> str:
    """Who was invited to answer a question, and whom to invite."""
    return _page(slug, question_id)


def _page(slug: str, question_id: int, errors: Mapping[str, Any] | None = None) -> str:
    data, _wrong = load_form(ExpertsQuery(), request.args)
    desk = queries.invite_desk(actor(), question_id, slug=slug, q=data.get("q"))
    circle = desk.question.post.circle
    return render_template("qa/invites.html", circle=circle, desk=desk, q=data.get("q") or "", errors=errors or {})


def _fragment(slug: str, question_id: int, errors: Mapping[str, Any] | None = None) -> str:
    desk = queries.invite_desk(actor(), question_id, slug=slug)
    circle = desk.question.post.circle
    return render_template("qa/_invites.html", circle=circle, desk=desk, q="", errors=errors or {}, invited=not errors)


def _again(_values: Any, errors: Mapping[str, Any], slug: str, question_id: int) -> str:
    return _fragment(slug, question_id, errors) if is_htmx() else _page(slug, question_id, errors)


@bp.post("/<slug:slug>/questions/<id:question_id>/invites")
@signed_in
@limited("react")
@takes_form(QuestionInviteInput, again=_again)
def invite(data: dict[str, Any], slug: str, question_id: int) -> Any:
    """Invite somebody; htmx gets the lists alone."""
    queries.get_question(actor(), question_id, slug=slug)
    operations.invite(actor(), question_id, **data)
    target = url_for("qa.invites", slug=slug, question_id=question_id)
    return fragment_or_redirect(lambda: _fragment(slug, question_id), target, toast=_("Invited. They have been told."))


def _decline_again(_values: Any, errors: Mapping[str, Any], slug: str, question_id: int) -> str:
    return _mine(slug, errors)


@bp.post("/<slug:slug>/questions/<id:question_id>/invites/decline")
@signed_in
@limited("react")
@takes_form(NothingInput, again=_decline_again)
def decline_invite(_data: dict[str, Any], slug: str, question_id: int) -> Any:
    """Say that one would rather not answer."""
    queries.get_question(actor(), question_id, slug=slug)
    operations.decline_invite(actor(), question_id)
    return go(url_for("qa.my_invites", slug=slug), toast=_("Declined. Thank you for saying so."))


@bp.get("/<slug:slug>/questions/invites")
@signed_in
def my_invites(slug: str) -> str:
    """The questions one is asked to answer."""
    return _mine(slug)


def _mine(slug: str, errors: Mapping[str, Any] | None = None) -> str:
    circle = circles.readable_circle(actor(), slug)
    page = queries.my_invites(actor(), circle, cursor=request.args.get("cursor"))
    next_url = url_for("qa.my_invites", slug=slug, cursor=page.next_cursor) if page.next_cursor else None
    template = "qa/_my_invites.html" if is_htmx() else "qa/my_invites.html"
    return render_template(template, circle=circle, invites=page.items, next_url=next_url, errors=errors or {})
