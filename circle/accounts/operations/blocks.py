"""Not wanting to meet somebody, and meeting them again."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from circle.accounts.events import UserBlocked, UserUnblocked
from circle.accounts.models import Block, User
from circle.core import clock
from circle.core.actor import Actor
from circle.core.db import db, insert_once
from circle.core.errors import NotFound, Refused, Unauthenticated
from circle.core.i18n import lazy
from circle.core.operation import emit, lock, operation

#: people one person may have blocked
MAX_BLOCKS = 1000


@operation
def block_user(actor: Actor, user_id: int) -> None:
    """Let the actor and somebody no longer meet; blocking them again changes nothing.

    Raises Unauthenticated, NotFound, Refused BLOCK_SELF, TOO_MANY_BLOCKS.
    """
    if actor.id is None:
        raise Unauthenticated
    if actor.owns(user_id):
        raise Refused("BLOCK_SELF", lazy("You cannot block yourself."))
    lock(User, actor.id)  # two at once must not be one too many
    known = select(User.id).where(User.id == user_id, User.status != "deleted")
    if db.session.scalar(known) is None:
        raise NotFound
    if not insert_once(Block, blocker_id=actor.id, blocked_id=user_id, created_at=clock.now()):
        return
    if (db.session.scalar(select(func.count()).where(Block.blocker_id == actor.id)) or 0) > MAX_BLOCKS:
        raise Refused(
            "TOO_MANY_BLOCKS",
            lazy("You have blocked %(count)s people already. Please unblock somebody first.", count=MAX_BLOCKS),
        )
    emit(UserBlocked(actor.id, user_id))


@operation
def unblock_user(actor: Actor, user_id: int) -> None:
    """Meet somebody again; nothing happens when they were not blocked. Raises Unauthenticated."""
    if actor.id is None:
        raise Unauthenticated
    gone = delete(Block).where(Block.blocker_id == actor.id, Block.blocked_id == user_id)
    if db.session.execute(gone).rowcount:  # type: ignore[attr-defined]
        emit(UserUnblocked(actor.id, user_id))
