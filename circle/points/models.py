"""Tables of points: rules, what was earned, levels, tasks, boards, adjustments."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from circle.core.db import Base, IdMixin, one_of


class EarnRule(IdMixin, Base):
    """What something earns in a circle. A version is never edited; a change is a new version."""

    __tablename__ = "earn_rules"
    __table_args__ = (
        UniqueConstraint("circle_id", "code", "version"),
        Index(
            "uq_earn_rules_current",
            "circle_id",
            "code",
            unique=True,
            sqlite_where=text("replaced_at IS NULL"),
            postgresql_where=text("replaced_at IS NULL"),
        ),
        CheckConstraint("points >= 0 AND growth >= 0", name="amounts_v1"),
    )

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    #: catalog.CODES; `*` holds the caps over all rules together
    code: Mapped[str] = mapped_column(String(32))
    version: Mapped[int]
    points: Mapped[int] = mapped_column(default=0)
    growth: Mapped[int] = mapped_column(default=0)
    #: how often a day it earns
    daily_count_cap: Mapped[int | None]
    #: points a day and a week
    daily_point_cap: Mapped[int | None]
    weekly_point_cap: Mapped[int | None]
    #: how often a day from the same giver to the same member (likes)
    giver_daily_cap: Mapped[int | None]
    #: characters; less earns nothing
    min_len: Mapped[int | None]
    enabled: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: when the next version took over
    replaced_at: Mapped[datetime | None]


class EarnCounter(Base):
    """How often and how much somebody earned in a day or week. Never goes down (L9), so nothing is earned twice by
    deleting and posting again."""

    __tablename__ = "earn_counters"
    __table_args__ = (CheckConstraint("n >= 0 AND points >= 0", name="counts_v1"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    #: a code, `*` for all, or code<user id> for one giver
    rule_code: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: D2026-11-21 or W2026-47, in the circle's time zone
    period_key: Mapped[str] = mapped_column(String(16), primary_key=True)
    n: Mapped[int] = mapped_column(default=0)
    points: Mapped[int] = mapped_column(default=0)


class EarnSource(Base):
    """Something that may have earned: the one row that says what, under which rule, and whether it stands."""

    __tablename__ = "earn_sources"
    __table_args__ = (
        one_of("state", "on", "off", "capped", "none"),
        CheckConstraint("granted_points >= 0 AND granted_growth >= 0", name="granted_v1"),
        Index(None, "member_id", "effective_at"),
        Index(None, "subject"),
        Index(None, "circle_id", "effective_at"),
    )

    #: post:1, comment:2, like:1:7 (post, liker), featured:1, answer:3, accept:1:3 (question, answer);
    #: checkin:1:7:3 (campaign, user, day), campaign:1:7
    source_key: Mapped[str] = mapped_column(String(120), primary_key=True)
    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    rule_code: Mapped[str] = mapped_column(String(32))
    rule_version: Mapped[int]
    #: what goes with it: everything whose subject is gone is taken back together (post:1)
    subject: Mapped[str] = mapped_column(String(120))
    #: users.id of whoever gave it (a like), for the cap per giver
    giver_id: Mapped[int | None]
    #: characters of the text, for the least length
    length: Mapped[int | None]
    #: fixed by the first time, whatever rules and caps become later
    granted_points: Mapped[int] = mapped_column(default=0)
    granted_growth: Mapped[int] = mapped_column(default=0)
    #: what of it stands now; when it is off, what had run out before it was taken back
    active_points: Mapped[int] = mapped_column(default=0)
    active_growth: Mapped[int] = mapped_column(default=0)
    #: on, off, capped (a cap left nothing), none (the rule did not apply)
    state: Mapped[str] = mapped_column(String(16))
    #: why less than the rule says was given: a word of catalog.REASONS, else empty
    reason: Mapped[str] = mapped_column(String(24), default="")
    #: rises each time it is taken back or given again
    generation: Mapped[int] = mapped_column(default=0)
    effective_at: Mapped[datetime]
    created_at: Mapped[datetime]


class GrowthTotal(Base):
    """Growth by day, for the boards. Taking back counts on the day on which it was given."""

    __tablename__ = "growth_totals"
    __table_args__ = (UniqueConstraint("member_id", "period_key"),)

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id"), primary_key=True)
    #: D2026-11-21 in the circle's time zone, or ALL
    period_key: Mapped[str] = mapped_column(String(16), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    growth: Mapped[int] = mapped_column(default=0)
    #: when it last rose: who was there first stands before
    reached_at: Mapped[datetime]


class MemberLevel(Base):
    """Since when somebody has the level in `members.level`, and when it is looked at again. Level 1 has no row."""

    __tablename__ = "member_levels"
    __table_args__ = (Index(None, "assess_at"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id"))
    level: Mapped[int]
    since: Mapped[datetime]
    assess_at: Mapped[datetime]
    created_at: Mapped[datetime]


class LevelEvent(IdMixin, Base):
    """A level that changed. Jumping several levels is one event."""

    __tablename__ = "level_events"
    __table_args__ = (
        one_of("reason", "promote", "decay", "reversal", "rules", "forfeit"),
        Index(None, "member_id", "id"),
    )

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    from_level: Mapped[int]
    to_level: Mapped[int]
    reason: Mapped[str] = mapped_column(String(16))
    #: growth after it
    growth: Mapped[int]
    #: the transaction that moved the growth; None when the thresholds were changed
    txn_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_txns.id"), unique=True)


class LevelGift(Base):
    """A gift for reaching a level: once per person and level, for life."""

    __tablename__ = "level_gifts"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True)
    points: Mapped[int]
    txn_id: Mapped[int] = mapped_column(ForeignKey("ledger_txns.id"))
    created_at: Mapped[datetime]


class Task(IdMixin, Base):
    """Something a circle asks of its members, with what they get for it."""

    __tablename__ = "tasks"
    __table_args__ = (
        one_of("cadence", "daily", "weekly", "newcomer"),
        CheckConstraint("target BETWEEN 1 AND 1000", name="target_v1"),
        CheckConstraint("points >= 0 AND growth >= 0 AND points + growth > 0", name="reward_v1"),
        Index(None, "circle_id", "event"),
        UniqueConstraint("circle_id", "code"),
    )

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    #: of a task that every circle begins with (catalog.TASKS); NULL for one the owner made
    code: Mapped[str | None] = mapped_column(String(32))
    #: empty: the name of its code, in the reader's language
    title: Mapped[str] = mapped_column(String(60), default="")
    cadence: Mapped[str] = mapped_column(String(16))
    #: a word of catalog.TASK_EVENTS
    event: Mapped[str] = mapped_column(String(32))
    target: Mapped[int]
    points: Mapped[int]
    growth: Mapped[int]
    enabled: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)


class TaskProgress(Base):
    """How far somebody is with a task in a period."""

    __tablename__ = "task_progress"
    __table_args__ = (one_of("state", "open", "claimable", "claimed", "expired"), Index(None, "state", "expires_at"))

    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    #: D2026-11-21, W2026-47 or ALL (newcomer), in the circle's time zone
    period_key: Mapped[str] = mapped_column(String(16), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(16), default="open")
    #: after which it can no longer be claimed
    expires_at: Mapped[datetime]
    #: when something last counted; of a finished one, when it was finished
    done_at: Mapped[datetime | None]
    #: what the task gave at that time: to whoever has finished it this is promised, whatever the task becomes later
    points: Mapped[int] = mapped_column(default=0)
    growth: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime | None]
    #: of the reward
    txn_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_txns.id"))


class TaskHit(Base):
    """What counted for a task: the same thing counts once."""

    __tablename__ = "task_hits"

    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    period_key: Mapped[str] = mapped_column(String(16), primary_key=True)
    #: post:1, comment:2, like:1
    event_key: Mapped[str] = mapped_column(String(64), primary_key=True)


class PointAdjustment(IdMixin, Base):
    """Points or growth given or taken by hand. A large one waits for a second person."""

    __tablename__ = "point_adjustments"
    __table_args__ = (
        one_of("asset", "POINTS", "GROWTH"),
        one_of("status", "pending", "applied", "rejected", "reversed"),
        CheckConstraint("amount <> 0", name="amount_v1"),
        Index(None, "circle_id", "status", "id"),
        Index(None, "member_id", "id"),
    )
    lock_rank = 80

    circle_id: Mapped[int] = mapped_column(ForeignKey("circles.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    asset: Mapped[str] = mapped_column(String(16))
    amount: Mapped[int]
    reason: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(16))
    asked_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    #: why it was turned down or taken back
    note: Mapped[str] = mapped_column(String(200), default="")
    reversed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reversed_at: Mapped[datetime | None]
    txn_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_txns.id"))
