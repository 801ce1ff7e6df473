"""What those who manage campaigns see of them: how each stands, its periods, and who takes part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, or_, select

from circle.access import Actor, Permission, Role, Standing, require
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of
from circle.checkins.days import Period
from circle.checkins.models import Campaign, CampaignPeriod, CheckinRecord, Enrollment
from circle.checkins.queries.reading import get_campaign, phase_of
from circle.checkins.queries.rows import CampaignRow
from circle.circles import queries as circles
from circle.circles.models import Member
from circle.circles.queries import CircleRow
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.pagination import DEFAULT_LIMIT, Keyset, Page

#: how many lie behind each other before the rest is on a page of its own
_LIST = 20
_HOLDS = ("pending", "approved")


# ---- all campaigns ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ManagedRow:
    """A campaign in the list of those who manage it."""

    id: int
    title: str
    cadence: str
    status: str
    #: draft, upcoming, running, settling, closed or cancelled
    phase: str
    tz: str
    start_date: date
    end_date: date
    period_count: int
    enrolled_count: int
    settle_at: datetime | None
    #: how many have done what it asks for
    completed: int
    #: check-ins that wait for a reviewer
    pending: int
    #: the period that is open, and how many have checked in for it
    open_idx: int | None
    open_count: int


def manageable(actor: Actor, slug: str) -> CircleRow:
    """The circle, for somebody who manages its campaigns. Raises NotFound, Unauthenticated, Forbidden."""
    circle = circles.readable_circle(actor, slug)
    require(actor, Permission.CAMPAIGN_MANAGE, circle.standing)
    return circle


def managed_page(circle: CircleRow, cursor: str | None = None, limit: int = _LIST) -> Page[ManagedRow]:
    """The campaigns of a circle (`manageable`), drafts too, the newest first. Raises BadRequest CURSOR_INVALID."""
    now = clock.now()
    open_idx = (
        select(func.min(CampaignPeriod.idx))
        .where(
            CampaignPeriod.campaign_id == Campaign.id, CampaignPeriod.opens_at <= now, CampaignPeriod.closes_at > now
        )
        .scalar_subquery()
    )
    columns: Any = select(
        Campaign.id, Campaign.title, Campaign.cadence, Campaign.status, Campaign.tz, Campaign.start_date,
        Campaign.end_date, Campaign.period_count, Campaign.enrolled_count, Campaign.settle_at, Campaign.opens_at,
        Campaign.closes_at, open_idx.label("open_idx"),
    )  # fmt: skip
    keyset = Keyset(f"campaigns.managed.{circle.id}", (Campaign.id,))
    page = keyset.read(columns.where(Campaign.circle_id == circle.id), cursor, limit)
    ids = [row.id for row in page.items]
    completed = _counted(ids, Enrollment, Enrollment.campaign_id, Enrollment.status == "completed")
    pending = _counted(ids, CheckinRecord, CheckinRecord.campaign_id, CheckinRecord.status == "pending")
    today = _today({row.id: row.open_idx for row in page.items if row.open_idx is not None and row.status != "draft"})
    return page.map(
        lambda rows: [
            ManagedRow(
                row.id, row.title, row.cadence, row.status, phase_of(row.status, row.opens_at, row.closes_at, now),
                row.tz, row.start_date, row.end_date, row.period_count, row.enrolled_count, row.settle_at,
                completed.get(row.id, 0), pending.get(row.id, 0),
                row.open_idx if row.id in today else None, today.get(row.id, 0),
            )
            for row in rows
        ]
    )  # fmt: skip


def _counted(ids: Collection[int], model: Any, campaign_id: Any, condition: Any) -> Mapping[int, int]:
    if not ids:
        return {}
    counted = select(campaign_id, func.count()).select_from(model).where(campaign_id.in_(ids), condition)
    return {row[0]: row[1] for row in db.session.execute(counted.group_by(campaign_id))}


def _today(open_: Mapping[int, int]) -> Mapping[int, int]:
    """How many have checked in for the open period of each campaign."""
    found = dict.fromkeys(open_, 0)
    if open_:
        record = CheckinRecord
        here = [and_(record.campaign_id == id_, record.idx == idx, record.status.in_(_HOLDS))
                for id_, idx in open_.items()]  # fmt: skip
        counted = select(record.campaign_id, func.count()).where(or_(*here)).group_by(record.campaign_id)
        found |= {row[0]: row[1] for row in db.session.execute(counted)}
    return found


# ---- one of them -----------------------------------------------------------------------------------------------------


def managed_campaign(actor: Actor, campaign_id: int, *, slug: str | None = None) -> CampaignRow:
    """A campaign (of the circle `slug`), for somebody who manages it. Raises NotFound, Unauthenticated, Forbidden."""
    campaign = get_campaign(actor, campaign_id, slug=slug)
    require(actor, Permission.CAMPAIGN_MANAGE, campaign.circle.standing)
    return campaign


def fixed_periods(campaign: CampaignRow) -> list[Period]:
    """The periods of a campaign as they were fixed when it was published; none of a draft."""
    columns = (
        CampaignPeriod.idx, CampaignPeriod.key, CampaignPeriod.day, CampaignPeriod.opens_at, CampaignPeriod.closes_at,
    )  # fmt: skip
    here = select(*columns).where(CampaignPeriod.campaign_id == campaign.id).order_by(CampaignPeriod.idx)
    return [Period(*row) for row in db.session.execute(here)]


# ---- who takes part --------------------------------------------------------------------------------------------------


class PersonCan(NamedTuple):
    """What the actor may do about somebody's part."""

    disqualify: bool = False
    reinstate: bool = False
    #: let a day count that is missing
    give: bool = False
    #: let a day that was given count no more
    take_back: bool = False

    @property
    def any(self) -> bool:
        return self.disqualify or self.reinstate or self.give or self.take_back


@dataclass(frozen=True)
class PersonRow:
    """Somebody's part in a campaign, for those who manage it."""

    user: Author
    #: active, completed, failed, withdrawn or disqualified
    status: str
    done: int
    on_time: int
    best_streak: int
    joined_at: datetime
    completed_at: datetime | None
    #: why somebody was disqualified
    reason: str
    #: periods that have opened and are not done
    missing: tuple[int, ...]
    #: periods that count because they were given by hand
    given: tuple[int, ...]
    can: PersonCan


#: as on the board, though those who are not on it stand here, too
_PEOPLE = (Enrollment.board_key, Enrollment.id)


def people_page(
    campaign: CampaignRow,
    *,
    status: str | None = None,
    q: str | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[PersonRow]:
    """Those who joined a campaign (`managed_campaign`), who did most first; `q` is part of a nickname or user name.

    Raises BadRequest CURSOR_INVALID.
    """
    chosen = _people(campaign)
    if status:
        chosen = chosen.where(Enrollment.status == status)
    if q:
        named = or_(User.nickname.icontains(q, autoescape=True), User.username.icontains(q, autoescape=True))
        chosen = chosen.where(named)
    page = Keyset(f"campaigns.people.{campaign.id}", _PEOPLE, descending=False).read(chosen, cursor, limit)
    return page.map(lambda rows: _person_rows(campaign, rows))


def person_in(campaign: CampaignRow, user_id: int) -> PersonRow:
    """One of those who joined a campaign. Raises NotFound."""
    rows = db.session.execute(_people(campaign).where(Enrollment.user_id == user_id)).all()
    if not rows:
        raise NotFound
    return _person_rows(campaign, rows)[0]


def _people(campaign: CampaignRow) -> Select[Any]:
    columns = (
        Enrollment.id.label("part_id"), Enrollment.status.label("part_status"), Enrollment.done, Enrollment.on_time,
        Enrollment.best_streak, Enrollment.joined_at, Enrollment.completed_at, Enrollment.reason,
        Enrollment.settled_at, Enrollment.user_id,
        Member.status.label("member_status"), Member.role.label("member_role"), Member.level.label("member_level"),
    )  # fmt: skip
    here = and_(Member.circle_id == Enrollment.circle_id, Member.user_id == Enrollment.user_id)
    chosen: Any = select(*AUTHOR_COLUMNS, *columns)
    joined = chosen.select_from(Enrollment).join(User, User.id == Enrollment.user_id).outerjoin(Member, here)
    wanted: Select[Any] = joined.where(Enrollment.campaign_id == campaign.id)
    return wanted


def _person_rows(campaign: CampaignRow, rows: Sequence[Any]) -> list[PersonRow]:
    now = clock.now()
    opened = [day.idx for day in campaign.days if day.opens_at <= now]
    held: dict[int, dict[int, str]] = defaultdict(dict)
    theirs = (CheckinRecord.enrollment_id.in_([row.part_id for row in rows]), CheckinRecord.status.in_(_HOLDS))
    columns = (CheckinRecord.enrollment_id, CheckinRecord.idx, CheckinRecord.source)
    if rows:
        for record in db.session.execute(select(*columns).where(*theirs)):
            held[record.enrollment_id][record.idx] = record.source
    return [_person(campaign, row, opened, held[row.part_id]) for row in rows]


def _person(campaign: CampaignRow, row: Any, opened: Sequence[int], held: Mapping[int, str]) -> PersonRow:
    circle = campaign.circle
    missing = tuple(idx for idx in opened if idx not in held)
    given = tuple(sorted(idx for idx, source in held.items() if source == "admin"))
    user = author_of(row[: len(AUTHOR_COLUMNS)], row.member_role, circle.tag(row.member_level))
    role = Role(row.member_role) if row.member_role else Role.MEMBER
    target = Standing(circle.id, row.user_id, row.member_status or "none", role)
    touchable = not circle.actor.owns(row.user_id) and target.rank <= circle.standing.rank
    open_ = row.settled_at is None and campaign.status == "published"
    return PersonRow(
        user, row.part_status, row.done, row.on_time, row.best_streak, row.joined_at, row.completed_at, row.reason,
        missing, given,
        PersonCan(
            disqualify=touchable and row.part_status in {"active", "completed", "failed"},
            reinstate=touchable and row.part_status == "disqualified" and row.settled_at is None,
            give=touchable and open_ and row.part_status in {"active", "completed"} and bool(missing),
            take_back=touchable and open_ and bool(given),
        ),
    )  # fmt: skip
