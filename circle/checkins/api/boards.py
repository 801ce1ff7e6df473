"""The boards of a campaign over the API."""

from __future__ import annotations

from typing import Any

from circle.checkins import queries
from circle.checkins.api.blueprint import bp
from circle.checkins.board_schemas import BoardPlaceOut, CampaignBoardOut, CampaignBoardQuery
from circle.checkins.queries import BestRow, PlaceRow, TeamPlaceRow
from circle.core.api import actor

_NOTHING = dict.fromkeys(BoardPlaceOut().fields)


@bp.endpoint(
    "GET", "/campaigns/<id:campaign_id>/board",
    gives=CampaignBoardOut, query=CampaignBoardQuery, signed_in=False, errors=(400,),
)  # fmt: skip
def board(query: dict[str, Any], campaign_id: int) -> dict[str, Any]:
    """A board of a campaign: who kept at it, which posts met most, or how the teams do."""
    campaign = queries.get_campaign(actor(), campaign_id)
    found = queries.board_of(actor(), campaign, query["board"], cursor=query["cursor"], limit=query["limit"])
    return {
        "board": found.board, "boards": found.boards, "frozen": found.frozen, "total": found.total,
        "me": _place(found.me) if found.me is not None else None, "next_rank": found.next_rank,
        "items": [_place(row) for row in found.rows], "next_cursor": found.next_cursor,
    }  # fmt: skip


def _place(row: PlaceRow | BestRow | TeamPlaceRow) -> dict[str, Any]:
    told = {**_NOTHING, "rank": row.rank, "mine": row.mine}
    if isinstance(row, TeamPlaceRow):
        team = {"team_id": row.team_id, "team_name": row.name, "team_size": row.size, "done": row.done}
        return {**told, **team, "url": row.url}
    if isinstance(row, BestRow):
        post = {name: getattr(row, name) for name in ("user", "post_id", "excerpt", "thumb_url", "idx", "engagement")}
        return {**told, **post, "url": row.post_url}
    return {**told, **{name: getattr(row, name) for name in ("user", "done", "on_time", "best_streak", "likes")}}
