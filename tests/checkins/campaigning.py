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
from circle.circles.models import Circle, Member
from circle.core import clock
from circle.core.db import db
from circle.core.operation import in_transaction
from tests.factories import Make, actor_of
from tests.openings import loaded, opening

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
            made = opening(f"week {self.plan!r} {self.publish}", self._made)
            self.owner, self.slug, self.circle_id, self.id = made
            self.circle = loaded(lambda: db.session.get_one(Circle, self.circle_id))

    def _made(self) -> tuple[Actor, str, int, int]:
        owner = self.make.user()
        circle, actor = self.make.circle(owner), actor_of(owner)
        values: dict[str, Any] = {"title": "早安七天", "start_date": FIRST, "end_date": FIRST + timedelta(days=6)}
        id_ = operations.create_campaign(actor, circle.slug, Plan(**values | self.plan))
        if self.publish:
            operations.publish_campaign(actor, id_)
        return actor, circle.slug, circle.id, id_

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
            return opening(f"member {self.id} {role} {enrolled}", lambda: self._member(role, enrolled))

    def _member(self, role: str, enrolled: bool) -> Actor:
        actor = actor_of(self.make.member(self.circle, role))
        if enrolled:
            operations.enroll(actor, self.id)
        return actor

    def check_in(self, actor: Actor, *indexes: int, hour: float = 8, body: str = "今天也写下来。") -> Submitted:
        """Check in on those days; returns what the last one was answered."""
        for idx in indexes:
            with self.at(idx, hour):
                key = f"check in {self.id} {actor!r} {body!r}"
                last = opening(key, lambda: operations.submit(actor, self.id, body=body))
        return last

    def level_cards(self, *numbers: int) -> None:
        """Let the levels of the circle, of which so many are made, give so many make-up cards each month."""
        levels = [
            {"name": "", "growth_min": 100 * place, "privileges": {"makeup_cards_per_month": number}}
            for place, number in enumerate(numbers)
        ]
        in_transaction(lambda: setattr(db.session.get_one(Circle, self.circle_id), "levels", levels))

    def raise_to(self, actor: Actor, level: int) -> None:
        """Let somebody have a level."""
        mine = select(Member).where(Member.circle_id == self.circle_id, Member.user_id == actor.id)
        in_transaction(lambda: setattr(db.session.scalars(mine).one(), "level", level))

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
