"""Making up a period that was missed: a check-in that comes later, and costs a card."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from circle.access import Actor
from circle.checkins import rules
from circle.checkins.models import CampaignPeriod
from circle.checkins.operations.cards import buy_card, check_running, has_card, take_card
from circle.checkins.operations.counting import closed_periods, excused_of, is_held
from circle.checkins.operations.level_cards import level_cards_left, take_level_card
from circle.checkins.operations.submitting import (
    Place,
    Sending,
    Submitted,
    UsedDraft,
    check_in,
    end_used,
    locked_place,
    prepare,
)
from circle.core import clock
from circle.core.db import db
from circle.core.operation import operation


def make_up(
    actor: Actor,
    campaign_id: int,
    idx: int,
    *,
    body: str,
    media_ids: Sequence[int] = (),
    alts: Sequence[str] = (),
    arrived_at: datetime | None = None,
    buy_for: int | None = None,
    draft: UsedDraft | None = None,
) -> Submitted:
    """Make up a period that was over when the request came in (`arrived_at`, default now), for one make-up card.

    It counts for completion and the streak, not for what was on time, and earns nothing. Cards of the campaign go
    first, then those that their level gives each month; who has neither buys one with it if they agreed to the price
    (`buy_for`). The `draft` that it was written in goes.

    Raises NotFound, Forbidden (MUTED, BANNED, DISQUALIFIED), Refused NOT_ENROLLED, WINDOW_CLOSED, NOT_MISSED,
    LOOKBACK_EXCEEDED, NO_CARD, CONTENT_RULE, what posts.publish_post raises, and what buy_card raises.
    """
    moment = arrived_at or clock.now()
    sending = Sending(prepare(actor, campaign_id, body, media_ids, alts), moment, draft)
    return _make_up(actor, campaign_id, idx, sending, buy_for)


@operation
def _make_up(actor: Actor, campaign_id: int, idx: int, sending: Sending, buy_for: int | None) -> Submitted:
    end_used(actor, sending.draft)
    arrived_at = sending.arrived_at
    place = locked_place(actor, campaign_id, arrived_at)
    check_running(place.campaign, arrived_at)
    _check_to_make_up(place, idx)
    if not has_card(place.enrollment.id, arrived_at) and not level_cards_left(place):
        if buy_for is None:
            raise rules.no_card()
        buy_card(actor, campaign_id, price=buy_for)
    made = check_in(actor, place, idx, sending.content, source="makeup")
    # in the same transaction, by a guarded update or a unique key: a card is used once (C4)
    if not take_card(place.enrollment.id, made.record_id, arrived_at) and not take_level_card(place, made.record_id):
        raise rules.no_card()
    return made


def _check_to_make_up(place: Place, idx: int) -> None:
    """Raises Refused NOT_MISSED, LOOKBACK_EXCEEDED."""
    cadence = place.campaign.cadence
    here = (CampaignPeriod.campaign_id == place.campaign.id, CampaignPeriod.idx == idx)
    times = select(CampaignPeriod.opens_at, CampaignPeriod.closes_at).where(*here)
    period = db.session.execute(times).one_or_none()
    if period is None:
        raise rules.no_such_period(cadence)
    rules.check_missed(
        cadence,
        begun=period.opens_at <= place.arrived_at,
        over=period.closes_at <= place.arrived_at,
        excused=idx in excused_of(place.campaign),
        done=is_held(place.enrollment.id, idx),
    )
    closed = closed_periods(place.campaign.id, place.arrived_at)
    rules.check_lookback(idx, closed, place.campaign.lookback, cadence)
