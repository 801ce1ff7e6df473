"""What follows from campaigns and check-ins, and what posts mean for them."""

from __future__ import annotations

from circle.checkins import events as checkins
from circle.checkins import jobs as checkin_jobs
from circle.checkins import operations as checkin_operations
from circle.circles import events as circles
from circle.circles import operations as circle_operations
from circle.core.jobs import enqueue
from circle.posts import events as posts


def void_checkin(event: posts.PostDeleted | posts.PostHidden | posts.PostRemoved) -> None:
    checkin_operations.void_checkin(event.post_id, event.by)


def restore_checkin(event: posts.PostRestored) -> None:
    checkin_operations.restore_checkin(event.post_id, event.by)


def count_like_of_checkin(event: posts.PostLiked) -> None:
    if event.type == "checkin":
        checkin_operations.count_like(event.post_id, -1 if isinstance(event, posts.PostUnliked) else 1)


def keep_engagement_of_checkin(event: posts.PostEngaged) -> None:
    if event.type == "checkin":
        checkin_operations.keep_engagement(event.post_id, event.engagement)


def hold_edited_checkin(event: posts.PostEdited) -> None:
    if event.type == "checkin":
        checkin_operations.check_edited(event.post_id, event.body, event.kinds)


def leave_teams(event: circles.MemberLeft | circles.MemberRemoved | circles.MemberBanned) -> None:
    checkin_operations.leave_teams(event.circle_id, event.user_id)


def resume_campaigns(event: circles.MemberJoined) -> None:
    if not event.first:
        checkin_operations.resume_enrollments(event.circle_id, event.user_id)


def note_campaign(event: checkins.CampaignPublished) -> None:
    circle_operations.note_campaigns(event.circle_id, event.closes_at)


def bring_back_checkin(event: checkins.DayFreed) -> None:
    enqueue(checkin_jobs.bring_back, event.enrollment_id, event.idx)


def recount_campaign(event: checkins.PeriodExcused | checkins.PeriodUnexcused | checkins.CampaignImproved) -> None:
    enqueue(checkin_jobs.recount, event.campaign_id, key=f"{checkin_jobs.recount.name}:{event.campaign_id}")


def settle_cancelled(event: checkins.CampaignCancelled) -> None:
    enqueue(checkin_jobs.settle, event.campaign_id, key=f"{checkin_jobs.settle.name}:{event.campaign_id}")
