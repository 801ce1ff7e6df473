"""Pages for those who manage campaigns: all of them, the editor with its preview, publishing, calling off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.checkins import operations, plans, queries
from circle.checkins.manage_schemas import CampaignForm, DayForm, DayReasonForm, NothingForm, ReasonForm, form_names
from circle.checkins.queries import CampaignRow
from circle.checkins.web import planning
from circle.checkins.web.blueprint import bp
from circle.checkins.web.planning import Shown
from circle.circles.queries import CircleRow
from circle.core.errors import Conflict, PreconditionFailed
from circle.core.i18n import _
from circle.core.web import actor, count_hit, go, is_htmx, limited, once, signed_in, takes_body, takes_form
from circle.media import uploads
from circle.topics import queries as topics

Values = Mapping[str, Any]
Errors = Mapping[str, Any]


def _page_of(slug: str, campaign_id: int) -> str:
    return url_for("checkins.manage_campaign", slug=slug, campaign_id=campaign_id)


# ---- all of them -----------------------------------------------------------------------------------------------------


@bp.get("/<slug:slug>/manage/campaigns")
@signed_in
def manage(slug: str) -> str:
    """All campaigns, with how they stand and what comes next."""
    count_hit("read")
    circle = queries.manageable(actor(), slug)
    page = queries.managed_page(circle, request.args.get("cursor"))
    more = url_for("checkins.manage", slug=slug, cursor=page.next_cursor) if page.next_cursor else None
    name = "checkins/_managed_rows.html" if is_htmx() else "checkins/manage.html"
    return render_template(name, circle=circle, rows=page.items, next_url=more)


# ---- the editor ------------------------------------------------------------------------------------------------------


def _editor(
    circle: CircleRow, campaign: CampaignRow | None, values: Values, errors: Errors, shown: Shown | None = None,
    *, typed: Values | None = None,
) -> str:  # fmt: skip
    """`typed` is what a form beside the plan held, when that comes back."""
    if shown is None and campaign is not None and not errors:
        shown = planning.stored(campaign)
    chosen = str(values.get("topic_id") or "")
    return render_template(
        "checkins/manage_new.html" if campaign is None else "checkins/manage_campaign.html",
        circle=circle, campaign=campaign, values=values, errors=errors, shown=shown, bounds=plans.BOUNDS,
        typed=typed or {},
        topics=[topic for topic in topics.topics_in(actor(), circle) if _offered(topic, chosen)],
    )  # fmt: skip


def _offered(topic: Any, chosen: str) -> bool:
    return topic.status == "active" or str(topic.id) == chosen


def _new_again(values: Values, errors: Errors, slug: str) -> str:
    return _editor(queries.manageable(actor(), slug), None, values, errors)


def _again(values: Values, errors: Errors, slug: str, campaign_id: int) -> str:
    campaign = queries.managed_campaign(actor(), campaign_id, slug=slug)
    shown = values if "title" in values else planning.form_values(planning.plan_of(campaign))
    return _editor(campaign.circle, campaign, shown, errors)


@bp.get("/<slug:slug>/manage/campaigns/new")
@signed_in
def new_campaign(slug: str) -> str:
    """The editor for a new one: a week from next Monday, unless it is changed."""
    circle = queries.manageable(actor(), slug)
    plan = planning.usual_plan(circle)
    return _editor(circle, None, planning.form_values(plan), {}, planning.shown(circle, dict(vars(plan)), None))


@bp.post("/<slug:slug>/manage/campaigns")
@signed_in
@limited("manage")
@once
@takes_form(CampaignForm, again=_new_again)
def create_campaign(data: dict[str, Any], slug: str) -> AnyResponse:
    """Keep a draft."""
    queries.manageable(actor(), slug)
    with form_names():
        plan = plans.planned(**planning.complete(planning.planned(data)))
        campaign_id = operations.create_campaign(actor(), slug, plan)
    return go(_page_of(slug, campaign_id), toast=_("Kept as a draft. Nobody sees it until you publish it."))


@bp.get("/<slug:slug>/manage/campaigns/<id:campaign_id>")
@signed_in
def manage_campaign(slug: str, campaign_id: int) -> str:
    """The editor of a campaign, with what else can be done about it."""
    count_hit("read")
    campaign = queries.managed_campaign(actor(), campaign_id, slug=slug)
    return _editor(campaign.circle, campaign, planning.form_values(planning.plan_of(campaign)), {})


@bp.post("/<slug:slug>/manage/campaigns/<id:campaign_id>")
@signed_in
@limited("manage")
@takes_form(CampaignForm, again=_again)
def update_campaign(data: dict[str, Any], slug: str, campaign_id: int) -> AnyResponse:
    """Keep what was changed."""
    campaign = queries.managed_campaign(actor(), campaign_id, slug=slug)
    _save(campaign, data)
    return go(_page_of(slug, campaign_id), toast=_("Saved."))


def _save(campaign: CampaignRow, data: Values) -> None:
    values = planning.planned(data)
    with form_names():
        draft = campaign.status == "draft"
        values = planning.complete(values) if draft else planning.changed(values, request.form)
        try:
            operations.update_campaign(actor(), campaign.id, version=data["version"], **values)
        except PreconditionFailed as error:
            raise Conflict(error.sentence) from None  # the form again, with what was typed


# ---- the preview -----------------------------------------------------------------------------------------------------


def _preview_again(values: Values, errors: Errors, slug: str) -> str:
    return _previewed(slug, values, Shown(errors))


@bp.post("/<slug:slug>/manage/campaigns/preview")
@signed_in
@limited("suggest")
@takes_form(CampaignForm, again=_preview_again)
def preview_campaign(data: dict[str, Any], slug: str) -> str:
    """What the form would become: the periods, and the campaign as members will see it. Nothing is kept."""
    circle = queries.manageable(actor(), slug)
    campaign = _previewed_campaign(slug, data["campaign_id"])
    values = planning.planned(data)
    if campaign is not None and campaign.status != "draft":
        values = planning.changed(values, request.form)
    with form_names():
        shown = planning.shown(circle, values, campaign)
    return _previewed(slug, request.form, shown, campaign)


def _previewed_campaign(slug: str, campaign_id: int | None) -> CampaignRow | None:
    return None if campaign_id is None else queries.managed_campaign(actor(), campaign_id, slug=slug)


def _previewed(slug: str, values: Values, shown: Shown, campaign: CampaignRow | None = None) -> str:
    circle = queries.manageable(actor(), slug)
    if is_htmx():
        return render_template("checkins/_preview.html", circle=circle, shown=shown, campaign=campaign)
    return _editor(circle, campaign, values, {}, shown)


# ---- steps -----------------------------------------------------------------------------------------------------------


@bp.post("/<slug:slug>/manage/campaigns/<id:campaign_id>/publish")
@signed_in
@limited("manage")
@takes_form(CampaignForm, again=_again)
def publish_campaign(data: dict[str, Any], slug: str, campaign_id: int) -> AnyResponse:
    """Keep what was changed, and let members join."""
    campaign = queries.managed_campaign(actor(), campaign_id, slug=slug)
    if "title" in request.form and campaign.status == "draft":
        _save(campaign, data)
    with form_names():
        operations.publish_campaign(actor(), campaign_id)
    return go(_page_of(slug, campaign_id), toast=_("Published. Members can join now."))


def _step_again(values: Values, errors: Errors, slug: str, campaign_id: int) -> str:
    campaign = queries.managed_campaign(actor(), campaign_id, slug=slug)
    plan = planning.form_values(planning.plan_of(campaign))
    return _editor(campaign.circle, campaign, plan, errors, typed=values)


@bp.post("/<slug:slug>/manage/campaigns/<id:campaign_id>/cancel")
@signed_in
@limited("manage")
@takes_form(ReasonForm, again=_step_again)
def cancel_campaign(data: dict[str, Any], slug: str, campaign_id: int) -> AnyResponse:
    """Call it off; a draft is thrown away."""
    campaign = queries.managed_campaign(actor(), campaign_id, slug=slug)
    operations.cancel_campaign(actor(), campaign_id, **data)
    toast = _("The draft is gone.") if campaign.status == "draft" else _("Cancelled. Everybody who takes part is told.")
    return go(url_for("checkins.manage", slug=slug), toast=toast)


@bp.post("/<slug:slug>/manage/campaigns/<id:campaign_id>/excuse")
@signed_in
@limited("manage")
@takes_form(DayReasonForm, again=_step_again)
def excuse_period(data: dict[str, Any], slug: str, campaign_id: int) -> AnyResponse:
    """Let a day on which the service failed count against nobody."""
    weekly = queries.managed_campaign(actor(), campaign_id, slug=slug).cadence == "weekly"
    operations.excuse_period(actor(), campaign_id, **data)
    week = _("Excused. Everybody keeps their streak over that week.")
    day = _("Excused. Everybody keeps their streak over that day.")
    return go(_page_of(slug, campaign_id), toast=week if weekly else day)


@bp.post("/<slug:slug>/manage/campaigns/<id:campaign_id>/unexcuse")
@signed_in
@limited("manage")
@takes_form(DayForm, again=_step_again)
def unexcuse_period(data: dict[str, Any], slug: str, campaign_id: int) -> AnyResponse:
    """Let a day that was excused count like every other again."""
    weekly = queries.managed_campaign(actor(), campaign_id, slug=slug).cadence == "weekly"
    operations.unexcuse_period(actor(), campaign_id, **data)
    week = _("The week counts again. Everybody who takes part is told.")
    day = _("The day counts again. Everybody who takes part is told.")
    return go(_page_of(slug, campaign_id), toast=week if weekly else day)


# ---- the cover -------------------------------------------------------------------------------------------------------


@bp.post("/<slug:slug>/manage/campaigns/<id:campaign_id>/cover")
@takes_body(uploads.MAX_IMAGE_REQUEST)
@signed_in
@limited("upload")
@takes_form(NothingForm, again=_step_again)
def upload_campaign_cover(_data: dict[str, Any], slug: str, campaign_id: int) -> AnyResponse:
    """A new picture for the campaign."""
    # the operation asks again; asked first, a stranger's picture is not even looked at
    queries.managed_campaign(actor(), campaign_id, slug=slug)
    media_id = uploads.take_upload(actor(), request.files.get("file"), "cover")
    operations.set_campaign_cover(actor(), campaign_id, media_id)
    return go(_page_of(slug, campaign_id), toast=_("The cover was changed."))


@bp.post("/<slug:slug>/manage/campaigns/<id:campaign_id>/cover/remove")
@signed_in
@limited("manage")
@takes_form(NothingForm, again=_step_again)
def remove_campaign_cover(_data: dict[str, Any], slug: str, campaign_id: int) -> AnyResponse:
    """Take the picture off the campaign."""
    queries.managed_campaign(actor(), campaign_id, slug=slug)
    operations.set_campaign_cover(actor(), campaign_id, None)
    return go(_page_of(slug, campaign_id), toast=_("The cover was removed."))
