"""Reading a poll, voting in it, and ending one's own."""

from __future__ import annotations

from typing import Any

from circle.core.api import actor
from circle.core.errors import NotFound
from circle.posts import operations, queries
from circle.posts.api.blueprint import bp
from circle.posts.poll_schemas import PollOut, VoteInput
from circle.posts.queries import PollRow


def _poll(post_id: int) -> PollRow:
    poll = queries.poll_of(actor(), queries.get_post(actor(), post_id))
    if poll is None:
        raise NotFound
    return poll


@bp.endpoint("GET", "/posts/<id:post_id>/poll", gives=PollOut, signed_in=False)
def poll(post_id: int) -> PollRow:
    """The poll of a post, with your own vote."""
    return _poll(post_id)


@bp.endpoint("PUT", "/posts/<id:post_id>/poll/vote", takes=VoteInput, gives=PollOut, limit="react")
def vote(data: dict[str, Any], post_id: int) -> PollRow:
    """Vote in a poll; a vote replaces the one before."""
    _poll(post_id)
    operations.vote(actor(), post_id, data["option_ids"])
    return _poll(post_id)


@bp.endpoint("DELETE", "/posts/<id:post_id>/poll/vote", gives=PollOut, limit="react", errors=(422,))
def withdraw_vote(post_id: int) -> PollRow:
    """Take your vote back. Repeating it changes nothing."""
    _poll(post_id)
    operations.vote(actor(), post_id, ())
    return _poll(post_id)


@bp.endpoint("POST", "/posts/<id:post_id>/poll/end", gives=PollOut, limit="publish")
def end_poll(post_id: int) -> PollRow:
    """End your own poll now. Repeating it changes nothing."""
    _poll(post_id)
    operations.end_poll(actor(), post_id)
    return _poll(post_id)
