"""The boards of a campaign: who kept at it (diligence), which posts were liked best (quality), and how the teams do.

While a campaign runs they are read from what is counted; once it is settled, only from what was kept then
(operations/freezing.py), so that nothing that happens afterwards moves a place. People who blocked each other do not
see each other, whoever is gone or was disqualified is seen by nobody, and all of them keep their places.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    null,
    or_,
    select,
    text,
    tuple_,
    union_all,
)

from circle.access import Actor
from circle.checkins import days
from circle.checkins.models import ON_BOARD, CampaignRank, Enrollment
from circle.checkins.queries.board_posts import best_posts
from circle.checkins.queries.board_rows import CampaignBoard
from circle.checkins.queries.board_teams import team_board
from circle.checkins.queries.placing import (
    BOARDS,
    CAMPAIGN,
    KEPT,
    ME,
    Reading,
    boards_of,
    cut,
    kept_total,
    labelled_person,
    not_disqualified,
    with_person,
)
from circle.checkins.queries.rows import CampaignRow
from circle.core import clock
from circle.core.db import BigInt, db
from circle.core.pagination import MAX_LIMIT, decode_cursor

_enrollments, _ranks = Enrollment.__table__.c, CampaignRank.__table__.c


def board_of(
    actor: Actor, campaign: CampaignRow, board: str = "diligence", *, cursor: str | None = None, limit: int = MAX_LIMIT
) -> CampaignBoard:
    """A board of a campaign that was read for this actor, in one statement. Raises BadRequest CURSOR_INVALID.

    A board that the campaign does not have is the first one. What one more day would bring is known where the campaign
    was read with its days.
    """
    board = board if board in boards_of(campaign) else BOARDS[0]
    name = f"campaign.{campaign.id}.{board}"
    after = decode_cursor(name, cursor) if cursor else []
    read = Reading(actor, campaign, board, name, after, max(1, min(limit, MAX_LIMIT)))
    if board == "quality":
        return best_posts(read)
    if board == "team":
        return team_board(read)
    return _frozen(read) if read.frozen else _live(read)


# ---- while it runs ---------------------------------------------------------------------------------------------------

_COUNTED = ("done", "on_time", "best_streak", "likes")
_HERE = and_(_enrollments.campaign_id == CAMPAIGN, text(ON_BOARD))


def _live(read: Reading) -> CampaignBoard:
    values = {**read.values, "row_limit": read.limit + 1}
    first = read.before + 1
    if read.after:
        values |= {"after_key": read.after[0], "after_id": read.after[1]}
    gain = 0 if read.after else _gain(read.campaign)
    found = db.session.execute(_live_statement(read.meets_all, bool(read.after)), {**values, "gain": gain}).all()
    own = [row for row in found if row.part == 1]
    page = [row for row in found if row.part == 0]
    more = page[read.limit :]
    shown, cursor = page[: read.limit], None
    if more:
        last = shown[-1]
        cursor = read.cursor_after(first + read.limit - 1, last.board_key, last.enrollment_id)
    rows = [read.place(rank, row, [row[name] for name in _AT]) for rank, row in enumerate(shown, first)]
    me, next_rank = None, None
    if own:
        me = read.place(own[0].before + 1, own[0], [own[0][name] for name in _AT])
        gained = own[0].before_then
        next_rank = gained + 1 if me is not None and gained is not None and gained + 1 < me.rank else None
    return CampaignBoard(
        read.board, boards_of(read.campaign), False, [row for row in rows if row], read.campaign.enrolled_count, cursor,
        me, next_rank,
    )  # fmt: skip


#: where the numbers stand in a row of the statement, after part, board_key and id
_AT = range(3, 3 + len(_COUNTED))


def _gain(campaign: CampaignRow) -> int:
    """What the next day on time would add to the reader's merit; 0 where there is none."""
    me = campaign.me
    if me is None or campaign.phase != "running":
        return 0
    now, to_do = clock.now(), {"open", "future", "excused"}
    day = next((day for day in me.days if day.closes_at > now and day.state in to_do), None)
    if day is None:
        return 0
    done = frozenset(day.idx for day in me.days if day.counts)
    longer = days.best_run(done | {day.idx}, campaign.excused) - days.best_run(done, campaign.excused)
    return days.one_more(longer, max(0, int((now - day.opens_at).total_seconds())))


@cache
def _live_statement(meets_all: bool, after: bool) -> Any:
    """The places of a page (part 0), and the reader's own with how many stand before it, now and with `gain` more
    (part 1): all of them ranges of ix_enrollments_board."""
    keys = (_enrollments.board_key, _enrollments.id)
    counted = [_enrollments[name] for name in _COUNTED]
    page: Select[Any] = select(*keys, *counted, _enrollments.user_id).where(_HERE)
    if after:
        given = (bindparam("after_key", type_=BigInt), bindparam("after_id", type_=BigInt))
        page = page.where(tuple_(*keys) > tuple_(*given))
    top = page.order_by(*keys).limit(bindparam("row_limit", type_=Integer)).subquery("top")
    mine = select(*keys, *counted, _enrollments.user_id).where(_HERE, _enrollments.user_id == ME).cte("mine")
    now, then = _ahead_of(mine, mine.c.board_key), _ahead_of(mine, mine.c.board_key - bindparam("gain", type_=BigInt))
    # without anything to gain nobody has to be counted twice
    gains = case((bindparam("gain", type_=BigInt) > 0, then), else_=null())
    return union_all(
        _places(top, literal(0), null(), null(), meets_all=meets_all),
        _places(mine, literal(1), now, gains, meets_all=True),
    ).order_by(text("part"), text("board_key"), text("enrollment_id"))


def _ahead_of(mine: Any, key: Any) -> Any:
    """How many stand before the reader if they have this key. In two ranges of the index: compared as a pair, SQLite
    looks at each row again, which takes twice as long."""
    better, equal = Enrollment.__table__.alias("better"), Enrollment.__table__.alias("equal")
    with_more = _counted(better).where(better.c.board_key < key)
    before = _counted(equal).where(equal.c.board_key == key, equal.c.id < mine.c.id)
    return with_more.correlate(mine).scalar_subquery() + before.correlate(mine).scalar_subquery()


def _counted(table: Any) -> Select[Any]:
    here = and_(table.c.campaign_id == CAMPAIGN, text(f"{table.name}.{ON_BOARD}"))
    return select(func.count()).select_from(table).where(here)


def _places(place: Any, part: Any, before: Any, then: Any, *, meets_all: bool) -> Select[Any]:
    counted = [place.c[name] for name in _COUNTED]
    joined = with_person(place, place.c.user_id, meets_all=meets_all)
    return select(
        part.label("part"), place.c.board_key.label("board_key"), place.c.id.label("enrollment_id"), *counted,
        *labelled_person(), before.label("before"), then.label("before_then"),
    ).select_from(joined)  # fmt: skip


# ---- as it was kept --------------------------------------------------------------------------------------------------


def _frozen(read: Reading) -> CampaignBoard:
    values = {**read.values, "board": read.board, "before": read.before, "until": read.before + read.limit}
    found = db.session.execute(_frozen_statement(read.meets_all), values).all()
    places = [read.place(row.rank, row, [row.snapshot[name] for name in _COUNTED]) for row in found]
    return cut(read, [place for place in places if place is not None], found[0].total if found else 0, frozen=True)


@cache
def _frozen_statement(meets_all: bool) -> Any:
    """The places of a page, and the reader's own."""
    source = with_person(CampaignRank.__table__, _ranks.user_id, meets_all=meets_all, but_if=not_disqualified())
    here = and_(_ranks.rank > bindparam("before", type_=BigInt), _ranks.rank <= bindparam("until", type_=BigInt))
    return (
        select(_ranks.rank, _ranks.snapshot, *labelled_person(), kept_total().label("total"))
        .select_from(source)
        .where(KEPT, or_(here, _ranks.user_id == ME))
        .order_by(_ranks.rank)
    )
