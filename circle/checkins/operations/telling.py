"""Who is to be told of what happens to a campaign: some hundred people at a time, each batch a transaction of its own.

A batch returns after whom the next one begins, or None after the last. The notices' own keys make it exactly once, so
that a worker that was killed may begin again from the start. What is told: circle/reactions/campaign_notices.py.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, or_, select

from circle.access import ROLE_PERMISSIONS, Permission
from circle.checkins.events import (
    CampaignAnnounced,
    ExcuseAnnounced,
    Outcome,
    ResultsAnnounced,
    UnexcuseAnnounced,
)
from circle.checkins.models import Campaign, CampaignRank, Enrollment
from circle.circles.models import Member
from circle.core import clock
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation

#: people told in one transaction
BATCH = 500
#: what somebody who takes part (or did, to the end) is
_TAKING_PART = ("active", "completed", "failed")
#: the roles of those who run a circle (circles.queries.CircleRow.can_manage)
_RUNNING = [role.value for role, may in ROLE_PERMISSIONS.items() if Permission.MEMBER_MUTE in may]


def _locked(campaign_id: int) -> Campaign | None:
    """Locked, so that whoever calls it off meanwhile waits and takes back all of it. None when it is gone."""
    try:
        return lock(Campaign, campaign_id)
    except NotFound:
        return None


@operation
def announce_campaign(campaign_id: int, by: int | None, after: int = 0, batch: int = BATCH) -> int | None:
    """Tell the next members of the circle (by user id) that a campaign is there, but for those who take part already,
    whose level is too low, and for who published it (`by`). Nobody hears of one that takes nobody any more."""
    campaign = _locked(campaign_id)
    now = clock.now()
    if campaign is None or campaign.status != "published" or campaign.opens_at is None or campaign.closes_at is None:
        return None
    if campaign.closes_at <= now:
        return None
    here = (Member.circle_id == campaign.circle_id, Member.status == "active", Member.user_id > after)
    mine = and_(Enrollment.campaign_id == campaign_id, Enrollment.user_id == Member.user_id)
    # as enrolling.check_level: who runs the circle is not held back
    may = or_(Member.level >= campaign.level_min, Member.role.in_(_RUNNING))
    found = select(Member.user_id, Enrollment.id, may.label("may")).outerjoin(Enrollment, mine).where(*here)
    rows = db.session.execute(found.order_by(Member.user_id).limit(batch)).all()
    others = tuple(row.user_id for row in rows if row.id is None and row.may and row.user_id != by)
    about = (campaign.id, campaign.circle_id, campaign.title, by)
    if others:
        emit(CampaignAnnounced(*about, campaign.start_date, campaign.opens_at <= now, others))
    return rows[-1].user_id if len(rows) == batch else None


@operation
def announce_excuse(campaign_id: int, idx: int, after: int = 0, batch: int = BATCH) -> int | None:
    """Tell the next people who take part (by enrolment) that a period counts against nobody."""
    campaign = _locked(campaign_id)
    if campaign is None or str(idx) not in campaign.excused or campaign.status == "cancelled":
        return None
    rows = _taking_part(campaign_id, after, batch)
    reason = str(campaign.excused[str(idx)].get("reason", ""))
    about = (campaign.id, campaign.circle_id, campaign.title, None)
    if rows:
        emit(ExcuseAnnounced(*about, idx, campaign.cadence, reason, tuple(row.user_id for row in rows)))
    return rows[-1].id if len(rows) == batch else None


@operation
def announce_unexcuse(campaign_id: int, idx: int, after: int = 0, batch: int = BATCH) -> int | None:
    """Tell the next people who take part (by enrolment) that a period which was excused counts again."""
    campaign = _locked(campaign_id)
    if campaign is None or str(idx) not in campaign.unexcused or campaign.status == "cancelled":
        return None
    rows = _taking_part(campaign_id, after, batch)
    about = (campaign.id, campaign.circle_id, campaign.title, None)
    if rows:
        emit(UnexcuseAnnounced(*about, idx, campaign.cadence, tuple(row.user_id for row in rows)))
    return rows[-1].id if len(rows) == batch else None


@operation
def announce_results(campaign_id: int, after: int = 0, batch: int = BATCH) -> int | None:
    """Tell the next people who took part (by enrolment) how it ended for them, and their place on the board."""
    campaign = _locked(campaign_id)
    if campaign is None or campaign.status != "closed":
        return None
    rows = _taking_part(campaign_id, after, batch)
    results = tuple(Outcome(row.user_id, row.status, row.done, row.rank) for row in rows)
    if results:
        emit(ResultsAnnounced(campaign.id, campaign.circle_id, campaign.title, None, results))
    return rows[-1].id if len(rows) == batch else None


def _taking_part(campaign_id: int, after: int, batch: int) -> list[Any]:
    place = and_(
        CampaignRank.campaign_id == campaign_id,
        CampaignRank.board == "diligence",
        CampaignRank.user_id == Enrollment.user_id,
    )
    found = (
        select(Enrollment.id, Enrollment.user_id, Enrollment.status, Enrollment.done, CampaignRank.rank)
        .outerjoin(CampaignRank, place)
        .where(Enrollment.campaign_id == campaign_id, Enrollment.id > after, Enrollment.status.in_(_TAKING_PART))
    )
    return list(db.session.execute(found.order_by(Enrollment.id).limit(batch)).all())
