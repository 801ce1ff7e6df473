"""What somebody changes about themselves."""

from __future__ import annotations

from typing import TypedDict, Unpack

from sqlalchemy import column, select, table

from circle.accounts.models import User
from circle.accounts.operations.renaming import change_username
from circle.core.actor import Actor
from circle.core.db import db
from circle.core.errors import Invalid, PreconditionFailed, Unauthenticated
from circle.core.i18n import lazy
from circle.core.operation import lock, operation

#: uploads belong to a feature that stands on this one, so only the columns needed are named here
_media = table("media", column("id"), column("owner_id"), column("purpose"))
#: what other people see; editing it raises the version
_PUBLIC = {"nickname", "bio", "avatar_id"}


class Changes(TypedDict, total=False):
    """What may be changed; what is absent stays. A `locale` of None follows the site."""

    username: str
    nickname: str
    bio: str
    avatar_id: int | None
    theme: str
    locale: str | None


@operation
def edit_profile(actor: Actor, *, expected_version: int | None = None, **changes: Unpack[Changes]) -> None:
    """Change one's own profile or settings.

    Raises Unauthenticated, PreconditionFailed when `expected_version` is not the current one, Invalid (avatar_id), and
    what change_username raises.
    """
    if actor.id is None:
        raise Unauthenticated
    user = lock(User, actor.id)
    if expected_version is not None and expected_version != user.version:
        raise PreconditionFailed
    _check_avatar(actor.id, changes.get("avatar_id"))
    username = changes.pop("username", None)
    changed = {name: value for name, value in changes.items() if getattr(user, name) != value}
    for name, value in changed.items():
        setattr(user, name, value)
    if _PUBLIC & set(changed):
        user.version += 1
    if username is not None:
        db.session.flush()
        change_username(actor, username)


def _check_avatar(user_id: int, media_id: int | None) -> None:
    if media_id is None:
        return
    usable = (_media.c.id == media_id, _media.c.owner_id == user_id, _media.c.purpose == "avatar")
    if db.session.scalar(select(_media.c.id).where(*usable)) is None:
        raise Invalid(errors={"avatar_id": [lazy("This picture is not here, or no longer here.")]})


def set_avatar(actor: Actor, media_id: int | None) -> None:
    """Show the upload `media_id` (one's own, purpose avatar) as the picture, or none. Raises as `edit_profile`."""
    edit_profile(actor, avatar_id=media_id)
