"""Which notices go out by e-mail now."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import select, update

from circle.accounts.models import User
from circle.accounts.queries import SIGNING_IN
from circle.core import clock
from circle.core.db import db
from circle.core.operation import emit, operation
from circle.notifications.events import MailWaits
from circle.notifications.kinds import CATEGORIES, KINDS
from circle.notifications.models import Notice, NoticeSetting
from circle.notifications.queries import readable

#: who reads within this time gets no mail, and several notices of this time are one mail
MAIL_DELAY = timedelta(minutes=10)
#: what is older is no news any more; servers that are away are asked again for hours
MAIL_UNTIL = timedelta(days=3)
#: the most that one mail lists; the rest is in the inbox
MAIL_MOST = 50


@operation
def take_waiting(user_id: int) -> list[int]:
    """The notices that are now to be mailed to this person, marked as mailed so that nobody mails them again.

    Unread ones of the categories they want by mail, told within MAIL_UNTIL and since they have the address; the first
    must have waited MAIL_DELAY, then the younger ones come along. None without a confirmed address. What could not be
    sent is given back with `put_back`.
    """
    confirmed = (User.id == user_id, User.email_key.is_not(None), User.status.in_(SIGNING_IN))
    person = db.session.execute(select(User.email_confirmed_at).where(*confirmed)).one_or_none()
    if person is None:
        return []
    oldest = clock.now() - MAIL_UNTIL
    if person.email_confirmed_at is not None:
        oldest = max(oldest, person.email_confirmed_at)
    waiting = db.session.execute(
        select(Notice.id, Notice.told_at)
        .where(Notice.user_id == user_id, Notice.read_at.is_(None), Notice.mailed_at.is_(None))
        .where(Notice.told_at >= oldest, Notice.kind.in_(_mailed_kinds(user_id)), readable())
        .order_by(Notice.told_at, Notice.id)
        .limit(MAIL_MOST)
        .with_for_update(of=Notice)
    ).all()
    if not waiting:
        return []
    if waiting[0].told_at > clock.now() - MAIL_DELAY:
        emit(MailWaits(user_id))
        return []
    taken = [row.id for row in waiting]
    _mark(taken, clock.now())
    return taken


@operation
def put_back(notice_ids: Collection[int]) -> None:
    """These could not be sent: they wait again."""
    _mark(notice_ids, None)


def _mark(notice_ids: Collection[int], moment: object) -> None:
    these = update(Notice).where(Notice.id.in_(notice_ids)).values(mailed_at=moment)
    db.session.execute(these.execution_options(synchronize_session=False))


def _mailed_kinds(user_id: int) -> list[str]:
    mine = select(NoticeSetting.category, NoticeSetting.mail).where(NoticeSetting.user_id == user_id)
    chosen = {row.category: row.mail for row in db.session.execute(mine)}
    wanted = {name for name, category in CATEGORIES.items() if chosen.get(name, category.mail)}
    return [name for name, kind in KINDS.items() if kind.category in wanted]
