"""What inviting to answer takes and gives."""

from __future__ import annotations

from marshmallow import fields

from circle.accounts.schemas import AuthorOut
from circle.core.fields import Address, Id, InputSchema, Line, Moment, OutSchema

#: shown names are shorter
MAX_SEARCH = 40


class QuestionInviteInput(InputSchema):
    """Whom to invite to answer."""

    user_id = Id(required=True)


class ExpertsQuery(InputSchema):
    """Of whom to choose; `q` is part of a name."""

    q = Line(MAX_SEARCH, load_default=None)


class QuestionInviteOut(OutSchema):
    """Somebody who was invited to answer, and what became of it. Who invited them is told to them alone."""

    id = Id(required=True)
    user = fields.Nested(AuthorOut, required=True)
    status = fields.String(required=True, metadata={"description": "invited, answered, declined or expired"})
    created_at = Moment(required=True)
    expires_at = Moment(required=True)


class InvitableOut(OutSchema):
    """Somebody who may be invited, with what they have answered in this circle."""

    user = fields.Nested(AuthorOut, required=True)
    answer_count = fields.Integer(required=True)
    accepted_count = fields.Integer(required=True)


class InviteDeskOut(OutSchema):
    """Who was invited to a question, who may be, and how many more."""

    invites = fields.List(fields.Nested(QuestionInviteOut), required=True)
    experts = fields.List(fields.Nested(InvitableOut), required=True)
    left = fields.Integer(required=True, metadata={"description": "how many more may be invited to this question"})
    left_today = fields.Integer(required=True, metadata={"description": "how many more you may invite today"})


class InvitedToOut(OutSchema):
    """The question one is asked to answer."""

    id = Id(required=True)
    title = fields.String(required=True)
    url = Address(required=True)


class MyQuestionInviteOut(OutSchema):
    """An open invitation to answer."""

    id = Id(required=True)
    question = fields.Nested(InvitedToOut, required=True)
    by = fields.Nested(
        AuthorOut, required=True, allow_none=True,
        metadata={"description": "null when whoever asked without a name sent it"},
    )  # fmt: skip
    created_at = Moment(required=True)
    expires_at = Moment(required=True)
