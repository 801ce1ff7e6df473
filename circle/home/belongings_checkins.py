"""What somebody did in check-in campaigns, as plain values for the copy they take with them (takeout.py).

The words and pictures of their check-ins are among their posts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from circle.checkins.models import (
    Campaign,
    CampaignPeriod,
    CampaignRank,
    CheckinRecord,
    Enrollment,
    MakeupCard,
    Team,
)
from circle.circles.models import Circle
from circle.home.batches import rows

Item = dict[str, Any]


def campaigns(user_id: int) -> Iterator[Item]:
    """The campaigns they took part in, and how far they got."""
    mine = select(
        Enrollment.id, Enrollment.campaign_id, Campaign.title, Circle.slug, Circle.name, Enrollment.status,
        Enrollment.joined_at, Enrollment.done, Enrollment.on_time, Enrollment.best_streak, Enrollment.likes,
        Enrollment.completed_at, Enrollment.settled_at, Enrollment.reason, Enrollment.teamed_at,
        Team.name.label("team"), Team.captain_id, Team.completed.label("team_completed"),
    )  # fmt: skip
    mine = mine.join(Campaign, Campaign.id == Enrollment.campaign_id).join(Circle, Circle.id == Enrollment.circle_id)
    mine = mine.outerjoin(Team, Team.id == Enrollment.team_id)
    for row in rows(mine.where(Enrollment.user_id == user_id), Enrollment.id):
        team = {
            "name": row.team, "captain": row.captain_id == user_id, "since": row.teamed_at,
            "completed": row.team_completed,
        }  # fmt: skip
        yield {
            "campaign": row.title, "address": _address(row.slug, row.campaign_id), "circle": row.name,
            "status": row.status, "joined_at": row.joined_at, "check_ins": row.done, "on_time": row.on_time,
            "longest_streak": row.best_streak, "likes": row.likes, "completed_at": row.completed_at,
            "settled_at": row.settled_at, "disqualified_because": row.reason or None,
            "team": team if row.team is not None else None,
        }  # fmt: skip


def check_ins(user_id: int) -> Iterator[Item]:
    """Every check-in, also those that do not count."""
    mine = select(
        CheckinRecord.id, CheckinRecord.campaign_id, Campaign.title, Circle.slug, CheckinRecord.idx,
        CampaignPeriod.day, CheckinRecord.post_id, CheckinRecord.source, CheckinRecord.status,
        CheckinRecord.submitted_at, CheckinRecord.decided_at, CheckinRecord.reason,
    )  # fmt: skip
    mine = mine.join(Campaign, Campaign.id == CheckinRecord.campaign_id)
    mine = mine.join(Circle, Circle.id == CheckinRecord.circle_id)
    period = (CampaignPeriod.campaign_id == CheckinRecord.campaign_id) & (CampaignPeriod.idx == CheckinRecord.idx)
    for row in rows(mine.outerjoin(CampaignPeriod, period).where(CheckinRecord.user_id == user_id), CheckinRecord.id):
        yield {
            "campaign": row.title, "campaign_address": _address(row.slug, row.campaign_id), "number": row.idx,
            "day": row.day.isoformat() if row.day else None,
            "address": f"/{row.slug}/posts/{row.post_id}" if row.post_id else None, "how": row.source,
            "status": row.status, "checked_in_at": row.submitted_at, "decided_at": row.decided_at,
            "because": row.reason or None,
        }  # fmt: skip


def makeup_cards(user_id: int) -> Iterator[Item]:
    """Their make-up cards, and for which day one was used."""
    mine = select(
        MakeupCard.id, Enrollment.campaign_id, Campaign.title, Circle.slug, MakeupCard.source, MakeupCard.state,
        CheckinRecord.idx, MakeupCard.created_at, MakeupCard.expires_at,
    )  # fmt: skip
    mine = mine.join(Enrollment, Enrollment.id == MakeupCard.enrollment_id)
    mine = mine.join(Campaign, Campaign.id == Enrollment.campaign_id).join(Circle, Circle.id == Enrollment.circle_id)
    mine = mine.outerjoin(CheckinRecord, CheckinRecord.id == MakeupCard.used_record_id)
    for row in rows(mine.where(Enrollment.user_id == user_id), MakeupCard.id):
        yield {
            "campaign": row.title, "address": _address(row.slug, row.campaign_id), "how": row.source,
            "state": row.state, "used_for_number": row.idx, "since": row.created_at, "until": row.expires_at,
        }  # fmt: skip


def campaign_places(user_id: int) -> Iterator[Item]:
    """Their places on the boards of campaigns that are over."""
    mine = select(
        CampaignRank.campaign_id, CampaignRank.board, CampaignRank.rank, Campaign.title, Circle.slug,
        CampaignRank.snapshot,
    )  # fmt: skip
    mine = mine.join(Campaign, Campaign.id == CampaignRank.campaign_id).join(Circle, Circle.id == Campaign.circle_id)
    keys = (CampaignRank.campaign_id, CampaignRank.board, CampaignRank.rank)
    for row in rows(mine.where(CampaignRank.user_id == user_id), *keys):
        yield {
            "campaign": row.title, "address": _address(row.slug, row.campaign_id), "board": row.board,
            "place": row.rank, "numbers": row.snapshot,
        }  # fmt: skip


def _address(slug: str, campaign_id: int) -> str:
    return f"/{slug}/campaigns/{campaign_id}"
