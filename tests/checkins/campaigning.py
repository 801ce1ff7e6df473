"""A circle with a campaign, and people who take part: for tests of check-ins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from circle.access import Actor
from circle.checkins import jobs, operations
from circle.checkins.models import Campaign, CheckinRecord, Enrollment
from circle.checkins.operations import Plan, Submitted
from circle.core import clock
from circle.core.db import db
from tests.factories import Make, actor_of

TZ = "Asia/Shanghai"
#: a Monday
FIRST = date(2026, 11, 16)


@dataclass
class Week:
    """A campaign of seven days from FIRST in a circle of its own; five of them complete it unless `plan` says
    otherwise."""

    make: Make
    plan: dict[str, Any] = field(default_factory=dict)
    publish: bool = True

    def __post_init__(self) -> None:
        with clock.at(self.day(-2)):
            owner = self.make.user()
            self.circle = self.make.circle(owner)
            self.owner, self.slug, self.circle_id = actor_of(owner), self.circle.slug, self.circle.id
            values: dict[str, Any] = {"title": "早安七天", "start_date": FIRST, "end_date": FIRST + timedelta(days=6)}
            self.id = operations.create_campaign(self.owner, self.slug, Plan(**values | self.plan))
            if self.publish:
                operations.publish_campaign(self.owner, self.id)

    def day(self, idx: int, hour: float = 8) -> datetime:
        """An hour of the `idx`-th day (from 1) in Shanghai."""
        midnight = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) - timedelta(hours=8)
        return midnight + timedelta(days=idx - 1, hours=hour)

    @contextmanager
    def at(self, idx: int, hour: float = 8) -> Iterator[None]:
        with clock.at(self.day(idx, hour)):
            yield

    def member(self, *, role: str = "member", enrolled: bool = True) -> Actor:
        """Somebody new in the circle, who takes part since before the first day."""
        with self.at(0):
            actor = actor_of(self.make.member(self.circle, role))
            if enrolled:
                operations.enroll(actor, self.id)
        return actor

    def check_in(self, actor: Actor, *indexes: int, hour: float = 8, body: str = "今天也写下来。") -> Submitted:
        """Check in on those days; returns what the last one was answered."""
        for idx in indexes:
            with self.at(idx, hour):
                last = operations.submit(actor, self.id, body=body)
        return last

    @property
    def campaign(self) -> Campaign:
        return db.session.get_one(Campaign, self.id, populate_existing=True)

    def enrollment(self, actor: Actor) -> Enrollment:
        mine = select(Enrollment).where(Enrollment.campaign_id == self.id, Enrollment.user_id == actor.id)
        return db.session.scalars(mine.execution_options(populate_existing=True)).one()

    def records(self, actor: Actor) -> list[CheckinRecord]:
        mine = select(CheckinRecord).where(CheckinRecord.campaign_id == self.id, CheckinRecord.user_id == actor.id)
        ordered = mine.order_by(CheckinRecord.id).execution_options(populate_existing=True)
        return list(db.session.scalars(ordered))

    def settle(self) -> None:
        """Let the time of settlement come, and the job do its work."""
        with clock.at(self.day(8) + timedelta(days=3)):
            jobs.settle(self.id)
