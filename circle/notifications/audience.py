"""Who hears of something: not those it is not for (any more), not the blocked, not those who said no."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, literal, or_, select
from sqlalchemy.orm import aliased

from circle.accounts.models import User
from circle.accounts.queries import SIGNING_IN, not_blocked
from circle.circles.models import Circle, Member
from circle.core.actor import Actor
from circle.core.db import db
from circle.notifications.kinds import CATEGORIES, Kind
from circle.notifications.models import NoticeSetting


def may_read(user_id: Any, circle_id: Any) -> ColumnElement[bool]:
    """SQL: what is inside the circle is for this person now. Both are columns or values."""
    circle, member = aliased(Circle), aliased(Member)
    inside = or_(
        member.status == "active",
        and_(circle.visibility == "public", or_(member.status.is_(None), member.status != "banned")),
    )
    return exists(
        select(literal(1))
        .select_from(circle)
        .outerjoin(member, and_(member.circle_id == circle.id, member.user_id == user_id))
        .where(circle.id == circle_id, circle.status == "active", inside)
    )


def hearers(user_ids: Collection[int], kind: Kind, *, by: int | None, circle_id: int | None) -> dict[int, bool]:
    """Which of these people are told such a notice, and whether they want it by e-mail too. One statement."""
    wanted = {id_ for id_ in user_ids if id_ != by}
    if not wanted:
        return {}
    category = CATEGORIES[kind.category]
    mail = case((NoticeSetting.mail.is_(None), category.mail), else_=NoticeSetting.mail)
    statement = (
        select(User.id, and_(User.email_key.is_not(None), mail))
        .outerjoin(NoticeSetting, and_(NoticeSetting.user_id == User.id, NoticeSetting.category == kind.category))
        .where(User.id.in_(wanted), User.status.in_(SIGNING_IN))
    )
    if category.fixed is None:
        statement = statement.where(or_(NoticeSetting.inbox.is_(None), NoticeSetting.inbox.is_(True)))
    if kind.of_content:
        statement = statement.where(may_read(User.id, circle_id))
        if by is not None:
            statement = statement.where(not_blocked(Actor(id=by), User.id))
    return {id_: bool(mails) for id_, mails in db.session.execute(statement)}
