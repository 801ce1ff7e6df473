"""The teams of a campaign: forming, joining and leaving one, and how far they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.access import Permission, require
from circle.checkins import operations, queries
from circle.checkins.queries import TeamRow
from circle.checkins.team_schemas import (
    TeamDissolveInput,
    TeamInput,
    TeamJoinInput,
    TeamLeaveInput,
    TeamRenameInput,
)
from circle.checkins.web.blueprint import bp
from circle.core.errors import Forbidden
from circle.core.i18n import _
from circle.core.web import actor, count_hit, go, is_htmx, limited, once, signed_in, takes_form


@bp.get("/<slug:slug>/campaigns/<id:campaign_id>/teams")
def teams(slug: str, campaign_id: int) -> str:
    """The teams of a campaign."""
    return _page({}, {}, slug, campaign_id)


def _page(values: Mapping[str, Any], errors: Mapping[str, Any], slug: str, campaign_id: int, team_id: int = 0) -> str:
    """The page of the teams; `team_id` is one that could not be joined."""
    count_hit("read")
    campaign = queries.get_campaign(actor(), campaign_id, slug=slug)
    cursor = request.args.get("cursor") if request.method == "GET" else None
    page = queries.team_page(actor(), campaign, cursor)
    more = url_for(".teams", slug=slug, campaign_id=campaign_id, cursor=page.next_cursor) if page.next_cursor else None
    values_of = {"circle": campaign.circle, "campaign": campaign, "more": more, "begun": queries.has_begun(campaign)}
    if is_htmx() and cursor:
        return render_template("checkins/_team_rows.html", teams=page.items, **values_of)
    return render_template(
        "checkins/teams.html", teams=[team for team in page.items if not team.mine], values=values, errors=errors,
        my_team=queries.my_team(actor(), campaign), may_form=queries.may_form(campaign),
        team_count=queries.team_count(campaign_id), **values_of,
    )  # fmt: skip


@bp.get("/<slug:slug>/campaigns/<id:campaign_id>/teams/<id:team_id>")
def team(slug: str, campaign_id: int, team_id: int) -> str:
    """One team: who is in it, and how far they are."""
    count_hit("read")
    campaign = queries.get_campaign(actor(), campaign_id, slug=slug)
    return render_template(
        "checkins/team.html", circle=campaign.circle, campaign=campaign, begun=queries.has_begun(campaign),
        team=queries.team_in(actor(), campaign, team_id),
    )  # fmt: skip


@bp.post("/<slug:slug>/campaigns/<id:campaign_id>/teams")
@signed_in
@limited("join")
@once
@takes_form(TeamInput, again=_page)
def create_team(data: dict[str, Any], slug: str, campaign_id: int) -> AnyResponse:
    """Form a team."""
    campaign = queries.get_campaign(actor(), campaign_id, slug=slug)
    operations.create_team(actor(), campaign_id, **data)
    return go(f"{campaign.url}/teams", toast=_("Your team is there. Tell others, so that they join it."))


@bp.post("/<slug:slug>/campaigns/<id:campaign_id>/teams/<id:team_id>/join")
@signed_in
@limited("join")
@takes_form(TeamJoinInput, again=_page)
def join_team(data: dict[str, Any], slug: str, campaign_id: int, team_id: int) -> AnyResponse:
    """Join a team, and with it the campaign if one does not take part yet."""
    campaign = queries.get_campaign(actor(), campaign_id, slug=slug)
    operations.enroll_in_team(actor(), campaign_id, team_id, **data)
    return go(f"{campaign.url}/teams", toast=_("You are in the team."))


@bp.post("/<slug:slug>/campaigns/<id:campaign_id>/teams/leave")
@signed_in
@limited("join")
@takes_form(TeamLeaveInput, again=_page)
def leave_team(data: dict[str, Any], slug: str, campaign_id: int) -> AnyResponse:
    """Leave one's team."""
    campaign = queries.get_campaign(actor(), campaign_id, slug=slug)
    operations.leave_team(actor(), campaign_id, **data)
    return go(f"{campaign.url}/teams", toast=_("You left the team. You still take part in the campaign."))


# ---- the people who run the circle -----------------------------------------------------------------------------------


def _managed(slug: str, campaign_id: int, team_id: int) -> tuple[queries.CampaignRow, TeamRow]:
    """A team, for somebody who may rename it."""
    campaign = queries.get_campaign(actor(), campaign_id, slug=slug)
    team = queries.team_in(actor(), campaign, team_id)
    require(actor(), Permission.CAMPAIGN_MANAGE, campaign.circle.standing)
    if not team.can_manage:
        raise Forbidden(_("This person has a higher role than you."))
    return campaign, team


def _manage_page(
    values: Mapping[str, Any], errors: Mapping[str, Any], slug: str, campaign_id: int, team_id: int
) -> str:
    campaign, team = _managed(slug, campaign_id, team_id)
    dissolving = request.path.endswith("/dissolve")
    return render_template(
        "checkins/team_manage.html", circle=campaign.circle, campaign=campaign, team=team,
        begun=queries.has_begun(campaign), values={} if dissolving else values, errors={} if dissolving else errors,
        dissolve_values=values if dissolving else {}, dissolve_errors=errors if dissolving else {},
    )  # fmt: skip


@bp.get("/<slug:slug>/campaigns/<id:campaign_id>/teams/<id:team_id>/manage")
@signed_in
def manage_team(slug: str, campaign_id: int, team_id: int) -> str:
    """Another name for a team, or none at all."""
    return _manage_page({}, {}, slug, campaign_id, team_id)


@bp.post("/<slug:slug>/campaigns/<id:campaign_id>/teams/<id:team_id>/rename")
@signed_in
@limited("manage")
@takes_form(TeamRenameInput, again=_manage_page)
def rename_team(data: dict[str, Any], slug: str, campaign_id: int, team_id: int) -> AnyResponse:
    """Give a team another name."""
    campaign, _team = _managed(slug, campaign_id, team_id)
    operations.rename_team(actor(), team_id, **data)
    return go(f"{campaign.url}/teams", toast=_("Renamed. The members have been told."))


@bp.post("/<slug:slug>/campaigns/<id:campaign_id>/teams/<id:team_id>/dissolve")
@signed_in
@limited("manage")
@takes_form(TeamDissolveInput, again=_manage_page)
def dissolve_team(data: dict[str, Any], slug: str, campaign_id: int, team_id: int) -> AnyResponse:
    """Dissolve a team before the campaign begins."""
    campaign, _team = _managed(slug, campaign_id, team_id)
    operations.dissolve_team(actor(), team_id, **data)
    return go(f"{campaign.url}/teams", toast=_("Dissolved. The members have been told."))
