"""What those who review send, and what the API answers them."""

from __future__ import annotations

from marshmallow import fields, validate

from circle.accounts.schemas import AuthorOut
from circle.checkins.models import RECORD_STATUSES, SOURCES
from circle.core.fields import Address, Choice, Flag, Id, InputSchema, Line, Moment, OutSchema, PageQuery
from circle.core.i18n import lazy
from circle.posts.schemas import PostOut

REASON_MIN, REASON_MAX = 2, 200
#: decided with one form
MAX_AT_ONCE = 50


class ApproveInput(InputSchema):
    """A button that says all there is to say."""


class RejectCheckinInput(InputSchema):
    """Why a check-in is not accepted; its author reads this."""

    reason = Line(REASON_MAX, minimum=REASON_MIN, required=True)


class SeveralForm(InputSchema):
    """Several check-ins at once: approve them, or reject them all for one reason."""

    ids = fields.List(
        Id(),
        required=True,
        validate=validate.Length(  # type: ignore[arg-type]
            min=1, max=MAX_AT_ONCE, error=lazy("Choose between {min} and {max} check-ins.")
        ),
        error_messages={"required": lazy("Choose at least one check-in.")},
    )
    do = Choice("approve", "reject", required=True)
    reason = Line(REASON_MAX, load_default="")


class RecordsQuery(PageQuery):
    """Which check-ins of a campaign, and where in the list."""

    status = Choice(*RECORD_STATUSES, load_default="pending", metadata={"description": "How they stand."})


class RecordCanOut(OutSchema):
    approve = Flag(required=True)
    reject = Flag(required=True)


class RecordOut(OutSchema):
    """A check-in as those who review see it. `post` is null for a day that was given by hand, or when it is gone."""

    id = Id(required=True)
    campaign_id = Id(required=True)
    user = fields.Nested(AuthorOut, required=True)
    idx = fields.Integer(required=True, metadata={"description": "Which period of the campaign, from 1."})
    day = fields.Date(required=True)
    source = Choice(*SOURCES, required=True)
    status = Choice(*RECORD_STATUSES, required=True)
    submitted_at = Moment(required=True)
    decided_at = Moment(required=True, allow_none=True)
    decided_by = fields.Nested(AuthorOut, required=True, allow_none=True)
    reason = fields.String(required=True)
    post = fields.Nested(PostOut, required=True, allow_none=True)
    url = Address(required=True)
    can = fields.Nested(RecordCanOut, required=True)
