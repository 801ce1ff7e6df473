"""View rows of campaigns: what a page or an answer shows, ready to render. Nothing here reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from circle.circles.queries import CircleRow
from circle.posts.queries import TopicRef


class DayRow(NamedTuple):
    """A period of a campaign, and how it stands with one person."""

    idx: int
    #: the calendar day in the campaign's time zone; of a week its Monday
    day: date
    opens_at: datetime
    closes_at: datetime
    #: done, makeup, given (by hand), pending, missed, open (now, and not done), future, or excused
    state: str
    #: the check-in, for what is done or waits
    post_id: int | None = None
    post_url: str | None = None
    #: what to write about; empty where nothing was thought of
    prompt: str = ""
    #: whether it is open now
    is_today: bool = False
    #: whether a make-up card would do for it (there may be none left)
    can_make_up: bool = False

    @property
    def counts(self) -> bool:
        """Whether it is behind the person: checked in, made up, or given."""
        return self.state in {"done", "makeup", "given"}


@dataclass(frozen=True)
class EnrollmentRow:
    """Somebody's own part in a campaign."""

    id: int
    #: active, completed, failed, withdrawn or disqualified
    status: str
    done: int
    on_time: int
    #: in a row up to now (of what is settled: at its end)
    streak: int
    best_streak: int
    likes: int
    #: that can be used now, and how many of them their level still gives this month, which go last
    makeup_cards: int
    level_cards: int
    #: how many days it takes, and how many of them there are (of a `streak`: the longest row)
    target: int
    reached: int
    #: the first period that was still open, or to come, on joining
    first_idx: int
    team_id: int | None
    completed_at: datetime | None
    settled_at: datetime | None
    #: why somebody was disqualified
    reason: str = ""
    #: empty in lists
    days: tuple[DayRow, ...] = ()


class Reward(NamedTuple):
    """Something that completing gives."""

    #: completion, or team for what comes on top when the team did it
    whose: str
    #: points or growth
    kind: str
    amount: int


class ExcusedDay(NamedTuple):
    """A period that counts against nobody."""

    idx: int
    reason: str


class CampaignCan(NamedTuple):
    """What this reader may do with the campaign now."""

    enroll: bool = False
    withdraw: bool = False
    #: check in: takes part, may write, and a period is open that is not done
    submit: bool = False
    #: make a missed period up with a card they have
    makeup: bool = False
    buy_card: bool = False
    edit: bool = False
    publish: bool = False
    cancel: bool = False
    excuse: bool = False
    review: bool = False


@dataclass(frozen=True)
class CampaignRow:
    """A campaign as one actor may see it; the names and meanings are those of the columns of Campaign."""

    id: int
    circle: CircleRow
    title: str
    intro: str
    intro_html: str
    cover_url: str | None
    cadence: str
    tz: str
    start_date: date
    end_date: date
    win_start_min: int
    win_end_min: int
    need_type: str
    need_n: int
    min_len: int
    min_images: int
    audio: bool
    review: str
    free_cards: int
    card_price: int
    card_limit: int
    lookback: int
    #: the last day to join, as it was set; None: as long as it can still be completed
    late_join_until: date | None
    level_min: int
    reward_points: int
    reward_growth: int
    teams: bool
    team_points: int
    team_growth: int
    #: draft, published, settling, closed or cancelled
    status: str
    #: draft, upcoming, running, settling, closed or cancelled
    phase: str
    opens_at: datetime | None
    closes_at: datetime | None
    settle_at: datetime | None
    period_count: int
    enrolled_count: int
    #: how many completed it; None until it is settled
    completed_count: int | None
    #: the reasons of excused periods
    excused: Mapping[int, str]
    cancel_reason: str
    prompts: list[str]
    topic: TopicRef | None
    version: int
    #: the last day on which one may join; None: nobody may any more (or it is a draft)
    join_until: date | None = None
    cover_id: int | None = None
    cancelled_at: datetime | None = None
    closed_at: datetime | None = None
    #: people who have checked in for the open period (in lists 0)
    today_count: int = 0
    #: the reader's own part
    me: EnrollmentRow | None = None
    #: the period that is open, else the next one; without the reader's own state it is open or future
    current: DayRow | None = None
    #: the periods for somebody who takes no part: done and missed are nobody's, so over ones are "past"
    days: tuple[DayRow, ...] = ()
    can: CampaignCan = field(default=CampaignCan())

    @property
    def url(self) -> str:
        """Its page."""
        return f"/{self.circle.slug}/campaigns/{self.id}"

    # what answers put together in one object stands in this row
    @property
    def window(self) -> CampaignRow:
        return self

    @property
    def need(self) -> CampaignRow:
        return self

    @property
    def content_rule(self) -> CampaignRow:
        return self

    @property
    def makeup(self) -> CampaignRow:
        return self

    @property
    def circle_slug(self) -> str:
        return self.circle.slug

    @property
    def told_phase(self) -> str:
        """The phase as clients know it: what was cancelled is closed, and its status says why."""
        return "closed" if self.phase == "cancelled" else self.phase

    @property
    def rewards(self) -> list[Reward]:
        """What completing gives."""
        promised = [
            Reward("completion", "points", self.reward_points),
            Reward("completion", "growth", self.reward_growth),
            Reward("team", "points", self.team_points if self.teams else 0),
            Reward("team", "growth", self.team_growth if self.teams else 0),
        ]
        return [reward for reward in promised if reward.amount]

    @property
    def excused_days(self) -> list[ExcusedDay]:
        return [ExcusedDay(idx, reason) for idx, reason in sorted(self.excused.items())]

    @property
    def strip(self) -> tuple[DayRow, ...]:
        """The days as the reader sees them."""
        return self.me.days if self.me is not None and self.me.status != "withdrawn" else self.days

    @property
    def live(self) -> bool:
        """Whether it runs, or is to come."""
        return self.phase in {"upcoming", "running"}

    @property
    def stage(self) -> str:
        """Where the reader stands, which decides what they are asked to do next:

        draft, cancelled; disqualified; of one that is over: completed, failed, settling, over;
        of one that is not, for somebody without a part: visitor, banned, stranger (of the circle), join, too_low (of
        level), too_late; for somebody with one: check_in, done or pending (has checked in), muted, waiting (for a
        window).
        """
        if self.phase in {"draft", "cancelled"}:
            return self.phase
        if self.me is not None and self.me.status == "disqualified":
            return "disqualified"
        if not self.live:
            return self._outcome()
        inside = self.taking_part and self.circle.standing.active
        return self._next_step() if inside else self._way_in()

    def _outcome(self) -> str:
        if self.me is None or self.me.status == "withdrawn":
            return "over"
        return "settling" if self.me.status == "active" else self.me.status

    def _way_in(self) -> str:
        circle = self.circle
        if not circle.actor.signed_in:
            return "visitor"
        if not circle.standing.active:
            return "banned" if circle.standing.status == "banned" else "stranger"
        if self.can.enroll:
            return "join"
        level = circle.me.level if circle.me is not None else 1
        return "too_low" if level < self.level_min and not circle.can_manage else "too_late"

    def _next_step(self) -> str:
        today = self.current
        if self.can.submit:
            return "check_in"
        if today is not None and today.is_today and (today.counts or today.state == "pending"):
            return "pending" if today.state == "pending" else "done"
        member = self.circle.me
        return "muted" if member is not None and member.muted_until is not None else "waiting"

    @property
    def taking_part(self) -> bool:
        """Whether the reader takes part in it now (withdrawn and disqualified do not)."""
        return self.me is not None and self.me.status in {"active", "completed", "failed"}
