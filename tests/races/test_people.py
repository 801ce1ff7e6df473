"""Joining, leaving, roles and removal in the same moment: nobody slips through, and the count is that of the rows."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.access import Actor
from circle.circles import operations as circles
from circle.circles.models import Application, Circle, Invite, Member
from circle.circles.queries import standing_of_user
from circle.core import audit
from circle.core.db import db
from circle.core.errors import CircleError, Refused
from tests.factories import Make, Place, actor_of
from tests.races.together import all_well, together


def assert_counted(place: Place) -> None:
    db.session.expire_all()
    active = select(func.count()).where(Member.circle_id == place.circle.id, Member.status == "active")
    assert db.session.get_one(Circle, place.circle.id).member_count == db.session.scalar(active)


def test_an_invitation_for_three_lets_three_of_ten_in(app: Flask, make: Make) -> None:
    place = make.place(join_mode="invite")
    invite_id = circles.create_invite(place.owner, place.slug, max_uses=3)
    token, slug = db.session.get_one(Invite, invite_id).token, place.slug
    guests = [actor_of(make.user()) for _guest in range(10)]
    came = together(app, [lambda guest=guest: circles.join_circle(guest, slug, invite=token) for guest in guests])
    turned_away = [outcome for outcome in came if isinstance(outcome, Exception)]
    assert len(turned_away) == 7
    assert {(type(error), error.code) for error in turned_away} == {(Refused, "INVITE_INVALID")}  # type: ignore[attr-defined]
    assert db.session.get_one(Invite, invite_id).use_count == 3
    assert_counted(place)


def test_joining_from_five_devices_at_once_makes_one_member(app: Flask, make: Make) -> None:
    place, guest = make.place(), actor_of(make.user())
    slug = place.slug
    joined = all_well(together(app, [lambda: circles.join_circle(guest, slug)] * 5))
    assert [each.new for each in joined].count(True) == 1
    assert db.session.scalar(select(func.count()).where(Member.user_id == guest.id)) == 1
    assert_counted(place)


def test_two_who_decide_about_an_application_agree_in_the_end(app: Flask, make: Make) -> None:
    place = make.place(join_mode="application")
    guest = actor_of(make.user())
    circles.join_circle(guest, place.slug)
    application_id = db.session.scalars(select(Application.id)).one()
    owner, admin = place.owner, place.admin
    decided = together(app, [
        lambda: circles.approve_application(owner, application_id),
        lambda: circles.reject_application(admin, application_id, reason="full"),
    ])  # fmt: skip
    assert len([outcome for outcome in decided if isinstance(outcome, Exception)]) == 1
    row = db.session.get_one(Application, application_id)
    assert (row.status == "approved") == standing_of_user(place.circle.id, guest.id).active
    assert_counted(place)


@pytest.mark.parametrize("time", range(3))
def test_a_promotion_and_a_removal_at_once_leave_no_moderator_outside(app: Flask, make: Make, time: int) -> None:
    place = make.place()
    slug, owner, admin, bob = place.slug, place.owner, place.admin, place.bob
    outcomes = together(app, [
        lambda: circles.change_role(owner, slug, bob.id or 0, "moderator"),
        lambda: circles.remove_member(admin, slug, bob.id or 0, reason="spam"),
        lambda: circles.leave_circle(bob, slug),
    ])  # fmt: skip
    assert all(outcome is None or isinstance(outcome, CircleError) for outcome in outcomes), outcomes
    standing = standing_of_user(place.circle.id, bob.id)
    assert (standing.active, standing.rank) == (False, 0)
    assert db.session.scalars(select(Member.role).where(Member.user_id == bob.id)).one() == "member"
    assert_counted(place)
    assert audit.verify(f"circle:{place.circle.id}") is None


def test_two_heirs_at_once_make_one_owner(app: Flask, make: Make) -> None:
    place = make.place()
    slug, owner, heirs = place.slug, place.owner, (place.ann.id or 0, place.bob.id or 0)
    together(app, [lambda heir=heir: circles.transfer_ownership(owner, slug, heir) for heir in heirs])
    owners = db.session.scalars(
        select(Member.user_id).where(Member.circle_id == place.circle.id, Member.role == "owner")
    ).all()
    assert len(owners) == 1
    assert db.session.get_one(Circle, place.circle.id, populate_existing=True).owner_id == owners[0]


def test_leaving_and_coming_back_by_many_keeps_the_count(app: Flask, make: Make) -> None:
    place = make.place()
    slug, guests = place.slug, [actor_of(make.member(place.circle)) for _guest in range(6)]

    def come_and_go(guest: Actor) -> None:
        for _time in range(3):
            circles.leave_circle(guest, slug)
            circles.join_circle(guest, slug)

    all_well(together(app, [lambda guest=guest: come_and_go(guest) for guest in guests]))
    assert_counted(place)
