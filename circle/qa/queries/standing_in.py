"""Whether whoever asked has left the choice of the accepted answer to the owner of the circle."""

from __future__ import annotations

from datetime import datetime

from circle.accounts.presence import last_seen
from circle.circles import queries as circles
from circle.core import clock
from circle.qa import rules


def asker_gone(circle_id: int, user_id: int, *, asked_at: datetime, unnamed_since: datetime | None = None) -> bool:
    """Whether somebody has left the circle, closed their account, or was not seen for rules.ASKER_GONE_AFTER; at the
    latest they were seen asking (what was planned appears without them, but they meant it to).

    Of whoever asked without a name only the time counts since the question, or the first acceptance there, was to be
    seen (`unnamed_since`): else the owner would learn who it was by seeing whose leaving changes this.
    """
    if unnamed_since is not None:
        return long_gone(unnamed_since)
    if not circles.standing_of_user(circle_id, user_id).active:
        return True
    seen = last_seen(user_id)
    return seen is None or long_gone(max(seen, asked_at))


def long_gone(seen: datetime | None) -> bool:
    """Whether somebody last seen then (None: their account is closed) counts as gone."""
    return seen is None or clock.now() - seen >= rules.ASKER_GONE_AFTER
