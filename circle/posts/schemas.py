"""What posts take and give. One input schema serves the form and the JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate, validates_schema

from circle.accounts.schemas import AuthorOut
from circle.core.fields import (
    Address,
    Choice,
    Count,
    Flag,
    Id,
    InputSchema,
    Line,
    Moment,
    OutSchema,
    PageQuery,
    Text,
    refuse,
)
from circle.core.i18n import lazy
from circle.posts.poll_schemas import PollInput, PollRefOut
from circle.posts.queries import COMMENT_SORTS, SORTS
from circle.posts.rules import MAX_ALT, MAX_BODY, MAX_COMMENT, MAX_MEDIA, MAX_PINS, MAX_TOPICS

_TOO_MANY_MEDIA = lazy("A post holds up to 9 pictures and 3 files.")
_TOO_MANY_TOPICS = lazy("A post belongs to at most 3 topics.")


def _ids(most: int, sentence: Any) -> fields.List[Any]:
    return fields.List(Id(), validate=validate.Length(max=most, error=sentence), metadata={"maxItems": most})


def _media_ids() -> fields.List[Any]:
    return fields.List(
        Id(),
        validate=validate.Length(max=MAX_MEDIA, error=_TOO_MANY_MEDIA),  # type: ignore[arg-type]
        metadata={
            "maxItems": MAX_MEDIA,
            "description": "One's own uploads: up to 9 pictures, or a voice note, or a video; and up to 3 files.",
        },
    )


def _alts() -> fields.List[Any]:
    return fields.List(Line(MAX_ALT), metadata={"description": "What there is to see or hear in each file, in order."})


MAX_TITLE = 80
#: what members write by themselves; the other types of a post come with their own features
WRITTEN_TYPES = ("moment", "question")


class WrittenInput(InputSchema):
    """What every new post may have: words, pictures, voice, video, files."""

    body = Text(MAX_BODY, load_default="", metadata={"description": "Markdown."})
    title = Line(MAX_TITLE, load_default="")
    topic_ids = _ids(MAX_TOPICS, _TOO_MANY_TOPICS)
    media_ids = _media_ids()
    alts = _alts()
    anonymous: fields.Boolean = Flag(
        load_default=False, metadata={"description": "Ask without one's name; for questions alone."}
    )


class PostInput(WrittenInput):
    """A new post. A question has a title, and no poll."""

    type = Choice(*WRITTEN_TYPES, load_default="moment")
    poll = fields.Nested(PollInput, load_default=None, allow_none=True)


class PostEditInput(InputSchema):
    """What changes; what is left out stays."""

    body = Text(MAX_BODY)
    title = Line(MAX_TITLE)
    topic_ids = _ids(MAX_TOPICS, _TOO_MANY_TOPICS)
    media_ids = _media_ids()
    alts = _alts()


class CommentInput(InputSchema):
    body = Text(MAX_COMMENT, required=True)
    parent_id = Id(allow_none=True, load_default=None, metadata={"description": "The comment that this one answers."})


class CommentEditInput(InputSchema):
    body = Text(MAX_COMMENT, required=True)


class ReasonInput(InputSchema):
    """Why something of somebody else's is hidden or removed; its author reads this."""

    reason = Line(200, minimum=2, required=True)


class RestoreInput(InputSchema):
    reason = Line(200, load_default="")


class NothingInput(InputSchema):
    """A button that says all there is to say."""


class LikeInput(InputSchema):
    """The toggle of a page: how it should stand afterwards."""

    on = fields.Boolean(load_default=False)


class FavoriteInput(InputSchema):
    """The toggle of a page: how it should stand afterwards."""

    on = fields.Boolean(load_default=False)


class FeatureInput(InputSchema):
    """The toggle of a page: how it should stand afterwards."""

    on = fields.Boolean(load_default=False)


class PinInput(InputSchema):
    """Where a pinned post stands, and until when."""

    rank = Count(1, MAX_PINS, required=True)
    until = Moment(allow_none=True, load_default=None, metadata={"description": "When the pin falls off by itself."})


class PinFormInput(InputSchema):
    """As a page asks: the pin ends with the day, in the circle's time zone."""

    rank = Count(1, MAX_PINS, load_default=1)
    until = fields.Date(allow_none=True, load_default=None)


class FeedQuery(PageQuery):
    sort = Choice(*SORTS, load_default="newest")
    type = Choice("moment", "question", "showcase", "checkin", "resource", "ad", load_default=None)


class TopicFeedQuery(PageQuery):
    sort = Choice("newest", "active", "hot", "featured", load_default="newest")


class CommentQuery(PageQuery):
    sort = Choice(*COMMENT_SORTS, load_default="oldest")
    parent_id = Id(load_default=None, metadata={"description": "Read the replies to this comment instead."})

    @validates_schema
    def replies_are_in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Replies are a conversation: they are only read from the first to the last."""
        if data.get("parent_id") is not None and data.get("sort") != "oldest":
            raise refuse(lazy("Replies are read oldest first."))


class CircleRefOut(OutSchema):
    id = Id(required=True)
    slug = fields.String(required=True)
    name = fields.String(required=True)


class TopicRefOut(OutSchema):
    id = Id(required=True)
    slug = fields.String(required=True)
    title = fields.String(required=True)


class PostMediaOut(OutSchema):
    id = Id(required=True)
    kind = fields.String(required=True)
    url = Address(required=True)
    thumb_url = Address(required=True, allow_none=True)
    width = fields.Integer(required=True, allow_none=True)
    height = fields.Integer(required=True, allow_none=True)
    duration_s = fields.Integer(required=True, allow_none=True)
    bytes = fields.Integer(required=True)
    name = fields.String(required=True)


class PostCanOut(OutSchema):
    edit = fields.Boolean(required=True)
    delete = fields.Boolean(required=True)
    pin = fields.Boolean(required=True)
    feature = fields.Boolean(required=True)
    hide = fields.Boolean(required=True)
    report = fields.Boolean(required=True)


class QuestionHintOut(OutSchema):
    """What a post tells of the question it is; the rest is at /questions/{id}."""

    status = fields.String(required=True, metadata={"description": "open, closed or duplicate"})
    answer_count = fields.Integer(required=True)
    accepted = fields.Boolean(required=True, metadata={"description": "Whether an answer was accepted."})
    accepted_answer_id = Id(required=True, allow_none=True)
    anonymous = fields.Boolean(required=True)
    bounty = fields.Constant(None, required=True, metadata={"nullable": True})
    version = fields.Integer(
        required=True, metadata={"description": "Rises with every decision about the question; accepting names it."}
    )


class CheckinHintOut(OutSchema):
    """Which period of which campaign a check-in stands for."""

    campaign_id = Id(required=True)
    title = fields.String(required=True)
    idx = fields.Integer(required=True, metadata={"description": "The day (or week), from 1."})
    total = fields.Integer(required=True)
    cadence = fields.String(required=True, metadata={"description": "daily or weekly"})
    source = fields.String(required=True, metadata={"description": "normal or makeup"})
    status = fields.String(
        required=True,
        metadata={
            "description": "pending, approved, rejected or void for its author and for those who review; "
            "approved for everybody else"
        },
    )


class PostOut(OutSchema):
    id = Id(required=True)
    type = fields.String(required=True)
    status = fields.String(required=True)
    circle = fields.Nested(CircleRefOut, required=True)
    author = fields.Nested(
        AuthorOut, required=True, allow_none=True, metadata={"description": "null for a question asked without a name"}
    )
    title = fields.String(required=True)
    body = fields.String(required=True)
    body_html = fields.String(required=True, metadata={"description": "Safe to insert into a page."})
    excerpt = fields.String(required=True)
    topics = fields.List(fields.Nested(TopicRefOut), required=True)
    media = fields.List(fields.Nested(PostMediaOut), required=True)
    like_count = fields.Integer(required=True)
    comment_count = fields.Integer(required=True)
    favorite_count = fields.Integer(required=True)
    poll = fields.Nested(PollRefOut, required=True, allow_none=True)
    question = fields.Nested(
        QuestionHintOut, required=True, allow_none=True, metadata={"description": "null for all but questions"}
    )
    checkin = fields.Nested(
        CheckinHintOut, required=True, allow_none=True, metadata={"description": "null for all but check-ins"}
    )
    liked = fields.Boolean(required=True)
    favorited = fields.Boolean(required=True)
    featured = fields.Boolean(required=True)
    pinned = fields.Boolean(required=True)
    published_at = Moment(required=True)
    edited_at = Moment(required=True, allow_none=True)
    last_activity_at = Moment(required=True)
    can = fields.Nested(PostCanOut, required=True)


class FeedOut(OutSchema):
    pinned = fields.List(fields.Nested(PostOut), required=True)
    items = fields.List(fields.Nested(PostOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class CommentCanOut(OutSchema):
    edit = fields.Boolean(required=True)
    delete = fields.Boolean(required=True)
    reply = fields.Boolean(required=True)
    hide = fields.Boolean(required=True)


class CommentOut(OutSchema):
    id = Id(required=True)
    post_id = Id(required=True)
    parent_id = Id(required=True, allow_none=True)
    author = fields.Nested(
        AuthorOut, required=True, allow_none=True,
        metadata={"description": "null for a comment that is gone, and for whoever asked the anonymous question"},
    )  # fmt: skip
    reply_to = fields.String(required=True, allow_none=True, metadata={"description": "Nickname a reply answers."})
    body = fields.String(required=True)
    body_html = fields.String(required=True)
    like_count = fields.Integer(required=True)
    reply_count = fields.Integer(required=True)
    liked = fields.Boolean(required=True)
    created_at = Moment(required=True)
    edited_at = Moment(required=True, allow_none=True)
    can = fields.Nested(CommentCanOut, required=True)


class FavoritedOut(OutSchema):
    favorited = fields.Boolean(required=True)
    favorite_count = fields.Integer(required=True)


class RevisionOut(OutSchema):
    """How a post read before an edit."""

    version = fields.Integer(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    body_html = fields.String(required=True, metadata={"description": "Safe to insert into a page."})
    since = Moment(required=True)
    until = Moment(required=True, metadata={"description": "When it was changed into what came next."})


class LikedOut(OutSchema):
    liked = fields.Boolean(required=True)
    like_count = fields.Integer(required=True)
