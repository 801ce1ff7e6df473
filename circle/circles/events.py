"""What happens to circles and the people in them. `by_id` is who did it; None for the system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from circle.core.events import Event


@dataclass(frozen=True)
class CircleCreated(Event):
    circle_id: int
    owner_id: int


@dataclass(frozen=True)
class MemberJoined(Event):
    """Also on every return after a time away, and when a ban is lifted (`first` is False then)."""

    circle_id: int
    user_id: int
    first: bool


@dataclass(frozen=True)
class MemberLeft(Event):
    """Left by their own choice."""

    circle_id: int
    user_id: int


@dataclass(frozen=True)
class MemberRemoved(Event):
    circle_id: int
    user_id: int
    by_id: int | None
    reason: str


@dataclass(frozen=True)
class MemberRoleChanged(Event):
    circle_id: int
    user_id: int
    by_id: int | None
    before: str
    after: str


@dataclass(frozen=True)
class MemberMuted(Event):
    """`until` is None when the mute was lifted."""

    circle_id: int
    user_id: int
    by_id: int | None
    until: datetime | None
    reason: str


@dataclass(frozen=True)
class MemberBanned(Event):
    circle_id: int
    user_id: int
    by_id: int | None
    reason: str


@dataclass(frozen=True)
class ApplicationSubmitted(Event):
    application_id: int
    circle_id: int
    user_id: int


@dataclass(frozen=True)
class ApplicationApproved(Event):
    application_id: int
    circle_id: int
    user_id: int
    by_id: int | None


@dataclass(frozen=True)
class ApplicationRejected(Event):
    application_id: int
    circle_id: int
    user_id: int
    by_id: int | None
    reason: str
