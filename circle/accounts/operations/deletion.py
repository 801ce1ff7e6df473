"""Deleting an account: asked for, seven days to think, then everything that says who it was is erased.

The steps, each safe to repeat:

1. `ask_deletion`: the account is `deleting` until `deleting_at`; `cancel_deletion` takes it back.
2. `close_account`, when it is due: it is `deleted` for everybody at once, and nobody can sign in any more.
3. A job erases what other features hold of the person, in batches (`home.erase_account`).
4. `finish_erasure`: names, addresses and everything else in the tables of accounts goes. `deleting_at` becomes None
   with it: a deleted account that still has one is not erased yet, and the hourly job begins again.

The row stays, empty: what others may still see (posts that were kept, the audit log) points at its number.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import BigInteger, column, delete, or_, select, table, update

from circle.accounts import losses
from circle.accounts.events import AccountDeleted, DeletionAsked, DeletionCancelled, DeletionPostponed
from circle.accounts.models import AuthSession, Block, FormerName, MailCode, SignInFailures, Takeout, User
from circle.accounts.operations.takeouts import drop_files
from circle.accounts.usernames import tombstone
from circle.core import audit, clock, idempotency
from circle.core.actor import SYSTEM, Actor
from circle.core.db import db
from circle.core.errors import Conflict, Refused, Unauthenticated
from circle.core.i18n import lazy
from circle.core.operation import emit, lock, operation

#: how long somebody may think it over
DELETION_DELAY = timedelta(days=7)

#: circles stand on this feature, so only the columns needed are named here
_circles = table("circles", column("owner_id", BigInteger), column("name"), column("status"), column("id", BigInteger))


@operation
def ask_deletion(
    actor: Actor, *, keep_content: bool, forfeit_points: bool = False, old_hash: str | None = None
) -> None:
    """Have one's account deleted in seven days; asked again it is the same day, with the newer choice.

    `old_hash` is that of the password which was proven; with `forfeit_points` the person says that they know what goes
    with the account. Raises Unauthenticated, Conflict (the password was changed meanwhile), Refused OWNS_CIRCLES or
    POINTS_FORFEITED.
    """
    if actor.id is None:
        raise Unauthenticated
    user = lock(User, actor.id)
    if user.status == "deleted":
        raise Unauthenticated
    if user.password_hash != old_hash:
        raise Conflict
    check_owns_nothing(user.id)
    check_forfeits(user.id, agreed=forfeit_points)
    user.deleting_keeps = keep_content
    if user.status == "active":
        user.status, user.deleting_at = "deleting", clock.now() + DELETION_DELAY
        audit.record(actor, "account.ask_deletion", f"user:{user.id}", {"keeps_content": keep_content})
        emit(DeletionAsked(user.id, user.deleting_at))


@operation
def cancel_deletion(actor: Actor) -> None:
    """Keep the account after all; nothing happens when it is not being deleted. Raises Unauthenticated."""
    if actor.id is None:
        raise Unauthenticated
    user = lock(User, actor.id)
    if user.status == "deleting":
        user.status, user.deleting_at, user.deleting_keeps = "active", None, True
        audit.record(actor, "account.cancel_deletion", f"user:{user.id}")
        emit(DeletionCancelled(user.id))


def check_owns_nothing(user_id: int) -> None:
    """Who owns circles hands them over first. Raises Refused OWNS_CIRCLES with their names."""
    if names := owned_circles(user_id):
        raise Refused(
            "OWNS_CIRCLES",
            lazy("Please hand over the circles that belong to you first: %(circles)s.", circles=", ".join(names)),
        )


def check_forfeits(user_id: int, *, agreed: bool) -> None:
    """Who has points somewhere says that they let them go. Raises Refused POINTS_FORFEITED with where and how many."""
    if agreed or not (lost := losses.losses_of(user_id)):
        return
    raise Refused(
        "POINTS_FORFEITED",
        lazy(
            "Your points go with your account (%(points)s). Please confirm that you let them go.",
            points=", ".join(f"{each.circle}: {each.points}" for each in lost),
        ),
        field="forfeit_points",
    )


def owned_circles(user_id: int) -> Sequence[str]:
    """The names of the open circles that belong to somebody."""
    mine = select(_circles.c.name).where(_circles.c.owner_id == user_id, _circles.c.status == "active")
    return db.session.scalars(mine.order_by(_circles.c.id)).all()


@operation
def order_deletion(user_id: int, *, keep_content: bool) -> None:
    """Let an account be due at once: for the operator, who answers to a legal request. Raises Refused OWNS_CIRCLES."""
    user = lock(User, user_id)
    if user.status == "deleted":
        return
    check_owns_nothing(user_id)
    user.status, user.deleting_at, user.deleting_keeps = "deleting", clock.now(), keep_content
    audit.record(SYSTEM, "account.order_deletion", f"user:{user_id}", {"keeps_content": keep_content})


@operation
def close_account(user_id: int) -> bool:
    """Delete an account whose time has come; False when it is not due (any more).

    Who owns a circle by now stays for another seven days, and is told.
    """
    user = lock(User, user_id)
    now = clock.now()
    if user.status != "deleting" or user.deleting_at is None or user.deleting_at > now:
        return False
    if circles := owned_circles(user_id):
        user.deleting_at = now + DELETION_DELAY
        emit(DeletionPostponed(user_id, tuple(circles), user.deleting_at))
        return False
    user.status, user.password_hash = "deleted", None
    user.avatar_id = None  # so that the picture belongs to nothing and goes with the other files
    db.session.execute(delete(AuthSession).where(AuthSession.user_id == user_id))
    db.session.execute(delete(Block).where(or_(Block.blocker_id == user_id, Block.blocked_id == user_id)))
    audit.record(SYSTEM, "account.delete", f"user:{user_id}", {"keeps_content": user.deleting_keeps})
    emit(AccountDeleted(user_id, user.deleting_keeps))
    return True


@operation
def finish_erasure(user_id: int) -> None:
    """Erase what accounts know of a deleted account. Its names stay taken, as hashes that tell them to nobody."""
    user = lock(User, user_id)
    if user.status != "deleted" or user.deleting_at is None:
        return
    copies = db.session.scalars(select(Takeout).where(Takeout.user_id == user_id)).all()
    drop_files(copies)
    db.session.flush()
    for model in (MailCode, Takeout, AuthSession):
        db.session.execute(delete(model).where(model.user_id == user_id))
    keys = [user.username_key]
    for former in db.session.scalars(select(FormerName).where(FormerName.user_id == user_id)).all():
        keys.append(former.username_key)
        gone = update(FormerName).where(FormerName.username_key == former.username_key)
        db.session.execute(gone.values(username_key=tombstone(former.username_key), username=""))
    db.session.execute(delete(SignInFailures).where(SignInFailures.username_key.in_(keys)))
    idempotency.forget_of(f"u{user_id}")
    user.username, user.username_key = "", tombstone(user.username_key)
    user.nickname = user.bio = ""
    user.email = user.email_key = user.email_confirmed_at = None
    user.theme, user.locale, user.avatar_id = "auto", None, None
    user.deleting_at = None
    user.version += 1
