"""What is asked of and answered about the weekly leaderboard of a topic."""

from __future__ import annotations

from marshmallow import fields, validates

from circle.accounts.schemas import AuthorOut
from circle.core.fields import InputSchema, Line, Moment, OutSchema, refuse
from circle.core.i18n import lazy
from circle.posts.weeks import Week

_NO_WEEK = lazy("This is no week. Please write it like W2026-47.")


class TopicBoardQuery(InputSchema):
    """Which week: W2026-47, by ISO 8601; without one that which runs."""

    week = Line(8, load_default=None, metadata={"description": "W2026-47, by ISO 8601; without it the one that runs"})

    @validates("week")
    def _is_week(self, value: str | None, **_more: object) -> None:
        if value is not None and Week.named(value, "UTC") is None:
            raise refuse(_NO_WEEK)


class TopicPlaceOut(OutSchema):
    """A place: what somebody's posts of the week met, and how many those are."""

    rank = fields.Integer(required=True)
    user = fields.Nested(AuthorOut, required=True)
    score = fields.Integer(required=True)
    post_count = fields.Integer(required=True)
    mine = fields.Boolean(required=True)


class TopicBoardOut(OutSchema):
    """The leaderboard of a topic in a week of its circle's time zone. People who blocked each other do not see each
    other but keep their places, so ranks may leave gaps."""

    week = fields.String(required=True, metadata={"description": "W2026-47, by ISO 8601"})
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    running = fields.Boolean(required=True, metadata={"description": "the week that runs now"})
    frozen_at = Moment(required=True, allow_none=True, metadata={"description": "null while it still moves"})
    items = fields.List(fields.Nested(TopicPlaceOut), required=True, attribute="rows")
    me = fields.Nested(TopicPlaceOut, required=True, allow_none=True)
    earlier = fields.String(required=True, allow_none=True, metadata={"description": "the frozen week before it"})
    later = fields.String(required=True, allow_none=True)
