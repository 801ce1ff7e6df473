"""Who hears of something: not those it is not for (any more), not the blocked, not those who said no."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, case, exists, literal, or_, select
from sqlalchemy.orm import aliased

from circle.accounts.models import User
from circle.accounts.queries import SIGNING_IN, not_blocked_for
from circle.circles.models import Circle, Member
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
    values: dict[str, Any] = {"people": list(wanted)}
    if kind.of_content:
        values["circle_id"] = circle_id
        if by is not None:
            values["by"] = by
    statement = _hearers(kind.category, of_content=kind.of_content, of_somebody=by is not None)
    return {id_: bool(mails) for id_, mails in db.session.execute(statement, values)}


@cache
def _hearers(name: str, *, of_content: bool, of_somebody: bool) -> Select[Any]:
    """Put together once: with every like it is asked, and putting it together takes longer than the answer."""
    category = CATEGORIES[name]
    mail = case((NoticeSetting.mail.is_(None), category.mail), else_=NoticeSetting.mail)
    columns: Any = (User.id, and_(User.email_key.is_not(None), mail))
    statement = (
        select(*columns)
        .outerjoin(NoticeSetting, and_(NoticeSetting.user_id == User.id, NoticeSetting.category == name))
        .where(User.id.in_(bindparam("people", expanding=True)), User.status.in_(SIGNING_IN))
    )
    if category.fixed is None:
        statement = statement.where(or_(NoticeSetting.inbox.is_(None), NoticeSetting.inbox.is_(True)))
    if of_content:
        statement = statement.where(may_read(User.id, bindparam("circle_id", type_=BigInteger)))
        if of_somebody:
            statement = statement.where(not_blocked_for(bindparam("by", type_=BigInteger), User.id))
    return statement
