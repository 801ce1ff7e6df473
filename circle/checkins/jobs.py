"""What happens to campaigns by itself. Everything here may run twice, be killed and begin again."""

from __future__ import annotations

from datetime import timedelta

from circle.checkins import operations
from circle.core.jobs import enqueue, job


@job("checkins.settle_due", every=timedelta(minutes=5))
def settle_due() -> None:
    """Look for campaigns whose time has come."""
    for campaign_id in operations.due_campaigns():
        enqueue(settle, campaign_id, key=f"checkins.settle:{campaign_id}")


@job("checkins.settle")
def settle(campaign_id: int) -> None:
    """Settle a campaign, one enrolment after the other."""
    if not operations.begin_settling(campaign_id):
        return
    while waiting := operations.unsettled(campaign_id):
        for enrollment_id in waiting:
            operations.settle_enrollment(enrollment_id)
    operations.close_campaign(campaign_id)
