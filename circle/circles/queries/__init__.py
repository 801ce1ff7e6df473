"""What may be read of circles: the circle itself, its members, its applications and invites."""

from __future__ import annotations

from circle.circles.queries.members import (
    MemberPowers,
    MemberRow,
    member_page,
    member_page_of,
    member_row,
    member_row_of,
)
from circle.circles.queries.naming import Named, members_named, suggested_members
from circle.circles.queries.rows import (
    CircleRow,
    Membership,
    can_still_read,
    circles_by_id,
    discover,
    get_circle,
    get_circle_by_id,
    my_circle_page,
    my_circles,
    readable_circle,
    readable_circle_by_id,
    standing_of,
    standing_of_user,
)
from circle.circles.queries.ways_in import (
    Answered,
    ApplicationRow,
    InviteRow,
    application_page,
    get_application,
    get_invite,
    invite_page,
    is_invited,
    pending_count,
)

__all__ = [
    "Answered",
    "ApplicationRow",
    "CircleRow",
    "InviteRow",
    "MemberPowers",
    "MemberRow",
    "Membership",
    "Named",
    "application_page",
    "can_still_read",
    "circles_by_id",
    "discover",
    "get_application",
    "get_circle",
    "get_circle_by_id",
    "get_invite",
    "invite_page",
    "is_invited",
    "member_page",
    "member_page_of",
    "member_row",
    "member_row_of",
    "members_named",
    "my_circle_page",
    "my_circles",
    "pending_count",
    "readable_circle",
    "readable_circle_by_id",
    "standing_of",
    "standing_of_user",
    "suggested_members",
]
