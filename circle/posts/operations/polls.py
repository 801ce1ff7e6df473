"""Polls: asking with a post, voting, changing one's mind, and the end of the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select

from circle import access
from circle.access import Actor, Permission
from circle.circles import queries as circles
from circle.core import clock, ids, markup
from circle.core.db import db
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation
from circle.posts import rules
from circle.posts.events import PollClosed, PollOpened
from circle.posts.models import Poll, PollOption, PollVote, Post
from circle.posts.operations.meeting import check_may_meet


@dataclass(frozen=True)
class PollContent:
    """A poll as its author asks it, judged already. `closes_in` counts from the moment the post appears."""

    question: str
    options: tuple[str, ...]
    max_choices: int
    results: str
    closes_at: datetime | None = None
    closes_in: timedelta | None = None

    @classmethod
    def of(
        cls,
        options: Sequence[str],
        *,
        question: str = "",
        max_choices: int = 1,
        results: str = "voted",
        closes_at: datetime | None = None,
        closes_in_h: int | None = None,
    ) -> PollContent:
        """Judge what was sent; more choices than there are options means any number of them. Raises Invalid (poll)."""
        cleaned = tuple(markup.clean_line(option) for option in options)
        closes_in = None if closes_in_h is None else timedelta(hours=closes_in_h)
        rules.check_poll(
            question, cleaned, max_choices=max_choices, results=results, closes_at=closes_at, closes_in=closes_in
        )
        most = min(max_choices, len(cleaned))
        return cls(markup.clean_line(question), cleaned, most, results, closes_at, closes_in)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> PollContent | None:
        """The poll that `as_json` put into a draft. Raises Invalid (poll), for example when its end has come."""
        if not stored:
            return None
        closes_at = stored.get("closes_at")
        moment = datetime.fromisoformat(closes_at) if closes_at else None
        return cls.of(**{**stored, "closes_at": moment})

    def as_json(self) -> dict[str, Any]:
        """What a draft keeps: the arguments of `of` as plain values."""
        return {
            "question": self.question,
            "options": list(self.options),
            "max_choices": self.max_choices,
            "results": self.results,
            "closes_at": self.closes_at.isoformat() if self.closes_at else None,
            "closes_in_h": int(self.closes_in.total_seconds() // 3600) if self.closes_in else None,
        }


@operation
def attach_poll(post_id: int, content: PollContent) -> None:
    """Give a post that is being written its poll, and its card what it shows of it. Raises Invalid (poll)."""
    post = lock(Post, post_id)
    rules.check_closing(content.closes_at)  # a planned post may come after the end of its own poll
    closes_at = clock.now() + content.closes_in if content.closes_in else content.closes_at
    db.session.add(
        Poll(
            post_id=post_id,
            question=content.question,
            max_choices=content.max_choices,
            results=content.results,
            closes_at=closes_at,
            created_at=clock.now(),
        )
    )
    db.session.flush()  # the options point at it
    rows = [
        {"id": ids.new_id(), "created_at": clock.now(), "post_id": post_id, "position": position, "text": text,
         "vote_count": 0}
        for position, text in enumerate(content.options)
    ]  # fmt: skip
    db.session.execute(insert(PollOption), rows)
    summary = {
        "question": content.question,
        "option_count": len(content.options),
        "closes_at": _moment(closes_at) if closes_at else None,
    }
    post.parts = {**post.parts, "poll": summary}
    emit(PollOpened(post_id, closes_at))


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


@operation
def vote(actor: Actor, post_id: int, option_ids: Sequence[int]) -> None:
    """Vote in a poll, or vote otherwise; nothing chosen takes the vote back. Doing it twice is doing it once.

    Raises NotFound, Forbidden (BANNED), Invalid (option_ids), Refused TOO_MANY_CHOICES, POLL_CLOSED, BLOCKED.
    """
    poll = lock(Poll, post_id)  # all votes of a poll queue here, so its numbers are exact
    post = db.session.get_one(Post, post_id)
    circle = circles.readable_circle_by_id(actor, post.circle_id)
    if post.status != "published":
        raise NotFound
    access.require(actor, Permission.POLL_VOTE, circle.standing)
    if option_ids:
        check_may_meet(actor, circle, post.author_id)
    rules.check_open(poll.closes_at)
    options = {option.id: option for option in _options(post_id)}
    wanted = set(option_ids)
    rules.check_choices(wanted, options.keys(), poll.max_choices)
    mine = (PollVote.post_id == post_id, PollVote.user_id == actor.person_id)
    had = set(db.session.scalars(select(PollVote.option_id).where(*mine)))
    if gone := had - wanted:
        db.session.execute(delete(PollVote).where(*mine, PollVote.option_id.in_(gone)))
    rows = [
        {"post_id": post_id, "user_id": actor.person_id, "option_id": id_, "created_at": clock.now()}
        for id_ in sorted(wanted - had)
    ]
    if rows:
        db.session.execute(insert(PollVote), rows)
    for id_, option in options.items():
        option.vote_count += (id_ in wanted) - (id_ in had)
    poll.voter_count += bool(wanted) - bool(had)


def _options(post_id: int) -> Sequence[PollOption]:
    asked = select(PollOption).where(PollOption.post_id == post_id).order_by(PollOption.position)
    return db.session.scalars(asked.execution_options(populate_existing=True)).all()


@operation
def end_poll(actor: Actor, post_id: int) -> None:
    """End one's own poll now, before its time or when it had none; nothing happens when it is over already.

    Raises NotFound, Forbidden (MUTED, BANNED).
    """
    post, poll = lock(Post, post_id), lock(Poll, post_id)
    circle = circles.readable_circle_by_id(actor, post.circle_id)
    if post.status != "published":
        raise NotFound
    access.require(actor, Permission.POST_WRITE, circle.standing)
    if not actor.owns(post.author_id):
        raise access.not_yours()
    now = clock.now()
    if poll.closes_at is None or poll.closes_at > now:
        poll.closes_at = now
        post.parts = {**post.parts, "poll": {**post.parts["poll"], "closes_at": _moment(now)}}


@operation
def close_poll(post_id: int, planned: datetime | None = None) -> timedelta | None:
    """State that the time of a poll is over; how long it still runs when it is not.

    `planned` is the end it was given when it was asked: who ended it before that need not be told.
    """
    poll = lock(Poll, post_id)
    post = db.session.get_one(Post, post_id)
    if poll.closes_at is None or post.status != "published" or (planned and poll.closes_at < planned):
        return None
    if poll.closes_at > clock.now():
        return poll.closes_at - clock.now()
    emit(PollClosed(post_id, post.circle_id, post.author_id, poll.question or post.title or post.excerpt))
    return None
