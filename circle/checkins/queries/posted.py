"""The posts of a campaign's check-ins."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam

from circle.access import Actor
from circle.checkins.models import CheckinRecord
from circle.checkins.queries.rows import CampaignRow
from circle.core.pagination import Keyset, Page
from circle.posts.models import Post
from circle.posts.queries import PostRow
from circle.posts.queries.feed import blocks_matter, cards_in, rows_in, values_for

_records, _posts = CheckinRecord.__table__.c, Post.__table__.c
_KEYSET = Keyset("campaign.checkins", (_records.id,))


@cache
def _statement(*, signed_in: bool, met: bool, after: bool) -> Select[Any]:
    """What counts, as the index of the records has it: the last first."""
    cards = cards_in(signed_in=signed_in, met=met).join(CheckinRecord.__table__, _records.post_id == _posts.id)
    of_campaign = _records.campaign_id == bindparam("campaign", type_=BigInteger)
    return _KEYSET.prepare(
        cards.where(of_campaign, _records.status == "approved", _posts.status == "published"), after=after
    )


def checkin_posts(actor: Actor, campaign: CampaignRow, *, cursor: str | None = None, limit: int = 20) -> Page[PostRow]:
    """A page of the check-ins of a campaign that was read for this actor: those that count, the last first.

    Raises BadRequest CURSOR_INVALID.
    """
    circle = campaign.circle
    statement = _statement(signed_in=actor.signed_in, met=blocks_matter(actor, circle), after=bool(cursor))
    values = values_for(actor, circle) | {"campaign": campaign.id}
    page = _KEYSET.fetch(statement, values, cursor, limit, name=f"campaign.{campaign.id}.checkins")
    return page.map(lambda rows: rows_in(actor, circle, rows))
