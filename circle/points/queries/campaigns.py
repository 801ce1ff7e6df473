"""What points tell of campaigns, which come later in the import order: only what one is called, and how a check-in of
somebody stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import String, column, select, table

from circle.circles.queries import CircleRow
from circle.core.db import BigInt, db
from circle.core.i18n import _

_CAMPAIGNS = table("campaigns", column("id", BigInt), column("circle_id", BigInt), column("title", String))
_RECORDS = table(
    "checkin_records",
    *(column(name, BigInt) for name in ("id", "campaign_id", "user_id", "idx")),
    column("source", String),
    column("status", String),
)
#: first words of the sources that belong to a campaign; its id comes next, then the person's, then the day's number
WORDS = ("checkin", "campaign", "campaign.team")


class About(NamedTuple):
    """What a source is called, and where the campaign is."""

    url: str | None
    title: str


def about(circle: CircleRow, word: str, numbers: Sequence[int]) -> About | None:
    """A source of a campaign in this circle; None when there is no such campaign."""
    if len(numbers) != (3 if word == "checkin" else 2):
        return None
    here = (_CAMPAIGNS.c.id == numbers[0], _CAMPAIGNS.c.circle_id == circle.id)
    title = db.session.scalar(select(_CAMPAIGNS.c.title).where(*here))
    if title is None:
        return None
    if word == "checkin":
        said = _("Check-in no. %(idx)s of “%(title)s”", idx=numbers[2], title=title)
    elif word == "campaign":
        said = _("“%(title)s” completed", title=title)
    else:
        said = _("“%(title)s” completed as a team", title=title)
    return About(f"/{circle.slug}/campaigns/{numbers[0]}", str(said))


def nothing_because(word: str, numbers: Sequence[int]) -> str | None:
    """Why nothing was recorded for a source of a campaign; None where there is nothing that could have been."""
    campaign_id, user_id = numbers[:2]
    mine = select(_RECORDS.c.source, _RECORDS.c.status).where(
        _RECORDS.c.campaign_id == campaign_id, _RECORDS.c.user_id == user_id
    )
    if word == "checkin":
        mine = mine.where(_RECORDS.c.idx == numbers[2])
    newest = db.session.execute(mine.order_by(_RECORDS.c.id.desc()).limit(1)).one_or_none()
    if newest is None:
        return None
    if word != "checkin":
        return str(_("it is not completed yet, or it promises nothing for that."))
    if newest.source != "normal":
        return str(_("what is made up, or given by hand, counts for the campaign and earns no points."))
    if newest.status == "pending":
        return str(_("it waits for a reviewer; it earns when it is approved."))
    return str(_("it does not count for the campaign."))
