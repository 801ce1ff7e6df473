"""Make-up cards: bought, taken, given back, run out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Select, delete, func, select, update

from circle.access import Actor
from circle.checkins import rules
from circle.checkins.models import Campaign, CheckinRecord, Enrollment, MakeupCard
from circle.checkins.operations.submitting import locked_place
from circle.circles.models import Member
from circle.core import clock, ids
from circle.core.db import db
from circle.core.operation import operation
from circle.ledger import operations as ledger
from circle.ledger.operations import Why

#: a make-up that arrived just before the end may still be on its way through here
UNDER_WAY = timedelta(minutes=15)


@operation
def buy_card(actor: Actor, campaign_id: int, *, price: int | None = None) -> int:
    """Buy a make-up card for points, while the campaign runs; returns the card's id. `price` is the one that somebody
    agreed to: another one is not taken from them.

    Raises NotFound, Forbidden (MUTED, BANNED, DISQUALIFIED), Refused NOT_ENROLLED, WINDOW_CLOSED, CARD_NOT_FOR_SALE,
    CARD_LIMIT, INSUFFICIENT_POINTS, Conflict PRICE_CHANGED.
    """
    now = clock.now()
    place = locked_place(actor, campaign_id, now)
    campaign, enrollment = place.campaign, place.enrollment
    check_running(campaign, now)
    had = dict(
        db.session.execute(
            select(MakeupCard.source, func.count())
            .where(MakeupCard.enrollment_id == enrollment.id, MakeupCard.source != "level")
            .group_by(MakeupCard.source)
        ).all()
    )
    rules.check_card_for_sale(campaign.card_price, campaign.card_limit, sum(had.values()))
    rules.check_price(campaign.card_price, price)
    here = (Member.circle_id == campaign.circle_id, Member.user_id == enrollment.user_id)
    member_id = db.session.scalars(select(Member.id).where(*here)).one()
    # named after its number: what was written once under this key is never paid again
    key = f"card:{enrollment.id}:{had.get('bought', 0) + 1}"
    why = Why("spend.makeup_card", key, f"campaign:{campaign.id}", actor_id=actor.id)
    paid = ledger.spend(campaign.circle_id, member_id, campaign.card_price, why)
    card = MakeupCard(
        id=ids.new_id(), enrollment_id=enrollment.id, source="bought", txn_id=paid.txn_id, expires_at=campaign.closes_at
    )
    db.session.add(card)
    db.session.flush()
    return card.id


def check_running(campaign: Campaign, moment: datetime) -> None:
    """Raises Refused WINDOW_CLOSED before the first period of a published campaign opens and after the last closes."""
    if campaign.opens_at is None or campaign.closes_at is None or moment >= campaign.closes_at:
        raise rules.window_closed(None)
    if moment < campaign.opens_at:
        raise rules.window_closed(campaign.opens_at)


def has_card(enrollment_id: int, now: datetime) -> bool:
    """Whether a locked enrolment has a card to use."""
    return db.session.scalar(_usable(enrollment_id, now)) is not None


def take_card(enrollment_id: int, record_id: int, now: datetime) -> bool:
    """Use the card of a locked enrolment that runs out first; False when there is none."""
    card_id = db.session.scalar(_usable(enrollment_id, now))
    if card_id is None:
        return False
    taken = update(MakeupCard).where(MakeupCard.id == card_id, MakeupCard.state == "available")
    taken = taken.values(state="used", used_record_id=record_id).execution_options(synchronize_session=False)
    return bool(cast("CursorResult[object]", db.session.execute(taken)).rowcount)


def _usable(enrollment_id: int, now: datetime) -> Select[Any]:
    usable = (MakeupCard.enrollment_id == enrollment_id, MakeupCard.state == "available", MakeupCard.expires_at > now)
    return select(MakeupCard.id).where(*usable).order_by(MakeupCard.expires_at, MakeupCard.id).limit(1)


def release_card(record_id: int) -> None:
    """The card that a record consumed is there again (or run out, if its time is over); of a level's, one more is left
    of its month."""
    now = clock.now()
    of_level = delete(MakeupCard).where(MakeupCard.used_record_id == record_id, MakeupCard.source == "level")
    db.session.execute(of_level.execution_options(synchronize_session=False))
    for expired in (False, True):
        over = MakeupCard.expires_at <= now if expired else MakeupCard.expires_at > now
        freed = update(MakeupCard).where(MakeupCard.used_record_id == record_id, over)
        freed = freed.values(state="expired" if expired else "available", used_record_id=None)
        db.session.execute(freed.execution_options(synchronize_session=False))


def return_cards(campaign: Campaign, enrollment_id: int) -> None:
    """No card of a locked enrolment is spent on a day that counts against nobody, whatever became of its make-up."""
    if not campaign.excused:
        return
    made_up = select(CheckinRecord).where(
        CheckinRecord.enrollment_id == enrollment_id,
        CheckinRecord.idx.in_([int(idx) for idx in campaign.excused]),
        CheckinRecord.source == "makeup",
        CheckinRecord.status != "rejected",
        CheckinRecord.card_returned.is_(False),
    )
    for record in db.session.scalars(made_up.order_by(CheckinRecord.id)):
        record.card_returned = True
        release_card(record.id)


@operation
def expire_cards(limit: int = 500) -> int:
    """Mark cards whose time is over; returns how many. None is left when it returns less than `limit`."""
    over = (MakeupCard.state == "available", MakeupCard.expires_at <= clock.now() - UNDER_WAY)
    due = db.session.scalars(select(MakeupCard.id).where(*over).order_by(MakeupCard.expires_at).limit(limit)).all()
    gone = update(MakeupCard).where(MakeupCard.id.in_(due), MakeupCard.state == "available").values(state="expired")
    db.session.execute(gone.execution_options(synchronize_session=False))
    return len(due)


def refund_cards(campaign: Campaign, enrollment: Enrollment) -> int:
    """Give back the points for cards of a locked enrolment that were bought and not used, because the campaign was
    called off; returns how many. Asking again changes nothing."""
    called_off = campaign.cancelled_at or clock.now()
    unused = select(MakeupCard).where(
        MakeupCard.enrollment_id == enrollment.id,
        MakeupCard.txn_id.is_not(None),
        MakeupCard.used_record_id.is_(None),
        MakeupCard.expires_at > called_off,
    )
    cards = db.session.scalars(unused.order_by(MakeupCard.id).execution_options(populate_existing=True)).all()
    for card in cards:
        why = Why("refund.makeup_card", f"refund:card:{card.id}", f"campaign:{campaign.id}")
        ledger.refund(card.txn_id or 0, why)
        card.state = "expired"
    return len(cards)
