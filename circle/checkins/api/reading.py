"""The campaigns of a circle over the API, and joining one."""

from __future__ import annotations

from typing import Any

from circle.checkins import operations, queries, rules
from circle.checkins.api.blueprint import bp
from circle.checkins.queries import CampaignRow, EnrollmentRow
from circle.checkins.schemas import CampaignOut, CampaignsQuery, EnrollInput, EnrollmentOut, WithdrawInput
from circle.circles import queries as circles
from circle.core.api import actor
from circle.core.pagination import Page
from circle.posts.queries import PostRow
from circle.posts.schemas import PostOut


@bp.endpoint(
    "GET", "/circles/<slug:slug>/campaigns", gives=CampaignOut, query=CampaignsQuery, paged=True, signed_in=False
)
def campaigns(query: dict[str, Any], slug: str) -> Page[CampaignRow]:
    """A circle's check-in campaigns, the last to begin first."""
    return queries.campaign_page(actor(), circles.readable_circle(actor(), slug), **query)


@bp.endpoint("GET", "/campaigns/<id:campaign_id>", gives=CampaignOut, signed_in=False)
def campaign(campaign_id: int) -> CampaignRow:
    """One campaign."""
    return queries.get_campaign(actor(), campaign_id)


@bp.endpoint("GET", "/campaigns/<id:campaign_id>/me", gives=EnrollmentOut, errors=(404, 422))
def my_part(campaign_id: int) -> EnrollmentRow:
    """One's own part in a campaign, day by day."""
    return _mine(campaign_id)


def _mine(campaign_id: int) -> EnrollmentRow:
    me = queries.get_campaign(actor(), campaign_id).me
    if me is None:
        raise rules.not_enrolled()
    return me


@bp.endpoint("GET", "/campaigns/<id:campaign_id>/checkins", gives=PostOut, paged=True, signed_in=False)
def checkins(query: dict[str, Any], campaign_id: int) -> Page[PostRow]:
    """The check-ins of a campaign that count, the last first."""
    return queries.checkin_posts(actor(), queries.get_campaign(actor(), campaign_id), **query)


@bp.endpoint(
    "POST",
    "/campaigns/<id:campaign_id>/enroll",
    takes=EnrollInput,
    gives=EnrollmentOut,
    limit="join",
    errors=(403, 409, 422),
)
def enroll(data: dict[str, Any], campaign_id: int) -> EnrollmentRow:
    """Take part in a campaign, and if it is named in a team of it. Asking again changes nothing."""
    operations.take_part(actor(), campaign_id, **data)
    return _mine(campaign_id)


@bp.endpoint(
    "POST", "/campaigns/<id:campaign_id>/withdraw", takes=WithdrawInput, gives=EnrollmentOut, limit="join",
    errors=(403, 409, 422),
)  # fmt: skip
def withdraw(data: dict[str, Any], campaign_id: int) -> EnrollmentRow:
    """Take part no more. What was checked in stays, and counts again for who comes back in time."""
    operations.withdraw(actor(), campaign_id, **data)
    return _mine(campaign_id)
