"""Campaigns of the demo (`content/campaigns.json`): one that is settled, a week that runs, one that is reviewed week by
week, and one with teams that is to begin, by the operations members use.

Each act is a transaction of its own and does nothing when it was done before, so an interrupted load goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select

from circle.access import Actor
from circle.checkins import jobs, plans
from circle.checkins import operations as checkins
from circle.checkins.models import Campaign, CheckinRecord, Enrollment, Team
from circle.circles.models import Circle
from circle.core import clock
from circle.core.db import db
from circle.core.operation import operation
from circle.demo.questions import Act
from circle.demo.state import Loaded, content, seed_of, some, store
from circle.posts import operations as posts

#: nothing else happens in the same second: posts are found again by their author and moment
_APART = timedelta(seconds=13)
#: how soon after it was published the first joined, and the next after them; when teams found together
_FIRST, _NEXT, _TEAMS = timedelta(minutes=40), timedelta(minutes=9), timedelta(hours=16)
#: how long a check-in waits for a reviewer
_REVIEWED = timedelta(hours=14)


def acts_of(loaded: Loaded) -> Iterator[Act]:
    """Everything that happens in campaigns, each act with its moment."""
    for planned in content("campaigns"):
        yield from _Campaign(loaded, planned).acts()


def pictures() -> Iterator[tuple[str, int]]:
    """The pictures that check-ins show, as names and seeds."""
    for planned in content("campaigns"):
        for each in planned["checkins"]:
            yield from ((name, _seed(planned, each, name)) for name in each.get("images", ()))


def _seed(planned: dict[str, Any], each: dict[str, Any], name: str) -> int:
    return seed_of(f"{planned['key']}:{each['author']}:{each['at']}:{name}")


class _Campaign:
    """A campaign, and what happens in it."""

    def __init__(self, loaded: Loaded, planned: dict[str, Any]) -> None:
        self.loaded, self.planned, self.users = loaded, planned, loaded.users
        self.slug = loaded.slugs[planned["circle"]]
        self.people: list[str] = planned["people"]
        self.everybody = loaded.members[planned["circle"]]

    def acts(self) -> Iterator[Act]:
        """All that happens in it; that it is made comes first."""
        made = self._moment(1 - self.planned["made_days_before"], self.planned["made_at"])
        for moment, act in self._happens(made):
            if moment <= clock.now():
                yield moment, partial(self._at, moment, act)

    def _at(self, moment: datetime, act: Callable[[], object]) -> None:
        with clock.at(moment):
            act()

    def _moment(self, day: int, at: str) -> datetime:
        """A time on the `day`-th day of the campaign, from 1."""
        return self.loaded.moment(self.planned["starts_days_ago"] - (day - 1), at) + _APART

    def _happens(self, made: datetime) -> Iterator[tuple[datetime, Callable[[], object]]]:
        yield made, self._publish
        for number, person in enumerate(self.people):
            yield made + _FIRST + _NEXT * number, partial(self._enroll, person)
        for person, late in self.planned.get("late", {}).items():
            yield self._moment(late["day"], late["at"]), partial(self._enroll, person)
        for number, team in enumerate(self.planned.get("teams", [])):
            yield made + _TEAMS + _NEXT * number, partial(self._team, team)
        for each in self.planned["checkins"]:
            yield from self._checks_in(each)
        for person, left in self.planned.get("withdrawn", {}).items():
            yield self._moment(left["day"], left["at"]), partial(self._withdraw, person)
        if "settled_days_ago" in self.planned:
            yield self.loaded.moment(self.planned["settled_days_ago"], "09:00"), self._settle

    def _checks_in(self, each: dict[str, Any]) -> Iterator[tuple[datetime, Callable[[], object]]]:
        if "days_ago" in each:
            moment = self.loaded.moment(each["days_ago"], each["at"]) + _APART
        else:
            when = each.get("made_up_on", each)
            moment = self._moment(when["day"], when["at"])
        yield moment, partial(self._check_in, each)
        if "decided" in each:
            yield moment + _REVIEWED, partial(self._decide, each, moment)

    # ---- what happens ------------------------------------------------------------------------------------------------

    @property
    def id(self) -> int:
        """The campaign's id; 0 before it was made."""
        here = (Circle.slug == self.slug, Campaign.title == self.planned["plan"]["title"])
        return db.session.scalar(select(Campaign.id).join(Circle, Circle.id == Campaign.circle_id).where(*here)) or 0

    @property
    def owner(self) -> Actor:
        """Who makes it: the owner of the circle."""
        return next(
            self.users[circle["owner"]] for circle in content("circles") if circle["key"] == self.planned["circle"]
        )

    def _publish(self) -> None:
        if not self.id:
            self._make(self._plan())
        jobs.announce(self.id, self.owner.id)

    def _plan(self) -> plans.Plan:
        first = self.loaded.moment(self.planned["starts_days_ago"]).date()
        topic_id = self.loaded.topics[(self.planned["circle"], self.planned["topic"])]
        last = first + timedelta(days=self.planned["days"] - 1)
        return plans.planned(**self.planned["plan"], start_date=first, end_date=last, topic_id=topic_id)

    @operation
    def _make(self, plan: plans.Plan) -> None:
        checkins.publish_campaign(self.owner, checkins.create_campaign(self.owner, self.slug, plan))

    def _enroll(self, person: str) -> None:
        # who came and left in an earlier load is not to come back
        mine = (Enrollment.campaign_id == self.id, Enrollment.user_id == self.users[person].id)
        if db.session.scalar(select(Enrollment.id).where(*mine)) is None:
            checkins.enroll(self.users[person], self.id)

    def _withdraw(self, person: str) -> None:
        mine = (Enrollment.campaign_id == self.id, Enrollment.user_id == self.users[person].id)
        if db.session.scalar(select(Enrollment.status).where(*mine)) == "active":
            checkins.withdraw(self.users[person], self.id)

    def _team(self, team: dict[str, Any]) -> None:
        named = (Team.campaign_id == self.id, Team.name == team["name"])
        team_id = db.session.scalar(select(Team.id).where(*named))
        if team_id is None:
            team_id = checkins.create_team(self.users[team["captain"]], self.id, name=team["name"])
        for person in team["members"]:
            checkins.join_team(self.users[person], team_id)

    def _check_in(self, each: dict[str, Any]) -> None:
        author = self.users[each["author"]]
        if self._record(each, clock.now()) is None:
            media_ids = [
                store(author, self.loaded.pictures[(name, _seed(self.planned, each, name))], "post", f"{name}.png")
                for name in each.get("images", ())
            ]
            sent = {"body": each["body"], "media_ids": media_ids, "alts": each.get("alts", ())}
            if "made_up_on" in each:
                checkins.make_up(author, self.id, each["day"], **sent)
            else:
                checkins.submit(author, self.id, **sent)
        self._like(each)

    @operation
    def _like(self, each: dict[str, Any]) -> None:
        record = self._record(each, clock.now())
        others = [person for person in self.everybody if person != each["author"]]
        for person in some(others, each["likes"], each["body"]):
            posts.like_post(self.users[person], (record and record.post_id) or 0, on=True)

    def _decide(self, each: dict[str, Any], submitted_at: datetime) -> None:
        reviewer = next(person for person in self.planned["reviewers"] if person != each["author"])
        record = self._record(each, submitted_at)
        if record is None or record.status != "pending":
            return
        if each["decided"] == "approve":
            checkins.approve_record(self.users[reviewer], record.id)
        else:
            checkins.reject_record(self.users[reviewer], record.id, reason=each["reason"])

    def _record(self, each: dict[str, Any], submitted_at: datetime) -> CheckinRecord | None:
        """A check-in that was loaded already."""
        mine = (CheckinRecord.campaign_id == self.id, CheckinRecord.user_id == self.users[each["author"]].id)
        found = select(CheckinRecord).where(*mine, CheckinRecord.submitted_at == submitted_at)
        return db.session.scalars(found.execution_options(populate_existing=True)).one_or_none()

    def _settle(self) -> None:
        jobs.settle(self.id)
        jobs.announce_results(self.id)
        jobs.expire_cards()
