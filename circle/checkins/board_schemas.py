"""What is asked of and answered about the boards of a campaign."""

from __future__ import annotations

from marshmallow import fields

from circle.accounts.schemas import AuthorOut
from circle.checkins.queries.placing import BOARDS
from circle.core.fields import Address, Choice, Id, OutSchema, PageQuery


class CampaignBoardQuery(PageQuery):
    """Which board; one that the campaign does not have is the first."""

    board = Choice(*BOARDS, load_default=BOARDS[0])


class BoardPlaceOut(OutSchema):
    """A place: somebody's on the board of diligence, a post's on that of quality, a team's on that of teams. What the
    board at hand has not is null."""

    rank = fields.Integer(required=True)
    mine = fields.Boolean(required=True, metadata={"description": "of the reader, or of their post or team"})
    user = fields.Nested(AuthorOut, required=True, allow_none=True)
    done = fields.Integer(
        required=True, allow_none=True, metadata={"description": "approved check-ins; of a team, periods it did"}
    )
    on_time = fields.Integer(required=True, allow_none=True)
    best_streak = fields.Integer(required=True, allow_none=True)
    likes = fields.Integer(required=True, allow_none=True, metadata={"description": "of their check-ins"})
    post_id = Id(required=True, allow_none=True)
    excerpt = fields.String(required=True, allow_none=True)
    thumb_url = Address(required=True, allow_none=True)
    idx = fields.Integer(required=True, allow_none=True, metadata={"description": "the period of the post"})
    engagement = fields.Integer(required=True, allow_none=True)
    team_id = Id(required=True, allow_none=True)
    team_name = fields.String(required=True, allow_none=True)
    team_size = fields.Integer(required=True, allow_none=True)
    url = Address(required=True, allow_none=True, metadata={"description": "the page of the post or team"})


class CampaignBoardOut(OutSchema):
    """A board of a campaign, and one's own place wherever it is. People who blocked each other do not see each other
    but keep their places, so ranks may leave gaps."""

    board = Choice(*BOARDS, required=True)
    boards = fields.List(fields.String(), required=True, metadata={"description": "those that the campaign has"})
    frozen = fields.Boolean(required=True, metadata={"description": "as it was when the campaign was settled"})
    total = fields.Integer(required=True, metadata={"description": "how many places there are"})
    me = fields.Nested(BoardPlaceOut, required=True, allow_none=True)
    next_rank = fields.Integer(
        required=True, allow_none=True, metadata={"description": "the place that one more day on time would bring"}
    )
    items = fields.List(fields.Nested(BoardPlaceOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
