"""Reading, and forgetting what was read long ago."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select, update

from circle.access import Actor
from circle.core import clock
from circle.core.db import db
from circle.core.errors import Unauthenticated
from circle.core.ids import first_id_at
from circle.core.operation import operation
from circle.notifications.models import Notice
from circle.notifications.queries import unread_count

#: how long a notice that was read is kept
KEEP_READ = timedelta(days=180)


@operation
def mark_read(actor: Actor, ids: Sequence[int] | None = None) -> int:
    """Mark one's own notices (all, or those with the ids) as read; ids of others change nothing.

    Returns how many are still unread. Raises Unauthenticated.
    """
    if actor.id is None:
        raise Unauthenticated
    mine = update(Notice).where(Notice.user_id == actor.id, Notice.read_at.is_(None))
    if ids is not None:
        mine = mine.where(Notice.id.in_(ids))
    db.session.execute(mine.values(read_at=clock.now()).execution_options(synchronize_session=False))
    return unread_count(actor)


@operation
def forget_read(after: int = 0, batch: int = 500) -> int | None:
    """Drop notices that were read and told over half a year ago, among the next `batch` (by id, after `after`).

    Returns the last id looked at, None when there are no further ones so old.
    """
    before = clock.now() - KEEP_READ
    old = (
        select(Notice.id)
        .where(Notice.id > after, Notice.id < first_id_at(before), Notice.read_at.is_not(None), Notice.told_at < before)
        .order_by(Notice.id)
        .limit(batch)
    )
    found = list(db.session.scalars(old))
    if found:
        db.session.execute(delete(Notice).where(Notice.id.in_(found)).execution_options(synchronize_session=False))
    return found[-1] if len(found) == batch else None
