"""Where somebody wants to hear of what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import update

from circle.access import Actor
from circle.core import clock
from circle.core.db import db, insert_once
from circle.core.errors import Refused, Unauthenticated
from circle.core.i18n import lazy
from circle.core.operation import operation
from circle.notifications.kinds import CATEGORIES
from circle.notifications.models import NoticeSetting


@dataclass(frozen=True)
class Choice:
    """One category: in the inbox, and by e-mail."""

    inbox: bool
    mail: bool


@operation
def choose_settings(actor: Actor, choices: Mapping[str, Choice]) -> None:
    """Store where the person wants to hear of these categories (of CATEGORIES); others stay as they are.

    What is not in the inbox does not go out by e-mail. Raises Unauthenticated, Refused NOTICES_FIXED.
    """
    if actor.id is None:
        raise Unauthenticated
    for name, choice in sorted(choices.items()):
        if CATEGORIES[name].fixed is not None and not choice.inbox:
            raise Refused("NOTICES_FIXED", lazy("These notices cannot be switched off."), field=name)
        _store(actor.id, name, inbox=choice.inbox, mail=choice.mail and choice.inbox)


@operation
def stop_mail(user_id: int, categories: Iterable[str]) -> None:
    """Send this person no more e-mail of these categories: the one click of who may not be signed in."""
    for name in sorted(categories):
        _store(user_id, name, mail=False)


def _store(user_id: int, category: str, **chosen: bool) -> None:
    values = {"inbox": True, "mail": CATEGORIES[category].mail} | chosen
    if not insert_once(NoticeSetting, user_id=user_id, category=category, created_at=clock.now(), **values):
        mine = (NoticeSetting.user_id == user_id, NoticeSetting.category == category)
        db.session.execute(
            update(NoticeSetting).where(*mine).values(**chosen).execution_options(synchronize_session=False)
        )
