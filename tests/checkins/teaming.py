"""Teams of a campaign, and what is asked of them: for tests of teams."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from circle.access import Actor
from circle.checkins import operations, queries
from circle.checkins.models import Enrollment, Team
from circle.checkins.operations import settling
from circle.core import clock
from circle.core.db import db
from circle.core.errors import CircleError
from circle.core.operation import operation
from circle.points.models import EarnSource
from tests.checkins.campaigning import Week
from tests.openings import opening

PLAN = {"teams": True, "team_points": 30, "team_growth": 20, "reward_points": 50, "reward_growth": 30}


def form(week: Week, size: int, name: str = "早起小队") -> tuple[int, list[Actor]]:
    """A team of so many, the first of them its captain."""
    members = [week.member() for _one in range(size)]
    with week.at(0):
        return opening(f"team {members!r} {name!r}", lambda: _formed(week, members, name)), members


def _formed(week: Week, members: list[Actor], name: str) -> int:
    team_id = operations.create_team(members[0], week.id, name=name)
    for number, member in enumerate(members[1:]):
        with clock.at(clock.now() + timedelta(minutes=number)):
            operations.join_team(member, team_id)
    return team_id


def team(team_id: int) -> Team:
    return db.session.get_one(Team, team_id, populate_existing=True)


def row(week: Week, team_id: int, actor: Actor | None = None) -> queries.TeamRow:
    return queries.get_team(actor or week.owner, team_id)


def on(week: Week, idx: int, act: Callable[[], Any]) -> Callable[[], Any]:
    """The act at eight on that day, for a thread of its own."""

    def then() -> Any:
        with week.at(idx):
            return act()

    return then


def code_of(act: Callable[[], Any]) -> str:
    with pytest.raises(CircleError) as refused:
        act()
    return refused.value.code


def in_team(team_id: int) -> list[int]:
    return list(db.session.scalars(select(Enrollment.user_id).where(Enrollment.team_id == team_id)))


def rewards(code: str = "campaign.team") -> list[tuple[str, int, int]]:
    rows = select(EarnSource.state, EarnSource.active_points, EarnSource.active_growth)
    return [tuple(each) for each in db.session.execute(rows.where(EarnSource.rule_code == code))]


def check_days(team_id: int) -> None:
    """What the row says is what a fresh count finds."""
    stored = (team(team_id).done, team(team_id).merit)
    recounted(team_id)
    assert (team(team_id).done, team(team_id).merit) == stored


@operation
def recounted(team_id: int) -> None:
    found = db.session.get_one(Team, team_id)
    operations.teaming.count_days(settling.campaign_of(found.campaign_id), found)
