"""A poll as one actor may see it, in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select

from circle.access import Actor, Permission
from circle.core import clock
from circle.core.db import db
from circle.posts.models import Poll, PollOption, PollVote
from circle.posts.queries.rows import PostRow


@dataclass(frozen=True)
class PollOptionRow:
    """`vote_count` and `percent` (of the people who voted) are None while the result is not shown."""

    id: int
    text: str
    chosen: bool
    vote_count: int | None
    percent: int | None


@dataclass(frozen=True)
class PollRow:
    """A poll, and how far this actor may see into it."""

    post_id: int
    question: str
    max_choices: int
    results: str
    closes_at: datetime | None
    voter_count: int
    options: list[PollOptionRow]
    #: whether this actor has voted
    voted: bool
    closed: bool
    can_vote: bool
    #: whether it is this actor's own and still runs
    can_end: bool
    #: whether the numbers are shown to this actor
    shown: bool


def poll_of(actor: Actor, post: PostRow) -> PollRow | None:
    """The poll of a post that was read for this actor; None when it has none."""
    mine = and_(PollVote.option_id == PollOption.id, PollVote.user_id == (actor.id or 0))
    rows = db.session.execute(
        select(
            Poll.question, Poll.max_choices, Poll.results, Poll.closes_at, Poll.voter_count,
            PollOption.id, PollOption.text, PollOption.vote_count, PollVote.user_id,
        )
        .join(PollOption, PollOption.post_id == Poll.post_id)
        .outerjoin(PollVote, mine)
        .where(Poll.post_id == post.id)
        .order_by(PollOption.position)
    ).all()  # fmt: skip
    if not rows:
        return None
    question, max_choices, results, closes_at, voters = rows[0][:5]
    voted = any(row.user_id is not None for row in rows)
    closed = closes_at is not None and closes_at <= clock.now()
    shown = closed or results == "always" or (results == "voted" and voted)
    return PollRow(
        post_id=post.id,
        question=question,
        max_choices=max_choices,
        results=results,
        closes_at=closes_at,
        voter_count=voters,
        options=[
            PollOptionRow(
                row.id,
                row.text,
                row.user_id is not None,
                row.vote_count if shown else None,
                (round(100 * row.vote_count / voters) if voters else 0) if shown else None,
            )
            for row in rows
        ],
        voted=voted,
        closed=closed,
        can_vote=post.status == "published" and not closed and post.circle.may(Permission.POLL_VOTE),
        can_end=post.can.edit and not closed,
        shown=shown,
    )
