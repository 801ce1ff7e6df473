"""Teams of a campaign: formed before it begins, fixed when it does, decided when it is settled."""

from __future__ import annotations

from typing import cast

from sqlalchemy import CursorResult, case, exists, select, update
from sqlalchemy.exc import IntegrityError

from circle import access
from circle.access import Actor, Permission
from circle.checkins import rules
from circle.checkins.events import TeamDissolved, TeamRenamed, TeamRewarded
from circle.checkins.models import Campaign, Enrollment, Team
from circle.checkins.operations.counting import excused_of, need_of
from circle.checkins.operations.deciding import campaign_of
from circle.checkins.operations.enrolling import campaign_for, enroll
from circle.checkins.operations.rewarding import reward_team
from circle.checkins.operations.settling import deserves
from circle.checkins.operations.teaming import count_days, has_begun, held_team, let_go, locked_team
from circle.circles import queries as circles
from circle.core import audit, clock, ids
from circle.core.db import db, insert_once
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, lock_all, operation

# ---- forming ---------------------------------------------------------------------------------------------------------


@operation
def create_team(actor: Actor, campaign_id: int, *, name: str) -> int:
    """Begin a team and be its captain; returns its id. The name is for others to read, so not for the muted.

    Raises NotFound, Forbidden (MUTED, BANNED, DISQUALIFIED), Invalid, Refused NO_TEAMS, NOT_OPEN, TEAMS_FIXED,
    NOT_ENROLLED, Conflict ALREADY_IN_TEAM, TEAM_NAME_TAKEN.
    """
    campaign, circle = campaign_for(actor, campaign_id)
    access.require(actor, Permission.CHECKIN_WRITE, circle.standing)
    _check_open(campaign)
    name = rules.check_team_name(name)
    enrollment = _own_enrollment(actor, campaign)
    rules.check_no_team(in_team=enrollment.team_id is not None)
    now, team_id = clock.now(), ids.new_id()
    fresh = insert_once(
        Team, id=team_id, campaign_id=campaign_id, name=name, captain_id=actor.person_id, member_count=1, done=0,
        merit=0, created_at=now,
    )  # fmt: skip
    if not fresh:
        raise rules.team_name_taken()
    enrollment.team_id, enrollment.teamed_at = team_id, now
    return team_id


@operation
def join_team(actor: Actor, team_id: int) -> None:
    """Join a team of a campaign one takes part in. Joining one's own team changes nothing.

    Raises NotFound, Forbidden (BANNED, DISQUALIFIED), Refused NO_TEAMS, NOT_OPEN, TEAMS_FIXED, NOT_ENROLLED, TEAM_FULL,
    Conflict ALREADY_IN_TEAM.
    """
    campaign = _joinable(actor, team_id)
    team = lock(Team, team_id)
    _enter(campaign, team, _own_enrollment(actor, campaign))


@operation
def enroll_in_team(actor: Actor, campaign_id: int, team_id: int) -> int:
    """Take part in a campaign and join a team of it, both or neither; returns the enrolment's id.

    Raises what enroll and join_team raise.
    """
    if db.session.scalar(select(Team.campaign_id).where(Team.id == team_id)) != campaign_id:
        raise NotFound
    campaign = _joinable(actor, team_id)
    lock(Campaign, campaign_id)  # as joining does, and before the team
    team = lock(Team, team_id)
    enrollment_id = enroll(actor, campaign_id)
    _enter(campaign, team, lock(Enrollment, enrollment_id))
    return enrollment_id


@operation
def take_part(actor: Actor, campaign_id: int, *, team_id: int | None = None) -> int:
    """Take part in a campaign, and where a team is named at once in that; returns the enrolment's id.

    Raises what enroll and join_team raise.
    """
    return enroll(actor, campaign_id) if team_id is None else enroll_in_team(actor, campaign_id, team_id)


def _joinable(actor: Actor, team_id: int) -> Campaign:
    """The campaign of a team, for somebody who may join teams there now."""
    found = db.session.scalar(select(Team.campaign_id).where(Team.id == team_id))
    if found is None:
        raise NotFound
    campaign, circle = campaign_for(actor, found)
    access.require(actor, Permission.CAMPAIGN_JOIN, circle.standing)
    _check_open(campaign)
    return campaign


def _check_open(campaign: Campaign) -> None:
    rules.check_has_teams(teams=campaign.teams)
    rules.check_teams_open(campaign.status, campaign.opens_at)


def _own_enrollment(actor: Actor, campaign: Campaign) -> Enrollment:
    """The actor's own part, locked. Raises Refused NOT_ENROLLED, Forbidden DISQUALIFIED."""
    mine = (Enrollment.campaign_id == campaign.id, Enrollment.user_id == actor.person_id)
    there = db.session.scalar(select(Enrollment.id).where(*mine))
    if there is None:
        raise rules.not_enrolled()
    enrollment = lock(Enrollment, there)
    rules.check_takes_part(enrollment.status)
    return enrollment


def _enter(campaign: Campaign, team: Team, enrollment: Enrollment) -> None:
    if enrollment.team_id == team.id:
        return
    _check_open(campaign)  # again: it may have begun while this waited for the team
    if team.frozen_size is not None:
        raise rules.teams_fixed()
    rules.check_no_team(in_team=enrollment.team_id is not None)
    rules.check_team_room(team.member_count)
    team.member_count += 1
    enrollment.team_id, enrollment.teamed_at = team.id, clock.now()


@operation
def leave_team(actor: Actor, campaign_id: int) -> None:
    """Leave one's team before the campaign begins. Who is in none has left already.

    Raises NotFound, Forbidden, Refused NO_TEAMS, NOT_OPEN, TEAMS_FIXED.
    """
    campaign, circle = campaign_for(actor, campaign_id)
    access.require(actor, Permission.CAMPAIGN_JOIN, circle.standing)
    mine = (Enrollment.campaign_id == campaign_id, Enrollment.user_id == actor.person_id)
    there = db.session.execute(select(Enrollment.id, Enrollment.team_id).where(*mine)).one_or_none()
    if there is None or there.team_id is None:
        rules.check_has_teams(teams=campaign.teams)
        return
    _check_open(campaign)
    _step_out(campaign, there.id)


def _step_out(campaign: Campaign, enrollment_id: int) -> None:
    team = held_team(campaign, enrollment_id)
    let_go(team, lock(Enrollment, enrollment_id))


@operation
def leave_teams(circle_id: int, user_id: int) -> None:
    """Somebody is no longer in the circle: they make room in the teams of campaigns that have not begun. In those that
    have, they are absent."""
    found = db.session.execute(
        select(Enrollment.id, Enrollment.team_id)
        .join(Campaign, Campaign.id == Enrollment.campaign_id)
        .where(
            Enrollment.user_id == user_id,
            Enrollment.team_id.is_not(None),
            Campaign.circle_id == circle_id,
            Campaign.opens_at > clock.now(),
        )
        .order_by(Enrollment.team_id)
    ).all()
    teams = {team.id: team for row in found if (team := locked_team(row.team_id)) is not None}
    for enrollment in lock_all(Enrollment, [row.id for row in found]):
        let_go(teams.get(enrollment.team_id or 0), enrollment)


# ---- the people who run the circle -----------------------------------------------------------------------------------


@operation
def rename_team(actor: Actor, team_id: int, *, name: str, reason: str) -> None:
    """Give a team another name, for a reason that its members are told. The name it has changes nothing.

    Raises NotFound, Forbidden, Invalid, Conflict TEAM_NAME_TAKEN.
    """
    team, campaign = _managed(actor, team_id)
    name, before = rules.check_team_name(name), team.name
    if name == before:
        return
    same = exists().where(Team.campaign_id == campaign.id, Team.name == name, Team.id != team_id)
    if db.session.scalar(select(same)):
        raise rules.team_name_taken()
    team.name = name
    try:
        db.session.flush()
    except IntegrityError as error:  # somebody else took it in this moment
        raise rules.team_name_taken() from error
    what = {"campaign": campaign.title, "before": before, "after": name, "reason": reason}
    audit.record(actor, "team.rename", f"team:{team_id}", what, circle_id=campaign.circle_id)
    told = tuple(id_ for id_ in _members(team_id) if not actor.owns(id_))
    about = (campaign.id, campaign.circle_id, campaign.title, actor.id, team_id, told)
    emit(TeamRenamed(*about, before, name, reason))


@operation
def dissolve_team(actor: Actor, team_id: int, *, reason: str) -> None:
    """Dissolve a team before the campaign begins, for a reason that its members are told; they go on taking part.

    Raises NotFound, Forbidden, Refused TEAMS_FIXED, NOT_OPEN.
    """
    team, campaign = _managed(actor, team_id)
    rules.check_teams_open(campaign.status, campaign.opens_at)
    members, name = _members(team_id), team.name
    mine = select(Enrollment.id).where(Enrollment.team_id == team_id)
    for enrollment in lock_all(Enrollment, db.session.scalars(mine).all()):
        enrollment.team_id = enrollment.teamed_at = None
    db.session.flush()
    db.session.delete(team)
    what = {"campaign": campaign.title, "name": name, "members": len(members), "reason": reason}
    audit.record(actor, "team.dissolve", f"team:{team_id}", what, circle_id=campaign.circle_id)
    told = tuple(id_ for id_ in members if not actor.owns(id_))
    emit(TeamDissolved(campaign.id, campaign.circle_id, campaign.title, actor.id, team_id, told, name, reason))


def _managed(actor: Actor, team_id: int) -> tuple[Team, Campaign]:
    """A team, locked, for somebody who manages campaigns there and does not rank below its captain."""
    team = lock(Team, team_id)
    campaign, circle = campaign_for(actor, team.campaign_id)
    access.require(actor, Permission.CAMPAIGN_MANAGE, circle.standing)
    if not actor.owns(team.captain_id):
        captain = circles.standing_of_user(campaign.circle_id, team.captain_id)
        access.check_may_act_on(actor, circle.standing, captain)
    return team, campaign


def _members(team_id: int) -> tuple[int, ...]:
    inside = select(Enrollment.user_id).where(Enrollment.team_id == team_id).order_by(Enrollment.id)
    return tuple(db.session.scalars(inside))


# ---- beginning and end -----------------------------------------------------------------------------------------------


@operation
def freeze_teams(campaign_id: int) -> int:
    """Fix the sizes of all teams of a campaign that has begun; returns how many were not yet. Who is alone in theirs
    goes on alone."""
    campaign = db.session.get(Campaign, campaign_id, populate_existing=True)
    if campaign is None or not has_begun(campaign):
        return 0
    size = case((Team.member_count < rules.MIN_TEAM, 0), else_=Team.member_count)
    open_ = update(Team).where(Team.campaign_id == campaign_id, Team.frozen_size.is_(None)).values(frozen_size=size)
    done = db.session.execute(open_.execution_options(synchronize_session=False))
    return int(cast("CursorResult[object]", done).rowcount)


def unfrozen_campaigns(limit: int = 100) -> list[int]:
    """Campaigns that have begun and of which some team has no fixed size."""
    open_ = exists().where(Team.campaign_id == Campaign.id, Team.frozen_size.is_(None))
    begun = (Campaign.status == "published", Campaign.opens_at <= clock.now(), Campaign.teams.is_(True), open_)
    return list(db.session.scalars(select(Campaign.id).where(*begun).order_by(Campaign.id).limit(limit)))


def unsettled_teams(campaign_id: int, limit: int = 500, *, after: int = 0) -> list[int]:
    """Teams behind the id `after` that are still to be settled, in the order of their ids."""
    open_ = (Team.campaign_id == campaign_id, Team.completed.is_(None), Team.id > after)
    return list(db.session.scalars(select(Team.id).where(*open_).order_by(Team.id).limit(limit)))


@operation
def settle_team(team_id: int) -> bool:
    """Decide whether a team did what its campaign asks for, once everybody's own part is settled, and give what was
    promised to those of its members who did so themselves. False while somebody's part is open.

    What was decided is left alone, so that settling twice is settling once.
    """
    team = lock(Team, team_id)
    if team.completed is not None:
        return True
    inside = select(Enrollment.id).where(Enrollment.team_id == team_id)
    members = lock_all(Enrollment, db.session.scalars(inside).all())
    campaign = campaign_of(team.campaign_id)
    if campaign.status not in {"settling", "cancelled"} or any(each.settled_at is None for each in members):
        return False
    team.completed = _completed(campaign, team)
    for member in members:
        if team.completed and member.status == "completed":
            given = reward_team(campaign, member, on=True)
            about = (member.id, campaign.id, campaign.circle_id, member.user_id, campaign.title)
            emit(TeamRewarded(*about, team.name, given.points, given.growth))
    return True


def _completed(campaign: Campaign, team: Team) -> bool:
    if not has_begun(campaign):  # it was called off before
        team.frozen_size = 0
        return False
    done = count_days(campaign, team)
    if not team.frozen_size:
        return False
    return need_of(campaign).met(done, excused_of(campaign)) or (
        campaign.status == "cancelled" and deserves(campaign, done)
    )
