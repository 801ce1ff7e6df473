"""What those who run a circle do about its campaigns over the API."""

from __future__ import annotations

from typing import Any

from circle.checkins import operations, plans, queries
from circle.checkins.api.blueprint import bp
from circle.checkins.manage_schemas import (
    CampaignChanges,
    CampaignDayInput,
    CampaignIdxInput,
    CampaignInput,
    CampaignReasonInput,
    ParticipantOut,
    PeopleQuery,
    changes_in,
    json_names,
)
from circle.checkins.queries import CampaignRow, PersonRow
from circle.checkins.schemas import CampaignOut
from circle.core.api import actor, expected_version
from circle.core.pagination import Page


@bp.endpoint(
    "POST", "/circles/<slug:slug>/campaigns", takes=CampaignInput, gives=CampaignOut, status=201, limit="manage",
    errors=(403,),
)  # fmt: skip
def create_campaign(data: dict[str, Any], slug: str) -> CampaignRow:
    """Begin a campaign as a draft; only those who manage campaigns see it until it is published."""
    queries.manageable(actor(), slug)
    with json_names():
        plan = plans.planned(**changes_in(data))
        campaign_id = operations.create_campaign(actor(), slug, plan)
    return queries.get_campaign(actor(), campaign_id)


@bp.endpoint(
    "PATCH", "/campaigns/<id:campaign_id>", takes=CampaignChanges, gives=CampaignOut, limit="manage", versioned=True,
    errors=(403, 409),
)  # fmt: skip
def update_campaign(data: dict[str, Any], campaign_id: int) -> CampaignRow:
    """Change a campaign; what is absent stays. With If-Match only if nobody else changed it.

    Of a draft everything may change, later only for the better of those who take part: `CAMPAIGN_LOCKED` otherwise.
    A larger reward holds for everybody, also for those who completed it before.
    """
    queries.get_campaign(actor(), campaign_id)
    with json_names():
        operations.update_campaign(actor(), campaign_id, version=expected_version(), **changes_in(data))
    return queries.get_campaign(actor(), campaign_id)


@bp.endpoint(
    "POST", "/campaigns/<id:campaign_id>/publish", gives=CampaignOut, limit="manage", errors=(403, 409, 422)
)  # fmt: skip
def publish_campaign(campaign_id: int) -> CampaignRow:
    """Fix the periods of a draft in the circle's time zone, and let members join.

    Refusals: `PERIODS_EMPTY`, `NEED_UNREACHABLE`, `TOPIC_CLOSED`.
    """
    queries.get_campaign(actor(), campaign_id)
    with json_names():
        operations.publish_campaign(actor(), campaign_id)
    return queries.get_campaign(actor(), campaign_id)


@bp.endpoint(
    "POST", "/campaigns/<id:campaign_id>/cancel", takes=CampaignReasonInput, gives=None, status=204, limit="manage",
    errors=(403, 409),
)  # fmt: skip
def cancel_campaign(data: dict[str, Any], campaign_id: int) -> None:
    """Call a campaign off; a draft is gone then.

    Points for check-ins stay; whoever had done their share so far gets the reward, and bought make-up cards that were
    not used are paid back. Everybody who takes part is told why.
    """
    queries.get_campaign(actor(), campaign_id)
    operations.cancel_campaign(actor(), campaign_id, **data)


@bp.endpoint(
    "POST", "/campaigns/<id:campaign_id>/excuse", takes=CampaignDayInput, gives=CampaignOut, limit="manage",
    errors=(403, 409),
)  # fmt: skip
def excuse_period(data: dict[str, Any], campaign_id: int) -> CampaignRow:
    """Let a day on which the service failed count against nobody; a streak goes on over it. `PERIOD_NOT_OPENED`.

    A make-up card that was spent on it comes back.
    """
    queries.get_campaign(actor(), campaign_id)
    operations.excuse_period(actor(), campaign_id, **data)
    return queries.get_campaign(actor(), campaign_id)


@bp.endpoint(
    "POST", "/campaigns/<id:campaign_id>/unexcuse", takes=CampaignIdxInput, gives=CampaignOut, limit="manage",
    errors=(403, 409),
)  # fmt: skip
def unexcuse_period(data: dict[str, Any], campaign_id: int) -> CampaignRow:
    """Let a day that was excused count like every other again, until the campaign is being settled.

    Who had completed it because of the excusal, and has not without it, loses what that gave; make-up cards that came
    back stay.
    """
    queries.get_campaign(actor(), campaign_id)
    operations.unexcuse_period(actor(), campaign_id, **data)
    return queries.get_campaign(actor(), campaign_id)


# ---- who takes part --------------------------------------------------------------------------------------------------


@bp.endpoint(
    "GET", "/campaigns/<id:campaign_id>/people", gives=ParticipantOut, query=PeopleQuery, paged=True, errors=(403,)
)  # fmt: skip
def people(query: dict[str, Any], campaign_id: int) -> Page[PersonRow]:
    """Who joined a campaign, who did most first; for those who manage it."""
    return queries.people_page(queries.managed_campaign(actor(), campaign_id), **query)


@bp.endpoint(
    "POST", "/campaigns/<id:campaign_id>/people/<id:user_id>/disqualify", takes=CampaignReasonInput,
    gives=ParticipantOut, limit="manage", errors=(403, 409), key_required=True,
)  # fmt: skip
def disqualify(data: dict[str, Any], campaign_id: int, user_id: int) -> PersonRow:
    """Take somebody out, also after the settlement: what completing gave goes back, and they are on no board."""
    operations.disqualify(actor(), campaign_id, user_id, **data)
    return _person(campaign_id, user_id)


@bp.endpoint(
    "POST", "/campaigns/<id:campaign_id>/people/<id:user_id>/reinstate", gives=ParticipantOut, limit="manage",
    errors=(403, 409), key_required=True,
)  # fmt: skip
def reinstate(campaign_id: int, user_id: int) -> PersonRow:
    """Let somebody who was taken out take part again; until the settlement."""
    operations.reinstate(actor(), campaign_id, user_id)
    return _person(campaign_id, user_id)


@bp.endpoint(
    "POST", "/campaigns/<id:campaign_id>/people/<id:user_id>/give", takes=CampaignDayInput, gives=ParticipantOut,
    limit="manage", errors=(403, 409), key_required=True,
)  # fmt: skip
def give(data: dict[str, Any], campaign_id: int, user_id: int) -> PersonRow:
    """Let a day count for somebody without a post; it is not on time and earns no points."""
    operations.give_checkin(actor(), campaign_id, user_id, **data)
    return _person(campaign_id, user_id)


@bp.endpoint(
    "POST", "/campaigns/<id:campaign_id>/people/<id:user_id>/take-back", takes=CampaignIdxInput, gives=ParticipantOut,
    limit="manage", errors=(403, 409), key_required=True,
)  # fmt: skip
def take_back(data: dict[str, Any], campaign_id: int, user_id: int) -> PersonRow:
    """Let a day that was given to somebody by hand count no more; until the settlement. `NOT_GIVEN`."""
    operations.take_back_checkin(actor(), campaign_id, user_id, **data)
    return _person(campaign_id, user_id)


def _person(campaign_id: int, user_id: int) -> PersonRow:
    return queries.person_in(queries.managed_campaign(actor(), campaign_id), user_id)
