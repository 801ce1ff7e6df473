"""Looking at a campaign at a moment of it: for tests of what everybody sees."""

from __future__ import annotations

from typing import Any

from circle.access import Actor
from circle.checkins import queries
from circle.checkins.queries import CampaignRow
from circle.circles import queries as circles
from tests.checkins.campaigning import Week


def seen(week: Week, actor: Actor, idx: int, hour: float = 8) -> CampaignRow:
    with week.at(idx, hour):
        return queries.get_campaign(actor, week.id)


def states(row: CampaignRow) -> str:
    return " ".join(day.state for day in row.strip)


def circle_for(week: Week, actor: Actor) -> Any:
    return circles.readable_circle(actor, week.slug)
