"""An anonymous question, as those see it who may learn who asked it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from circle import access
from circle.access import Actor, Permission
from circle.circles import queries as circles
from circle.circles.queries import CircleRow
from circle.core.db import db
from circle.core.errors import NotFound
from circle.posts.models import Post

#: states in which nobody but its author ever saw it
UNSEEN = ("draft", "rejected")


@dataclass(frozen=True)
class Veiled:
    """A question whose asker is not shown; it may be hidden or gone. Nothing here says who it was."""

    id: int
    circle: CircleRow
    title: str
    status: str

    @property
    def url(self) -> str:
        """Its page, or what there is to be seen of one that is gone."""
        if self.status in {"deleted", "removed"}:
            return f"/{self.circle.slug}/posts/{self.id}/revisions"
        return f"/{self.circle.slug}/questions/{self.id}"


def veiled_question(actor: Actor, question_id: int, *, slug: str | None = None) -> Veiled:
    """A question asked without a name, for those who may learn whose it is, also when it was hidden or taken back.

    Raises NotFound when there is none such for this actor, Forbidden.
    """
    columns = (Post.circle_id, Post.type, Post.status, Post.title, Post.anonymous)
    row = db.session.execute(select(*columns).where(Post.id == question_id)).one_or_none()
    if row is None:
        raise NotFound
    circle = circles.readable_circle_by_id(actor, row.circle_id)
    may = circle.may(Permission.IDENTITY_REVEAL)
    if row.type != "question" or row.status in UNSEEN or (row.status != "published" and not may):
        raise NotFound
    if slug is not None and slug != circle.slug:
        raise NotFound
    access.require(actor, Permission.IDENTITY_REVEAL, circle.standing)
    if not row.anonymous:
        raise NotFound
    return Veiled(question_id, circle, row.title, row.status)
