"""What checking in, making up, and buying a card take and give."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from circle.checkins.days import MAX_PERIODS
from circle.core.fields import Count, Id, InputSchema, Line, OutSchema, Text
from circle.core.i18n import lazy
from circle.posts.rules import MAX_ALT, MAX_BODY, MAX_MEDIA

#: dearer than any card
MAX_PRICE = 1_000_000
_TOO_MANY: Any = lazy("A post holds up to 9 pictures and 3 files.")


class CheckinInput(InputSchema):
    """A check-in: words, and one's own uploads."""

    body = Text(MAX_BODY, load_default="", metadata={"description": "Markdown."})
    media_ids = fields.List(
        Id(),
        load_default=list,
        validate=validate.Length(max=MAX_MEDIA, error=_TOO_MANY),
        metadata={
            "maxItems": MAX_MEDIA,
            "description": "One's own uploads: up to 9 pictures, or a voice note, or a video; and up to 3 files.",
        },
    )
    alts = fields.List(
        Line(MAX_ALT),
        load_default=list,
        validate=validate.Length(max=MAX_MEDIA, error=_TOO_MANY),
        metadata={"maxItems": MAX_MEDIA, "description": "What there is to see or hear in each file, in order."},
    )


class MakeupInput(CheckinInput):
    """A check-in for a day that was missed."""

    idx = Count(1, MAX_PERIODS, strict=True, required=True, metadata={"description": "The period, from 1."})


class CheckinForm(CheckinInput):
    """The page that checks in, or makes up: also the period it was opened for, the draft its words are kept in, and the
    price of a card that its author agreed to."""

    idx = Count(1, MAX_PERIODS, load_default=None)
    draft_id = Id(load_default=None)
    seq = Count(1, 10**9, load_default=None)
    writer = Line(40, load_default="")
    price = Count(1, MAX_PRICE, load_default=None)


class CardForm(InputSchema):
    """Buying a make-up card, at the price that was shown."""

    price = Count(1, MAX_PRICE, load_default=None)


class TakenOut(OutSchema):
    """The record of a check-in that was just taken."""

    id = Id(required=True)
    campaign_id = Id(required=True)
    idx = fields.Integer(required=True, metadata={"description": "Its period, from 1."})
    post_id = Id(required=True)
    source = fields.String(required=True, metadata={"description": "normal or makeup"})
    status = fields.String(required=True, metadata={"description": "approved, or pending while somebody reviews it"})


class SubmittedOut(OutSchema):
    record = fields.Nested(TakenOut, required=True)
    streak = fields.Integer(required=True, metadata={"description": "Periods in a row up to now."})
    done = fields.Integer(required=True)
    points = fields.Integer(
        required=True, metadata={"description": "What it earned; a reviewed one earns when it is approved."}
    )
    completed = fields.Boolean(required=True, metadata={"description": "Whether the campaign is completed now."})


class CardsOut(OutSchema):
    makeup_cards = fields.Integer(
        required=True, metadata={"description": "Cards that can be used now, with those of the level."}
    )
    price = fields.Integer(required=True, metadata={"description": "What the next one costs; 0: not for sale."})
    points_left = fields.Integer(required=True)
