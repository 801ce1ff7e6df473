"""Facts about campaigns and check-ins. `circle/reactions/__init__.py` says what follows from each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

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
class CampaignImproved(CampaignEvent):
    """A published campaign gives more than it did: larger rewards, more make-up cards. That holds for everybody."""


@dataclass(frozen=True)
class PeriodExcused(CampaignEvent):
    """A period counts against nobody: the service had failed."""

    idx: int
    reason: str


@dataclass(frozen=True)
class PeriodUnexcused(CampaignEvent):
    """A period that was excused counts as all others again."""

    idx: int


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

    #: it was not a check-in that was lost: a day that had been excused is asked for again
    unexcused: bool = False


@dataclass(frozen=True)
class EnrollmentSettled(EnrollmentEvent):
    """How it ended for somebody: `status` is completed or failed (or disqualified, which was told before)."""

    status: str
    done: int
    cancelled: bool
    #: of a campaign that was called off: what somebody has of it who had done their share
    points: int = 0
    growth: int = 0


@dataclass(frozen=True)
class Disqualified(EnrollmentEvent):
    """Somebody's part in a campaign counts no more."""

    by: int | None
    reason: str


@dataclass(frozen=True)
class Reinstated(EnrollmentEvent):
    """Somebody who had been disqualified takes part again."""

    by: int | None


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
    """Somebody checked in; `status` says whether it waits for a reviewer, `reminded` whether reminders of that period
    may have gone out."""

    status: str
    source: str
    reminded: bool = True


@dataclass(frozen=True)
class CheckinApproved(RecordEvent):
    """A check-in counts (at once, by a reviewer, or because nobody had reviewed it in time)."""

    #: it had waited for a reviewer, who decided just now
    reviewed: bool = False
    #: what it earned, of one that was reviewed
    points: int = 0


@dataclass(frozen=True)
class CheckinRejected(RecordEvent):
    reason: str


@dataclass(frozen=True)
class CheckinWaits(RecordEvent):
    """The post of a check-in is back that nobody had reviewed: it waits for a reviewer again."""


@dataclass(frozen=True)
class CheckinVoided(RecordEvent):
    """A check-in counts no more, because its post is gone or hidden."""


@dataclass(frozen=True)
class CheckinGiven(RecordEvent):
    """The people who run the circle gave somebody a period by hand."""

    reason: str


@dataclass(frozen=True)
class CheckinTakenBack(RecordEvent):
    """They took it back."""


@dataclass(frozen=True)
class DayFreed(Event):
    """Nothing of somebody holds a period any more, and there is a check-in of theirs that something had replaced."""

    enrollment_id: int
    idx: int


@dataclass(frozen=True)
class RemindersDue(Event):
    """A period closes soon, and these people have not checked in."""

    campaign_id: int
    circle_id: int
    title: str
    idx: int
    closes_at: datetime
    user_ids: tuple[int, ...]


@dataclass(frozen=True)
class RemindersSent(Event):
    """Everybody was reminded who was to be, of a period that is still open."""

    campaign_id: int
    idx: int
    closes_at: datetime


@dataclass(frozen=True)
class RemindersOver(Event):
    """The period is over of which people were reminded."""

    campaign_id: int
    idx: int


@dataclass(frozen=True)
class ReviewsWait(CampaignEvent):
    """Check-ins wait for those who review, on this day; all of one person (`of`), or of several (None)."""

    day: date
    of: int | None


@dataclass(frozen=True)
class ReviewsDone(CampaignEvent):
    """No check-in waits for a reviewer."""


# ---- told to many, some hundred people at a time ---------------------------------------------------------------------


@dataclass(frozen=True)
class CampaignAnnounced(CampaignEvent):
    """These members are to hear that there is a campaign; `by` is who published it."""

    start_date: date
    running: bool
    user_ids: tuple[int, ...]


@dataclass(frozen=True)
class ExcuseAnnounced(CampaignEvent):
    """These people who take part are to hear that a period counts against nobody."""

    idx: int
    cadence: str
    reason: str
    user_ids: tuple[int, ...]


class Outcome(NamedTuple):
    """How a campaign ended for somebody; `rank` is their place on the board, None for no place."""

    user_id: int
    status: str
    done: int
    rank: int | None


@dataclass(frozen=True)
class UnexcuseAnnounced(CampaignEvent):
    """These people who take part are to hear that a period which was excused counts again."""

    idx: int
    cadence: str
    user_ids: tuple[int, ...]


@dataclass(frozen=True)
class ResultsAnnounced(CampaignEvent):
    """These people are to hear how it ended for them."""

    results: tuple[Outcome, ...]


@dataclass(frozen=True)
class TeamEvent(CampaignEvent):
    """Something about a team; `user_ids` are those who were in it, except for who did it."""

    team_id: int
    user_ids: tuple[int, ...]


@dataclass(frozen=True)
class TeamRenamed(TeamEvent):
    """The people who run the circle gave a team another name."""

    before: str
    after: str
    reason: str


@dataclass(frozen=True)
class TeamDissolved(TeamEvent):
    """The people who run the circle dissolved a team before the campaign began."""

    name: str
    reason: str


@dataclass(frozen=True)
class CampaignNameErased(Event):
    """Texts of a campaign that named somebody whose account was deleted say `label` instead."""

    campaign_id: int
    names: tuple[str, ...]
    label: str


@dataclass(frozen=True)
class TeamNameErased(Event):
    """A team whose name was given by somebody, or names them, whose account was deleted, is called otherwise."""

    campaign_id: int
    before: str
    after: str


@dataclass(frozen=True)
class TeamRewarded(EnrollmentEvent):
    """Somebody's team did what the campaign asks for, and so had they: this is what they got for it."""

    name: str
    points: int
    growth: int
