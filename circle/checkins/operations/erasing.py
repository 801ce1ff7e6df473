"""What becomes of somebody's part in campaigns when their account is deleted, and of what others wrote of them.

Called by the job of the deletion, after the account is closed: nobody asks for these but the person who is gone. Each
operation is about one row, so none of them holds anything for long, and each does nothing the second time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, exists, select, update

from circle.checkins.events import CampaignNameErased, TeamNameErased
from circle.checkins.models import Campaign, CheckinRecord, Enrollment, MakeupCard, Team
from circle.checkins.operations.teaming import next_captain
from circle.checkins.rules import MAX_TEAM_NAME
from circle.core.db import db
from circle.core.mentions import without
from circle.core.operation import emit, lock, operation

#: as long as the columns are
MAX_REASON = 300


@operation
def erase_enrollment(enrollment_id: int) -> None:
    """Forget the words that were told to somebody about their part in a campaign, and the cards they did not use.

    The part itself stays, under their number: with it, and where it stands, the places of all others. Raises NotFound.
    """
    enrollment = lock(Enrollment, enrollment_id)
    enrollment.reason = ""
    mine = (CheckinRecord.enrollment_id == enrollment_id, CheckinRecord.reason != "")
    words = update(CheckinRecord).where(*mine).values(reason="")
    db.session.execute(words.execution_options(synchronize_session=False))
    unused = delete(MakeupCard).where(MakeupCard.enrollment_id == enrollment_id, MakeupCard.state != "used")
    db.session.execute(unused.execution_options(synchronize_session=False))


@operation
def erase_captain(user_id: int, team_id: int, names: Collection[str], *, keep_name: bool, plain: str) -> None:
    """Let somebody else be the captain of a team, if there is anybody, and let it be called `plain` when its name is
    not to stay or names the person. Raises NotFound."""
    team = lock(Team, team_id)
    if team.captain_id != user_id:
        return
    named = any(name.casefold() in team.name.casefold() for name in names)
    if (named or not keep_name) and not re.fullmatch(rf"{re.escape(plain)}( \d+)?", team.name):
        _rename(team, plain)
    team.captain_id = next_captain(team)


def _rename(team: Team, wanted: str) -> None:
    """Call a locked team so, with a number behind it where another one has the name."""
    name, number = wanted[:MAX_TEAM_NAME], 2
    while db.session.scalar(select(exists().where(Team.campaign_id == team.campaign_id, Team.name == name))):
        end = f" {number}"
        name, number = f"{wanted[: MAX_TEAM_NAME - len(end)]}{end}", number + 1
    before, team.name = team.name, name
    db.session.flush()
    emit(TeamNameErased(team.campaign_id, before, name))


# ---- the name in what others wrote -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gone:
    """The user names of somebody who is gone, and what is to stand in their place."""

    names: frozenset[str]
    label: str

    def without(self, text: str) -> str:
        """A plain text that names them no more."""
        return without(text, self.names, self.label)


@operation
def store_unnamed_campaign(campaign_id: int, before: Mapping[str, Any], now: Mapping[str, Any], gone: Gone) -> bool:
    """Let the words of a campaign read as `now`; False when they are not as `before` any more. Raises NotFound."""
    campaign = lock(Campaign, campaign_id)
    if any(getattr(campaign, name) != value for name, value in before.items()):
        return False
    for name, value in now.items():
        setattr(campaign, name, value)  # the version stays: for readers this is no edit
    emit(CampaignNameErased(campaign_id, tuple(sorted(gone.names)), gone.label))
    return True


@operation
def unname_team(team_id: int, gone: Gone) -> None:
    """Let the name of a team name somebody no more. Raises NotFound."""
    team = lock(Team, team_id)
    if (now := gone.without(team.name)) != team.name:
        _rename(team, now)


@operation
def unname_reasons(enrollment_id: int, gone: Gone) -> None:
    """Let what somebody else was told in a campaign name the person no more. Raises NotFound."""
    enrollment = lock(Enrollment, enrollment_id)
    enrollment.reason = gone.without(enrollment.reason)[:MAX_REASON]
    mine = (CheckinRecord.enrollment_id == enrollment_id, CheckinRecord.reason != "")
    for record in db.session.scalars(select(CheckinRecord).where(*mine).order_by(CheckinRecord.id)):
        record.reason = gone.without(record.reason)[:MAX_REASON]
    emit(CampaignNameErased(enrollment.campaign_id, tuple(sorted(gone.names)), gone.label))
