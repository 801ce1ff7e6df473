"""What a team is made of, below the operations on teams: its size, its days, and letting somebody go.

The row of a team counts what its members did. A check-in holds its enrolment when it comes to that row, and nobody who
holds the row waits for an enrolment once the campaign has begun, until it is settled.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, select

from circle.checkins import days, rules
from circle.checkins.models import Campaign, CheckinRecord, Enrollment, Team
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import lock


def frozen_size(members: int) -> int:
    """How large a team of so many counts when the campaign begins: 0 when it did not come about."""
    return members if members >= rules.MIN_TEAM else 0


def has_begun(campaign: Campaign) -> bool:
    """Whether the first period has opened: from then on teams stay as they are."""
    return campaign.opens_at is not None and campaign.opens_at <= clock.now()


def freeze(team: Team) -> int:
    """The size of a locked team of a campaign that has begun, fixed now if it was not."""
    if team.frozen_size is None:
        team.frozen_size = frozen_size(team.member_count)
    return team.frozen_size


# ---- days ------------------------------------------------------------------------------------------------------------


@cache
def _doing() -> Any:
    """How many of a team did each period. What the disqualified did is nobody's; who left had done what they did."""
    record, mine = CheckinRecord.__table__.c, Enrollment.__table__.c
    joined = Enrollment.__table__.join(CheckinRecord.__table__, record.enrollment_id == mine.id)
    members = (mine.team_id == bindparam("team", type_=BigInteger), mine.status != "disqualified")
    return (
        select(record.idx, func.count().label("members"))
        .select_from(joined)
        .where(*members, record.status == "approved")
        .group_by(record.idx)
    )


@cache
def _holding() -> Any:
    one = select(Team).where(Team.id == bindparam("team", type_=BigInteger))
    return one.with_for_update(key_share=True).execution_options(populate_existing=True)


def refresh_team(campaign: Campaign, team_id: int) -> None:
    """Write anew how many periods a team has done, after a member's days changed. Nothing once it is settled.

    Locked by hand and last, like a counter: whoever comes here holds an enrolment, which ranks behind.
    """
    team = db.session.scalars(_holding(), {"team": team_id}).one_or_none()
    if team is None or team.completed is not None or not has_begun(campaign):
        return
    count_days(campaign, team)


def count_days(campaign: Campaign, team: Team) -> frozenset[int]:
    """The periods that a locked team has done, written down in its row."""
    size = freeze(team)
    db.session.flush()
    found = db.session.execute(_doing(), {"team": team.id}).all()
    needed = days.team_needs(size, rules.TEAM_TENTHS)
    done = frozenset(row.idx for row in found if size and row.members >= needed)
    possible = size * campaign.period_count
    team.done = len(done)
    team.merit = days.team_merit(len(done), sum(row.members for row in found), possible) if size else 0
    return done


# ---- members ---------------------------------------------------------------------------------------------------------


def held_team(campaign: Campaign, enrollment_id: int) -> Team | None:
    """The team that somebody leaves who takes part no more, locked, for `let_go`; before their enrolment is locked.
    None when they are in none, or when the campaign has begun: then they stay in it, as absent."""
    if has_begun(campaign):
        return None
    team_id = db.session.scalar(select(Enrollment.team_id).where(Enrollment.id == enrollment_id))
    return None if team_id is None else locked_team(team_id)


def locked_team(team_id: int) -> Team | None:
    """A team, locked; None for one that was dissolved in this moment."""
    try:
        return lock(Team, team_id)
    except NotFound:
        return None


def let_go(team: Team | None, enrollment: Enrollment) -> None:
    """Take a locked enrolment out of its locked team: who was there longest after the captain follows them, and a team
    without anybody is gone. Where the size was fixed while this waited for the team, they stay in it, as absent."""
    if team is None or enrollment.team_id != team.id or team.frozen_size is not None:
        return
    enrollment.team_id = enrollment.teamed_at = None
    team.member_count -= 1
    db.session.flush()
    if team.member_count == 0:
        db.session.delete(team)
        db.session.flush()
    elif team.captain_id == enrollment.user_id:
        team.captain_id = next_captain(team)


def next_captain(team: Team) -> int:
    """Who has been in a team the longest, of those who take part; the captain when there is nobody else."""
    others = (
        Enrollment.team_id == team.id,
        Enrollment.user_id != team.captain_id,
        Enrollment.status.in_(("active", "completed", "failed")),
    )
    longest = select(Enrollment.user_id).where(*others).order_by(Enrollment.teamed_at, Enrollment.id).limit(1)
    return db.session.scalar(longest) or team.captain_id
