"""Inviting experts to answer, and the invitations one has."""

from __future__ import annotations

from typing import Any

from circle.circles import queries as circles
from circle.core.api import actor
from circle.core.errors import NotFound
from circle.core.pagination import Page
from circle.qa import operations, queries
from circle.qa.api.blueprint import bp
from circle.qa.invite_schemas import (
    ExpertsQuery,
    InviteDeskOut,
    MyQuestionInviteOut,
    QuestionInviteInput,
    QuestionInviteOut,
)
from circle.qa.queries import InviteDesk, MyInviteRow, QuestionInviteRow


@bp.endpoint("GET", "/questions/<id:question_id>/invites", gives=InviteDeskOut, query=ExpertsQuery)
def invites(query: dict[str, Any], question_id: int) -> InviteDesk:
    """Who was invited to answer a question, and who may be: experts first."""
    return queries.invite_desk(actor(), question_id, **query)


@bp.endpoint(
    "POST", "/questions/<id:question_id>/invites", takes=QuestionInviteInput, gives=QuestionInviteOut, status=201,
    limit="react", errors=(409,),
)  # fmt: skip
def invite(data: dict[str, Any], question_id: int) -> QuestionInviteRow:
    """Invite somebody to answer, within three days. Whoever was invited already is not told again."""
    invite_id = operations.invite(actor(), question_id, **data)
    desk = queries.invite_desk(actor(), question_id)
    for row in desk.invites:
        if row.id == invite_id:
            return row
    raise NotFound


@bp.endpoint(
    "POST", "/questions/<id:question_id>/invites/decline", gives=None, status=204, limit="react", errors=(409,)
)
def decline_invite(question_id: int) -> None:
    """Say that you would rather not answer. Repeating it changes nothing."""
    operations.decline_invite(actor(), question_id)


@bp.endpoint("GET", "/circles/<slug:slug>/me/invites", gives=MyQuestionInviteOut, paged=True)
def my_invites(query: dict[str, Any], slug: str) -> Page[MyInviteRow]:
    """The questions you are asked to answer, last asked first."""
    return queries.my_invites(actor(), circles.readable_circle(actor(), slug), **query)
