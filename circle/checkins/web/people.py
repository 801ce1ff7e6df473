"""The page with everybody who joined a campaign, for those who manage it."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.checkins import operations, queries
from circle.checkins.manage_schemas import DayForm, DayReasonForm, NothingForm, PeopleQuery, ReasonForm
from circle.checkins.web.blueprint import bp
from circle.core.i18n import _
from circle.core.web import actor, count_hit, go, is_htmx, limited, load_form, safe_next, signed_in, takes_form


def _page(slug: str, campaign_id: int, errors: Any = None, typed: Any = None, failed: int = 0) -> str:
    """The list; after a refusal with what was `typed`, about whom (`failed`)."""
    campaign = queries.managed_campaign(actor(), campaign_id, slug=slug)
    found, wrong = load_form(PeopleQuery(), request.args)
    filters = {"status": None, "q": None} if wrong else found
    page = queries.people_page(campaign, **filters, cursor=request.args.get("cursor"))
    people = list(page.items)
    if failed and failed not in {person.user.id for person in people}:
        people.insert(0, queries.person_in(campaign, failed))
    here = {name: value for name, value in filters.items() if value}
    address = url_for("checkins.people", slug=slug, campaign_id=campaign_id, **here)
    more = None
    if page.next_cursor:
        more = url_for("checkins.people", slug=slug, campaign_id=campaign_id, cursor=page.next_cursor, **here)
    return render_template(
        "checkins/_people_rows.html" if is_htmx() and request.method == "GET" else "checkins/manage_people.html",
        circle=campaign.circle, campaign=campaign, people=people, filters=filters, next_url=more, list_here=address,
        errors=errors or {}, typed=typed or {}, failed=failed,
        step={"checkins.give": "give", "checkins.take_back": "back", "checkins.disqualify": "out"}.get(
            request.endpoint or "", ""
        ),
    )  # fmt: skip


def _again(values: Any, errors: Any, slug: str, campaign_id: int, user_id: int) -> str:
    return _page(slug, campaign_id, errors, values, user_id)


def _back(slug: str, campaign_id: int, toast: str) -> AnyResponse:
    """To the list that the act was started from, with its filters."""
    first = url_for("checkins.people", slug=slug, campaign_id=campaign_id)
    return go(safe_next(request.form.get("next"), first), toast=toast)


@bp.get("/<slug:slug>/manage/campaigns/<id:campaign_id>/people")
@signed_in
def people(slug: str, campaign_id: int) -> str:
    """Who joined, and how far they are."""
    count_hit("read")
    return _page(slug, campaign_id)


@bp.post("/<slug:slug>/manage/campaigns/<id:campaign_id>/people/<id:user_id>/disqualify")
@signed_in
@limited("manage")
@takes_form(ReasonForm, again=_again)
def disqualify(data: dict[str, Any], slug: str, campaign_id: int, user_id: int) -> AnyResponse:
    """Take somebody out of the campaign."""
    queries.managed_campaign(actor(), campaign_id, slug=slug)
    operations.disqualify(actor(), campaign_id, user_id, **data)
    return _back(slug, campaign_id, _("Taken out. They can read why."))


@bp.post("/<slug:slug>/manage/campaigns/<id:campaign_id>/people/<id:user_id>/reinstate")
@signed_in
@limited("manage")
@takes_form(NothingForm, again=_again)
def reinstate(_data: dict[str, Any], slug: str, campaign_id: int, user_id: int) -> AnyResponse:
    """Let somebody who was taken out take part again."""
    queries.managed_campaign(actor(), campaign_id, slug=slug)
    operations.reinstate(actor(), campaign_id, user_id)
    return _back(slug, campaign_id, _("They take part again, with all their days."))


@bp.post("/<slug:slug>/manage/campaigns/<id:campaign_id>/people/<id:user_id>/give")
@signed_in
@limited("manage")
@takes_form(DayReasonForm, again=_again)
def give(data: dict[str, Any], slug: str, campaign_id: int, user_id: int) -> AnyResponse:
    """Let a day count for somebody without a post."""
    weekly = queries.managed_campaign(actor(), campaign_id, slug=slug).cadence == "weekly"
    operations.give_checkin(actor(), campaign_id, user_id, **data)
    week, day = _("The week counts now. They can read why."), _("The day counts now. They can read why.")
    return _back(slug, campaign_id, week if weekly else day)


@bp.post("/<slug:slug>/manage/campaigns/<id:campaign_id>/people/<id:user_id>/take-back")
@signed_in
@limited("manage")
@takes_form(DayForm, again=_again)
def take_back(data: dict[str, Any], slug: str, campaign_id: int, user_id: int) -> AnyResponse:
    """Let a day that was given to somebody count no more."""
    weekly = queries.managed_campaign(actor(), campaign_id, slug=slug).cadence == "weekly"
    operations.take_back_checkin(actor(), campaign_id, user_id, **data)
    week, day = _("The week was taken back. They are told."), _("The day was taken back. They are told.")
    return _back(slug, campaign_id, week if weekly else day)
