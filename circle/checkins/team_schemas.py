"""Teams of campaigns, as clients know them."""

from __future__ import annotations

from marshmallow import fields

from circle.accounts.schemas import AuthorOut
from circle.checkins import rules
from circle.core.fields import Id, InputSchema, Line, OutSchema


class TeamInput(InputSchema):
    """A new team."""

    name = Line(rules.MAX_TEAM_NAME, minimum=1, required=True, metadata={"description": "Its own in the campaign."})


class TeamJoinInput(InputSchema):
    """Joining a team: a button that says all there is to say."""


class TeamLeaveInput(InputSchema):
    """Leaving one's team."""


class TeamRenameInput(TeamInput):
    """Another name for a team, and why; its members read this."""

    reason = Line(200, minimum=2, required=True)


class TeamDissolveInput(InputSchema):
    """Why a team is dissolved; its members read this."""

    reason = Line(200, minimum=2, required=True)


class TeammateOut(OutSchema):
    user = fields.Nested(AuthorOut, required=True)
    captain = fields.Boolean(required=True)
    present = fields.Boolean(
        required=True, metadata={"description": "false for who withdrew after the campaign had begun"}
    )
    done_today = fields.Boolean(required=True)


class TeamDayOut(OutSchema):
    idx = fields.Integer(required=True)
    state = fields.String(required=True, metadata={"description": "done, missed, open, excused or future"})
    members = fields.Integer(required=True, metadata={"description": "How many of the team did it."})


class TeamOut(OutSchema):
    """A team of a campaign."""

    id = Id(required=True)
    campaign_id = Id(required=True)
    name = fields.String(required=True)
    captain = fields.Nested(AuthorOut, required=True, allow_none=True)
    members = fields.List(
        fields.Nested(TeammateOut),
        required=True,
        metadata={"description": "Those whom you see; `member_count` counts all."},
    )
    member_count = fields.Integer(required=True)
    frozen_size = fields.Integer(
        required=True, allow_none=True,
        metadata={"description": "Its size when the campaign began; 0: too few, it did not come about; null: not yet"},
    )  # fmt: skip
    needed = fields.Integer(required=True, metadata={"description": "How many members have to do a day."})
    done = fields.Integer(required=True, metadata={"description": "Days that the team did."})
    target = fields.Integer(required=True)
    reached = fields.Integer(required=True)
    today = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Who has checked in today; null: nothing is open."}
    )
    rank = fields.Integer(required=True, allow_none=True)
    completed = fields.Boolean(required=True, allow_none=True, metadata={"description": "null until it is settled"})
    mine = fields.Boolean(required=True)
    full = fields.Boolean(required=True)
    can_join = fields.Boolean(required=True)
    can_leave = fields.Boolean(required=True)
    days = fields.List(fields.Nested(TeamDayOut), required=True, metadata={"description": "Once it has begun."})
