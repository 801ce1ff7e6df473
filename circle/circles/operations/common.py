"""What several operations of circles begin with."""

from __future__ import annotations

from sqlalchemy import select

from circle.access import Actor, Permission, Role, Standing, check_may_act_on, require
from circle.circles.models import Application, Circle, Member
from circle.circles.queries import standing_of, standing_of_user
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import lock


def lock_circle(slug: str) -> Circle:
    """The circle, locked: everything about its members queues here, so counts and roles never race.

    Raises NotFound when there is none or it is closed.
    """
    circle_id = db.session.scalar(select(Circle.id).where(Circle.slug == slug))
    if circle_id is None:
        raise NotFound
    return lock_circle_by_id(circle_id)


def lock_circle_by_id(circle_id: int) -> Circle:
    """As `lock_circle`, by id."""
    circle = lock(Circle, circle_id)
    if circle.status != "active":
        raise NotFound
    return circle


def allowed(actor: Actor, circle: Circle, permission: Permission) -> Standing:
    """The actor's standing, if they may do this here. Raises what `access.require` raises."""
    standing = standing_of(actor, circle.id)
    require(actor, permission, standing)
    return standing


def target_of(actor: Actor, standing: Standing, circle: Circle, user_id: int) -> Standing:
    """The standing of whom the actor acts on. Raises Forbidden for oneself and for higher roles."""
    target = standing_of_user(circle.id, user_id)
    check_may_act_on(actor, standing, target)
    return target


def member_of(circle: Circle, user_id: int) -> Member | None:
    """The person's row in the circle, whatever its status. The circle must be locked: that guards the row, too."""
    return db.session.scalar(
        select(Member)
        .where(Member.circle_id == circle.id, Member.user_id == user_id)
        .execution_options(populate_existing=True)
    )


def active_member(circle: Circle, user_id: int) -> Member:
    """The row of somebody who is in the circle now. Raises NotFound."""
    member = member_of(circle, user_id)
    if member is None or member.status != "active":
        raise NotFound
    return member


def pending_application(circle: Circle, user_id: int) -> Application | None:
    """The one application that waits for an answer, if there is one."""
    return db.session.scalar(
        select(Application)
        .where(Application.circle_id == circle.id, Application.user_id == user_id, Application.status == "pending")
        .execution_options(populate_existing=True)
    )


def step_out(circle: Circle, member: Member, status: str) -> None:
    """Take an active member out: the role is laid down, a mute stays (leaving must not shed it)."""
    member.status, member.role = status, Role.MEMBER.value
    member.left_at = clock.now()
    circle.member_count -= 1
