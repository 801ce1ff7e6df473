"""What polls take and give."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from circle.core.fields import Choice, Count, Id, InputSchema, Line, Moment, OutSchema
from circle.core.i18n import lazy
from circle.posts.rules import MAX_OPTION, MAX_OPTIONS, MAX_POLL, MAX_QUESTION, MIN_OPTIONS, POLL_RESULTS

_HOURS = int(MAX_POLL.total_seconds() // 3600)
_OPTIONS = lazy("A poll has %(least)s to %(most)s options.", least=MIN_OPTIONS, most=MAX_OPTIONS)
_ENDS = "Not together with closes_in_h."


class PollInput(InputSchema):
    """A poll that comes with a post. Without an end it stays open."""

    question = Line(MAX_QUESTION, load_default="")
    options = fields.List(
        Line(MAX_OPTION, minimum=1),
        required=True,
        validate=validate.Length(MIN_OPTIONS, MAX_OPTIONS, error=_OPTIONS),
        metadata={"minItems": MIN_OPTIONS, "maxItems": MAX_OPTIONS},
    )
    max_choices = Count(1, MAX_OPTIONS, load_default=1, metadata={"description": "More than there are means any."})
    results = Choice(*POLL_RESULTS, load_default="voted", metadata={"description": "When the numbers are shown."})
    closes_in_h = Count(1, _HOURS, load_default=None, allow_none=True)
    closes_at = Moment(load_default=None, allow_none=True, metadata={"description": _ENDS})


class PollFields(InputSchema):
    """The same in the form that writes a post; what was filled in becomes `poll`, None when nothing was."""

    poll_question = Line(MAX_QUESTION, load_default="")
    poll_options = fields.List(Line(MAX_OPTION), load_default=list)
    poll_max_choices = Count(1, MAX_OPTIONS, load_default=1)
    poll_results = Choice(*POLL_RESULTS, load_default="voted")
    poll_closes_in_h = Count(1, _HOURS, load_default=None)

    @post_load
    def gather(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Put what belongs to the poll together; rules judge it."""
        names = ("question", "options", "max_choices", "results", "closes_in_h")
        asked = {name: data.pop(f"poll_{name}") for name in names}
        data["poll"] = asked if asked["options"] or asked["question"] else None
        return data


class VoteInput(InputSchema):
    """The options one chooses; every vote replaces the one before."""

    option_ids = fields.List(
        Id(),
        required=True,
        validate=validate.Length(1, MAX_OPTIONS, error=lazy("Please choose an option.")),  # type: ignore[arg-type]
        metadata={"minItems": 1, "maxItems": MAX_OPTIONS},
    )


class PollRefOut(OutSchema):
    """What a post tells of its poll; the poll itself is at /posts/{id}/poll."""

    question = fields.String(required=True)
    option_count = fields.Integer(required=True)
    closes_at = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})


class PollOptionOut(OutSchema):
    id = Id(required=True)
    text = fields.String(required=True)
    chosen = fields.Boolean(required=True)
    vote_count = fields.Integer(required=True, allow_none=True, metadata={"description": "null while not shown"})


class PollOut(OutSchema):
    """A poll as one person sees it."""

    post_id = Id(required=True)
    question = fields.String(required=True)
    max_choices = fields.Integer(required=True)
    results = fields.String(required=True, metadata={"description": "always, voted or closed"})
    closes_at = Moment(required=True, allow_none=True)
    closed = fields.Boolean(required=True)
    voter_count = fields.Integer(required=True)
    voted = fields.Boolean(required=True)
    can_vote = fields.Boolean(required=True)
    can_end = fields.Boolean(required=True)
    options = fields.List(fields.Nested(PollOptionOut), required=True)
