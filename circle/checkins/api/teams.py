"""Teams of a campaign over the API."""

from __future__ import annotations

from typing import Any

from circle.checkins import operations, queries
from circle.checkins.api.blueprint import bp
from circle.checkins.queries import TeamRow
from circle.checkins.team_schemas import (
    TeamDissolveInput,
    TeamInput,
    TeamJoinInput,
    TeamLeaveInput,
    TeamOut,
    TeamRenameInput,
)
from circle.core.api import actor
from circle.core.pagination import Page


@bp.endpoint("GET", "/campaigns/<id:campaign_id>/teams", gives=TeamOut, paged=True, signed_in=False)
def teams(page: dict[str, Any], campaign_id: int) -> Page[TeamRow]:
    """The teams of a campaign: the first to be formed first, once it has begun in the order of their board."""
    return queries.team_page(actor(), queries.get_campaign(actor(), campaign_id), **page)


@bp.endpoint("GET", "/campaign-teams/<id:team_id>", gives=TeamOut, signed_in=False)
def team(team_id: int) -> TeamRow:
    """One team."""
    return queries.get_team(actor(), team_id)


@bp.endpoint(
    "POST", "/campaigns/<id:campaign_id>/teams", takes=TeamInput, gives=TeamOut, status=201, limit="join",
    errors=(403, 409, 422),
)  # fmt: skip
def create_team(data: dict[str, Any], campaign_id: int) -> TeamRow:
    """Form a team in a campaign that one takes part in and that is still to begin, and be its captain."""
    return queries.get_team(actor(), operations.create_team(actor(), campaign_id, **data))


@bp.endpoint(
    "POST", "/campaign-teams/<id:team_id>/join", takes=TeamJoinInput, gives=TeamOut, limit="join",
    errors=(403, 409, 422),
)  # fmt: skip
def join_team(data: dict[str, Any], team_id: int) -> TeamRow:
    """Join a team. Asking again changes nothing."""
    operations.join_team(actor(), team_id, **data)
    return queries.get_team(actor(), team_id)


@bp.endpoint(
    "POST",
    "/campaigns/<id:campaign_id>/teams/leave",
    takes=TeamLeaveInput,
    gives=None,
    status=204,
    limit="join",
    errors=(403, 422),
)
def leave_team(data: dict[str, Any], campaign_id: int) -> None:
    """Leave one's team before the campaign begins; a team without anybody is gone. Asking again changes nothing."""
    operations.leave_team(actor(), campaign_id, **data)


@bp.endpoint(
    "POST", "/campaign-teams/<id:team_id>/rename", takes=TeamRenameInput, gives=TeamOut, limit="manage",
    errors=(403, 409),
)  # fmt: skip
def rename_team(data: dict[str, Any], team_id: int) -> TeamRow:
    """Give a team another name; its members are told why."""
    operations.rename_team(actor(), team_id, **data)
    return queries.get_team(actor(), team_id)


@bp.endpoint(
    "POST", "/campaign-teams/<id:team_id>/dissolve", takes=TeamDissolveInput, gives=None, status=204, limit="manage",
    errors=(403, 422),
)  # fmt: skip
def dissolve_team(data: dict[str, Any], team_id: int) -> None:
    """Dissolve a team before its campaign begins; its members are told why, and go on taking part."""
    operations.dissolve_team(actor(), team_id, **data)
