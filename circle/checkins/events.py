"""Facts about campaigns and check-ins. `circle/reactions/__init__.py` says what follows from each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from circle.core.events import Event


@dataclass(frozen=True)
class CampaignEvent(Event):
    """`by` is who did it; None: the system."""

    campaign_id: int
    circle_id: int
    title: str
    by: int | None


@dataclass(frozen=True)
class CampaignPublished(CampaignEvent):
    """A campaign is there for members to join."""

    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True)
class CampaignCancelled(CampaignEvent):
    reason: str


@dataclass(frozen=True)
class PeriodExcused(CampaignEvent):
    """A period counts against nobody: the service had failed."""

    idx: int
    reason: str


@dataclass(frozen=True)
class CampaignSettled(CampaignEvent):
    """Everything about it is decided, and its boards stay as they are. Also said of one that was cancelled."""


@dataclass(frozen=True)
class EnrollmentEvent(Event):
    """Something about one person's part in a campaign."""

    enrollment_id: int
    campaign_id: int
    circle_id: int
    user_id: int
    title: str


@dataclass(frozen=True)
class Enrolled(EnrollmentEvent):
    """Somebody takes part from now on."""


@dataclass(frozen=True)
class Withdrew(EnrollmentEvent):
    """Somebody takes part no more."""


@dataclass(frozen=True)
class CampaignCompleted(EnrollmentEvent):
    """Somebody has done what the campaign asks for, and got what it promised."""

    points: int
    growth: int


@dataclass(frozen=True)
class CompletionLost(EnrollmentEvent):
    """A check-in that was needed no longer counts; what completing gave was taken back."""


@dataclass(frozen=True)
class EnrollmentSettled(EnrollmentEvent):
    """How it ended for somebody: `status` is completed or failed (or disqualified, which was told before)."""

    status: str
    done: int
    cancelled: bool


@dataclass(frozen=True)
class Disqualified(EnrollmentEvent):
    """Somebody's part in a campaign counts no more."""

    by: int | None
    reason: str


@dataclass(frozen=True)
class RecordEvent(Event):
    """A check-in: `idx` is its period, `by` who acted (None: the system)."""

    record_id: int
    campaign_id: int
    circle_id: int
    user_id: int
    post_id: int | None
    title: str
    idx: int
    by: int | None


@dataclass(frozen=True)
class CheckinSubmitted(RecordEvent):
    """Somebody checked in; `status` says whether it waits for a reviewer."""

    status: str
    source: str


@dataclass(frozen=True)
class CheckinApproved(RecordEvent):
    """A check-in counts (at once, by a reviewer, or because nobody had reviewed it in time)."""

    #: it had waited for a reviewer, who decided just now
    reviewed: bool = False


@dataclass(frozen=True)
class CheckinRejected(RecordEvent):
    reason: str


@dataclass(frozen=True)
class CheckinVoided(RecordEvent):
    """A check-in counts no more, because its post is gone or hidden."""


@dataclass(frozen=True)
class CheckinGiven(RecordEvent):
    """The people who run the circle gave somebody a period by hand."""

    reason: str


@dataclass(frozen=True)
class RemindersDue(Event):
    """A period closes soon, and these people have not checked in."""

    campaign_id: int
    circle_id: int
    title: str
    idx: int
    closes_at: datetime
    user_ids: tuple[int, ...]
