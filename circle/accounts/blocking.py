"""What may be read of blocks: whom one has blocked oneself. Nobody is told who blocked them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from circle.accounts.models import Block, User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of
from circle.core.actor import Actor
from circle.core.errors import Unauthenticated
from circle.core.pagination import DEFAULT_LIMIT, Keyset, Page


@dataclass(frozen=True)
class BlockedRow:
    """Somebody whom the reader has blocked, and since when."""

    user: Author
    created_at: datetime


def blocked_people(actor: Actor, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[BlockedRow]:
    """Whom the person has blocked, last blocked first. Raises Unauthenticated, BadRequest CURSOR_INVALID."""
    if actor.id is None:
        raise Unauthenticated
    chosen: Any = select(*AUTHOR_COLUMNS, Block.created_at)
    mine: Select[Any] = chosen.join(Block, Block.blocked_id == User.id).where(
        Block.blocker_id == actor.id, User.status != "deleted"
    )
    order = Keyset(f"accounts.blocked.{actor.id}", (Block.created_at, Block.blocked_id))
    here = len(AUTHOR_COLUMNS)
    return order.read(mine, cursor, limit).map(
        lambda rows: [BlockedRow(author_of(row[:here]), row[here]) for row in rows]
    )
