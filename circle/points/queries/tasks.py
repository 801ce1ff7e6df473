"""Tasks as one member sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, case, or_, select

from circle.access import Actor, Permission
from circle.circles.models import Member
from circle.circles.queries import CircleRow
from circle.core import clock
from circle.core.db import BigInt, db
from circle.core.errors import NotFound
from circle.core.i18n import LazyString
from circle.points import periods
from circle.points.catalog import NEWCOMER_DAYS, TASK_EVENTS, TASK_NAMES
from circle.points.models import Task, TaskProgress

#: how tasks are grouped
ORDER = ("newcomer", "daily", "weekly")
#: the sign of a task, and where its button leads
_ICONS = {
    "post": "pencil-line",
    "post_media": "image",
    "comment_others": "message-circle",
    "comment_newcomer": "message-circle-reply",
    "ask": "circle-question-mark",
    "answer": "message-circle-reply",
    "like": "heart",
    "topic_follow": "hash",
}
_WAYS = {
    "post": "/posts/new",
    "post_media": "/posts/new",
    "ask": "/posts/new?type=question",
    "answer": "/questions?tab=unanswered",
    "topic_follow": "/topics",
}
#: what one has to be allowed to do for it
_NEEDS = {
    "post": Permission.POST_WRITE,
    "post_media": Permission.POST_WRITE,
    "comment_others": Permission.COMMENT_WRITE,
    "comment_newcomer": Permission.COMMENT_WRITE,
    "ask": Permission.POST_WRITE,
    "answer": Permission.ANSWER_WRITE,
    "like": Permission.LIKE_GIVE,
    "topic_follow": Permission.TOPIC_FOLLOW,
}


@dataclass(frozen=True)
class TaskRow:
    """A task of a circle, and how far the actor is with it in the present period."""

    id: int
    #: of a task that every circle begins with, else None
    code: str | None
    #: as the owner wrote it, else in the reader's language
    title: str | LazyString
    cadence: str
    event: str
    target: int
    count: int
    #: open, claimable (its reward waits), claimed
    state: str
    #: what it gives: when it is finished already, what it was finished for
    points: int
    growth: int
    #: until when it can be done, or its reward be claimed
    ends_at: datetime
    icon: str
    #: where it is done; None when this person may not do it now, or has done it
    go_url: str | None
    can_claim: bool

    @property
    def order(self) -> int:
        """Where its group stands: newcomers' tasks first, then those of the day, then those of the week."""
        return ORDER.index(self.cadence)

    @property
    def last_day(self) -> datetime:
        """A moment of the last day on which it can be done or claimed."""
        return self.ends_at - timedelta(microseconds=1)

    @property
    def done(self) -> bool:
        """Whether nothing is left to do for it."""
        return self.state == "claimed"


def tasks_of(actor: Actor, circle: CircleRow) -> list[TaskRow]:
    """The tasks of a circle that was read for this actor, as one of its members sees them now. Empty for others.

    What the owner switched off is there only while its reward waits, and what is for newcomers in their first days
    and until their reward is claimed. One statement.
    """
    if not circle.standing.active:
        return []
    now = clock.now()
    day, week = periods.keys_of(now, circle.tz)
    values = {
        "circle": circle.id, "me": actor.id, "now": now, "day": day, "week": week,
        "since": now - timedelta(days=NEWCOMER_DAYS),
    }  # fmt: skip
    ends = {"daily": periods.day_end(now, circle.tz), "weekly": periods.week_end(now, circle.tz)}
    return [_row(circle, ends, row) for row in db.session.execute(_mine(), values)]


@cache
def _mine() -> Any:
    task, member, progress = Task.__table__.c, Member.__table__.c, TaskProgress.__table__.c
    period = case(
        (task.cadence == "daily", bindparam("day")), (task.cadence == "weekly", bindparam("week")), else_=periods.ALL
    )
    mine = and_(progress.task_id == task.id, progress.member_id == member.id, progress.period_key == period)
    now, since = (bindparam(name, type_=member.created_at.type) for name in ("now", "since"))
    waits = and_(progress.state == "claimable", progress.expires_at > now)
    running = and_(
        task.enabled, or_(task.cadence != "newcomer", and_(member.created_at > since, member.role != "owner"))
    )
    # a task that ran out is over for its period
    shown = or_(waits, and_(running, or_(progress.state.is_(None), progress.state.in_(("open", "claimed")))))
    columns = [task[name] for name in ("id", "code", "title", "cadence", "event", "target", "points", "growth")]
    columns += [progress[name].label(f"progress_{name}") for name in ("count", "state", "points", "growth")]
    columns += [progress.expires_at, member.created_at.label("joined_at")]
    joined = Task.__table__.join(Member.__table__, member.circle_id == task.circle_id)
    order = case((task.cadence == "newcomer", 0), (task.cadence == "daily", 1), else_=2)
    return (
        select(*columns)
        .select_from(joined.outerjoin(TaskProgress.__table__, mine))
        .where(
            task.circle_id == bindparam("circle", type_=BigInt),
            member.user_id == bindparam("me", type_=BigInt),
            member.status == "active",
            shown,
        )
        .order_by(order, task.position, task.id)
    )


def _row(circle: CircleRow, ends: dict[str, datetime], row: Any) -> TaskRow:
    state = row.progress_state or "open"
    finished = state in {"claimable", "claimed"}
    if row.cadence == "newcomer":
        end = row.expires_at if finished else row.joined_at + timedelta(days=NEWCOMER_DAYS)
    else:
        end = ends[row.cadence]
    may_do = state == "open" and circle.may(_NEEDS[row.event])
    return TaskRow(
        id=row.id,
        code=row.code,
        title=title_of(row.title, row.code, row.event),
        cadence=row.cadence,
        event=row.event,
        # who has finished it has all of what was asked for then
        target=row.progress_count if finished else row.target,
        count=min(row.progress_count or 0, row.target) if not finished else row.progress_count,
        state=state,
        points=row.progress_points if finished else row.points,
        growth=row.progress_growth if finished else row.growth,
        ends_at=end,
        icon=_ICONS[row.event],
        go_url=f"/{circle.slug}{_WAYS.get(row.event, '')}" if may_do else None,
        can_claim=state == "claimable" and not circle.standing.muted,
    )


def title_of(title: str, code: str | None, event: str) -> str | LazyString:
    """What a task is called: as the owner wrote it, else the usual name."""
    return title or (TASK_NAMES.get(code) if code else None) or TASK_EVENTS[event]


# ---- for those who run the circle ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ManagedTask:
    """A task as those see it who may change it."""

    id: int
    #: None for one of the circle's own
    code: str | None
    #: what it is called here
    name: str | LazyString
    #: as the owner wrote it; empty for the usual name
    title: str
    cadence: str
    event: str
    target: int
    points: int
    growth: int
    enabled: bool
    version: int
    icon: str

    @property
    def order(self) -> int:
        """As in TaskRow."""
        return ORDER.index(self.cadence)

    @property
    def usual(self) -> str | LazyString:
        """What it is called when the owner calls it nothing."""
        return title_of("", self.code, self.event)

    @property
    def asks(self) -> LazyString:
        """What is counted."""
        return TASK_EVENTS[self.event]


def tasks_to_manage(circle: CircleRow) -> list[ManagedTask]:
    """All tasks of a circle, for whoever may change them (the caller asked)."""
    tasks = select(Task).where(Task.circle_id == circle.id).order_by(Task.position, Task.id)
    found = db.session.scalars(tasks.execution_options(populate_existing=True)).all()
    return sorted((_managed(task) for task in found), key=lambda task: task.order)


def task_in(circle: CircleRow, task_id: int) -> ManagedTask:
    """One task of a circle. Raises NotFound."""
    task = db.session.get(Task, task_id, populate_existing=True)
    if task is None or task.circle_id != circle.id:
        raise NotFound
    return _managed(task)


def _managed(task: Task) -> ManagedTask:
    return ManagedTask(
        task.id, task.code, title_of(task.title, task.code, task.event), task.title, task.cadence, task.event,
        task.target, task.points, task.growth, task.enabled, task.version, _ICONS[task.event],
    )  # fmt: skip
