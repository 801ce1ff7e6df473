"""What is asked of and answered about one's own points."""

from __future__ import annotations

from marshmallow import fields

from circle.accounts.schemas import LevelOut
from circle.circles.schemas import MembershipOut
from circle.core.fields import Address, Choice, Id, InputSchema, Line, Moment, OutSchema
from circle.ledger.accounts import ASSETS
from circle.points.queries.why import SOURCE_MAX


class MyMembershipOut(MembershipOut):
    """One's own place in a circle, with the points one can spend there."""

    points = fields.Integer(required=True)


class NextLevelOut(OutSchema):
    level = fields.Integer(required=True)
    name = fields.String(required=True)
    growth_min = fields.Integer(required=True)
    missing = fields.Integer(required=True, metadata={"description": "growth that is missing to it"})


class MyPointsOut(OutSchema):
    """What somebody has in a circle."""

    points = fields.Integer(required=True)
    growth = fields.Integer(required=True)
    level = fields.Nested(LevelOut, required=True)
    next = fields.Nested(NextLevelOut, required=True, allow_none=True)
    debt = fields.Integer(
        required=True, metadata={"description": "points taken back after they were spent; what comes pays them first"}
    )


class LedgerQuery(InputSchema):
    """Which entries to list; `kind` is a kind (earn.comment), its first word (earn) or a group (earned)."""

    asset = Choice(*ASSETS, load_default="POINTS")
    kind = Line(32, load_default=None)
    direction = Choice("in", "out", load_default=None)
    from_ = Moment(data_key="from", load_default=None)
    to = Moment(load_default=None)


class LedgerRowOut(OutSchema):
    id = Id(required=True)
    posted_at = Moment(required=True, metadata={"description": "when the books learned of it"})
    effective_at = Moment(required=True, metadata={"description": "when it happened"})
    kind = fields.String(required=True)
    memo = fields.String(required=True)
    asset = fields.String(required=True)
    amount = fields.Integer(required=True)
    balance_after = fields.Integer(required=True)
    source = fields.String(
        required=True, allow_none=True, metadata={"description": "what it was for; `me/ledger/why` explains it"}
    )


class AsOfQuery(InputSchema):
    """The moment to look at; one that is still to come is now."""

    at = Moment(required=True)


class ThenOut(OutSchema):
    """What somebody had at a moment, as the books knew it then."""

    at = Moment(required=True)
    points = fields.Integer(required=True)
    growth = fields.Integer(required=True)
    level = fields.Nested(LevelOut, required=True)
    debt = fields.Integer(required=True)


class WhyQuery(InputSchema):
    """What to explain (post:1, comment:2, like:1:7, featured:1, answer:6, accept:1:6 (question, answer), task:3,
    level:2, adjust:4, txn:5); `user` is for those who may adjust points."""

    source = Line(SOURCE_MAX, minimum=1, required=True)
    user = Id(load_default=None)


class RuleThenOut(OutSchema):
    """The version of the rule that decided."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    version = fields.Integer(required=True)
    points = fields.Integer(required=True)
    growth = fields.Integer(required=True)
    limits = fields.List(fields.String(), required=True)
    current = fields.Boolean(required=True, metadata={"description": "whether it still holds"})


class CapOut(OutSchema):
    """The cap that was reached: count_day, giver_day, points_day, points_week, all_day or all_week."""

    which = fields.String(required=True)
    limit = fields.Integer(required=True)
    used = fields.Integer(required=True, metadata={"description": "how much of it was used before"})


class MovementOut(OutSchema):
    txn_id = Id(required=True)
    kind = fields.String(required=True)
    posted_at = Moment(required=True)
    effective_at = Moment(required=True)
    memo = fields.String(required=True)
    points = fields.Integer(required=True)
    growth = fields.Integer(required=True)
    debt = fields.Integer(required=True, metadata={"description": "added to what is owed; negative: paid off"})


class WhyOut(OutSchema):
    """Why something gave points, fewer, or none."""

    source = fields.String(required=True)
    title = fields.String(required=True)
    outcome = fields.String(
        required=True, metadata={"description": "earned, reduced, nothing, taken_back, moved or unrecorded"}
    )
    reason = fields.String(
        required=True,
        metadata={
            "description": "count_cap, giver_cap, point_cap, total_cap, too_short, disabled, not_member, own, "
            "anonymous, or empty"
        },
    )
    headline = fields.String(required=True)
    sentences = fields.List(fields.String(), required=True)
    url = Address(required=True, allow_none=True)
    happened_at = Moment(required=True, allow_none=True)
    points = fields.Integer(required=True, metadata={"description": "what of it stands now"})
    growth = fields.Integer(required=True)
    rule = fields.Nested(RuleThenOut, required=True, allow_none=True)
    cap = fields.Nested(CapOut, required=True, allow_none=True)
    movements = fields.List(fields.Nested(MovementOut), required=True)


class PrivilegesOut(OutSchema):
    """What a level allows; a number that is null is limited by the site alone."""

    posts_per_day = fields.Integer(required=True, allow_none=True)
    images_per_post = fields.Integer(required=True, allow_none=True)
    upload_mb = fields.Integer(required=True, allow_none=True)
    makeup_cards_per_month = fields.Integer(
        required=True,
        metadata={"description": "Days of campaigns that may be made up each month beyond the cards of a campaign."},
    )
    can_video = fields.Boolean(required=True)
    can_create_topic = fields.Boolean(required=True)


class LadderStepOut(OutSchema):
    level = fields.Integer(required=True)
    name = fields.String(required=True)
    growth_min = fields.Integer(required=True)
    keep_min = fields.Integer(required=True, metadata={"description": "growth in a year that keeps it"})
    gift_points = fields.Integer(required=True)
    privileges = fields.Nested(PrivilegesOut, required=True)


class LadderOut(OutSchema):
    """The levels of a circle, lowest first."""

    levels = fields.List(fields.Nested(LadderStepOut), required=True)
