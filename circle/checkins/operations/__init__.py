"""Every write of campaigns and check-ins, one file per verb family."""

from circle.checkins.operations.deciding import approve_record, reject_record, restore_checkin, void_checkin
from circle.checkins.operations.enrolling import enroll, withdraw
from circle.checkins.operations.liking import count_like, keep_engagement
from circle.checkins.operations.managing import Plan, cancel_campaign, create_campaign, publish_campaign
from circle.checkins.operations.settling import (
    begin_settling,
    close_campaign,
    due_campaigns,
    settle_enrollment,
    unsettled,
)
from circle.checkins.operations.submitting import Submitted, submit

__all__ = [
    "Plan",
    "Submitted",
    "approve_record",
    "begin_settling",
    "cancel_campaign",
    "close_campaign",
    "count_like",
    "create_campaign",
    "due_campaigns",
    "enroll",
    "keep_engagement",
    "publish_campaign",
    "reject_record",
    "restore_checkin",
    "settle_enrollment",
    "submit",
    "unsettled",
    "void_checkin",
    "withdraw",
]
