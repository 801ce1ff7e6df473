"""Points in the demo: they come from what the people there do. Only levels, rewards claimed and what is given by hand
are told in `content/points.json`."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from circle.access import Actor
from circle.circles.models import Circle, Member
from circle.core import clock
from circle.core.db import db
from circle.points import operations as points
from circle.points.checking import check_and_keep
from circle.points.models import PointAdjustment, Task, TaskProgress


def begin(owner: Actor, slug: str, plan: Mapping[str, Any]) -> None:
    """Write the levels and tasks of a circle that was just founded."""
    if plan["levels"]:
        points.save_levels(owner, slug, plan["levels"])
    for task in plan["tasks"]:
        points.create_task(owner, slug, **task)


def claim(people: Iterable[Actor], slug: str, share: int) -> None:
    """Let `share` of a hundred of the people claim what they have finished, at the moment that the clock shows."""
    by_id = {actor.id: actor for actor in people}
    done = (
        select(TaskProgress.task_id, TaskProgress.period_key, Member.user_id)
        .join(Task, Task.id == TaskProgress.task_id)
        .join(Circle, Circle.id == Task.circle_id)
        .join(Member, Member.id == TaskProgress.member_id)
        .where(Circle.slug == slug, Member.user_id.in_(by_id), TaskProgress.state == "claimable")
        .where(TaskProgress.done_at <= clock.now(), TaskProgress.expires_at > clock.now())
        .order_by(TaskProgress.task_id, Member.user_id)
    )
    for task_id, period, user_id in db.session.execute(done).all():
        if zlib.crc32(f"{by_id[user_id].username}:{period}".encode()) % 100 < share:
            points.claim_task(by_id[user_id], task_id)


def adjust(users: Mapping[str, Actor], slug: str, at: datetime, each: Mapping[str, Any]) -> None:
    """Give or take by hand, unless it is there already."""
    target = users[each["to"]]
    if db.session.scalar(_made(slug, target, each)) is not None:
        return
    with clock.at(at):
        adjustment_id = points.ask_adjustment(
            users[each["by"]], slug, target.person_id, asset=each["asset"], amount=each["amount"],
            reason=each["reason"],
        )  # fmt: skip
    if "undone" in each:
        with clock.at(at + timedelta(minutes=4)):
            points.reverse_adjustment(users[each["by"]], adjustment_id, note=each["undone"])


def _made(slug: str, target: Actor, each: Mapping[str, Any]) -> Any:
    return (
        select(PointAdjustment.id)
        .join(Circle, Circle.id == PointAdjustment.circle_id)
        .join(Member, Member.id == PointAdjustment.member_id)
        .where(Circle.slug == slug, Member.user_id == target.id, PointAdjustment.reason == each["reason"])
        .limit(1)
    )


def check(slugs: Iterable[str]) -> None:
    """Add up the books, as happens every night, so that their page says so. Raises RuntimeError if they do not fit."""
    for circle_id in db.session.scalars(select(Circle.id).where(Circle.slug.in_(tuple(slugs)))).all():
        checked = check_and_keep(circle_id)
        if checked.violations:
            raise RuntimeError(f"the books of the demo do not balance: {checked.violations}")
