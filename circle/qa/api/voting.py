"""Finding an answer helpful, or not."""

from __future__ import annotations

from typing import Any

from circle.core.api import actor
from circle.qa import operations
from circle.qa.api.blueprint import bp
from circle.qa.input_schemas import AnswerVoteInput
from circle.qa.schemas import VotesOut


@bp.endpoint("PUT", "/answers/<id:answer_id>/vote", takes=AnswerVoteInput, gives=VotesOut, limit="react")
def vote(data: dict[str, Any], answer_id: int) -> dict[str, int]:
    """Say how one's vote stands: 1 helpful, -1 not helpful, 0 none. Repeating it changes nothing."""
    return _voted(answer_id, data["value"])


@bp.endpoint("DELETE", "/answers/<id:answer_id>/vote", gives=VotesOut, limit="react", errors=(422,))
def withdraw_vote(answer_id: int) -> dict[str, int]:
    """Take one's vote back. Repeating it changes nothing."""
    return _voted(answer_id, 0)


def _voted(answer_id: int, value: int) -> dict[str, int]:
    votes = operations.vote(actor(), answer_id, value=value)
    return {"up": votes.up, "down": votes.down, "score": votes.score, "my_vote": value}
