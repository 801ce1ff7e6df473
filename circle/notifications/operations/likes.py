"""Likes, gathered: one unread notice per post or comment, however many people like it.

Whoever likes or takes a like back holds the lock of the post or comment, so what is told of one thing never races;
only its reader does, who reads the notice while it grows. A notice that was read does not grow: a new one begins.
"""

from __future__ import annotations

from sqlalchemy import Select, delete, select

from circle.core import clock, ids
from circle.core.db import db, insert_once
from circle.core.operation import emit, operation
from circle.notifications.audience import hearers
from circle.notifications.events import MailWaits
from circle.notifications.kinds import KINDS
from circle.notifications.models import Notice, NoticePerson
from circle.notifications.operations.telling import columns_of


@operation
def tell_like(user_id: int, kind: str, *, by: int, circle_id: int, post_id: int, comment_id: int | None = None) -> None:
    """Tell the author (`user_id`) that `by` likes their post, or with `comment_id` their comment."""
    known = KINDS[kind]
    told = hearers([user_id], known, by=by, circle_id=circle_id)
    if user_id not in told:
        return
    newest = _newest(user_id, kind, post_id, comment_id)
    if newest is None or newest.read_at is not None:
        generation = 1 + (int(newest.dedupe_key.rpartition("#")[2]) if newest is not None else 0)
        data = {"by": by, "post_id": post_id, "comment_id": comment_id}
        newest = Notice(
            id=ids.new_id(), user_id=user_id, circle_id=circle_id, kind=kind,
            dedupe_key=f"{user_id}:{kind}:{comment_id or post_id}#{generation}", **columns_of(kind, known, data),
        )  # fmt: skip
        newest.people_count = 0
        db.session.add(newest)
        db.session.flush()
        if told[user_id]:
            emit(MailWaits(user_id))
    if insert_once(NoticePerson, notice_id=newest.id, user_id=by, created_at=clock.now()):
        newest.people_count += 1
        newest.by_id, newest.told_at = by, clock.now()


@operation
def untell_like(user_id: int, kind: str, *, by: int, post_id: int, comment_id: int | None = None) -> None:
    """Take `by` out of what was told about their like; the notice goes with the last of them."""
    theirs = select(NoticePerson.notice_id).where(NoticePerson.user_id == by)
    found = _told(user_id, kind, post_id, comment_id).where(Notice.id.in_(theirs))
    for notice in db.session.scalars(found.order_by(Notice.id)).all():
        take_out(notice, by)


def take_out(notice: Notice, user_id: int) -> None:
    """Inside an operation: let a locked notice be about one person less, or be gone with the last."""
    gone = delete(NoticePerson).where(NoticePerson.notice_id == notice.id, NoticePerson.user_id == user_id)
    notice.people_count -= db.session.execute(gone).rowcount  # type: ignore[attr-defined]
    if notice.people_count <= 0:
        db.session.delete(notice)
    elif notice.by_id == user_id:
        notice.by_id = db.session.scalar(
            select(NoticePerson.user_id)
            .where(NoticePerson.notice_id == notice.id)
            .order_by(NoticePerson.created_at.desc(), NoticePerson.user_id.desc())
            .limit(1)
        )


def _newest(user_id: int, kind: str, post_id: int, comment_id: int | None) -> Notice | None:
    return db.session.scalar(_told(user_id, kind, post_id, comment_id).order_by(Notice.id.desc()).limit(1))


def _told(user_id: int, kind: str, post_id: int, comment_id: int | None) -> Select[Notice]:
    """What this person was told about the likes of one thing, locked."""
    about = Notice.comment_id.is_(None) if comment_id is None else Notice.comment_id == comment_id
    return (
        select(Notice)
        .where(Notice.post_id == post_id, about, Notice.user_id == user_id, Notice.kind == kind)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
