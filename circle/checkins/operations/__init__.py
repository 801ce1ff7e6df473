"""Every write of campaigns and check-ins, one file per verb family."""

from circle.checkins.operations.cards import buy_card, expire_cards
from circle.checkins.operations.deciding import (
    approve_record,
    bring_back,
    reject_record,
    restore_checkin,
    void_checkin,
)
from circle.checkins.operations.editing import set_campaign_cover, update_campaign
from circle.checkins.operations.enrolling import enroll, withdraw
from circle.checkins.operations.excusing import excuse_period, unexcuse_period
from circle.checkins.operations.guarding import check_edited
from circle.checkins.operations.liking import count_like, keep_engagement
from circle.checkins.operations.making_up import make_up
from circle.checkins.operations.managing import cancel_campaign, create_campaign, publish_campaign
from circle.checkins.operations.people import disqualify, give_checkin, reinstate, take_back_checkin
from circle.checkins.operations.recounting import recount_enrollment
from circle.checkins.operations.reminding import due_reminders, end_reminders, remind_some
from circle.checkins.operations.returning import resume_enrollments
from circle.checkins.operations.reviewing import campaigns_to_review, tell_reviewers
from circle.checkins.operations.settling import (
    begin_settling,
    close_campaign,
    due_campaigns,
    settle_enrollment,
    unsettled,
)
from circle.checkins.operations.submitting import Submitted, UsedDraft, submit
from circle.checkins.operations.teams import (
    create_team,
    dissolve_team,
    enroll_in_team,
    freeze_teams,
    join_team,
    leave_team,
    leave_teams,
    rename_team,
    settle_team,
    take_part,
    unfrozen_campaigns,
    unsettled_teams,
)
from circle.checkins.operations.telling import (
    announce_campaign,
    announce_excuse,
    announce_results,
    announce_unexcuse,
)
from circle.checkins.plans import Plan

__all__ = [
    "Plan",
    "Submitted",
    "UsedDraft",
    "announce_campaign",
    "announce_excuse",
    "announce_results",
    "announce_unexcuse",
    "approve_record",
    "begin_settling",
    "bring_back",
    "buy_card",
    "campaigns_to_review",
    "cancel_campaign",
    "check_edited",
    "close_campaign",
    "count_like",
    "create_campaign",
    "create_team",
    "disqualify",
    "dissolve_team",
    "due_campaigns",
    "due_reminders",
    "end_reminders",
    "enroll",
    "enroll_in_team",
    "excuse_period",
    "expire_cards",
    "freeze_teams",
    "give_checkin",
    "join_team",
    "keep_engagement",
    "leave_team",
    "leave_teams",
    "make_up",
    "publish_campaign",
    "recount_enrollment",
    "reinstate",
    "reject_record",
    "remind_some",
    "rename_team",
    "restore_checkin",
    "resume_enrollments",
    "set_campaign_cover",
    "settle_enrollment",
    "settle_team",
    "submit",
    "take_back_checkin",
    "take_part",
    "tell_reviewers",
    "unexcuse_period",
    "unfrozen_campaigns",
    "unsettled",
    "unsettled_teams",
    "update_campaign",
    "void_checkin",
    "withdraw",
]
