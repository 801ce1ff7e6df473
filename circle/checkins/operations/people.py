"""What those who run a circle do about one person's part in a campaign: take it away, give it back, add a day, and take
that back."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from circle import access
from circle.access import Actor, Permission
from circle.checkins import rules
from circle.checkins.events import CheckinGiven, CheckinTakenBack, Disqualified, Reinstated
from circle.checkins.models import Campaign, CampaignPeriod, CampaignRank, CheckinRecord, Enrollment
from circle.checkins.operations.counting import is_held, refresh_enrollment
from circle.checkins.operations.deciding import campaign_of, free_day, make_void
from circle.checkins.operations.enrolling import count_enrolled
from circle.checkins.operations.rewarding import reward_completion, reward_team
from circle.checkins.operations.teaming import held_team, let_go, refresh_team
from circle.circles import queries as circles
from circle.core import audit, clock, ids
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation


class _Part(NamedTuple):
    campaign: Campaign
    enrollment: Enrollment

    @property
    def about(self) -> tuple[int, int, int, int, str]:
        """As events of an enrolment begin."""
        campaign, enrollment = self
        return enrollment.id, campaign.id, campaign.circle_id, enrollment.user_id, campaign.title


def _part_of(actor: Actor, campaign_id: int, user_id: int) -> _Part:
    """Somebody's part, locked, for somebody who may act on them. Raises NotFound, Forbidden."""
    campaign = db.session.get(Campaign, campaign_id, populate_existing=True)
    if campaign is None:
        raise NotFound
    circle = circles.readable_circle_by_id(actor, campaign.circle_id)
    if campaign.status == "draft":
        raise NotFound
    access.require(actor, Permission.CAMPAIGN_MANAGE, circle.standing)
    theirs = select(Enrollment.id).where(Enrollment.campaign_id == campaign_id, Enrollment.user_id == user_id)
    enrollment_id = db.session.scalar(theirs)
    if enrollment_id is None:
        raise NotFound
    access.check_may_act_on(actor, circle.standing, circles.standing_of_user(circle.id, user_id))
    lock(Campaign, campaign_id)  # it counts who takes part, and its boards are kept while nobody leaves them
    held_team(campaign, enrollment_id)
    enrollment = lock(Enrollment, enrollment_id)
    return _Part(campaign_of(campaign_id), enrollment)


@operation
def disqualify(actor: Actor, campaign_id: int, user_id: int, *, reason: str) -> None:
    """Let somebody's part in a campaign count no more, also after it was settled: what completing gave is taken back,
    and they are on no board. Their posts, and what each check-in earned, stay. Doing it twice is doing it once.

    Raises NotFound, Forbidden (also for oneself and for a higher role), Conflict for who has withdrawn.
    """
    part = _part_of(actor, campaign_id, user_id)
    campaign, enrollment = part
    if enrollment.status == "disqualified":
        return
    rules.check_not_withdrawn(enrollment.status)
    if campaign.completed_count is not None and enrollment.status == "completed":
        campaign.completed_count -= 1
    enrollment.status, enrollment.reason, enrollment.completed_at = "disqualified", reason, None
    let_go(held_team(campaign, enrollment.id), enrollment)
    db.session.flush()
    if enrollment.team_id is not None:
        refresh_team(campaign, enrollment.team_id)
    reward_team(campaign, enrollment, on=False)
    reward_completion(campaign, enrollment, on=False)
    _leave_boards(campaign.id, user_id)
    count_enrolled(campaign.id, -1)
    audit.record(
        actor, "campaign.disqualify", f"enrollment:{enrollment.id}",
        {"campaign": str(campaign.id), "user": str(user_id), "reason": reason}, circle_id=campaign.circle_id,
    )  # fmt: skip
    emit(Disqualified(*part.about, actor.id, reason))


def _leave_boards(campaign_id: int, user_id: int) -> None:
    """Take somebody off the boards that were kept at the settlement; who stood below moves up."""
    mine = select(CampaignRank.board, CampaignRank.rank).where(
        CampaignRank.campaign_id == campaign_id, CampaignRank.user_id == user_id, CampaignRank.board != "team"
    )
    # from the last place on, so that those above still stand where they were read
    for board, rank in db.session.execute(mine.order_by(CampaignRank.board, CampaignRank.rank.desc())).all():
        table: Any = CampaignRank.__table__
        here = (table.c.campaign_id == campaign_id, table.c.board == board)
        db.session.execute(delete(table).where(*here, table.c.rank == rank))
        # in two steps, as no two rows may have one place for a moment
        db.session.execute(update(table).where(*here, table.c.rank > rank).values(rank=1 - table.c.rank))
        db.session.execute(update(table).where(*here, table.c.rank < 0).values(rank=-table.c.rank))


@operation
def reinstate(actor: Actor, campaign_id: int, user_id: int) -> None:
    """Let somebody who was disqualified take part again, with all days they have, until the campaign is settled.

    For who is not disqualified nothing changes. Raises NotFound, Forbidden, Conflict CAMPAIGN_SETTLED.
    """
    part = _part_of(actor, campaign_id, user_id)
    campaign, enrollment = part
    if enrollment.status != "disqualified":
        return
    rules.check_not_settled(enrollment.settled_at)
    enrollment.status, enrollment.reason = "active", ""
    refresh_enrollment(campaign, enrollment)
    db.session.flush()
    count_enrolled(campaign.id, 1)
    audit.record(
        actor, "campaign.reinstate", f"enrollment:{enrollment.id}",
        {"campaign": str(campaign.id), "user": str(user_id)}, circle_id=campaign.circle_id,
    )  # fmt: skip
    emit(Reinstated(*part.about, actor.id))


@operation
def give_checkin(actor: Actor, campaign_id: int, user_id: int, idx: int, *, reason: str) -> int:
    """Let a period count for somebody without a post, for example because the service failed for them alone; returns
    the record's id. It counts for completing and for the streak, is not on time, and earns no points.

    Raises NotFound, Forbidden (also for oneself and for a higher role), Conflict (ALREADY_CHECKED_IN,
    CAMPAIGN_SETTLED), Refused PERIOD_NOT_OPENED.
    """
    part = _part_of(actor, campaign_id, user_id)
    campaign, enrollment = part
    rules.check_not_settled(enrollment.settled_at)
    rules.check_campaign_status(campaign.status, ("published",))
    rules.check_given_to(enrollment.status)
    period = db.session.get(CampaignPeriod, (campaign_id, idx))
    if period is None:
        raise NotFound
    rules.check_opened(period.opens_at, campaign.cadence)
    if is_held(enrollment.id, idx):
        raise rules.already_done(campaign.cadence)
    now = clock.now()
    record = CheckinRecord(
        id=ids.new_id(), circle_id=campaign.circle_id, campaign_id=campaign.id, enrollment_id=enrollment.id,
        user_id=user_id, idx=idx, source="admin", status="approved", submitted_at=now, decided_by=actor.id,
        decided_at=now, reason=reason,
    )  # fmt: skip
    db.session.add(record)
    try:
        db.session.flush()
    except IntegrityError as error:  # somebody without the lock: the constraint alone holds (C1)
        raise rules.already_done(campaign.cadence) from error
    refresh_enrollment(campaign, enrollment)
    audit.record(
        actor, "checkin.give", f"checkin:{record.id}",
        {"campaign": str(campaign.id), "user": str(user_id), "idx": idx, "reason": reason},
        circle_id=campaign.circle_id,
    )  # fmt: skip
    about = (record.id, campaign.id, campaign.circle_id, user_id, None, campaign.title, idx, actor.id)
    emit(CheckinGiven(*about, reason))
    return record.id


@operation
def take_back_checkin(actor: Actor, campaign_id: int, user_id: int, idx: int) -> None:
    """Let a period that was given to somebody by hand count no more; the reason it was given for is kept. A check-in of
    theirs that the given day had replaced comes back.

    Of a day that was taken back nothing changes. Raises NotFound, Forbidden (also for oneself and for a higher role),
    Conflict (NOT_GIVEN, CAMPAIGN_SETTLED).
    """
    part = _part_of(actor, campaign_id, user_id)
    campaign, enrollment = part
    rules.check_not_settled(enrollment.settled_at)
    rules.check_campaign_status(campaign.status, ("published",))
    given = select(CheckinRecord).where(
        CheckinRecord.enrollment_id == enrollment.id, CheckinRecord.idx == idx, CheckinRecord.source == "admin"
    )
    records = db.session.scalars(given.order_by(CheckinRecord.id).execution_options(populate_existing=True)).all()
    if not records:
        raise rules.not_given(campaign.cadence)
    record = records[-1]
    if record.status == "void":
        return
    make_void(record, actor.id)
    refresh_enrollment(campaign, enrollment)
    free_day(enrollment, idx)
    audit.record(
        actor, "checkin.take_back", f"checkin:{record.id}",
        {"campaign": str(campaign.id), "user": str(user_id), "idx": idx}, circle_id=campaign.circle_id,
    )  # fmt: skip
    emit(CheckinTakenBack(record.id, campaign.id, campaign.circle_id, user_id, None, campaign.title, idx, actor.id))
