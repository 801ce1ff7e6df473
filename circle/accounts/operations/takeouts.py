"""Copies of all that somebody has here: asked for, made by a job elsewhere, kept for a week, removed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import structlog
from sqlalchemy import select, update

from circle.accounts.events import TakeoutAsked, TakeoutReady
from circle.accounts.models import Takeout, User
from circle.core import clock
from circle.core.actor import Actor
from circle.core.db import db
from circle.core.errors import NotFound, RateLimited, Unauthenticated
from circle.core.i18n import lazy
from circle.core.operation import after_commit, emit, lock, operation
from circle.core.storage import storage

log = structlog.get_logger(__name__)

#: where copies lie in the storage
FOLDER = "takeouts/"
#: how long a copy can be fetched
KEPT_FOR = timedelta(days=7)
#: somebody may ask for another copy so long after the last one
ONE_PER = timedelta(hours=24)
#: a copy that is not made by then never will be (its job was given up), and another may be asked for
GIVEN_UP_AFTER = timedelta(hours=24)


@operation
def ask_takeout(actor: Actor) -> int:
    """Ask for a copy of everything; returns its id. While one is being made, that is the one.

    Raises Unauthenticated, RateLimited when the last copy is not a day old.
    """
    if actor.id is None:
        raise Unauthenticated
    lock(User, actor.id)
    now = clock.now()
    newest = db.session.scalar(select(Takeout).where(Takeout.user_id == actor.id).order_by(Takeout.id.desc()).limit(1))
    if newest is not None and newest.status == "waiting" and newest.created_at > now - GIVEN_UP_AFTER:
        return newest.id
    if newest is not None and newest.status in {"ready", "expired"} and newest.created_at > now - ONE_PER:
        raise RateLimited(
            lazy("You can ask for a copy once a day. The last one is not a day old yet."),
            retry_after=max(1, int((newest.created_at + ONE_PER - now).total_seconds())),
        )
    _give_up(Takeout.user_id == actor.id)
    made = Takeout(user_id=actor.id)
    db.session.add(made)
    db.session.flush()
    emit(TakeoutAsked(made.id, actor.id))
    return made.id


@operation
def finish_takeout(takeout_id: int, *, storage_key: str, size: int) -> bool:
    """The copy is stored under this key and can be fetched. False when it is not waited for any more."""
    try:
        row = lock(Takeout, takeout_id)
    except NotFound:
        return False
    if row.status != "waiting":
        return False
    now = clock.now()
    row.status, row.storage_key, row.bytes, row.ready_at, row.expires_at = (
        "ready", storage_key, size, now, now + KEPT_FOR,
    )  # fmt: skip
    emit(TakeoutReady(row.id, row.user_id, row.expires_at))
    return True


@operation
def forget_takeouts() -> int:
    """Remove copies whose time is over, and give up those that were never made; returns how many were removed."""
    now = clock.now()
    _give_up(Takeout.created_at < now - GIVEN_UP_AFTER)
    over = select(Takeout).where(Takeout.status == "ready", Takeout.expires_at <= now).order_by(Takeout.id)
    rows = db.session.scalars(over.with_for_update()).all()
    drop_files(rows)
    for row in rows:
        row.status = "expired"
    return len(rows)


def drop_files(rows: Iterable[Takeout]) -> None:
    """Inside an operation: let these copies have no file any more; the files go after the commit."""
    keys = [row.storage_key for row in rows if row.storage_key is not None]
    for row in rows:
        row.storage_key = None
    after_commit(lambda: _delete(keys))


def _delete(keys: Iterable[str]) -> None:
    for key in keys:
        try:
            storage().delete(key)
        except Exception as error:
            # the row is gone or empty already; the daily job removes what no row names
            log.warning("copy not removed", key=key, error=str(error))


def _give_up(condition: object) -> None:
    waiting = update(Takeout).where(Takeout.status == "waiting", condition)  # type: ignore[arg-type]
    db.session.execute(waiting.values(status="failed").execution_options(synchronize_session=False))
