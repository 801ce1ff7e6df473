"""Giving everybody who takes part what became of a campaign meanwhile: an excused day (or one that is no more), a
larger reward, more cards."""

from __future__ import annotations

from sqlalchemy import func, select

from circle.checkins.models import Campaign, Enrollment, MakeupCard
from circle.checkins.operations.cards import return_cards
from circle.checkins.operations.counting import in_circle, refresh_enrollment
from circle.checkins.operations.deciding import campaign_of
from circle.checkins.operations.rewarding import reward_completion
from circle.core import clock
from circle.core.db import db
from circle.core.operation import lock, operation


@operation
def recount_enrollment(enrollment_id: int) -> None:
    """Bring somebody's part in line with the campaign as it is now; what is settled stays. Safe to run twice."""
    enrollment = lock(Enrollment, enrollment_id)
    if enrollment.settled_at is not None:
        return
    campaign = campaign_of(enrollment.campaign_id)
    return_cards(campaign, enrollment.id)
    refresh_enrollment(campaign, enrollment)
    if enrollment.status == "completed" and in_circle(enrollment):  # who is away would be given nothing, for good
        reward_completion(campaign, enrollment, on=True)
    if campaign.status == "published":
        _give_missing_cards(campaign, enrollment.id)


def _give_missing_cards(campaign: Campaign, enrollment_id: int) -> None:
    if campaign.closes_at is None or campaign.closes_at <= clock.now():
        return
    free = (MakeupCard.enrollment_id == enrollment_id, MakeupCard.source == "free")
    had = db.session.scalar(select(func.count()).select_from(MakeupCard).where(*free)) or 0
    for _number in range(campaign.free_cards - had):
        db.session.add(MakeupCard(enrollment_id=enrollment_id, source="free", expires_at=campaign.closes_at))
