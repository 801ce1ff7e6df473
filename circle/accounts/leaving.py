"""What may be read of accounts on their way out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from circle.accounts import losses
from circle.accounts.models import FormerName, User
from circle.accounts.operations.deletion import owned_circles
from circle.core import clock
from circle.core.actor import Actor
from circle.core.db import db
from circle.core.errors import NotFound, Unauthenticated


@dataclass(frozen=True)
class DeletionRow:
    """When an account will be deleted, and whether what the person wrote stays."""

    deleting_at: datetime
    keep_content: bool


def deletion_of(actor: Actor) -> DeletionRow | None:
    """When one's own account will be deleted; None when it will not. Raises Unauthenticated."""
    if actor.id is None:
        raise Unauthenticated
    row = db.session.execute(
        select(User.deleting_at, User.deleting_keeps).where(User.id == actor.id, User.status == "deleting")
    ).one_or_none()
    return DeletionRow(row[0], row[1]) if row and row[0] else None


def circles_in_the_way(actor: Actor) -> list[str]:
    """The names of circles that somebody has to hand over before they can be deleted."""
    return [] if actor.id is None else list(owned_circles(actor.id))


def losses_of(actor: Actor) -> list[losses.Loss]:
    """What goes with somebody's account and comes back never, for them to confirm."""
    return [] if actor.id is None else list(losses.losses_of(actor.id))


def due_accounts(limit: int) -> list[int]:
    """Accounts that are to be deleted by now, longest due first."""
    due = select(User.id).where(User.status == "deleting", User.deleting_at <= clock.now())
    return list(db.session.scalars(due.order_by(User.deleting_at, User.id).limit(limit)))


def unfinished_accounts(limit: int) -> list[int]:
    """Deleted accounts of which not everything is erased yet."""
    open_ = select(User.id).where(User.status == "deleted", User.deleting_at.is_not(None))
    return list(db.session.scalars(open_.order_by(User.id).limit(limit)))


@dataclass(frozen=True)
class ClosedAccount:
    """What is to be erased: the user names by which others know the person, none of them once that is done."""

    names: frozenset[str]
    keeps_content: bool


def closed_account(user_id: int) -> ClosedAccount | None:
    """A deleted account, whether it is erased or not; None for any other."""
    row = db.session.execute(
        select(User.username, User.deleting_keeps).where(User.id == user_id, User.status == "deleted")
    ).one_or_none()
    if row is None:
        return None
    former = db.session.scalars(select(FormerName.username).where(FormerName.user_id == user_id))
    return ClosedAccount(frozenset({row[0], *former} - {""}), row[1])


def user_id_named(username_key: str) -> int:
    """The id of the account with this key that is not deleted, for the operator. Raises NotFound."""
    found = db.session.scalar(select(User.id).where(User.username_key == username_key, User.status != "deleted"))
    if found is None:
        raise NotFound
    return found
