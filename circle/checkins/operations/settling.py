"""The end of a campaign: what is undecided is decided, everybody's part is closed, and the boards are kept.

One enrolment per transaction, so that nobody waits and a worker that is killed takes up where it stopped. Whatever is
settled already is left alone: settling twice is settling once (C7).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Select, exists, func, select

from circle.access import SYSTEM
from circle.checkins.days import Need
from circle.checkins.events import CampaignSettled, CheckinApproved, EnrollmentSettled
from circle.checkins.models import Campaign, CheckinRecord, Enrollment, Team
from circle.checkins.operations.cards import refund_cards, return_cards
from circle.checkins.operations.counting import closed_periods, excused_of, in_circle, need_of, refresh_enrollment
from circle.checkins.operations.deciding import campaign_of, return_replaced, show_status
from circle.checkins.operations.earning import count_for_tasks, set_checkin_earned
from circle.checkins.operations.freezing import freeze_boards
from circle.checkins.operations.rewarding import Given, reward_completion
from circle.core import clock
from circle.core.db import db
from circle.core.operation import emit, lock, lock_all, operation
from circle.posts.models import Post


@operation
def begin_settling(campaign_id: int) -> bool:
    """Whether a campaign is to be settled now; from then on it is."""
    if db.session.get(Campaign, campaign_id) is None:
        return False
    campaign = lock(Campaign, campaign_id)
    if campaign.status == "published" and campaign.settle_at is not None and campaign.settle_at <= clock.now():
        campaign.status = "settling"
    return campaign.status == "settling" or (campaign.status == "cancelled" and campaign.closed_at is None)


@operation
def settle_enrollment(enrollment_id: int) -> bool:
    """Close somebody's part in a campaign that is being settled: what waits for a reviewer counts, and so does what
    comes back to its day and the job has not got round to; after that nothing changes any more (C8). False when a
    check-in came in that very moment: then it is to be asked again."""
    posts = set(db.session.scalars(_open_posts(enrollment_id)))
    lock_all(Post, posts)
    enrollment = lock(Enrollment, enrollment_id)
    campaign = campaign_of(enrollment.campaign_id)
    if enrollment.settled_at is not None or campaign.status not in {"settling", "cancelled"}:
        return True
    if not posts.issuperset(db.session.scalars(_open_posts(enrollment_id))):
        return False  # posts are locked before the enrolment, and no more come now
    if enrollment.status == "disqualified":
        _decide_pending(enrollment, "void")  # of somebody who was taken out nothing counts that did not before
    else:
        if posts:
            return_replaced(enrollment, posts)
        _approve_pending(campaign, enrollment)
    return_cards(campaign, enrollment.id)
    days = refresh_enrollment(campaign, enrollment)
    called_off = campaign.status == "cancelled" and enrollment.status == "active"
    if called_off and in_circle(enrollment) and deserves(campaign, days.done):
        enrollment.status, enrollment.completed_at = "completed", clock.now()
    given = Given(0, 0)
    if enrollment.status == "completed":  # again, for those who completed it before it promised more
        given = reward_completion(campaign, enrollment, on=True)
    if campaign.status == "cancelled":
        refund_cards(campaign, enrollment)
    if enrollment.status == "active":
        enrollment.status = "failed"
    enrollment.settled_at = clock.now()
    if enrollment.status in {"completed", "failed"}:
        about = (enrollment.id, campaign.id, campaign.circle_id, enrollment.user_id, campaign.title)
        emit(EnrollmentSettled(*about, enrollment.status, enrollment.done, campaign.status == "cancelled", *given))
    return True


def _open_posts(enrollment_id: int) -> Select[int]:
    """The posts of check-ins that wait for a reviewer, or may come back to their day (deciding.bring_back)."""
    waits = (CheckinRecord.status == "pending") | ((CheckinRecord.status == "void") & (Post.status == "published"))
    mine = select(Post.id).join(CheckinRecord, CheckinRecord.post_id == Post.id)
    return mine.where(CheckinRecord.enrollment_id == enrollment_id, waits)


def _approve_pending(campaign: Campaign, enrollment: Enrollment) -> None:
    """That nobody had the time to look must not be to anybody's harm."""
    records = _decide_pending(enrollment, "approved")
    for record in records:
        count_for_tasks(record)
    for record in records:
        set_checkin_earned(record, on=True)
        about = (record.id, record.campaign_id, record.circle_id, record.user_id, record.post_id)
        emit(CheckinApproved(*about, campaign.title, record.idx, SYSTEM.id))


def _decide_pending(enrollment: Enrollment, status: str) -> Sequence[CheckinRecord]:
    mine = select(CheckinRecord).where(CheckinRecord.enrollment_id == enrollment.id, CheckinRecord.status == "pending")
    records = db.session.scalars(mine.order_by(CheckinRecord.id).execution_options(populate_existing=True)).all()
    for record in records:
        record.status, record.decided_at = status, clock.now()
        record.voided_from = "pending" if status == "void" else None
        show_status(record)
    db.session.flush()
    return records


def deserves(campaign: Campaign, done: Collection[int]) -> bool:
    """Whether somebody (or a team) had done their share of a campaign when it was cancelled: of what was asked for, as
    much as of the periods were over. Before the first was over nobody had."""
    closed = closed_periods(campaign.id, campaign.cancelled_at or clock.now())
    need = need_of(campaign)
    wanted = need.total if need.type == "all" else need.n
    share = Need(need.type, -(-wanted * closed // need.total), closed)
    return closed >= 1 and share.met(done, [idx for idx in excused_of(campaign) if idx <= closed])


@operation
def close_campaign(campaign_id: int) -> bool:
    """Keep the boards and end a campaign of which every part and team is settled; whether it is closed now."""
    campaign = lock(Campaign, campaign_id)
    if campaign.closed_at is not None:
        return True
    open_ = exists().where(Enrollment.campaign_id == campaign_id, Enrollment.settled_at.is_(None))
    team = exists().where(Team.campaign_id == campaign_id, Team.completed.is_(None))
    if campaign.status not in {"settling", "cancelled"} or db.session.scalar(select(open_ | team)):
        return False
    freeze_boards(campaign)
    campaign.completed_count = completed_there(campaign_id)
    campaign.closed_at = clock.now()
    if campaign.status == "settling":
        campaign.status = "closed"
    emit(CampaignSettled(campaign.id, campaign.circle_id, campaign.title, None))
    return True


def completed_there(campaign_id: int) -> int:
    """How many people have completed a campaign."""
    there = (Enrollment.campaign_id == campaign_id, Enrollment.status == "completed")
    return db.session.scalar(select(func.count()).select_from(Enrollment).where(*there)) or 0


def unsettled(campaign_id: int, limit: int = 500, *, after: int = 0) -> list[int]:
    """Enrolments behind the id `after` that are still to be settled, in the order of their ids."""
    open_ = (Enrollment.campaign_id == campaign_id, Enrollment.settled_at.is_(None), Enrollment.id > after)
    return list(db.session.scalars(select(Enrollment.id).where(*open_).order_by(Enrollment.id).limit(limit)))


def due_campaigns() -> list[int]:
    """Campaigns that are to be settled now, or were begun to be and are not done."""
    over = (Campaign.status == "published") & (Campaign.settle_at <= clock.now())
    begun = Campaign.status == "settling"
    cancelled = (Campaign.status == "cancelled") & Campaign.closed_at.is_(None)
    return list(db.session.scalars(select(Campaign.id).where(over | begun | cancelled).order_by(Campaign.id)))
