"""Make-up cards: taken, given back."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import CursorResult, select, update

from circle.checkins.models import MakeupCard
from circle.core import clock
from circle.core.db import db


def take_card(enrollment_id: int, record_id: int, now: datetime) -> bool:
    """Use the card of a locked enrolment that runs out first; False when there is none."""
    usable = (MakeupCard.enrollment_id == enrollment_id, MakeupCard.state == "available", MakeupCard.expires_at > now)
    first = select(MakeupCard.id).where(*usable).order_by(MakeupCard.expires_at, MakeupCard.id).limit(1)
    card_id = db.session.scalar(first)
    if card_id is None:
        return False
    taken = update(MakeupCard).where(MakeupCard.id == card_id, MakeupCard.state == "available")
    taken = taken.values(state="used", used_record_id=record_id).execution_options(synchronize_session=False)
    return bool(cast("CursorResult[object]", db.session.execute(taken)).rowcount)


def release_card(record_id: int) -> None:
    """The card that a record consumed is there again (or run out, if its time is over)."""
    now = clock.now()
    for expired in (False, True):
        over = MakeupCard.expires_at <= now if expired else MakeupCard.expires_at > now
        freed = update(MakeupCard).where(MakeupCard.used_record_id == record_id, over)
        freed = freed.values(state="expired" if expired else "available", used_record_id=None)
        db.session.execute(freed.execution_options(synchronize_session=False))
