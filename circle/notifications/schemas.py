"""What is sent to and answered by notifications."""

from __future__ import annotations

from marshmallow import fields, validate

from circle.core.fields import Address, Id, InputSchema, Moment, OutSchema
from circle.core.i18n import lazy


class ReadInput(InputSchema):
    """Which notices were read; all of them when `ids` is left out."""

    ids = fields.List(
        Id(),
        load_default=None,
        validate=validate.Length(max=100, error=lazy("At most {max} at a time, please.")),  # type: ignore[arg-type]
    )


class NoticeCircleOut(OutSchema):
    slug = fields.String(required=True)
    name = fields.String(required=True)


class NoticeOut(OutSchema):
    """`text` is a sentence in the request's language; `quote` a reason or the beginning of what was written."""

    id = Id(required=True)
    kind = fields.String(required=True)
    text = fields.String(required=True)
    quote = fields.String(required=True, allow_none=True)
    url = Address(required=True, allow_none=True)
    circle = fields.Nested(NoticeCircleOut, required=True, allow_none=True)
    created_at = Moment(required=True)
    read_at = Moment(required=True, allow_none=True)


class UnreadOut(OutSchema):
    """How many notices are still unread."""

    unread = fields.Integer(required=True)
