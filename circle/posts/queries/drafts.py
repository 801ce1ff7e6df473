"""One's own drafts: the box, one of them, and which are due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from circle.access import Actor
from circle.circles.models import Circle
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound, Unauthenticated
from circle.core.i18n import LazyString
from circle.core.pagination import DEFAULT_LIMIT, Keyset, Page
from circle.media.models import Media
from circle.media.queries import MediaRow, media_row
from circle.posts import rules
from circle.posts.models import Draft, DraftMedia

EXCERPT = 90


@dataclass(frozen=True)
class DraftCircle:
    """Where a draft is meant to appear; `tz` is what its times are told in."""

    id: int
    slug: str
    name: str
    tz: str


@dataclass(frozen=True)
class DraftFile:
    """An upload of a draft, with its description."""

    media: MediaRow
    alt: str


@dataclass(frozen=True)
class DraftRow:
    id: int
    circle: DraftCircle
    title: str
    body: str
    topic_ids: list[int]
    #: what PollContent.of takes, as plain values; None for no poll
    poll: Mapping[str, Any] | None
    seq: int
    #: which page or device wrote it last
    writer: str
    created_at: datetime
    updated_at: datetime
    publish_at: datetime | None
    #: code of the refusal that kept a planned post from appearing; "" for none
    failure: str
    #: moment or question
    type: str = "moment"
    #: a question to be asked without a name
    anonymous: bool = False
    files: list[DraftFile] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The composer with this draft."""
        return f"/{self.circle.slug}/posts/new?draft={self.id}"

    @property
    def updated_here(self) -> str:
        """The time of day of the last save, in the circle's time zone."""
        return f"{self.updated_at.astimezone(ZoneInfo(self.circle.tz)):%H:%M}"

    @property
    def excerpt(self) -> str:
        """The beginning of the words, for lists."""
        return (self.title or " ".join(self.body.split()))[:EXCERPT]

    @property
    def failure_sentence(self) -> LazyString | None:
        """Why it did not appear, in the reader's language."""
        return rules.failure_sentence(self.failure) if self.failure else None

    @property
    def media(self) -> list[MediaRow]:
        """The uploads without their descriptions."""
        return [file.media for file in self.files]

    @property
    def alts(self) -> list[str]:
        return [file.alt for file in self.files]


_COLUMNS = (Draft, Circle.slug, Circle.name, Circle.tz)


def drafts(actor: Actor, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[DraftRow]:
    """One's own drafts, the last touched first. Raises Unauthenticated."""
    if actor.id is None:
        raise Unauthenticated
    mine: Any = select(*_COLUMNS).join(Circle, Circle.id == Draft.circle_id).where(Draft.author_id == actor.id)
    page = Keyset("drafts", (Draft.updated_at, Draft.id)).read(mine, cursor, limit)
    return Page(_rows(page.items), page.next_cursor)


def get_draft(actor: Actor, draft_id: int) -> DraftRow:
    """One of one's own drafts. Raises Unauthenticated, NotFound."""
    if actor.id is None:
        raise Unauthenticated
    one = select(*_COLUMNS).join(Circle, Circle.id == Draft.circle_id)
    rows = _rows(db.session.execute(one.where(Draft.id == draft_id, Draft.author_id == actor.id)).all())
    if not rows:
        raise NotFound
    return rows[0]


def newest_draft(actor: Actor, circle_id: int) -> DraftRow | None:
    """What somebody was last writing for this circle and has not planned: offered when they open the composer."""
    mine = (
        select(*_COLUMNS)
        .join(Circle, Circle.id == Draft.circle_id)
        .where(Draft.author_id == (actor.id or 0), Draft.circle_id == circle_id, Draft.publish_at.is_(None))
        .order_by(Draft.updated_at.desc(), Draft.id.desc())
        .limit(1)
    )
    return next(iter(_rows(db.session.execute(mine).all())), None)


def _rows(found: Sequence[Any]) -> list[DraftRow]:
    files = _files([row[0].id for row in found])
    return [
        DraftRow(
            id=draft.id,
            circle=DraftCircle(draft.circle_id, slug, name, tz),
            title=draft.title,
            body=draft.body,
            topic_ids=list(draft.extra.get("topic_ids", ())),
            poll=draft.extra.get("poll"),
            seq=draft.seq,
            writer=draft.extra.get("writer", ""),
            created_at=draft.created_at,
            updated_at=draft.updated_at,
            publish_at=draft.publish_at,
            failure=draft.failure,
            type=draft.extra.get("type", "moment"),
            anonymous=draft.extra.get("anonymous", False),
            files=files.get(draft.id, []),
        )
        for draft, slug, name, tz, *_keys in found
    ]


def _files(draft_ids: Sequence[int]) -> dict[int, list[DraftFile]]:
    found: dict[int, list[DraftFile]] = {}
    if draft_ids:
        statement = (
            select(DraftMedia.draft_id, DraftMedia.alt, Media)
            .join(Media, Media.id == DraftMedia.media_id)
            .where(DraftMedia.draft_id.in_(draft_ids))
            .order_by(DraftMedia.draft_id, DraftMedia.position)
        )
        for draft_id, alt, media in db.session.execute(statement):
            found.setdefault(draft_id, []).append(DraftFile(media_row(media, signed=True), alt))
    return found


def due_drafts(limit: int) -> list[int]:
    """Ids of drafts whose planned time has come, the longest overdue first."""
    due = select(Draft.id).where(Draft.publish_at <= clock.now()).order_by(Draft.publish_at, Draft.id)
    return list(db.session.scalars(due.limit(limit)))


def untouched_drafts(before: datetime, limit: int) -> list[int]:
    """Ids of drafts that nobody touched since `before` and that are not planned."""
    old = select(Draft.id).where(Draft.updated_at < before, Draft.publish_at.is_(None)).order_by(Draft.id)
    return list(db.session.scalars(old.limit(limit)))
