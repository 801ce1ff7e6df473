"""Taking another user name."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from circle.accounts.events import UsernameChanged
from circle.accounts.models import FormerName, User
from circle.accounts.queries import is_kept, next_username_change
from circle.accounts.rules import check_name, name_taken
from circle.accounts.usernames import username_key
from circle.core import clock
from circle.core.actor import Actor
from circle.core.db import db, insert_once
from circle.core.errors import Refused, Unauthenticated
from circle.core.i18n import lazy
from circle.core.operation import emit, lock, operation

#: the name given up stays theirs for so long, and only then can they take another
NAME_KEPT = timedelta(days=30)


@operation
def change_username(actor: Actor, username: str) -> None:
    """Take another user name, once in 30 days; the old one leads here for as long, and nobody else can take it.

    The name one has already changes nothing. Raises Unauthenticated, Invalid (username), Refused USERNAME_TAKEN,
    USERNAME_CHANGED_LATELY.
    """
    if actor.id is None:
        raise Unauthenticated
    user = lock(User, actor.id)
    name = check_name(username)
    if name == user.username:
        return
    if next_username_change(user.id) is not None:
        sentence = lazy("A user name can be changed once in %(days)s days.", days=NAME_KEPT.days)
        raise Refused("USERNAME_CHANGED_LATELY", sentence, field="username")
    key, former, former_key = username_key(name), user.username, user.username_key
    taken = db.session.scalar(select(User.id).where(User.username_key == key, User.id != user.id))
    if taken is not None or is_kept(key, user_id=user.id):
        raise name_taken()
    _keep(former_key, former, user.id)
    renamed = update(User).where(User.id == user.id).values(username=name, username_key=key, version=User.version + 1)
    try:
        db.session.execute(renamed.execution_options(synchronize_session=False))
    except IntegrityError:  # somebody took it in this very moment
        raise name_taken() from None
    emit(UsernameChanged(user.id, former, name))


def _keep(key: str, name: str, user_id: int) -> None:
    now = clock.now()
    db.session.execute(delete(FormerName).where(FormerName.username_key == key))
    insert_once(FormerName, username_key=key, username=name, user_id=user_id, created_at=now, free_at=now + NAME_KEPT)
