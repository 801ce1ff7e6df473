"""Pages for those who run a circle: members, applications, invitations. Acts are plain forms that come back here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.access import Permission
from circle.circles import operations, queries
from circle.circles.schemas import InviteForm, MuteForm, NoInput, RejectInput, RoleForm
from circle.circles.web.blueprint import Errors, back_to, bp, managed, typed
from circle.circles.web.cover import listed, member_filters
from circle.core import clock
from circle.core.i18n import _
from circle.core.web import actor, go, is_htmx, limited, once, signed_in, takes_form

# ---- members -------------------------------------------------------------------------------------------------


def _members_page(slug: str, errors: Errors) -> str:
    circle = managed(slug, Permission.MEMBER_MUTE)
    filters = member_filters(request.args)
    page = queries.member_page_of(circle, **filters, cursor=request.args.get("cursor"))
    return render_template(
        "circles/_managed_rows.html" if is_htmx() and not errors else "circles/manage_members.html",
        circle=circle,
        members=page.items,
        filters=filters,
        errors=errors,
        next_url=listed("circles.manage_members", slug, filters, page.next_cursor) if page.next_cursor else None,
        list_here=listed("circles.manage_members", slug, filters),
        pending_applications=0 if is_htmx() else queries.pending_count(circle),
    )


def _members_again(_form: Any, errors: Errors, slug: str, **_kwargs: Any) -> str:
    return _members_page(slug, errors)


@bp.get("/<slug:slug>/manage/members")
@signed_in
def manage_members(slug: str) -> str:
    """Members, with what may be done about each."""
    return _members_page(slug, {})


def _to_members(slug: str, toast: str) -> AnyResponse:
    return go(back_to("circles.manage_members", slug), toast=toast)


@bp.post("/<slug:slug>/manage/members/<id:user_id>/role")
@signed_in
@limited("manage")
@takes_form(RoleForm, again=_members_again)
def change_role(data: dict[str, Any], slug: str, user_id: int) -> AnyResponse:
    """Give a member another role."""
    operations.change_role(actor(), slug, user_id, data["role"])
    return _to_members(slug, _("The role was changed."))


@bp.post("/<slug:slug>/manage/members/<id:user_id>/mute")
@signed_in
@limited("manage")
@takes_form(MuteForm, again=_members_again)
def mute_member(data: dict[str, Any], slug: str, user_id: int) -> AnyResponse:
    """Let a member only read for a while."""
    operations.mute_member(actor(), slug, user_id, **data)
    return _to_members(slug, _("Muted. They can still read."))


@bp.post("/<slug:slug>/manage/members/<id:user_id>/unmute")
@signed_in
@limited("manage")
def unmute_member(slug: str, user_id: int) -> AnyResponse:
    """Let a member speak again."""
    operations.unmute_member(actor(), slug, user_id)
    return _to_members(slug, _("They can post and comment again."))


@bp.post("/<slug:slug>/manage/members/<id:user_id>/ban")
@signed_in
@limited("manage")
@takes_form(RejectInput, again=_members_again)
def ban_member(data: dict[str, Any], slug: str, user_id: int) -> AnyResponse:
    """Shut somebody out."""
    operations.ban_member(actor(), slug, user_id, **data)
    return _to_members(slug, _("Banned. They cannot come back until you lift the ban."))


@bp.post("/<slug:slug>/manage/members/<id:user_id>/unban")
@signed_in
@limited("manage")
@takes_form(NoInput, again=_members_again)
def unban_member(_data: dict[str, Any], slug: str, user_id: int) -> AnyResponse:
    """Lift a ban."""
    operations.unban_member(actor(), slug, user_id)
    return _to_members(slug, _("The ban was lifted."))


@bp.post("/<slug:slug>/manage/members/<id:user_id>/remove")
@signed_in
@limited("manage")
@takes_form(RejectInput, again=_members_again)
def remove_member(data: dict[str, Any], slug: str, user_id: int) -> AnyResponse:
    """Take a member out."""
    operations.remove_member(actor(), slug, user_id, **data)
    return _to_members(slug, _("Removed. They may join again."))


@bp.post("/<slug:slug>/manage/members/<id:user_id>/transfer")
@signed_in
@limited("manage")
def transfer_ownership(slug: str, user_id: int) -> AnyResponse:
    """Hand the circle over."""
    operations.transfer_ownership(actor(), slug, user_id)
    return _to_members(slug, _("The circle has a new owner. You are an admin now."))


# ---- applications --------------------------------------------------------------------------------------------


def _applications_page(slug: str, errors: Errors) -> str:
    circle = managed(slug, Permission.APPLICATION_DECIDE)
    page = queries.application_page(circle, cursor=request.args.get("cursor"))
    more = url_for("circles.manage_applications", slug=slug, cursor=page.next_cursor) if page.next_cursor else None
    return render_template(
        "circles/_application_cards.html" if is_htmx() and not errors else "circles/manage_applications.html",
        circle=circle,
        applications=page.items,
        errors=errors,
        next_url=more,
        pending_applications=queries.pending_count(circle),
    )


def _applications_again(_form: Any, errors: Errors, slug: str, **_kwargs: Any) -> str:
    return _applications_page(slug, errors)


@bp.get("/<slug:slug>/manage/applications")
@signed_in
def manage_applications(slug: str) -> str:
    """Who wants to join."""
    return _applications_page(slug, {})


@bp.post("/<slug:slug>/manage/applications/<id:application_id>/approve")
@signed_in
@limited("manage")
@takes_form(NoInput, again=_applications_again)
def approve_application(_data: dict[str, Any], slug: str, application_id: int) -> AnyResponse:
    """Let an applicant in."""
    operations.approve_application(actor(), application_id)
    return go(url_for("circles.manage_applications", slug=slug), toast=_("Approved. They are a member now."))


@bp.post("/<slug:slug>/manage/applications/<id:application_id>/reject")
@signed_in
@limited("manage")
@takes_form(RejectInput, again=_applications_again)
def reject_application(data: dict[str, Any], slug: str, application_id: int) -> AnyResponse:
    """Turn an applicant away."""
    operations.reject_application(actor(), application_id, **data)
    return go(url_for("circles.manage_applications", slug=slug), toast=_("Declined. They are told why."))


# ---- invitations ---------------------------------------------------------------------------------------------


def _invites_page(slug: str, values: dict[str, Any], errors: Errors) -> str:
    circle = managed(slug, Permission.INVITE_MANAGE)
    page = queries.invite_page(circle, cursor=request.args.get("cursor"))
    more = url_for("circles.manage_invites", slug=slug, cursor=page.next_cursor) if page.next_cursor else None
    return render_template(
        "circles/_invite_rows.html" if is_htmx() and not errors else "circles/manage_invites.html",
        circle=circle,
        invites=page.items,
        values=values,
        errors=errors,
        next_url=more,
        pending_applications=queries.pending_count(circle),
    )


def _invites_again(form: Any, errors: Errors, slug: str) -> str:
    return _invites_page(slug, typed(form), errors)


@bp.get("/<slug:slug>/manage/invites")
@signed_in
def manage_invites(slug: str) -> str:
    """Invitation links."""
    return _invites_page(slug, {"expires_in_days": "7"}, {})


@bp.post("/<slug:slug>/manage/invites")
@signed_in
@limited("manage")
@once
@takes_form(InviteForm, again=_invites_again)
def create_invite(data: dict[str, Any], slug: str) -> AnyResponse:
    """Make an invitation link."""
    days = data["expires_in_days"]
    expires_at = clock.now() + timedelta(days=days) if days else None
    operations.create_invite(actor(), slug, expires_at=expires_at, max_uses=data["max_uses"])
    return go(url_for("circles.manage_invites", slug=slug), toast=_("The link is ready. Send it to whom you like."))


@bp.post("/<slug:slug>/manage/invites/<id:invite_id>/revoke")
@signed_in
@limited("manage")
def revoke_invite(slug: str, invite_id: int) -> AnyResponse:
    """Make an invitation link useless."""
    operations.revoke_invite(actor(), invite_id)
    return go(url_for("circles.manage_invites", slug=slug), toast=_("The link no longer works."))
