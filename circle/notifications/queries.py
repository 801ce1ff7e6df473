"""What may be read of notices: one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select

from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of
from circle.circles.models import Circle
from circle.core.actor import Actor
from circle.core.db import db
from circle.core.errors import Unauthenticated
from circle.core.i18n import _
from circle.core.pagination import DEFAULT_LIMIT, Keyset, Page
from circle.notifications.kinds import KINDS, Kind
from circle.notifications.models import Notice


@dataclass(frozen=True)
class NoticeCircle:
    """The circle something happened in."""

    slug: str
    name: str


@dataclass(frozen=True)
class NoticeRow:
    """One notice, told in the reader's language."""

    id: int
    kind: str
    icon: str
    #: "", ok or gold
    tone: str
    text: str
    #: a reason or the beginning of what was written; None when there is neither
    quote: str | None
    #: a path; None when there is nothing (more) to see
    url: str | None
    #: who did it; None when a role or the system did
    by: Author | None
    circle: NoticeCircle | None
    created_at: datetime
    read_at: datetime | None


_INBOX = Keyset("notifications.inbox", (Notice.id,))
#: a kind that a newer version of the program wrote and this one does not know
_UNKNOWN_ICON = "bell"


def unread_count(actor: Actor) -> int:
    """How many notices the person has not read; 0 for a visitor. One statement, answered from an index."""
    if actor.id is None:
        return 0
    unread = select(func.count()).select_from(Notice).where(Notice.user_id == actor.id, Notice.read_at.is_(None))
    return db.session.scalar(unread) or 0


def inbox(actor: Actor, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[NoticeRow]:
    """The person's notices, newest first. Raises Unauthenticated, BadRequest CURSOR_INVALID."""
    if actor.id is None:
        raise Unauthenticated
    mine = (
        select(Notice.id, Notice.kind, Notice.data, Notice.created_at, Notice.read_at)
        .add_columns(Circle.slug, Circle.name, Circle.tz)
        .outerjoin(Circle, Circle.id == Notice.circle_id)
        .where(Notice.user_id == actor.id)
    )
    return _INBOX.read(mine, cursor, limit).map(_told)


def _told(rows: Sequence[Row[Any]]) -> list[NoticeRow]:
    people = _people({row.data["by"] for row in rows if "by" in row.data})
    return [_row(row, people) for row in rows]


def _people(ids: set[int]) -> dict[int, Author]:
    if not ids:
        return {}
    return {row[0]: author_of(row) for row in db.session.execute(select(*AUTHOR_COLUMNS).where(User.id.in_(ids)))}


def _row(row: Row[Any], people: Mapping[int, Author]) -> NoticeRow:
    by = people.get(row.data.get("by", 0))
    kind: Kind | None = KINDS.get(row.kind)
    values = _values(row, by)
    return NoticeRow(
        id=row.id,
        kind=row.kind,
        icon=kind.icon if kind else _UNKNOWN_ICON,
        tone=kind.tone if kind else "",
        text=kind.told(values) if kind else _("Something new happened"),
        quote=row.data.get("quote"),
        url=kind.path(values) if kind else None,
        by=by,
        circle=NoticeCircle(row.slug, row.name) if row.slug else None,
        created_at=row.created_at,
        read_at=row.read_at,
    )


def _values(row: Row[Any], by: Author | None) -> dict[str, Any]:
    until = row.data.get("until")
    here = datetime.fromisoformat(until).astimezone(ZoneInfo(row.tz or "UTC")) if until else None
    return {
        **row.data,
        "name": by.nickname if by else _("Somebody"),
        "circle": row.name or "",
        "slug": row.slug,
        "until": f"{here:%Y-%m-%d %H:%M}" if here else "",
    }
