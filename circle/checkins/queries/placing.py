"""What the boards of a campaign have in common: which part is asked for, whose place it is, and what was kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, func, or_, select, true

from circle.access import Actor
from circle.accounts.models import User
from circle.accounts.queries import AUTHOR_COLUMNS, Author, author_of, not_blocked_for
from circle.checkins.models import CampaignRank, Enrollment
from circle.checkins.queries.board_rows import CampaignBoard, PlaceRow
from circle.checkins.queries.rows import CampaignRow
from circle.circles.models import Member
from circle.core.i18n import ngettext
from circle.core.pagination import encode_cursor

BOARDS = ("diligence", "quality", "team")

_enrollments, _ranks = Enrollment.__table__.c, CampaignRank.__table__.c
_users, _members = User.__table__.c, Member.__table__.c
CAMPAIGN, CIRCLE, ME = (bindparam(name, type_=BigInteger) for name in ("campaign", "circle", "me"))
#: the person of a row, and their place in the circle; all of it null where the reader does not see them
_PERSON = (*(_users[column.key] for column in AUTHOR_COLUMNS), _members.role, _members.level)


def boards_of(campaign: CampaignRow) -> tuple[str, ...]:
    """The boards that a campaign has."""
    return BOARDS if campaign.teams else BOARDS[:-1]


@dataclass(frozen=True)
class Reading:
    """What is asked for."""

    actor: Actor
    campaign: CampaignRow
    board: str
    name: str
    #: board_key, enrolment and rank of the last place before this page; empty: the first page
    after: Sequence[Any]
    limit: int

    @property
    def frozen(self) -> bool:
        return self.campaign.closed_at is not None

    @property
    def before(self) -> int:
        """How many places stand before this page."""
        return int(self.after[-1]) if self.after else 0

    def cursor_after(self, rank: int, *keys: int) -> str:
        """Where the board goes on behind this place; `keys` tell it while the board still moves."""
        return encode_cursor(self.name, [*(keys or (0, 0)), rank])

    @property
    def meets_all(self) -> bool:
        """Whether blocks do not matter: to those who run the circle, and to visitors."""
        return self.campaign.circle.can_manage or not self.actor.signed_in

    @property
    def values(self) -> dict[str, Any]:
        """What stands for the place and the reader in statements that are put together once."""
        return {"campaign": self.campaign.id, "circle": self.campaign.circle.id, "me": self.actor.id or 0}

    def person(self, row: Any) -> Author | None:
        """Whose place it is; None where the reader does not see them."""
        if row.username is None:
            return None
        columns = [getattr(row, column.key if column.key != "id" else "person_id") for column in AUTHOR_COLUMNS]
        return author_of(columns, row.role, self.campaign.circle.tag(row.level))

    def place(self, rank: int, row: Any, counted: Any) -> PlaceRow | None:
        """The row of a place; None where the reader does not see whose it is."""
        user = self.person(row)
        if user is None:
            return None
        done, on_time, best, likes = counted
        return PlaceRow(
            rank, user, done, on_time, best, likes, score_of(self.campaign.cadence, on_time), self.actor.owns(user.id)
        )


def score_of(cadence: str, count: int) -> str:
    """So many periods in words."""
    if cadence == "weekly":
        return str(ngettext("%(num)s week", "%(num)s weeks", count))
    return str(ngettext("%(num)s day", "%(num)s days", count))


def _seen(meets_all: bool, user_id: Any) -> Any:
    """SQL: the row of the person of a place, if the reader sees whose it is. The owner, whose word concerns everybody
    there, cannot be blocked away."""
    met = true() if meets_all else or_(_members.role == "owner", not_blocked_for(ME, user_id))
    return and_(_users.id == user_id, _users.status != "deleted", met)


def with_person(source: Any, user_id: Any, *, meets_all: bool, but_if: ColumnElement[bool] | None = None) -> Any:
    """Join the person of a place, and nobody where the reader does not see them: the place stays."""
    here = and_(_members.circle_id == CIRCLE, _members.user_id == user_id)
    seen = _seen(meets_all, user_id)
    return source.outerjoin(Member.__table__, here).outerjoin(
        User.__table__, seen if but_if is None else and_(seen, but_if)
    )


def labelled_person() -> list[Any]:
    """The columns that `Reading.person` wants."""
    return [column.label("person_id") if column is _users.id else column for column in _PERSON]


def cut(read: Reading, places: Sequence[Any], total: int, *, frozen: bool) -> CampaignBoard:
    """A page of places whose ranks are known, among which is the reader's own."""
    me = next((place for place in places if place.mine), None)
    until = read.before + read.limit
    rows = [place for place in places if read.before < place.rank <= until]
    # a page on which nobody is seen goes on, too
    cursor = read.cursor_after(until) if until < total else None
    return CampaignBoard(read.board, boards_of(read.campaign), frozen, rows, total, cursor, me)


#: SQL: the places of a `board` of a `campaign` that were kept
KEPT = and_(_ranks.campaign_id == CAMPAIGN, _ranks.board == bindparam("board"))


def not_disqualified() -> ColumnElement[bool]:
    """SQL: whoever has a place that was kept was not disqualified afterwards."""
    out = select(_enrollments.user_id).where(
        _enrollments.campaign_id == CAMPAIGN,
        _enrollments.user_id == _ranks.user_id,
        _enrollments.status == "disqualified",
    )
    return ~out.exists()


def kept_total() -> Any:
    """SQL: how many places a board has that was kept."""
    whole = CampaignRank.__table__.alias()
    here = (whole.c.campaign_id == CAMPAIGN, whole.c.board == bindparam("board"))
    return select(func.max(whole.c.rank)).where(*here).scalar_subquery()
