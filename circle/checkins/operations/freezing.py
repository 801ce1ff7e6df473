"""Keeping the boards of a campaign as they are when it is settled: likes, deletions and blocks come too late then."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, func, insert, literal, literal_column, null, select, text

from circle.checkins.models import ON_BOARD, Campaign, CampaignRank, Enrollment, Team
from circle.checkins.queries.board_posts import best_records
from circle.checkins.queries.board_teams import teams_standing
from circle.core.db import BigInt, Json, db

_CAMPAIGN = bindparam("campaign", type_=BigInteger)
_COLUMNS = ("campaign_id", "board", "rank", "user_id", "subject_id", "snapshot")


def freeze_boards(campaign: Campaign) -> None:
    """Write down the boards of a locked campaign of which everybody's part is settled, and that is not closed yet: all
    places of the boards of people and teams, and of the best posts (C6)."""
    db.session.flush()
    dialect = db.session.get_bind().dialect.name
    table: Any = CampaignRank.__table__
    boards = (_diligence, _quality, _teams) if campaign.teams else (_diligence, _quality)
    for board in boards:
        places = board(dialect)
        kept = insert(table).from_select(_COLUMNS, places, include_defaults=False)
        db.session.execute(kept, {"campaign": campaign.id})


def _snapshot(dialect: str, **numbers: Any) -> Any:
    """SQL: an object with these numbers, as JSON."""
    make = func.jsonb_build_object if dialect == "postgresql" else func.json_object
    pairs: list[Any] = []
    for name, number in numbers.items():
        pairs += [literal_column(f"'{name}'"), number]
    return make(*pairs, type_=Json)


def _placed(board: str, order: Any, user_id: Any, subject_id: Any, snapshot: Any) -> Select[Any]:
    rank = func.row_number().over(order_by=order)
    return select(_CAMPAIGN, literal(board), rank, user_id, subject_id, snapshot)


@cache
def _diligence(dialect: str) -> Select[Any]:
    part: Any = Enrollment.__table__.c
    counted = {name: part[name] for name in ("done", "on_time", "best_streak", "likes", "lateness_s")}
    places = _placed(
        "diligence", (part.board_key, part.id), part.user_id, null().cast(BigInt), _snapshot(dialect, **counted)
    )
    return places.where(part.campaign_id == _CAMPAIGN, text(ON_BOARD))


@cache
def _quality(dialect: str) -> Select[Any]:
    best = best_records().subquery("best").c
    numbers = _snapshot(dialect, idx=best.idx, engagement=best.engagement)
    return _placed("quality", (best.engagement.desc(), best.post_id), best.user_id, best.post_id, numbers)


@cache
def _teams(dialect: str) -> Select[Any]:
    team = Team.__table__.c
    numbers = _snapshot(dialect, done=team.done, size=team.frozen_size)
    places = _placed("team", (team.merit.desc(), team.id), team.captain_id, team.id, numbers)
    return places.where(teams_standing())
