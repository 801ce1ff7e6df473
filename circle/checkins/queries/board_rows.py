"""View rows of the boards of a campaign. Nothing here reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from circle.accounts.queries import Author


@dataclass(frozen=True)
class PlaceRow:
    """Somebody's place on the board of diligence."""

    rank: int
    user: Author
    #: approved check-ins, and those of them that came in their own time
    done: int
    on_time: int
    best_streak: int
    likes: int
    #: what the place is for, in words: "5 days"
    score: str
    mine: bool = False


@dataclass(frozen=True)
class BestRow:
    """A place on the board of posts."""

    rank: int
    user: Author
    post_id: int
    post_url: str
    excerpt: str
    thumb_url: str | None
    #: for which period it was written
    idx: int
    like_count: int
    #: what it was placed by (domain specification §7)
    engagement: int
    mine: bool = False


@dataclass(frozen=True)
class TeamPlaceRow:
    """A team's place."""

    rank: int
    team_id: int
    name: str
    #: how many they were as the campaign began
    size: int
    #: periods that enough of them did
    done: int
    score: str
    url: str
    #: the reader is in it
    mine: bool = False


@dataclass(frozen=True)
class CampaignBoard:
    """A board, or a part of it."""

    board: str
    #: the boards that there are
    boards: tuple[str, ...]
    #: kept as it was when the campaign was settled
    frozen: bool
    rows: Sequence[Any]
    #: how many places there are
    total: int
    next_cursor: str | None = None
    #: the place of the reader, or of their team, wherever it is
    me: PlaceRow | TeamPlaceRow | None = None
    #: the place that one more day on time would bring; None where it brings none, or no day is left
    next_rank: int | None = None

    @property
    def mine_is_shown(self) -> bool:
        """Whether the reader's own place is among the rows."""
        return any(row.mine for row in self.rows)
