"""The teams of a campaign: who is in them, and how far they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from circle.access import Actor, Permission, outranks_or_equals
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of, not_blocked
from circle.checkins import days, rules
from circle.checkins.models import HOLDING, Campaign, CheckinRecord, Enrollment, Team
from circle.checkins.queries.reading import get_campaign
from circle.checkins.queries.rows import CampaignRow
from circle.circles.models import Member
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.pagination import DEFAULT_LIMIT, Keyset, Page


class TeammateRow(NamedTuple):
    """Somebody in a team."""

    user: Author
    captain: bool
    #: takes part; who withdrew after the campaign had begun is still counted in its size
    present: bool
    #: checked in for the period that is open (a reviewer may still have to look)
    done_today: bool
    mine: bool


class TeamDayRow(NamedTuple):
    """A period, and how many of a team did it. `state` is done, missed, open, excused or future."""

    idx: int
    state: str
    members: int


@dataclass(frozen=True)
class TeamRow:
    """A team as one actor may see it."""

    id: int
    campaign_id: int
    name: str
    #: None where the reader does not see them
    captain: Author | None
    #: those whom the reader sees, the captain first, then who came first
    members: tuple[TeammateRow, ...]
    member_count: int
    #: how many they were as the campaign began; 0: too few, it did not come about; None: it is still to begin
    frozen_size: int | None
    #: how many of them have to do a period; 0 before the campaign begins
    needed: int
    #: periods that the team did, and how many it takes (`reached`: of a `streak` the longest row)
    done: int
    target: int
    reached: int
    #: how many have checked in for the period that is open; None where none is
    today: int | None
    #: its place among the teams; None before the campaign begins
    rank: int | None
    #: whether it did what the campaign asks for; None until that is decided
    completed: bool | None
    mine: bool
    can_join: bool
    can_leave: bool
    #: may be renamed by this reader, and (until the campaign begins) dissolved
    can_manage: bool
    url: str
    #: all periods of the campaign, once it has begun
    days: tuple[TeamDayRow, ...] = ()

    @property
    def full(self) -> bool:
        """Whether nobody else fits in."""
        return self.member_count >= rules.MAX_TEAM

    @property
    def stood(self) -> bool:
        """Whether it came about, as far as is known."""
        return self.frozen_size != 0

    @property
    def percent(self) -> int:
        """How far it is, for a bar."""
        return min(100, 100 * self.reached // self.target)


# ---- asking ----------------------------------------------------------------------------------------------------------


def has_begun(campaign: CampaignRow) -> bool:
    """Whether the first period has opened: from then on teams stay as they are."""
    return campaign.opens_at is not None and campaign.opens_at <= clock.now()


def team_page(
    actor: Actor, campaign: CampaignRow, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[TeamRow]:
    """The teams of a campaign that was read (with its days) for this actor: before it begins the first to be formed
    first, then those that came about in the order of their board.

    Raises NotFound for a campaign without teams, BadRequest CURSOR_INVALID.
    """
    if not campaign.teams or campaign.status == "draft":
        raise NotFound
    begun = has_begun(campaign)
    order: tuple[Any, ...] = (-Team.merit, Team.id) if begun else (Team.id,)
    keyset = Keyset(f"campaign.{campaign.id}.teams.{'board' if begun else 'forming'}", order, descending=False)
    here = select(Team).where(Team.campaign_id == campaign.id)
    page = keyset.read(here.where(_stood()) if begun else here, cursor, limit)
    teams = [row[0] for row in page.items]
    return Page(_made(actor, campaign, teams, ranked=begun), page.next_cursor)


def my_team(actor: Actor, campaign: CampaignRow) -> TeamRow | None:
    """The team that the reader is in, if they are in one."""
    if campaign.me is None or campaign.me.team_id is None:
        return None
    found = db.session.scalars(select(Team).where(Team.id == campaign.me.team_id)).all()
    return next(iter(_made(actor, campaign, found, ranked=has_begun(campaign))), None)


def get_team(actor: Actor, team_id: int) -> TeamRow:
    """One team. Raises NotFound when it is not there, or its campaign is not for this actor."""
    team = _read(team_id)
    campaign = get_campaign(actor, team.campaign_id)
    return _made(actor, campaign, [team], ranked=has_begun(campaign))[0]


def team_in(actor: Actor, campaign: CampaignRow, team_id: int) -> TeamRow:
    """A team of a campaign that was read for this actor. Raises NotFound."""
    team = _read(team_id)
    if team.campaign_id != campaign.id:
        raise NotFound
    return _made(actor, campaign, [team], ranked=has_begun(campaign))[0]


def _read(team_id: int) -> Team:
    team = db.session.scalars(select(Team).where(Team.id == team_id)).one_or_none()
    if team is None:
        raise NotFound
    return team


def team_count(campaign_id: int) -> int:
    """How many teams a campaign has (of one that has begun, those that came about)."""
    begun = select(Campaign.opens_at <= clock.now()).where(Campaign.id == campaign_id).scalar_subquery()
    here = select(func.count()).select_from(Team).where(Team.campaign_id == campaign_id)
    return db.session.scalar(here.where(or_(begun.is_(False), _stood()))) or 0


def _stood() -> ColumnElement[bool]:
    """SQL: the team came about. A moment after the beginning no size may be fixed yet."""
    return func.coalesce(Team.frozen_size, Team.member_count) >= rules.MIN_TEAM


# ---- rows ------------------------------------------------------------------------------------------------------------


def _made(actor: Actor, campaign: CampaignRow, teams: Sequence[Team], *, ranked: bool) -> list[TeamRow]:
    if not teams:
        return []
    about = _About(actor, campaign, [team.id for team in teams])
    first = about.place_of(teams[0]) if ranked else 0
    rows = [about.made(team) for team in teams]
    if not ranked:
        return rows
    return [replace(row, rank=first + number if row.stood else None) for number, row in enumerate(rows)]


class _About:
    """What was read of some teams of one campaign, for one reader."""

    def __init__(self, actor: Actor, campaign: CampaignRow, ids: Sequence[int]) -> None:
        self._actor, self._campaign, self._begun = actor, campaign, has_begun(campaign)
        current = campaign.current
        self._today = current.idx if current is not None and current.is_today else None
        self._members = self._read_members(ids)
        self._days = self._read_days(ids) if self._begun else {}
        self._holding = self._read_today(ids) if self._today is not None else set()

    def _read_members(self, ids: Sequence[int]) -> Mapping[int, list[Any]]:
        here = and_(Member.circle_id == self._campaign.circle.id, Member.user_id == Enrollment.user_id)
        met: Any = true()
        if not self._campaign.circle.can_manage:  # as in every list: who blocked each other do not see each other
            met = or_(Member.role == "owner", not_blocked(self._actor, Enrollment.user_id))
        rows = db.session.execute(
            select(*AUTHOR_COLUMNS, Enrollment.team_id, Enrollment.status.label("part"), Member.role, Member.level)
            .join(User, User.id == Enrollment.user_id)
            .outerjoin(Member, here)
            .where(Enrollment.team_id.in_(ids), Enrollment.status != "disqualified", met)
            .order_by(Enrollment.teamed_at, Enrollment.id)
        )
        found: dict[int, list[Any]] = defaultdict(list)
        for row in rows:
            found[row.team_id].append(row)
        return found

    def _read_days(self, ids: Sequence[int]) -> Mapping[int, dict[int, int]]:
        """How many of each team did each period, as operations/teaming.py counts."""
        counted = (
            select(Enrollment.team_id, CheckinRecord.idx, func.count())
            .join(CheckinRecord, CheckinRecord.enrollment_id == Enrollment.id)
            .where(Enrollment.team_id.in_(ids), Enrollment.status != "disqualified", CheckinRecord.status == "approved")
            .group_by(Enrollment.team_id, CheckinRecord.idx)
        )
        found: dict[Any, dict[int, int]] = defaultdict(dict)
        for team_id, idx, members in db.session.execute(counted):
            found[team_id][idx] = members
        return found

    def _read_today(self, ids: Sequence[int]) -> set[int]:
        holding = (
            select(CheckinRecord.user_id)
            .join(Enrollment, Enrollment.id == CheckinRecord.enrollment_id)
            .where(
                Enrollment.team_id.in_(ids),
                Enrollment.status != "disqualified",
                CheckinRecord.idx == self._today,
                CheckinRecord.status.in_(HOLDING),
            )
        )
        return set(db.session.scalars(holding))

    def place_of(self, team: Team) -> int:
        """The place of a team among those of its campaign that came about."""
        better = or_(Team.merit > team.merit, and_(Team.merit == team.merit, Team.id < team.id))
        before = select(func.count()).select_from(Team).where(Team.campaign_id == team.campaign_id, _stood(), better)
        return (db.session.scalar(before) or 0) + 1

    def made(self, team: Team) -> TeamRow:
        """The row of one of the teams."""
        campaign, rows = self._campaign, self._members.get(team.id, [])
        size = team.frozen_size
        if size is None and self._begun:
            size = team.member_count if team.member_count >= rules.MIN_TEAM else 0
        needed = days.team_needs(size, rules.TEAM_TENTHS) if size else 0
        periods = self._periods(team.id, needed) if size else ()
        done = frozenset(day.idx for day in periods if day.state == "done")
        need = days.Need(campaign.need_type, campaign.need_n, campaign.period_count)
        members = sorted((self._mate(row, team) for row in rows), key=lambda mate: not mate.captain)
        mine = campaign.me is not None and campaign.me.team_id == team.id
        return TeamRow(
            team.id, team.campaign_id, team.name, next((mate.user for mate in members if mate.captain), None),
            tuple(members), team.member_count, size, needed, team.done if self._begun else 0,
            need.target(done, campaign.excused), need.reached(done, campaign.excused),
            self._done_today(rows) if size else None, None, team.completed, mine,
            can_join=not mine and self._forming() and self._may_join() and team.member_count < rules.MAX_TEAM,
            can_leave=mine and self._forming() and campaign.circle.may(Permission.CAMPAIGN_JOIN),
            can_manage=self._may_manage(team, rows), url=f"{campaign.url}/teams/{team.id}", days=periods,
        )  # fmt: skip

    def _done_today(self, rows: Sequence[Any]) -> int | None:
        return None if self._today is None else sum(row.id in self._holding for row in rows)

    def _periods(self, team_id: int, needed: int) -> tuple[TeamDayRow, ...]:
        did, now = self._days.get(team_id, {}), clock.now()
        found = []
        for day in self._campaign.days:
            members = did.get(day.idx, 0)
            state = "future"
            if members >= needed:
                state = "done"
            elif day.idx in self._campaign.excused:
                state = "excused"
            elif day.closes_at <= now:
                state = "missed"
            elif day.opens_at <= now:
                state = "open"
            found.append(TeamDayRow(day.idx, state, members))
        return tuple(found)

    def _mate(self, row: Any, team: Team) -> TeammateRow:
        user = author_of(row[: len(AUTHOR_COLUMNS)], row.role, self._campaign.circle.tag(row.level))
        return TeammateRow(
            user, row.id == team.captain_id, row.part != "withdrawn", row.id in self._holding,
            self._actor.owns(row.id),
        )  # fmt: skip

    def _forming(self) -> bool:
        return self._campaign.status == "published" and not self._begun

    def _may_join(self) -> bool:
        """Whether the reader may join some team: takes part and is in none, or may join the campaign with it."""
        me = self._campaign.me
        if me is not None and me.status == "active":
            return me.team_id is None and self._campaign.circle.may(Permission.CAMPAIGN_JOIN)
        return self._campaign.can.enroll

    def _may_manage(self, team: Team, rows: Sequence[Any]) -> bool:
        """As operations/teams.py asks: manages campaigns, and does not rank below the captain."""
        circle = self._campaign.circle
        role = next((row.role for row in rows if row.id == team.captain_id), None)
        return circle.may(Permission.CAMPAIGN_MANAGE) and outranks_or_equals(circle.standing, role)


def may_form(campaign: CampaignRow) -> bool:
    """Whether the reader may begin a team now."""
    me = campaign.me
    takes_part = me is not None and me.status == "active" and me.team_id is None
    forming = campaign.teams and campaign.status == "published" and not has_begun(campaign)
    return forming and takes_part and campaign.circle.may(Permission.CHECKIN_WRITE)
