"""Facts about notices."""

from __future__ import annotations

from dataclasses import dataclass

from circle.core.events import Event


@dataclass(frozen=True)
class MailWaits(Event):
    """Somebody who wants it by e-mail was told something; it goes out unless they read it before."""

    user_id: int


@dataclass(frozen=True)
class FollowersWait(Event):
    """Further followers of a post's topics are to be told, from the one after the person `after`."""

    post_id: int
    after: int
