"""What is sent to and answered by live."""

from __future__ import annotations

from marshmallow import fields

from circle.core.fields import Id, InputSchema, Line, OutSchema


class LiveQuery(InputSchema):
    """Where the reader is; without a circle only notices are counted."""

    circle = Line(40, load_default=None, metadata={"description": "Address of the circle whose feed is open."})
    since = Id(load_default=0, metadata={"description": "The newest post that is shown; without it all are new."})


class LiveOut(OutSchema):
    """`new_posts` are by others and stop counting at 100."""

    unread = fields.Integer(required=True)
    new_posts = fields.Integer(required=True)
