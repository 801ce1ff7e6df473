"""Every write of circles, one file per family of verbs."""

from __future__ import annotations

from circle.circles.operations.erasing import leave_for_good
from circle.circles.operations.invites import create_invite, revoke_invite
from circle.circles.operations.joining import (
    Joined,
    approve_application,
    enter_circle,
    join_circle,
    leave_circle,
    reject_application,
    withdraw_application,
)
from circle.circles.operations.members import (
    ban_member,
    change_role,
    mute_member,
    remove_member,
    transfer_ownership,
    unban_member,
    unmute_member,
    update_member,
)
from circle.circles.operations.settings import (
    adjust_post_count,
    change_circle,
    create_circle,
    found_circle,
    note_campaigns,
    set_cover,
    update_circle,
)

__all__ = [
    "Joined",
    "adjust_post_count",
    "approve_application",
    "ban_member",
    "change_circle",
    "change_role",
    "create_circle",
    "create_invite",
    "enter_circle",
    "found_circle",
    "join_circle",
    "leave_circle",
    "leave_for_good",
    "mute_member",
    "note_campaigns",
    "reject_application",
    "remove_member",
    "revoke_invite",
    "set_cover",
    "transfer_ownership",
    "unban_member",
    "unmute_member",
    "update_circle",
    "update_member",
    "withdraw_application",
]
