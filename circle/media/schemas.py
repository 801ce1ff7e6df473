"""What is sent to and answered by media."""

from __future__ import annotations

from marshmallow import fields

from circle.core.fields import Address, Choice, Id, InputSchema, Line, OutSchema


class AvatarInput(InputSchema):
    """The form around an avatar's file: where to go afterwards."""

    next = Line(500)


class CoverInput(InputSchema):
    """The form around a cover's file has no field of its own."""


class MediaOut(OutSchema):
    """A file. Pictures have a thumbnail and a size, videos a size and perhaps a still (`thumb_url`), voice and videos a
    duration. Addresses that end in `?t=…` work without a token until they run out, one to two hours later."""

    id = Id(required=True)
    kind = Choice("image", "audio", "video", "file", required=True)
    url = Address(required=True)
    thumb_url = Address(required=True, allow_none=True)
    width = fields.Integer(required=True, allow_none=True)
    height = fields.Integer(required=True, allow_none=True)
    duration_s = fields.Integer(required=True, allow_none=True)
    bytes = fields.Integer(required=True)
    name = fields.String(required=True)
