"""Tasks of members: counting what they do, and giving what was promised once it is done.

Nothing is won by taking something back and doing it again: the same post, comment, like or topic is one `TaskHit`,
however often it comes and goes, and a post or comment that is deleted before the reward was claimed counts no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, case, delete, exists, func, literal_column, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from circle.access import Actor, Permission, require
from circle.circles.models import Circle, Member
from circle.circles.queries import readable_circle_by_id
from circle.core import clock
from circle.core.db import BigInt, db
from circle.core.errors import NotFound
from circle.core.operation import emit, operation
from circle.ledger.operations import Why
from circle.points import periods, task_rules
from circle.points.catalog import CLAIM_DAYS, NEWCOMER_DAYS
from circle.points.events import RewardGone, TaskDone
from circle.points.models import Task, TaskHit, TaskProgress
from circle.points.operations.beginning import begin_tasks
from circle.points.operations.levels import reward

_TASKS: Any = Task.__table__
_PROGRESS: Any = TaskProgress.__table__
_HITS: Any = TaskHit.__table__
_KEY = ("task_id", "member_id", "period_key")
NEWCOMER = timedelta(days=NEWCOMER_DAYS)


# ---- counting --------------------------------------------------------------------------------------------------------


@operation
def count_task_events(
    circle_id: int, user_id: int, events: Sequence[str], event_key: str, *, about_id: int | None = None
) -> None:
    """Count what a member did for the tasks that ask for it; the same `event_key` counts once.

    `about_id` is whose post it was about, for tasks that ask to welcome newcomers. This runs inside publishing: one
    statement when there is nothing to count (also when today's tasks are finished), three when there is.
    """
    now = clock.now()
    rows = _open_tasks(circle_id, user_id, events, about_id, now)
    if not rows:
        return
    wanted = {row.id: (row, *_period(row.cadence, now, row.tz)) for row in rows}
    fresh = _hit(wanted, event_key)
    if not fresh:
        return
    for task_id, period_key, count in _advance(fresh, wanted, now):
        row = wanted[task_id][0]
        if count >= row.target:
            emit(TaskDone(
                circle_id, user_id, task_id, row.cadence, period_key, row.title, row.code, row.points, row.growth
            ))  # fmt: skip


def _open_tasks(circle_id: int, user_id: int, events: Sequence[str], about_id: int | None, now: datetime) -> list[Any]:
    """The tasks for which this may count, in id order."""
    values = {
        "circle": circle_id, "user": user_id, "events": list(events), "about": about_id or 0, "now": now,
        "since": now - NEWCOMER,
    }  # fmt: skip
    rows = db.session.execute(_open_statement(), values).all()
    if rows and not rows[0].begun:
        begin_tasks(circle_id)
        rows = db.session.execute(_open_statement(), values).all()
    return [row for row in rows if row.id is not None]


@cache
def _open_statement() -> Any:
    """Enabled tasks that ask for one of the events and that this member has not finished in the present period.

    One row without a task says that there are none (and whether the circle has its tasks at all). Who was never here,
    or no longer is, gets no row.
    """
    task, member, circle = _TASKS.c, Member.__table__.c, Circle.__table__.c
    now, since = (bindparam(name, type_=member.created_at.type) for name in ("now", "since"))
    welcomed = Member.__table__.alias("welcomed")
    # whoever founded the circle is at home there from the first day
    is_newcomer = exists().where(
        welcomed.c.circle_id == circle.id,
        welcomed.c.user_id == bindparam("about", type_=BigInt),
        welcomed.c.status == "active",
        welcomed.c.role != "owner",
        welcomed.c.created_at > since,
    )
    # the row of a period that is over does not stand in the way; a newcomer's task has one period in a lifetime
    finished = exists().where(
        _PROGRESS.c.task_id == task.id,
        _PROGRESS.c.member_id == member.id,
        _PROGRESS.c.state != "open",
        or_(_PROGRESS.c.expires_at > now, task.cadence == "newcomer"),
    )
    asked = and_(
        task.circle_id == circle.id,
        task.enabled,
        task.event.in_(bindparam("events", expanding=True)),
        or_(task.event != "comment_newcomer", is_newcomer),
        or_(task.cadence != "newcomer", and_(member.created_at > since, member.role != "owner")),
        ~finished,
    )
    other = _TASKS.alias("other")
    begun = exists().where(other.c.circle_id == circle.id).correlate(Circle.__table__).label("begun")
    columns = [task[name] for name in ("id", "cadence", "target", "title", "code", "points", "growth")]
    joined = Member.__table__.join(Circle.__table__, circle.id == member.circle_id).outerjoin(_TASKS, asked)
    return (
        select(*columns, member.id.label("member_id"), circle.tz, begun)
        .select_from(joined)
        .where(
            member.circle_id == bindparam("circle", type_=BigInt),
            member.user_id == bindparam("user", type_=BigInt),
            member.status == "active",
        )
        .order_by(task.id)
    )


def _period(cadence: str, now: datetime, tz: str) -> tuple[str, datetime]:
    """The period in which something counts now, and when the reward of what is finished now is gone."""
    if cadence == "newcomer":
        return periods.ALL, now + timedelta(days=CLAIM_DAYS)
    day, week = periods.keys_of(now, tz)
    return (day, periods.day_end(now, tz)) if cadence == "daily" else (week, periods.week_end(now, tz))


_Wanted = dict[int, tuple[Any, str, datetime]]


def _hit(wanted: _Wanted, event_key: str) -> list[int]:
    """Note what happened; the tasks for which it had not counted yet."""
    rows = [
        {"task_id": task_id, "member_id": row.member_id, "period_key": period, "event_key": event_key}
        for task_id, (row, period, _expires_at) in wanted.items()
    ]
    return sorted(db.session.scalars(_hitting(db.session.get_bind().dialect.name), rows))


def _advance(fresh: list[int], wanted: _Wanted, now: datetime) -> Sequence[Any]:
    """One more for each; (task, period, count) of those that were still open."""
    rows = []
    for task_id in fresh:
        row, period, expires_at = wanted[task_id]
        rows.append({
            "task_id": task_id, "member_id": row.member_id, "period_key": period, "count": 1,
            "state": "claimable" if row.target <= 1 else "open", "expires_at": expires_at, "done_at": now,
            "points": row.points, "growth": row.growth,
        })  # fmt: skip
    return db.session.execute(_advancing(db.session.get_bind().dialect.name), rows).all()


# the rows of both come as parameters: a statement that holds them itself would be put together anew each time


@cache
def _hitting(dialect: str) -> Any:
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return make(_HITS).on_conflict_do_nothing().returning(_HITS.c.task_id)


@cache
def _advancing(dialect: str) -> Any:
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement, progress = make(_PROGRESS), _PROGRESS.c
    # by its name in the text: a column of the row that was to be inserted would be taken for another table
    target = select(_TASKS.c.target).where(_TASKS.c.id == literal_column("excluded.task_id")).scalar_subquery()
    reached = progress["count"] + 1 >= target
    return statement.on_conflict_do_update(
        index_elements=[progress[name] for name in _KEY],
        set_={
            "count": case((reached, target), else_=progress["count"] + 1),
            "state": case((reached, "claimable"), else_=progress.state),
            **{name: statement.excluded[name] for name in ("expires_at", "done_at", "points", "growth")},
        },
        where=progress.state == "open",
    ).returning(progress.task_id, progress.period_key, progress["count"])


# ---- taken back ------------------------------------------------------------------------------------------------------


@operation
def uncount_task_events(circle_id: int, user_id: int, event_key: str) -> None:
    """What a member did is gone for good: it counts no more for what they have not claimed yet.

    So three posts that are deleted at once are not three posts. What was claimed stays claimed.
    """
    values = {"circle": circle_id, "user": user_id, "key": event_key}
    # locked before anything is counted anew: what others did in this moment is seen then
    if not db.session.execute(_counted(), values).all():
        return
    gone = sorted(tuple(row) for row in db.session.execute(_unhitting(), values))
    if not gone:
        return
    for task_id, period_key in db.session.execute(_withdrawing(), {"keys": gone, "now": clock.now()}):
        emit(RewardGone(user_id, task_id, period_key))


def _hits_of_event() -> tuple[Any, ...]:
    member = Member.__table__.c
    person = select(member.id).where(
        member.circle_id == bindparam("circle", type_=BigInt), member.user_id == bindparam("user", type_=BigInt)
    )
    here = select(_TASKS.c.id).where(_TASKS.c.circle_id == bindparam("circle", type_=BigInt))
    return (
        _HITS.c.task_id.in_(here),
        _HITS.c.member_id == person.scalar_subquery(),
        _HITS.c.event_key == bindparam("key", type_=_HITS.c.event_key.type),
    )


@cache
def _counted() -> Any:
    """The progress for which something counted, locked."""
    progress = [_PROGRESS.c[name] for name in _KEY]
    joined = select(*progress).join(_HITS, and_(*(_HITS.c[name] == _PROGRESS.c[name] for name in _KEY)))
    return joined.where(*_hits_of_event()).order_by(*progress).with_for_update(of=_PROGRESS, key_share=True)


@cache
def _unhitting() -> Any:
    return delete(_HITS).where(*_hits_of_event()).returning(*(_HITS.c[name] for name in _KEY))


@cache
def _withdrawing() -> Any:
    progress = _PROGRESS.c
    left = select(func.count()).select_from(_HITS).where(*(_HITS.c[name] == progress[name] for name in _KEY))
    count = left.scalar_subquery()
    target = select(_TASKS.c.target).where(_TASKS.c.id == progress.task_id).scalar_subquery()
    # who has finished needs no more than was asked for then, should more be asked for since
    needed = case((and_(progress.state == "claimable", progress["count"] < target), progress["count"]), else_=target)
    return (
        update(_PROGRESS)
        .where(
            tuple_(*(progress[name] for name in _KEY)).in_(bindparam("keys", expanding=True)),
            progress.state.in_(("open", "claimable")),
            progress.expires_at > bindparam("now", type_=progress.expires_at.type),
        )
        .values(
            count=case((count < progress["count"], count), else_=progress["count"]),
            state=case((count < needed, "open"), else_=progress.state),
        )
        .returning(progress.task_id, progress.period_key)
    )


# ---- claiming --------------------------------------------------------------------------------------------------------


class Claimed(NamedTuple):
    """What a task gave, and where."""

    circle_id: int
    points: int
    growth: int


@operation
def claim_task(actor: Actor, task_id: int) -> Claimed:
    """Give the actor what a finished task promised when it was finished: once per period.

    Raises NotFound, Unauthenticated, Forbidden, Forbidden MUTED, Conflict NOT_CLAIMABLE.
    """
    task = db.session.execute(select(_TASKS.c.circle_id, _TASKS.c.cadence).where(_TASKS.c.id == task_id)).one_or_none()
    if task is None:
        raise NotFound
    circle = readable_circle_by_id(actor, task.circle_id)
    require(actor, Permission.TASK_CLAIM, circle.standing)
    task_rules.check_may_claim(circle.standing)
    now = clock.now()
    period, _end = _period(task.cadence, now, circle.tz)
    member_id = db.session.scalar(select(Member.id).where(Member.circle_id == circle.id, Member.user_id == actor.id))
    mine = {"task_id": task_id, "member_id": member_id, "period_key": period}
    promised = db.session.execute(
        _claiming(), {f"my_{name}": value for name, value in mine.items()} | {"now": now}
    ).one_or_none()
    if promised is None:
        raise task_rules.not_claimable(db.session.scalar(select(TaskProgress.state).filter_by(**mine)))
    why = Why("task", f"task:{task_id}:{member_id}:{period}", f"task:{task_id}", actor_id=actor.id)
    result = reward(member_id or 0, why, points=promised.points, growth=promised.growth)
    db.session.execute(update(_PROGRESS).filter_by(**mine).values(txn_id=result.txn_id))
    db.session.execute(delete(_HITS).filter_by(**mine))  # they can count no more
    emit(RewardGone(actor.id or 0, task_id, period))
    return Claimed(circle.id, promised.points, promised.growth)


@cache
def _claiming() -> Any:
    """Whoever comes first changes the state, and gets what was promised."""
    progress = _PROGRESS.c
    mine = [progress[name] == bindparam(f"my_{name}", type_=progress[name].type) for name in _KEY]
    now = bindparam("now", type_=progress.claimed_at.type)
    return (
        update(_PROGRESS)
        .where(*mine, progress.state == "claimable", progress.expires_at > now)
        .values(state="claimed", claimed_at=now)
        .returning(progress.points, progress.growth)
    )


# ---- running out -----------------------------------------------------------------------------------------------------


@operation
def expire_tasks(limit: int = 500) -> int:
    """Close what was not finished, or not claimed, in time: at most `limit` at once; returns how many."""
    key = tuple_(*(_PROGRESS.c[name] for name in _KEY))
    over = and_(_PROGRESS.c.state.in_(("open", "claimable")), _PROGRESS.c.expires_at <= clock.now())
    due = db.session.execute(select(*(_PROGRESS.c[name] for name in _KEY)).where(over).limit(limit)).all()
    if not due:
        return 0
    # claimed in between (the clock stood before the end): it stays claimed
    keys = [tuple(row) for row in sorted(due)]
    db.session.execute(update(_PROGRESS).where(key.in_(keys), over).values(state="expired"))
    db.session.execute(delete(_HITS).where(tuple_(*(_HITS.c[name] for name in _KEY)).in_(keys)))
    return len(due)
