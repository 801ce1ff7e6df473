"""The end of a campaign: what is undecided is decided, everybody's part is closed, and the boards are kept.

One enrolment per transaction, so that nobody waits and a worker that is killed takes up where it stopped. Whatever is
settled already is left alone: settling twice is settling once (C7).
"""

from __future__ import annotations

from sqlalchemy import exists, select

from circle.access import SYSTEM
from circle.checkins.events import CampaignSettled, CheckinApproved, EnrollmentSettled
from circle.checkins.models import Campaign, CheckinRecord, Enrollment
from circle.checkins.operations.counting import closed_periods, need_of, refresh_enrollment
from circle.checkins.operations.deciding import campaign_of, show_status
from circle.checkins.operations.earning import set_checkin_earned
from circle.checkins.operations.rewarding import reward_completion
from circle.core import clock
from circle.core.db import db
from circle.core.operation import emit, lock, operation
from circle.posts.models import Post


@operation
def begin_settling(campaign_id: int) -> bool:
    """Whether a campaign is to be settled now; from then on it is."""
    campaign = lock(Campaign, campaign_id)
    if campaign.status == "published" and campaign.settle_at is not None and campaign.settle_at <= clock.now():
        campaign.status = "settling"
    return campaign.status == "settling" or (campaign.status == "cancelled" and campaign.closed_at is None)


@operation
def settle_enrollment(enrollment_id: int) -> None:
    """Close somebody's part in a campaign that is being settled: what waits for a reviewer counts, and after that
    nothing changes any more (C8)."""
    posts = db.session.scalars(
        select(CheckinRecord.post_id).where(
            CheckinRecord.enrollment_id == enrollment_id, CheckinRecord.status == "pending"
        )
    ).all()
    for post_id in sorted(post for post in posts if post is not None):
        lock(Post, post_id)
    enrollment = lock(Enrollment, enrollment_id)
    campaign = campaign_of(enrollment.campaign_id)
    if enrollment.settled_at is not None or campaign.status not in {"settling", "cancelled"}:
        return
    _approve_pending(campaign, enrollment)
    refresh_enrollment(campaign, enrollment)
    if campaign.status == "cancelled" and enrollment.status == "active" and _deserves(campaign, enrollment):
        enrollment.status, enrollment.completed_at = "completed", clock.now()
        reward_completion(campaign, enrollment, on=True)
    if enrollment.status == "active":
        enrollment.status = "failed"
    enrollment.settled_at = clock.now()
    if enrollment.status in {"completed", "failed"}:
        about = (enrollment.id, campaign.id, campaign.circle_id, enrollment.user_id, campaign.title)
        emit(EnrollmentSettled(*about, enrollment.status, enrollment.done, campaign.status == "cancelled"))


def _approve_pending(campaign: Campaign, enrollment: Enrollment) -> None:
    """That nobody had the time to look must not be to anybody's harm."""
    mine = select(CheckinRecord).where(CheckinRecord.enrollment_id == enrollment.id, CheckinRecord.status == "pending")
    for record in db.session.scalars(mine.order_by(CheckinRecord.id).execution_options(populate_existing=True)):
        record.status, record.decided_at = "approved", clock.now()
        show_status(record)
        db.session.flush()
        set_checkin_earned(record, on=True)
        about = (record.id, record.campaign_id, record.circle_id, record.user_id, record.post_id)
        emit(CheckinApproved(*about, campaign.title, record.idx, SYSTEM.id))


def _deserves(campaign: Campaign, enrollment: Enrollment) -> bool:
    """Whether somebody had done their share of a campaign when it was cancelled: of what was asked for, as much as of
    the periods were over. Before the first was over nobody had."""
    closed = closed_periods(campaign.id, campaign.cancelled_at or clock.now())
    need = need_of(campaign)
    wanted = need.total if need.type == "all" else need.n
    reached = enrollment.best_streak if need.type == "streak" else enrollment.done
    return closed >= 1 and reached >= -(-wanted * closed // need.total)


@operation
def close_campaign(campaign_id: int) -> bool:
    """Keep the boards and end a campaign of which every part is settled; whether it is closed now."""
    campaign = lock(Campaign, campaign_id)
    if campaign.closed_at is not None:
        return True
    open_ = exists().where(Enrollment.campaign_id == campaign_id, Enrollment.settled_at.is_(None))
    if campaign.status not in {"settling", "cancelled"} or db.session.scalar(select(open_)):
        return False
    campaign.closed_at = clock.now()
    if campaign.status == "settling":
        campaign.status = "closed"
    emit(CampaignSettled(campaign.id, campaign.circle_id, campaign.title, None))
    return True


def unsettled(campaign_id: int, limit: int = 500) -> list[int]:
    """Enrolments that are still to be settled, in the order of their ids."""
    open_ = (Enrollment.campaign_id == campaign_id, Enrollment.settled_at.is_(None))
    return list(db.session.scalars(select(Enrollment.id).where(*open_).order_by(Enrollment.id).limit(limit)))


def due_campaigns() -> list[int]:
    """Campaigns that are to be settled now, or were begun to be and are not done."""
    over = (Campaign.status == "published") & (Campaign.settle_at <= clock.now())
    begun = Campaign.status == "settling"
    cancelled = (Campaign.status == "cancelled") & Campaign.closed_at.is_(None)
    return list(db.session.scalars(select(Campaign.id).where(over | begun | cancelled).order_by(Campaign.id)))
