"""What drafts and the composer take and give."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from circle.core.fields import Choice, Count, Flag, Id, InputSchema, Line, Moment, OutSchema, Text
from circle.core.i18n import lazy
from circle.media.schemas import MediaOut
from circle.posts.poll_schemas import PollFields
from circle.posts.rules import (
    MAX_ALT,
    MAX_BODY,
    MAX_MEDIA,
    MAX_OPTION,
    MAX_OPTIONS,
    MAX_POLL,
    MAX_QUESTION,
    MAX_TOPICS,
    POLL_RESULTS,
)
from circle.posts.schemas import WRITTEN_TYPES, CircleRefOut, PostInput

_TOO_MANY = lazy("That is too many.")
_WRITER = "A random name of this editing session; its own saves never conflict with each other."


def _list(inner: fields.Field[Any], most: int) -> fields.List[Any]:
    return fields.List(
        inner, load_default=list, validate=validate.Length(max=most, error=_TOO_MANY), metadata={"maxItems": most}
    )  # fmt: skip


class ComposerInput(PostInput, PollFields):
    """The form that writes a post: the post, its poll, the draft it came from, and for when it is planned."""

    #: a box to tick, not a word of JSON
    anonymous = fields.Boolean(load_default=False)
    draft_id = Id(load_default=None)
    seq = Count(1, 10**9, load_default=None)
    writer = Line(40, load_default="")
    #: date and time as the browser writes them, in the circle's time zone
    publish_at = Line(32, load_default="")


class DraftPollInput(InputSchema):
    """A poll as far as it is written; it is judged when the post is published."""

    question = Line(MAX_QUESTION, load_default="")
    options = _list(Line(MAX_OPTION), MAX_OPTIONS)
    max_choices = Count(1, MAX_OPTIONS, load_default=1)
    results = Choice(*POLL_RESULTS, load_default="voted")
    closes_in_h = Count(1, int(MAX_POLL.total_seconds() // 3600), load_default=None, allow_none=True)
    closes_at = Moment(load_default=None, allow_none=True)


class DraftInput(InputSchema):
    """A post as far as it is written."""

    body = Text(MAX_BODY, load_default="", metadata={"description": "Markdown."})
    title = Line(80, load_default="")
    topic_ids = _list(Id(), MAX_TOPICS)
    media_ids = _list(Id(), MAX_MEDIA)
    alts = _list(Line(MAX_ALT), MAX_MEDIA)
    poll = fields.Nested(DraftPollInput, load_default=None, allow_none=True)
    type = Choice(*WRITTEN_TYPES, load_default="moment")
    anonymous = Flag(load_default=False, metadata={"description": "Ask without one's name; for questions alone."})
    writer = Line(40, load_default="", metadata={"description": _WRITER})
    publish_at = Moment(
        allow_none=True, metadata={"description": "When it publishes itself; null for not. Left out, that stays."}
    )


class DraftEditInput(DraftInput):
    """The whole draft anew; `seq` is the one that was edited."""

    seq = Count(1, 10**9, required=True)


class DraftPublishInput(InputSchema):
    seq = Count(1, 10**9, load_default=None, metadata={"description": "Only if the draft still stands there."})


class DraftPollOut(OutSchema):
    question = fields.String(required=True)
    options = fields.List(fields.String(), required=True)
    max_choices = fields.Integer(required=True)
    results = fields.String(required=True)
    closes_in_h = fields.Integer(required=True, allow_none=True)
    closes_at = fields.String(allow_none=True)


class DraftOut(OutSchema):
    id = Id(required=True)
    circle = fields.Nested(CircleRefOut, required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    topic_ids = fields.List(Id(), required=True)
    media = fields.List(fields.Nested(MediaOut), required=True)
    alts = fields.List(fields.String(), required=True, metadata={"description": "Of each of media, in order."})
    poll = fields.Nested(DraftPollOut, required=True, allow_none=True)
    type = fields.String(required=True)
    anonymous = fields.Boolean(required=True)
    seq = fields.Integer(required=True, metadata={"description": "Rises with every save; the next one names it."})
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
    publish_at = Moment(required=True, allow_none=True)
    failure = fields.String(
        required=True, metadata={"description": 'Code of what kept it from appearing when planned; "" for nothing.'}
    )
    failure_sentence = fields.String(required=True, allow_none=True)
