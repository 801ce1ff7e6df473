"""Who has blocked whom does not answer, like or keep what the other wrote."""

from __future__ import annotations

from circle.access import Actor, Permission
from circle.accounts.queries import blocked_between
from circle.circles.queries import CircleRow
from circle.core.errors import NotFound, Refused
from circle.core.i18n import lazy


def check_may_meet(actor: Actor, circle: CircleRow, author_id: int) -> None:
    """Let people pass who meet each other.

    Raises NotFound where what the author wrote is not shown to the actor, else (to those who moderate the circle, and
    about what its owner wrote) Refused BLOCKED.
    """
    if actor.id is None or actor.owns(author_id) or not blocked_between(actor.id, author_id):
        return
    shown = circle.may(Permission.POST_MODERATE) or (circle.owner is not None and circle.owner.id == author_id)
    if not shown:
        raise NotFound
    raise Refused("BLOCKED", lazy("One of you has blocked the other, so this does not go."))
