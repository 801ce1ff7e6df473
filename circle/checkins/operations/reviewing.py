"""Telling those who review that check-ins wait: once a day and campaign, as long as any do."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import exists, or_, select

from circle.checkins.events import ReviewsDone, ReviewsWait
from circle.checkins.models import Campaign, CheckinRecord
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation

#: the hour from which on it is said again what still waits since the day before
FROM_HOUR = 9


@operation
def tell_reviewers(campaign_id: int) -> None:
    """State that check-ins wait, unless that was said today; or that none does any more."""
    try:
        campaign = lock(Campaign, campaign_id)
    except NotFound:
        return
    authors = _waiting(campaign_id)
    about = (campaign.id, campaign.circle_id, campaign.title, None)
    if not authors or campaign.status not in {"published", "settling"}:
        emit(ReviewsDone(*about))
        return
    today = clock.local_date(clock.now(), campaign.tz)
    if campaign.reviewers_told_on != today:
        campaign.reviewers_told_on = today
        emit(ReviewsWait(*about, today, authors[0] if len(authors) == 1 else None))


def _waiting(campaign_id: int) -> Sequence[int]:
    """Whose check-ins wait: of two different people at most."""
    pending = (CheckinRecord.campaign_id == campaign_id, CheckinRecord.status == "pending")
    return db.session.scalars(select(CheckinRecord.user_id).where(*pending).distinct().limit(2)).all()


def campaigns_to_review() -> list[int]:
    """Campaigns of which check-ins wait, where the day has begun, or of which that was said and may be over."""
    pending = exists().where(CheckinRecord.campaign_id == Campaign.id, CheckinRecord.status == "pending")
    told = Campaign.reviewers_told_on.is_not(None)
    found = select(Campaign.id, Campaign.tz).where(
        Campaign.status.in_(("published", "settling")), or_(Campaign.review == "manual", told), or_(pending, told)
    )
    now = clock.now()
    return [
        row.id
        for row in db.session.execute(found.order_by(Campaign.id))
        if now.astimezone(ZoneInfo(row.tz)).hour >= FROM_HOUR
    ]
