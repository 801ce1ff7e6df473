"""What follows in circles: what was done to somebody is told to them, without naming who did it."""

from __future__ import annotations

from circle.access import ROLE_PERMISSIONS, Permission, Role
from circle.circles import events as circles
from circle.notifications.operations import (
    notify,
    notify_all_who_may,
    withdraw_from_decider,
)
from circle.reactions.common import moment


def tell_who_decides(event: circles.ApplicationSubmitted) -> None:
    notify_all_who_may(
        Permission.APPLICATION_DECIDE,
        "application.submitted",
        circle_id=event.circle_id,
        dedupe_key=str(event.application_id),
        data={"by": event.user_id},
    )


def tell_applicant_yes(event: circles.ApplicationApproved) -> None:
    key = str(event.application_id)
    notify(event.user_id, "application.approved", circle_id=event.circle_id, dedupe_key=key, data={})


def tell_applicant_no(event: circles.ApplicationRejected) -> None:
    key, data = str(event.application_id), {"quote": event.reason}
    notify(event.user_id, "application.rejected", circle_id=event.circle_id, dedupe_key=key, data=data)


def tell_new_role(event: circles.MemberRoleChanged) -> None:
    if event.by_id != event.user_id:
        data = {"role": event.after}
        notify(event.user_id, "member.role", circle_id=event.circle_id, dedupe_key=moment(), data=data)


def tell_mute(event: circles.MemberMuted) -> None:
    if event.until is None:
        notify(event.user_id, "member.unmuted", circle_id=event.circle_id, dedupe_key=moment(), data={})
    else:
        data = {"until": event.until.isoformat(), "quote": event.reason}
        notify(event.user_id, "member.muted", circle_id=event.circle_id, dedupe_key=moment(), data=data)


def tell_ban(event: circles.MemberBanned) -> None:
    data = {"quote": event.reason}
    notify(event.user_id, "member.banned", circle_id=event.circle_id, dedupe_key=moment(), data=data)


def tell_removal(event: circles.MemberRemoved) -> None:
    data = {"quote": event.reason}
    notify(event.user_id, "member.removed", circle_id=event.circle_id, dedupe_key=moment(), data=data)


def withdraw_decisions(
    event: circles.MemberRoleChanged | circles.MemberLeft | circles.MemberBanned | circles.MemberRemoved,
) -> None:
    still = ROLE_PERMISSIONS[Role(event.after)] if isinstance(event, circles.MemberRoleChanged) else ()
    withdraw_from_decider(event.user_id, event.circle_id, still=still)
