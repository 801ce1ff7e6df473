"""Make-up cards that a level gives: so many each month, in whichever campaigns of the circle make-ups are allowed.

Nothing is put by: the row of such a card is written when it is used, so none runs out and none is paid back. A month is
one of the circle's time zone, and what was used of it is counted over all campaigns of the circle. Two of them may be
open to one person in the same moment under different locks; then the unique key of the rows decides.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from circle.checkins.models import MakeupCard
from circle.checkins.operations.submitting import Place
from circle.core import clock, ids
from circle.core.db import db, insert_once
from circle.points import periods
from circle.points.queries import privileges


def month_of(moment: datetime, tz: str) -> str:
    """The month in which a card counts that is used then."""
    return periods.month_key(clock.local_date(moment, tz))


def level_cards_left(place: Place) -> int:
    """How many cards their level still gives the person of a locked enrolment in the month of their request."""
    most = privileges(place.circle).makeup_cards_per_month
    if not most or not place.campaign.lookback:
        return 0
    used = select(func.count()).select_from(MakeupCard).where(
        MakeupCard.circle_id == place.circle.id,
        MakeupCard.user_id == place.enrollment.user_id,
        MakeupCard.month == month_of(place.arrived_at, place.circle.tz),
    )  # fmt: skip
    return max(0, most - (db.session.scalar(used) or 0))


def take_level_card(place: Place, record_id: int) -> bool:
    """Use a card of the level for a record of a locked enrolment; False when there is none."""
    if not level_cards_left(place):
        return False
    most = privileges(place.circle).makeup_cards_per_month
    return any(_written(place, record_id, nth) for nth in range(1, most + 1))


def _written(place: Place, record_id: int, nth: int) -> bool:
    """Whether the `nth` card of the month was still to be had, and now is this one's."""
    return insert_once(
        MakeupCard, id=ids.new_id(), enrollment_id=place.enrollment.id, source="level", state="used",
        used_record_id=record_id, txn_id=None, expires_at=place.campaign.closes_at, circle_id=place.circle.id,
        user_id=place.enrollment.user_id, month=month_of(place.arrived_at, place.circle.tz), nth=nth,
        created_at=clock.now(),
    )  # fmt: skip
