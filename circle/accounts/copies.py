"""What may be read of the copies that people take of all they have here: one's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from circle.accounts.models import Takeout
from circle.accounts.operations.takeouts import GIVEN_UP_AFTER, ONE_PER
from circle.core import clock
from circle.core.actor import Actor
from circle.core.db import db
from circle.core.errors import NotFound, Unauthenticated
from circle.core.storage import signed_path


@dataclass(frozen=True)
class TakeoutRow:
    """A copy: `status` is waiting, ready, failed or expired."""

    id: int
    user_id: int
    status: str
    created_at: datetime
    bytes: int | None
    ready_at: datetime | None
    expires_at: datetime | None
    storage_key: str | None

    @property
    def path(self) -> str:
        return f"/settings/data/copies/{self.id}.zip"

    @property
    def url(self) -> str | None:
        """Where it can be fetched for one to two hours, also without a cookie; None while there is nothing."""
        return signed_path(self.path) if self.status == "ready" else None

    @property
    def next_at(self) -> datetime | None:
        """From when another may be asked for; None for at once."""
        wait = {"ready": ONE_PER, "expired": ONE_PER, "waiting": GIVEN_UP_AFTER}.get(self.status, timedelta(0))
        moment = self.created_at + wait
        return moment if moment > clock.now() else None


_COLUMNS = (
    Takeout.id,
    Takeout.user_id,
    Takeout.status,
    Takeout.created_at,
    Takeout.bytes,
    Takeout.ready_at,
    Takeout.expires_at,
    Takeout.storage_key,
)


def newest_takeout(actor: Actor) -> TakeoutRow | None:
    """The last copy the person asked for, if they ever did. Raises Unauthenticated."""
    if actor.id is None:
        raise Unauthenticated
    mine = select(*_COLUMNS).where(Takeout.user_id == actor.id).order_by(Takeout.id.desc()).limit(1)
    row = db.session.execute(mine).one_or_none()
    return _now(TakeoutRow(*row)) if row else None


def get_takeout(takeout_id: int) -> TakeoutRow:
    """One copy, for a job or for who has been found to own it. Raises NotFound."""
    row = db.session.execute(select(*_COLUMNS).where(Takeout.id == takeout_id)).one_or_none()
    if row is None:
        raise NotFound
    return _now(TakeoutRow(*row))


def takeout_to_fetch(actor: Actor, takeout_id: int, *, signed: bool) -> TakeoutRow:
    """A copy that can be fetched now, by its owner, or with a good signature (`signed`), which only they are given.

    Raises Unauthenticated, NotFound.
    """
    if not signed and actor.id is None:
        raise Unauthenticated
    row = get_takeout(takeout_id)
    if not (signed or actor.owns(row.user_id)) or row.status != "ready":
        raise NotFound
    return row


def named_copies() -> set[str]:
    """The storage keys of all copies there are."""
    return {key for key in db.session.scalars(select(Takeout.storage_key)) if key is not None}


def _now(row: TakeoutRow) -> TakeoutRow:
    """As it is at this moment, also when the job that clears away has not come by yet."""
    over = row.status == "ready" and row.expires_at is not None and row.expires_at <= clock.now()
    return TakeoutRow(**{**row.__dict__, "status": "expired", "storage_key": None}) if over else row
