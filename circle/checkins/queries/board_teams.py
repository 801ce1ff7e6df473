"""The board of teams."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select

from circle.checkins import rules
from circle.checkins.models import CampaignRank, Team
from circle.checkins.queries.board_rows import CampaignBoard, TeamPlaceRow
from circle.checkins.queries.placing import CAMPAIGN, KEPT, Reading, cut, kept_total, score_of
from circle.core.db import BigInt, db

_ranks, _team = CampaignRank.__table__.c, Team.__table__.c
_size = func.coalesce(_team.frozen_size, _team.member_count)


def team_board(read: Reading) -> CampaignBoard:
    """The teams, in one statement."""
    campaign = read.campaign
    mine = campaign.me.team_id if campaign.me is not None and campaign.taking_part else None
    values = {"campaign": campaign.id, "mine": mine or 0, "before": read.before, "until": read.before + read.limit}
    if read.frozen:
        found = db.session.execute(_kept_teams_statement(), {**values, "board": read.board}).all()
        counted = [(row, row.snapshot["size"], row.snapshot["done"]) for row in found]
    else:
        found = db.session.execute(_teams_statement(), values).all()
        counted = [(row, row.size, row.done) for row in found]
    places = [
        TeamPlaceRow(
            row.rank, row.id, row.name, size, done, score_of(campaign.cadence, done), f"{campaign.url}/teams/{row.id}",
            row.id == mine,
        )
        for row, size, done in counted
    ]  # fmt: skip
    return cut(read, places, found[0].total if found else 0, frozen=read.frozen)


def teams_standing() -> ColumnElement[bool]:
    """SQL: the teams of a `campaign` that came about. A moment after its beginning no size may be fixed yet."""
    return and_(_team.campaign_id == CAMPAIGN, _size >= rules.MIN_TEAM)


def _asked(rank: Any, team_id: Any) -> ColumnElement[bool]:
    """SQL: the places of the page, and that of the reader's team."""
    here = and_(rank > bindparam("before", type_=BigInt), rank <= bindparam("until", type_=BigInt))
    return or_(here, team_id == bindparam("mine", type_=BigInt))


@cache
def _teams_statement() -> Any:
    rank = func.row_number().over(order_by=(_team.merit.desc(), _team.id)).label("rank")
    total = func.count().over().label("total")
    all_ = select(_team.id, _team.name, _team.done, _size.label("size"), rank, total).where(teams_standing())
    placed = all_.subquery("placed")
    return select(placed).where(_asked(placed.c.rank, placed.c.id)).order_by(placed.c.rank)


@cache
def _kept_teams_statement() -> Any:
    source = CampaignRank.__table__.join(Team.__table__, _team.id == _ranks.subject_id)
    return (
        select(_team.id, _team.name, _ranks.rank, _ranks.snapshot, kept_total().label("total"))
        .select_from(source)
        .where(KEPT, _asked(_ranks.rank, _team.id))
        .order_by(_ranks.rank)
    )
