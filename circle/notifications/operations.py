"""Every write of notices."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, update

from circle.access import ROLE_PERMISSIONS, Actor, Permission
from circle.circles.models import Member
from circle.core import clock, ids
from circle.core.db import db, insert_once
from circle.core.errors import Unauthenticated
from circle.core.operation import operation
from circle.notifications.kinds import KINDS
from circle.notifications.models import Notice
from circle.notifications.queries import unread_count

#: what is quoted from a post, comment or reason, in characters
_QUOTE_MAX = 120


@operation
def notify(user_id: int, kind: str, *, dedupe_key: str, data: Mapping[str, Any], circle_id: int | None = None) -> None:
    """Tell somebody something, once per `dedupe_key` (unique within the person and kind; up to 60 characters).

    `data` is described in kinds.py; a value that is missing there raises ValueError. Nobody is told of what they did
    themselves (`data["by"]`).
    """
    known = KINDS[kind]
    if missing := known.required - data.keys():
        raise ValueError(f"a notice {kind} needs {', '.join(sorted(missing))}")
    if data.get("by") == user_id:
        return
    kept = {name: value for name, value in data.items() if value not in (None, "")}
    if "quote" in kept:
        kept["quote"] = _short(str(kept["quote"]))
    insert_once(
        Notice,
        id=ids.new_id(),
        created_at=clock.now(),
        user_id=user_id,
        circle_id=circle_id,
        kind=kind,
        data=kept,
        dedupe_key=f"{user_id}:{kind}:{dedupe_key}",
    )


@operation
def notify_all_who_may(
    permission: Permission, kind: str, *, circle_id: int, dedupe_key: str, data: Mapping[str, Any]
) -> None:
    """Tell everybody in the circle who has the permission; otherwise as `notify`."""
    roles = [role.value for role, may in ROLE_PERMISSIONS.items() if permission in may]
    people = select(Member.user_id).where(
        Member.circle_id == circle_id, Member.status == "active", Member.role.in_(roles)
    )
    for user_id in sorted(db.session.scalars(people)):
        notify(user_id, kind, circle_id=circle_id, dedupe_key=dedupe_key, data=data)


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
def withdraw(user_ids: Collection[int], kinds: Collection[str], *, dedupe_key: str) -> None:
    """Take back what these people may have been told under `dedupe_key`, read or not."""
    keys = [f"{user_id}:{kind}:{dedupe_key}" for user_id in user_ids for kind in kinds]
    db.session.execute(delete(Notice).where(Notice.dedupe_key.in_(keys)))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUOTE_MAX else line[: _QUOTE_MAX - 1] + "…"
