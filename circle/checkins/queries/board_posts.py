"""The board of posts: the check-ins of a campaign that met most."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Select, and_, select

from circle.accounts.models import User
from circle.checkins.models import CampaignRank, CheckinRecord, Enrollment
from circle.checkins.queries.board_rows import BestRow, CampaignBoard
from circle.checkins.queries.placing import (
    CAMPAIGN,
    KEPT,
    Reading,
    boards_of,
    labelled_person,
    not_disqualified,
    with_person,
)
from circle.core.db import db
from circle.core.storage import file_url
from circle.posts.models import Post

#: places on it
BEST = 10
_ranks, _records, _posts, _users = (model.__table__.c for model in (CampaignRank, CheckinRecord, Post, User))


def best_posts(read: Reading) -> CampaignBoard:
    """The best posts, in one statement; those of people whom the reader does not meet leave a gap."""
    statement = _kept_best_statement(read.meets_all) if read.frozen else _best_statement(read.meets_all)
    values = {**read.values, "board": read.board} if read.frozen else read.values
    found = db.session.execute(statement, values).all()
    first = found[: read.limit]
    rows = [row for rank, columns in enumerate(first, 1) if (row := _best(read, rank, columns)) is not None]
    return CampaignBoard(read.board, boards_of(read.campaign), read.frozen, rows, len(found))


def _best(read: Reading, rank: int, row: Any) -> BestRow | None:
    user, circle = read.person(row), read.campaign.circle
    if user is None or row.excerpt is None:
        return None
    picture = next((item["id"] for item in row.parts.get("media", ()) if item["kind"] == "image"), None)
    thumb = file_url(picture, "thumb", signed=circle.visibility != "public")
    url = f"/{circle.slug}/posts/{row.post_id}"
    return BestRow(
        rank, user, row.post_id, url, row.excerpt, thumb, row.idx, row.like_count, row.engagement,
        read.actor.owns(user.id),
    )  # fmt: skip


def best_records() -> Select[Any]:
    """The places of the board of posts in a `campaign`: approved check-ins whose post is visible, of people who are
    there. Also what is kept at the settlement."""
    member = Enrollment.__table__
    source = CheckinRecord.__table__.join(Post.__table__, _posts.id == _records.post_id)
    source = source.join(member, member.c.id == _records.enrollment_id)
    source = source.join(User.__table__, _users.id == _records.user_id)
    return (
        select(_records.user_id, _records.post_id, _records.idx, _records.engagement)
        .select_from(source)
        .where(
            _records.campaign_id == CAMPAIGN, _records.status == "approved", _posts.status == "published",
            member.c.status != "disqualified", _users.status != "deleted",
        )
        .order_by(_records.quality_key, _records.post_id)
        .limit(BEST)
    )  # fmt: skip


_SHOWN = (_posts.excerpt, _posts.parts, _posts.like_count)


@cache
def _best_statement(meets_all: bool) -> Any:
    best = best_records().subquery("best")
    source = best.join(Post.__table__, _posts.id == best.c.post_id)
    source = with_person(source, best.c.user_id, meets_all=meets_all)
    return (
        select(best.c.post_id, best.c.idx, best.c.engagement, *_SHOWN, *labelled_person())
        .select_from(source)
        .order_by(best.c.engagement.desc(), best.c.post_id)
    )


@cache
def _kept_best_statement(meets_all: bool) -> Any:
    visible = and_(_posts.id == _ranks.subject_id, _posts.status == "published")
    source = CampaignRank.__table__.outerjoin(Post.__table__, visible)
    source = with_person(source, _ranks.user_id, meets_all=meets_all, but_if=not_disqualified())
    numbers = (_ranks.snapshot["idx"].as_integer().label("idx"), _ranks.snapshot["engagement"].as_integer())
    return (
        select(
            _ranks.subject_id.label("post_id"), numbers[0], numbers[1].label("engagement"), *_SHOWN, *labelled_person()
        )
        .select_from(source)
        .where(KEPT)
        .order_by(_ranks.rank)
    )
