"""How a post read before it was edited: for its author and for those who moderate its circle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, Select, select

from circle.access import Actor, Permission
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of, unnamed
from circle.circles import queries as circles
from circle.circles.models import Member
from circle.circles.queries import CircleRow
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.i18n import _
from circle.core.pagination import Keyset, Page
from circle.posts.diff import Piece, compare, folded
from circle.posts.models import Post, Revision

#: states in which a post may be read back by whom, besides the published one
_FOR_AUTHOR = {"published", "hidden", "pending"}
_FOR_MODERATORS = {*_FOR_AUTHOR, "deleted", "removed"}


@dataclass(frozen=True)
class EditedPost:
    """The post whose former words these are; it may be hidden or gone."""

    id: int
    circle: CircleRow
    author: Author
    status: str
    title: str
    body: str
    body_html: str
    published_at: datetime
    #: since when it reads as it does now
    since: datetime

    @property
    def url(self) -> str:
        return f"/{self.circle.slug}/posts/{self.id}"

    @property
    def gone(self) -> bool:
        """Whether its own page shows it to nobody any more."""
        return self.status in {"deleted", "removed"}


@dataclass(frozen=True)
class RevisionRow:
    """Former words, and what became of them in the next edit."""

    version: int
    title: str
    body: str
    body_html: str
    since: datetime
    #: when they were changed
    until: datetime
    #: the title and body that came after
    next_title: str
    next_body: str
    is_first: bool = False

    @property
    def title_changes(self) -> list[Piece]:
        return compare(self.title, self.next_title) if self.title != self.next_title else []

    @property
    def body_changes(self) -> list[Piece]:
        """What went and what came, with long unchanged stretches left out."""
        return folded(compare(self.body, self.next_body))


def edited_post(actor: Actor, post_id: int, *, slug: str | None = None) -> EditedPost:
    """A post as the page of its revisions needs it. Raises NotFound for all but its author and moderators."""
    row = db.session.execute(
        select(
            Post.id, Post.circle_id, Post.status, Post.title, Post.body, Post.body_html, Post.published_at,
            Post.edited_at, Post.anonymous, Member.role, Member.level, *AUTHOR_COLUMNS,
        )
        .join(User, User.id == Post.author_id)
        .outerjoin(Member, (Member.circle_id == Post.circle_id) & (Member.user_id == Post.author_id))
        .where(Post.id == post_id)
    ).one_or_none()  # fmt: skip
    if row is None:
        raise NotFound
    circle = circles.readable_circle_by_id(actor, row.circle_id)
    author = author_of(row[11 : 11 + len(AUTHOR_COLUMNS)], row.role, circle.tag(row.level))
    moderates = circle.may(Permission.POST_MODERATE) or actor.is_system
    allowed = _FOR_MODERATORS if moderates else _FOR_AUTHOR if actor.owns(author.id) else set()
    if row.status not in allowed or (slug is not None and slug != circle.slug):
        raise NotFound
    return EditedPost(
        row.id, circle, unnamed(_("Anonymous")) if row.anonymous else author, row.status, row.title, row.body,
        row.body_html, row.published_at, row.edited_at or row.published_at,
    )  # fmt: skip


def revisions(actor: Actor, post_id: int, *, cursor: str | None = None, limit: int = 10) -> Page[RevisionRow]:
    """How the post read before each late edit, the latest of them first.

    Raises NotFound for all but its author and the moderators of its circle, BadRequest CURSOR_INVALID.
    """
    post = edited_post(actor, post_id)
    columns = (Revision.version, Revision.title, Revision.body, Revision.body_html, Revision.since, Revision.created_at)
    kept = cast("Select[Any]", select(*columns).where(Revision.post_id == post_id))
    page = Keyset(f"revisions.{post_id}", (Revision.version,)).read(kept, cursor, limit)
    return page.map(lambda rows: _with_next(post, rows, last=page.next_cursor is None))


def _with_next(post: EditedPost, rows: Sequence[Row[Any]], *, last: bool) -> list[RevisionRow]:
    if not rows:
        return []
    newer = db.session.execute(
        select(Revision.title, Revision.body)
        .where(Revision.post_id == post.id, Revision.version > rows[0].version)
        .order_by(Revision.version)
        .limit(1)
    ).one_or_none()
    title, body = newer or (post.title, post.body)
    made = []
    for row in rows:
        made.append(
            RevisionRow(row.version, row.title, row.body, row.body_html, row.since, row.created_at, title, body)
        )
        title, body = row.title, row.body
    return [*made[:-1], replace(made[-1], is_first=last)]
