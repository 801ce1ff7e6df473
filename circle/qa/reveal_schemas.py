"""What is sent to learn who asked without a name, and what is answered."""

from __future__ import annotations

from marshmallow import fields

from circle.accounts.schemas import AuthorOut
from circle.core.fields import InputSchema, Line, OutSchema

#: of a reason, in characters: long enough to be one
MIN_REASON, MAX_REASON = 10, 200


class RevealInput(InputSchema):
    """What it is for; it is kept for good, and the asker reads it."""

    reason = Line(MAX_REASON, minimum=MIN_REASON, required=True)


class RevealedOut(OutSchema):
    """Who asked."""

    author = fields.Nested(AuthorOut, required=True)
