"""Checking in over the API, making up, and buying a card. What decides is when the request arrived."""

from __future__ import annotations

from typing import Any

from circle.checkins import operations, queries
from circle.checkins.api.blueprint import bp
from circle.checkins.checking_schemas import CardsOut, CheckinInput, MakeupInput, SubmittedOut
from circle.checkins.operations import Submitted
from circle.core.api import actor
from circle.core.arrival import arrived_at
from circle.points.queries import points_here


@bp.endpoint(
    "POST", "/campaigns/<id:campaign_id>/submit", takes=CheckinInput, gives=SubmittedOut, status=201, limit="publish",
    key_required=True, errors=(403,),
)  # fmt: skip
def submit(data: dict[str, Any], campaign_id: int) -> dict[str, Any]:
    """Check in for the period that is open."""
    made = operations.submit(actor(), campaign_id, **data, arrived_at=arrived_at())
    return _told(campaign_id, made, "normal")


@bp.endpoint(
    "POST", "/campaigns/<id:campaign_id>/makeup", takes=MakeupInput, gives=SubmittedOut, status=201, limit="publish",
    key_required=True, errors=(403,),
)  # fmt: skip
def make_up(data: dict[str, Any], campaign_id: int) -> dict[str, Any]:
    """Make up a missed period, for one make-up card."""
    idx, content = data["idx"], {name: value for name, value in data.items() if name != "idx"}
    made = operations.make_up(actor(), campaign_id, idx, **content, arrived_at=arrived_at())
    return _told(campaign_id, made, "makeup")


def _told(campaign_id: int, made: Submitted, source: str) -> dict[str, Any]:
    record = {
        "id": made.record_id, "campaign_id": campaign_id, "idx": made.idx, "post_id": made.post_id, "source": source,
        "status": made.status,
    }  # fmt: skip
    same = {"streak": made.streak, "done": made.done, "points": made.points, "completed": made.completed}
    return {"record": record, **same}


@bp.endpoint(
    "POST", "/campaigns/<id:campaign_id>/makeup-cards", gives=CardsOut, status=201, limit="react", key_required=True,
    errors=(403, 422),
)  # fmt: skip
def buy_card(campaign_id: int) -> dict[str, Any]:
    """Buy a make-up card for points."""
    operations.buy_card(actor(), campaign_id)
    campaign = queries.get_campaign(actor(), campaign_id)
    cards = campaign.me.makeup_cards if campaign.me is not None else 0
    return {
        "makeup_cards": cards, "price": campaign.card_price, "points_left": points_here(actor(), campaign.circle),
    }  # fmt: skip
