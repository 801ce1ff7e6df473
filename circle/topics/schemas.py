"""What is sent to and answered by topics."""

from __future__ import annotations

from marshmallow import fields

from circle.core.fields import Choice, Id, InputSchema, Line, OutSchema, Text
from circle.topics.rules import INTRO_MAX, SLUG_MAX, TITLE_MAX

#: room for the # around a name, which the rule takes away
_TITLE_INPUT = TITLE_MAX + 4


class TopicInput(InputSchema):
    """A new topic. Without `slug` its address is made from the title."""

    title = Line(_TITLE_INPUT, minimum=1, required=True)
    slug = Line(SLUG_MAX, load_default="")
    intro = Text(INTRO_MAX, load_default="")
    kind = Choice("normal", "resource", "ads", load_default="normal")


class TopicPatch(InputSchema):
    """What is to change; the rest stays."""

    title = Line(_TITLE_INPUT, minimum=1)
    intro = Text(INTRO_MAX)
    status = Choice("active", "archived")


class TopicForm(InputSchema):
    """The form shows everything, so an empty introduction means none."""

    title = Line(_TITLE_INPUT, minimum=1, required=True)
    intro = Text(INTRO_MAX, load_default="")
    status = Choice("active", "archived", load_default="active")
    version = fields.Integer(load_default=None)


class FollowForm(InputSchema):
    """1 follows, 0 no longer does."""

    on = Choice("1", "0", required=True)


class TopicOut(OutSchema):
    id = Id(required=True)
    slug = fields.String(required=True)
    title = fields.String(required=True)
    intro = fields.String(required=True)
    kind = Choice("normal", "campaign", "resource", "ads", required=True)
    status = Choice("active", "archived", required=True)
    post_count = fields.Integer(required=True)
    follower_count = fields.Integer(required=True)
    following = fields.Boolean(required=True)


class FollowOut(OutSchema):
    """The new state and count."""

    following = fields.Boolean(required=True)
    follower_count = fields.Integer(required=True)
