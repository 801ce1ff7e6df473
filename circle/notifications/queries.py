"""What may be read of notices: one's own, and of those only what one may still see."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Row, Select, bindparam, column, func, or_, select, table

from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of
from circle.circles.levels import level_name
from circle.circles.models import Circle
from circle.core.actor import Actor
from circle.core.db import db
from circle.core.errors import NotFound, Unauthenticated
from circle.core.i18n import _, day_in_words
from circle.core.pagination import DEFAULT_LIMIT, Keyset, Page
from circle.notifications.audience import may_read
from circle.notifications.kinds import CATEGORIES, KINDS, OF_CONTENT, Kind, kinds_of
from circle.notifications.models import Notice, NoticeSetting


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
    category: str
    icon: str
    #: "", ok or gold
    tone: str
    text: str
    #: the text in parts, with whether each stands out
    pieces: Sequence[tuple[str, bool]]
    #: a reason or the beginning of what was written; None when there is neither
    quote: str | None
    #: a path; None when there is nothing (more) to see
    url: str | None
    #: who did it, of several people the newest; None when a role or the system did
    by: Author | None
    #: how many people (likes) or posts (topics) it is about
    count: int
    circle: NoticeCircle | None
    created_at: datetime
    #: when it was told first, or last grew
    told_at: datetime
    read_at: datetime | None


@dataclass(frozen=True)
class SettingRow:
    """Where a person hears of one category; `fixed` says why it cannot be switched off in the inbox."""

    category: str
    title: str
    hint: str
    icon: str
    inbox: bool
    mail: bool
    fixed: str | None


@dataclass(frozen=True)
class SettingsRow:
    """All categories, and the confirmed address that e-mail goes to (None: none goes out)."""

    email: str | None
    categories: Sequence[SettingRow]


#: posts stand on this feature, so only the columns needed are named here
_posts = table("posts", column("id", BigInteger), column("type"))
#: a kind that a newer version of the program wrote and this one does not know
_UNKNOWN_ICON = "bell"
_UNKNOWN_CATEGORY = "account"
#: where times are told that belong to no circle
_NO_CIRCLE_TZ = "Asia/Shanghai"
#: parts of the inbox, by name -> categories
PARTS: Mapping[str, Collection[str]] = {
    "people": ("replies", "mentions", "likes"),
    "system": ("topics", "circle", "checkins", "reminders", "moderation", "account"),
}


def readable() -> ColumnElement[bool]:
    """SQL: the person of the notice may still read what it is about."""
    return or_(Notice.kind.not_in(OF_CONTENT), may_read(Notice.user_id, Notice.circle_id))


def unread_count(actor: Actor) -> int:
    """How many notices the person has not read; 0 for a visitor. One statement, answered from an index."""
    if actor.id is None:
        return 0
    return db.session.scalar(_unread_statement(), {"me": actor.id}) or 0


@cache
def _unread_statement() -> Select[Any]:
    # every page asks this: the statement is put together once
    mine = (Notice.user_id == bindparam("me", type_=BigInteger), Notice.read_at.is_(None))
    return select(func.count()).select_from(Notice).where(*mine, readable())


def inbox(
    actor: Actor,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
    *,
    unread: bool = False,
    categories: Collection[str] = (),
) -> Page[NoticeRow]:
    """The person's notices, last told first; of these categories only, if any are named.

    Raises Unauthenticated, BadRequest CURSOR_INVALID.
    """
    if actor.id is None:
        raise Unauthenticated
    mine = _notices().where(Notice.user_id == actor.id, readable())
    if unread:
        mine = mine.where(Notice.read_at.is_(None))
    if categories:
        mine = mine.where(Notice.kind.in_(kinds_of(*categories)))
    name = ".".join(["notifications.inbox", *(["unread"] if unread else []), *sorted(categories)])
    return Keyset(name, (Notice.told_at, Notice.id)).read(mine, cursor, limit).map(told)


def address_of(actor: Actor, notice_id: int) -> str | None:
    """Where one of the person's notices leads, None for nowhere. Raises Unauthenticated, NotFound."""
    if actor.id is None:
        raise Unauthenticated
    mine = _notices().where(Notice.id == notice_id, Notice.user_id == actor.id, readable())
    row = db.session.execute(mine).one_or_none()
    if row is None:
        raise NotFound
    return told([row])[0].url


def notices_by_id(user_id: int, notice_ids: Collection[int]) -> list[NoticeRow]:
    """These notices of one person, oldest first, for a mail."""
    mine = _notices().where(Notice.id.in_(notice_ids), Notice.user_id == user_id).order_by(Notice.told_at, Notice.id)
    return told(db.session.execute(mine).all())


def settings_of(actor: Actor) -> SettingsRow:
    """Where the person wants to hear of what. Raises Unauthenticated."""
    if actor.id is None:
        raise Unauthenticated
    found = db.session.execute(
        select(NoticeSetting.category, NoticeSetting.inbox, NoticeSetting.mail).where(NoticeSetting.user_id == actor.id)
    )
    chosen = {category: (inbox_, mail) for category, inbox_, mail in found}
    rows = []
    for name, category in CATEGORIES.items():
        inbox_, mail = chosen.get(name, (True, category.mail))
        fixed = str(category.fixed) if category.fixed is not None else None
        rows.append(
            SettingRow(
                name, str(category.title), str(category.hint), category.icon, inbox_ or fixed is not None, mail, fixed
            )
        )
    confirmed = select(User.email).where(User.id == actor.id, User.email_key.is_not(None))
    return SettingsRow(db.session.scalar(confirmed), rows)


def _notices() -> Select[Any]:
    return (
        select(Notice.id, Notice.kind, Notice.by_id, Notice.post_id, Notice.comment_id, Notice.answer_id)
        .add_columns(Notice.campaign_id, Notice.data)
        .add_columns(Notice.people_count, Notice.created_at, Notice.told_at, Notice.read_at)
        .add_columns(Circle.slug, Circle.name, Circle.tz, _posts.c.type.label("post_type"))
        .outerjoin(Circle, Circle.id == Notice.circle_id)
        .outerjoin(_posts, _posts.c.id == Notice.post_id)
    )


def told(rows: Sequence[Row[Any]]) -> list[NoticeRow]:
    """Notices in the language of whoever reads them, with the names people have now."""
    people = _people({row.by_id for row in rows if row.by_id is not None})
    return [_row(row, people) for row in rows]


def _people(ids: set[int]) -> dict[int, Author]:
    if not ids:
        return {}
    return {row[0]: author_of(row) for row in db.session.execute(select(*AUTHOR_COLUMNS).where(User.id.in_(ids)))}


def _row(row: Row[Any], people: Mapping[int, Author]) -> NoticeRow:
    by = people.get(row.by_id or 0)
    kind: Kind | None = KINDS.get(row.kind)
    values = _values(row, by)
    text = kind.told(values) if kind else _("Something new happened")
    return NoticeRow(
        id=row.id,
        kind=row.kind,
        category=kind.category if kind else _UNKNOWN_CATEGORY,
        icon=kind.icon if kind else _UNKNOWN_ICON,
        tone=kind.tone if kind else "",
        text=text,
        pieces=kind.pieces(values) if kind else [(text, False)],
        quote=row.data.get("quote"),
        url=kind.path(values) if kind else None,
        by=by,
        count=row.people_count,
        circle=NoticeCircle(row.slug, row.name) if row.slug else None,
        created_at=row.created_at,
        told_at=row.told_at,
        read_at=row.read_at,
    )


def _values(row: Row[Any], by: Author | None) -> dict[str, Any]:
    until, level = row.data.get("until"), row.data.get("level")
    here = datetime.fromisoformat(until).astimezone(ZoneInfo(row.tz or _NO_CIRCLE_TZ)) if until else None
    return {
        **row.data,
        "post_id": row.post_id,
        "comment_id": row.comment_id,
        "answer_id": row.answer_id,
        "campaign_id": row.campaign_id,
        "asked": row.post_type == "question",
        "place": "questions" if row.post_type == "question" else "posts",
        "count": row.people_count,
        "name": by.nickname if by else _("Somebody"),
        "unnamed": by is None,
        "circle": row.name or "",
        "slug": row.slug,
        "level_name": level_name(row.data.get("named", ""), level) if level else "",
        "until": _until(row, here) if here else "",
        "time": _hour(here) if here else "",
        "day": _day(row),
        "period": _period(row.data),
    }


def _hour(moment: datetime) -> str:
    """The hour at which something ends: that of midnight belongs to the day that ends."""
    return f"{moment:%H:%M}" if (moment.hour, moment.minute) != (0, 0) else "24:00"


def _until(row: Row[Any], moment: datetime) -> str:
    """The day and hour that a notice names, as its reader writes them; a window that closes at midnight belongs to the
    day that ends."""
    ends = row.campaign_id is not None and (moment.hour, moment.minute) == (0, 0)
    day = moment.date() - timedelta(days=1) if ends else moment.date()
    return f"{day_in_words(day, year=row.created_at.year)} {_hour(moment) if ends else f'{moment:%H:%M}'}"


def _day(row: Row[Any]) -> str:
    """The day that a notice names, as its reader writes days."""
    day: str = row.data.get("day", "")
    return day_in_words(date.fromisoformat(day), year=row.created_at.year) if day else ""


def _period(data: Mapping[str, Any]) -> str:
    """Which day or week of a campaign."""
    if "idx" not in data:
        return ""
    idx = data["idx"]
    told: str = _("week %(idx)s", idx=idx) if data.get("cadence") == "weekly" else _("day %(idx)s", idx=idx)
    return told
