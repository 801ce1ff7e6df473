"""What is sent to and answered by tasks and the leaderboard."""

from __future__ import annotations

from marshmallow import fields

from circle.accounts.schemas import AuthorOut
from circle.core.fields import Address, Choice, Count, Id, InputSchema, Line, Moment, OutSchema
from circle.points.catalog import TASK_EVENTS
from circle.points.queries.board import WINDOWS
from circle.points.task_rules import CADENCES, REWARD_MAX, TARGET_MAX, TITLE_MAX


class ClaimForm(InputSchema):
    """Claiming says nothing but that."""


class TaskForm(InputSchema):
    """A task as the form shows it; a switch that is off is not sent."""

    title = Line(TITLE_MAX, load_default="")
    target = Count(1, TARGET_MAX, required=True)
    points = Count(0, REWARD_MAX, load_default=0)
    growth = Count(0, REWARD_MAX, load_default=0)
    enabled = fields.Boolean(load_default=False)
    version = fields.Integer(load_default=None)


class NewTaskForm(InputSchema):
    """A task of the owner's own."""

    title = Line(TITLE_MAX, minimum=1, required=True)
    event = Choice(*TASK_EVENTS, required=True)
    cadence = Choice(*CADENCES, required=True)
    target = Count(1, TARGET_MAX, required=True)
    points = Count(0, REWARD_MAX, load_default=0)
    growth = Count(0, REWARD_MAX, load_default=0)


class TaskOut(OutSchema):
    """A task, and how far one is with it; `go_url` is where it is done."""

    id = Id(required=True)
    code = fields.String(required=True, allow_none=True)
    title = fields.String(required=True)
    cadence = Choice(*CADENCES, required=True)
    event = Choice(*TASK_EVENTS, required=True)
    target = fields.Integer(required=True)
    count = fields.Integer(required=True)
    state = Choice("open", "claimable", "claimed", required=True)
    points = fields.Integer(required=True)
    growth = fields.Integer(required=True)
    ends_at = Moment(required=True)
    go_url = Address(required=True, allow_none=True)
    can_claim = fields.Boolean(required=True)


class TasksOut(OutSchema):
    """All tasks that one has now."""

    items = fields.List(fields.Nested(TaskOut), required=True, attribute="rows")


class BoardQuery(InputSchema):
    """Over which time."""

    window = Choice(*WINDOWS, load_default="7d")


class BoardRowOut(OutSchema):
    """A place on the board."""

    rank = fields.Integer(required=True)
    user = fields.Nested(AuthorOut, required=True)
    growth = fields.Integer(required=True)


class BoardOut(OutSchema):
    """The first places, and one's own; `needs` is the growth that leads to `next_rank`."""

    window = Choice(*WINDOWS, required=True)
    items = fields.List(fields.Nested(BoardRowOut), required=True, attribute="rows")
    me = fields.Nested(BoardRowOut, required=True, allow_none=True)
    needs = fields.Integer(required=True)
    next_rank = fields.Integer(required=True, allow_none=True)
