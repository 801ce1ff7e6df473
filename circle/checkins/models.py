"""Tables of check-in campaigns."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from circle.checkins import days
from circle.core import clock
from circle.core.db import Base, BigInt, IdMixin, one_of

CADENCES = ("daily", "weekly")
CAMPAIGN_STATUSES = ("draft", "published", "settling", "closed", "cancelled")
ENROLLMENT_STATUSES = ("active", "completed", "failed", "withdrawn", "disqualified")
NEEDS = ("count", "streak", "all")
RECORD_STATUSES = ("pending", "approved", "rejected", "void")
SOURCES = ("normal", "makeup", "admin")
#: which records hold their day: of these there is one at most
HOLDING = ("pending", "approved")
ACTIVE = "status IN ('pending', 'approved')"
#: which enrolments have a place on the board
ON_BOARD = "status IN ('active', 'completed', 'failed')"


class Campaign(IdMixin, Base):
    """What members check in to. Days are those of its own time zone, copied from the circle when it is published."""

    __tablename__ = "campaigns"
    __table_args__ = (
        one_of("cadence", *CADENCES),
        one_of("review", "auto", "manual"),
        one_of("need_type", *NEEDS),
        one_of("status", *CAMPAIGN_STATUSES),
        CheckConstraint("start_date <= end_date", name="dates_v1"),
        CheckConstraint(
            "win_start_min >= 0 AND win_start_min < 1440 AND win_start_min < win_end_min "
            "AND win_end_min <= win_start_min + 1440", name="window_v1",
        ),
        CheckConstraint("need_n >= 1", name="need_v1"),
        CheckConstraint("min_len >= 0 AND min_images >= 0", name="content_v1"),
        CheckConstraint("free_cards >= 0 AND card_price >= 0 AND card_limit >= 0 AND lookback >= 0", name="makeup_v1"),
        CheckConstraint(
            "reward_points >= 0 AND reward_growth >= 0 AND team_points >= 0 AND team_growth >= 0", name="reward_v1"
        ),
        CheckConstraint("enrolled_count >= 0", name="enrolled_v1"),
        CheckConstraint("completed_count >= 0", name="completed_v1"),
        CheckConstraint("status = 'draft' OR published_at IS NOT NULL", name="published_v1"),
        Index(None, "circle_id", "status", "opens_at", "id"),
        Index(None, "status", "settle_at"),
        Index(None, "topic_id"),
        Index(None, "cover_id"),
    )  # fmt: skip
    #: before its enrolments and the posts of its check-ins
    lock_rank = 56

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    #: where the posts of its check-ins stand, if anywhere
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topics.id", ondelete="SET NULL"))
    cover_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"))
    title: Mapped[str] = mapped_column(String(40))
    #: Markdown as written, and the safe HTML made from it
    intro: Mapped[str] = mapped_column(Text, default="")
    intro_html: Mapped[str] = mapped_column(Text, default="")
    #: what to write about, by period; shorter than the periods where there is nothing to say
    prompts: Mapped[list[str]] = mapped_column(default=list)
    cadence: Mapped[str] = mapped_column(String(16), default="daily")
    tz: Mapped[str] = mapped_column(String(64))
    start_date: Mapped[date]
    end_date: Mapped[date]
    #: minutes after midnight; the end may lie on the next day
    win_start_min: Mapped[int] = mapped_column(default=0)
    win_end_min: Mapped[int] = mapped_column(default=1440)
    #: what a check-in must have: characters, pictures, a voice note
    min_len: Mapped[int] = mapped_column(default=0)
    min_images: Mapped[int] = mapped_column(default=0)
    audio: Mapped[bool] = mapped_column(default=False)
    review: Mapped[str] = mapped_column(String(16), default="auto")
    need_type: Mapped[str] = mapped_column(String(16), default="count")
    need_n: Mapped[int] = mapped_column(default=5)
    #: make-up cards: given to everybody, in points (0: not for sale), at most so many per person, and how many periods
    #: back they reach
    free_cards: Mapped[int] = mapped_column(default=1)
    card_price: Mapped[int] = mapped_column(default=0)
    card_limit: Mapped[int] = mapped_column(default=2)
    lookback: Mapped[int] = mapped_column(default=3)
    #: the last day on which one may still join; None: as long as it can still be completed
    late_join_until: Mapped[date | None]
    #: the lowest level that may join
    level_min: Mapped[int] = mapped_column(default=1)
    #: what completing gives
    reward_points: Mapped[int] = mapped_column(default=0)
    reward_growth: Mapped[int] = mapped_column(default=0)
    #: whether members form teams, and what one of a team that did it gets besides
    teams: Mapped[bool] = mapped_column(default=False)
    team_points: Mapped[int] = mapped_column(default=0)
    team_growth: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(16), default="draft")
    #: of the first and the last period, and how many there are; since it was published
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    period_count: Mapped[int] = mapped_column(default=0)
    #: excused periods, {"3": {"reason", "at", "by"}}
    excused: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: those that were, until that was undone, {"3": {"at", "by"}}
    unexcused: Mapped[dict[str, Any]] = mapped_column(default=dict)
    enrolled_count: Mapped[int] = mapped_column(default=0)
    #: how many completed it; None until it is settled
    completed_count: Mapped[int | None]
    #: when what is undecided is decided, and everything stays as it is
    settle_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    #: the day (of its time zone) on which those who review were told last that something waits
    reviewers_told_on: Mapped[date | None]
    #: told to everybody who takes part
    cancel_reason: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[int] = mapped_column(default=1)


class CampaignPeriod(Base):
    """A day or week of a published campaign, fixed for good: no change of the circle's time zone moves it."""

    __tablename__ = "campaign_periods"
    __table_args__ = (CheckConstraint("opens_at < closes_at", name="window_v1"), Index(None, "closes_at"))

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    #: from 1
    idx: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(16))
    day: Mapped[date]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    #: when those who had not checked in were reminded
    reminded_at: Mapped[datetime | None]


class Team(IdMixin, Base):
    """People who check in together. Its size is fixed when the campaign begins."""

    __tablename__ = "checkin_teams"
    __table_args__ = (
        UniqueConstraint("campaign_id", "name"),
        CheckConstraint("member_count >= 0 AND member_count <= 10", name="members_v1"),
        CheckConstraint("done >= 0 AND merit >= 0", name="days_v1"),
    )
    lock_rank = 58

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(20))
    captain_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    member_count: Mapped[int] = mapped_column(default=0)
    #: how many they were as it began; 0 for a team that did not come about
    frozen_size: Mapped[int | None]
    #: periods that enough of them did, and the same with how much of everything they did (days.team_merit)
    done: Mapped[int] = mapped_column(default=0)
    merit: Mapped[int] = mapped_column(BigInt, default=0)
    #: whether the team did what the campaign asks for; None until it is settled
    completed: Mapped[bool | None]


class Enrollment(IdMixin, Base):
    """Somebody takes part. What it says of days is made anew from the records whenever they change."""

    __tablename__ = "enrollments"
    __table_args__ = (
        one_of("status", *ENROLLMENT_STATUSES),
        UniqueConstraint("campaign_id", "user_id"),
        CheckConstraint("done >= on_time AND on_time >= 0 AND best_streak <= done", name="days_v1"),
        CheckConstraint("board_key = -merit", name="board_v1"),
        # the board: more merit, then who came first; a page of it, and how many stand before somebody, are ranges. The
        # status is in it for SQLite, which looks at it again for each row
        Index(
            "ix_enrollments_board", "campaign_id", "board_key", "id", "status",
            sqlite_where=text(ON_BOARD), postgresql_where=text(ON_BOARD),
        ),
        Index(None, "campaign_id", "settled_at", "id"),
        Index(None, "user_id", "status", "campaign_id"),
        Index(None, "team_id"),
    )  # fmt: skip
    #: after its post, whose hiding takes the record along
    lock_rank = 62

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("checkin_teams.id", ondelete="SET NULL"))
    #: since when they are in that team: who was there longest follows a captain who leaves
    teamed_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(String(16), default="active")
    joined_at: Mapped[datetime] = mapped_column(default=clock.now)
    #: the first period that was still open, or to come, on joining
    first_idx: Mapped[int] = mapped_column(default=1)
    #: approved records, those of them in their own time, and the longest row of them (C2)
    done: Mapped[int] = mapped_column(default=0)
    on_time: Mapped[int] = mapped_column(default=0)
    best_streak: Mapped[int] = mapped_column(default=0)
    #: of the posts of those records
    likes: Mapped[int] = mapped_column(default=0)
    #: seconds from opening to checking in, added up over what was on time
    lateness_s: Mapped[int] = mapped_column(default=0)
    #: all of it in one number that sorts as the board does (days.merit)
    merit: Mapped[int] = mapped_column(BigInt, default=days.NO_MERIT)
    #: the same with the best first, so that one index has both keys of the board in one direction (not computed by the
    #: database: SQLite reads every row for a column that is)
    board_key: Mapped[int] = mapped_column(BigInt, default=-days.NO_MERIT)
    completed_at: Mapped[datetime | None]
    #: from then on nothing changes any more, except by disqualifying
    settled_at: Mapped[datetime | None]
    #: why somebody was disqualified, told to them
    reason: Mapped[str] = mapped_column(String(300), default="")


class CheckinRecord(IdMixin, Base):
    """One check-in: whose, for which period, by which post."""

    __tablename__ = "checkin_records"
    __table_args__ = (
        one_of("source", *SOURCES),
        one_of("status", *RECORD_STATUSES),
        one_of("voided_from", *HOLDING),
        UniqueConstraint("post_id"),
        CheckConstraint("source = 'admin' OR post_id IS NOT NULL", name="post_v1"),
        # C1
        Index(
            "uq_checkin_records_one_each", "enrollment_id", "idx", unique=True,
            sqlite_where=text(ACTIVE), postgresql_where=text(ACTIVE),
        ),
        # all of one person's part: SQLite finds the partial one above only where the statuses are written out
        Index(None, "enrollment_id", "idx"),
        # the queue of whoever reviews, how many checked in today, and the posts that were liked most
        Index(None, "campaign_id", "status", "id"),
        Index(None, "campaign_id", "idx", "status"),
        Index("ix_checkin_records_quality", "campaign_id", "status", "quality_key", "post_id"),
        Index(None, "user_id", "id"),
    )  # fmt: skip

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    idx: Mapped[int]
    #: None for a day that was given by hand
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(16), default="normal")
    status: Mapped[str] = mapped_column(String(16), default="approved")
    #: of what is void, what it was before: with that it comes back
    voided_from: Mapped[str | None] = mapped_column(String(16))
    #: of what was made up, whether its card came back because the day was excused
    card_returned: Mapped[bool] = mapped_column(default=False)
    #: when the request arrived
    submitted_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    #: why it was rejected, or given; told to whoever it is about
    reason: Mapped[str] = mapped_column(String(300), default="")
    #: that of its post, for the board of posts
    engagement: Mapped[int] = mapped_column(default=0)
    #: the same with the best first
    quality_key: Mapped[int] = mapped_column(Computed("-engagement", persisted=True))


class MakeupCard(IdMixin, Base):
    """Lets one missed period be made up."""

    __tablename__ = "makeup_cards"
    __table_args__ = (
        one_of("source", "free", "bought", "given", "level"),
        one_of("state", "available", "used", "expired"),
        CheckConstraint("(state = 'used') = (used_record_id IS NOT NULL)", name="used_v1"),
        CheckConstraint(
            "source = 'level' AND state = 'used' AND circle_id IS NOT NULL AND user_id IS NOT NULL "
            "AND month IS NOT NULL AND nth >= 1 OR source <> 'level' AND circle_id IS NULL AND user_id IS NULL "
            "AND month IS NULL AND nth IS NULL", name="level_v1",
        ),
        UniqueConstraint("used_record_id"),
        # at most so many of a level each month, in whichever campaigns of the circle at once
        UniqueConstraint("circle_id", "user_id", "month", "nth"),
        Index(None, "enrollment_id", "state"),
        Index(None, "state", "expires_at"),
    )  # fmt: skip

    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), default="available")
    used_record_id: Mapped[int | None] = mapped_column(ForeignKey("checkin_records.id"))
    #: what it cost: the entry in the books, to give the points back if the campaign is cancelled
    txn_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_txns.id"))
    expires_at: Mapped[datetime]
    #: of one that a level gives, which is written when it is used: whose it is, in which month of the circle it counts,
    #: and the how many-th of that month it is
    circle_id: Mapped[int | None] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    month: Mapped[str | None] = mapped_column(String(16))
    nth: Mapped[int | None]


class CampaignRank(Base):
    """A place on a board as it was when the campaign was settled."""

    __tablename__ = "campaign_ranks"
    __table_args__ = (one_of("board", "diligence", "quality", "team"), Index(None, "campaign_id", "user_id"))

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    board: Mapped[str] = mapped_column(String(16), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: whose place, or whose post; of a team, its captain
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    #: the post, or the team
    subject_id: Mapped[int | None] = mapped_column(BigInt)
    #: the numbers as they were: {"done", "on_time", "best_streak", "likes", "lateness_s"} or {"engagement"} or {"done"}
    snapshot: Mapped[dict[str, Any]] = mapped_column(default=dict)
