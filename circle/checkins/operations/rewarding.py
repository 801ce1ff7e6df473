"""What completing a campaign gives: the one place where it is given and taken back.

Points and growth come at completion and go if it is lost. What cannot be taken back (money, codes, tickets) waits for
the settlement and will be granted here, too, under the same key.
"""

from __future__ import annotations

from typing import NamedTuple

from circle.checkins.models import Campaign, Enrollment
from circle.points.operations import Grant, set_granted


class Given(NamedTuple):
    points: int
    growth: int


def reward_completion(campaign: Campaign, enrollment: Enrollment, *, on: bool) -> Given:
    """Give what the campaign promised for completing it, or take it back: once per enrolment (C5)."""
    return _switch(campaign, enrollment, "campaign", Given(campaign.reward_points, campaign.reward_growth), on=on)


def reward_team(campaign: Campaign, enrollment: Enrollment, *, on: bool) -> Given:
    """The same for what a member gets besides when their team did it."""
    return _switch(campaign, enrollment, "campaign.team", Given(campaign.team_points, campaign.team_growth), on=on)


def _switch(campaign: Campaign, enrollment: Enrollment, code: str, promised: Given, *, on: bool) -> Given:
    if on and not any(promised):
        return Given(0, 0)
    key = f"{code}:{campaign.id}:{enrollment.user_id}"
    grant = Grant(key, code, f"enrollment:{enrollment.id}", promised.points, promised.growth)
    given = set_granted(campaign.circle_id, enrollment.user_id, grant, on=on)
    return Given(given.granted_points, given.granted_growth)
