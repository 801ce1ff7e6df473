"""JSON routes of circles."""

from __future__ import annotations

from typing import Any

from circle.circles import operations, queries
from circle.circles.queries import ApplicationRow, CircleRow, InviteRow, MemberRow, Membership
from circle.circles.schemas import (
    ApplicationOut,
    ApplicationsQuery,
    CircleChanges,
    CircleCoverOut,
    CircleInput,
    CircleOut,
    InviteInput,
    InviteOut,
    JoinInput,
    MemberInput,
    MemberOut,
    MembershipOut,
    MembersQuery,
    RejectInput,
)
from circle.core.api import ApiBlueprint, actor, expected_version
from circle.core.errors import NotFound
from circle.core.pagination import Page

bp = ApiBlueprint("circles", __name__)


# ---- circles -------------------------------------------------------------------------------------------------


@bp.endpoint("GET", "/circles", gives=CircleOut, paged=True, signed_in=False)
def discover(query: dict[str, Any]) -> Page[CircleRow]:
    """Public circles, largest first."""
    return queries.discover(actor(), query["cursor"], query["limit"])


@bp.endpoint("POST", "/circles", takes=CircleInput, gives=CircleCoverOut, status=201, limit="publish")
def create(data: dict[str, Any]) -> CircleRow:
    """Found a circle; you become its owner."""
    return queries.get_circle_by_id(actor(), operations.create_circle(actor(), **data))


@bp.endpoint("GET", "/me/circles", gives=CircleOut, paged=True)
def mine(query: dict[str, Any]) -> Page[CircleRow]:
    """The circles you are in, last joined first."""
    return queries.my_circle_page(actor(), query["cursor"], query["limit"])


@bp.endpoint("GET", "/circles/<slug:slug>", gives=CircleCoverOut, signed_in=False)
def show(slug: str) -> CircleRow:
    """A circle's cover, which is for everybody."""
    return queries.get_circle(actor(), slug)


@bp.endpoint("PATCH", "/circles/<slug:slug>", takes=CircleChanges, gives=CircleCoverOut, versioned=True, limit="manage")
def update(data: dict[str, Any], slug: str) -> CircleRow:
    """Change a circle; what is left out stays."""
    return queries.get_circle(actor(), operations.update_circle(actor(), slug, version=expected_version(), **data))


# ---- coming and going ----------------------------------------------------------------------------------------


@bp.endpoint(
    "POST",
    "/circles/<slug:slug>/join",
    takes=JoinInput,
    gives=MembershipOut,
    status=201,
    also={200: "You are in, or wait, already."},
    limit="join",
)
def join(data: dict[str, Any], slug: str) -> tuple[Membership, int]:
    """Join: answers for an application, the passphrase, or the token of an invitation."""
    joined = operations.join_circle(actor(), slug, **data)
    return _me(slug), 201 if joined.new else 200


@bp.endpoint("POST", "/circles/<slug:slug>/leave", gives=MembershipOut, limit="join")
def leave(slug: str) -> Membership:
    """Leave, or take back your application."""
    operations.leave_circle(actor(), slug)
    return queries.get_circle(actor(), slug).me or Membership("left")


def _me(slug: str) -> Membership:
    membership = queries.get_circle(actor(), slug).me
    if membership is None:
        raise NotFound
    return membership


# ---- members -------------------------------------------------------------------------------------------------


@bp.endpoint(
    "GET",
    "/circles/<slug:slug>/members",
    gives=MemberOut,
    query=MembersQuery,
    paged=True,
    signed_in=False,
    errors=(401, 403),
)
def members(query: dict[str, Any], slug: str) -> Page[MemberRow]:
    """Members, last joined first."""
    return queries.member_page(actor(), slug, **query)


@bp.endpoint(
    "PATCH",
    "/circles/<slug:slug>/members/<id:user_id>",
    takes=MemberInput,
    gives=MemberOut,
    limit="manage",
    errors=(409,),
)
def update_member(data: dict[str, Any], slug: str, user_id: int) -> MemberRow:
    """Change a member's role, mute or ban."""
    operations.update_member(actor(), slug, user_id, **data)
    return queries.member_row(actor(), slug, user_id)


@bp.endpoint(
    "DELETE", "/circles/<slug:slug>/members/<id:user_id>", gives=None, status=204, limit="manage", errors=(409,)
)
def remove_member(slug: str, user_id: int) -> None:
    """Take a member out; they may join again."""
    operations.remove_member(actor(), slug, user_id)


# ---- applications and invitations ----------------------------------------------------------------------------


@bp.endpoint(
    "GET", "/circles/<slug:slug>/applications", gives=ApplicationOut, query=ApplicationsQuery, paged=True, errors=(403,)
)
def applications(query: dict[str, Any], slug: str) -> Page[ApplicationRow]:
    """Requests to join, those who wait longest first."""
    return queries.application_page(queries.get_circle(actor(), slug), **query)


@bp.endpoint("POST", "/applications/<id:application_id>/approve", gives=ApplicationOut, limit="manage", errors=(409,))
def approve(application_id: int) -> ApplicationRow:
    """Let an applicant in."""
    operations.approve_application(actor(), application_id)
    return queries.get_application(actor(), application_id)


@bp.endpoint(
    "POST",
    "/applications/<id:application_id>/reject",
    takes=RejectInput,
    gives=ApplicationOut,
    limit="manage",
    errors=(409,),
)
def reject(data: dict[str, Any], application_id: int) -> ApplicationRow:
    """Turn an applicant away; they are told the reason."""
    operations.reject_application(actor(), application_id, **data)
    return queries.get_application(actor(), application_id)


@bp.endpoint("GET", "/circles/<slug:slug>/invites", gives=InviteOut, paged=True, errors=(403,))
def invites(query: dict[str, Any], slug: str) -> Page[InviteRow]:
    """Invitation links, newest first."""
    return queries.invite_page(queries.get_circle(actor(), slug), **query)


@bp.endpoint("POST", "/circles/<slug:slug>/invites", takes=InviteInput, gives=InviteOut, status=201, limit="manage")
def create_invite(data: dict[str, Any], slug: str) -> InviteRow:
    """Make an invitation link."""
    return queries.get_invite(actor(), operations.create_invite(actor(), slug, **data))


@bp.endpoint("DELETE", "/invites/<id:invite_id>", gives=None, status=204, limit="manage")
def revoke_invite(invite_id: int) -> None:
    """Make an invitation link useless."""
    operations.revoke_invite(actor(), invite_id)
