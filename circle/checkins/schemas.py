"""What campaigns look like to clients, and what it takes to join one."""

from __future__ import annotations

from marshmallow import fields

from circle.core.fields import Choice, Id, InputSchema, Moment, OutSchema, PageQuery
from circle.posts.schemas import TopicRefOut

#: which campaigns a list holds
PHASES = ("all", "upcoming", "running", "over")


class EnrollInput(InputSchema):
    """Joining a campaign, and at once a team of it."""

    team_id = Id(
        load_default=None, allow_none=True,
        metadata={"description": "A team to join with it: both or neither."},
    )  # fmt: skip


class WithdrawInput(InputSchema):
    """Leaving a campaign: a button that says all there is to say."""


class CampaignsQuery(PageQuery):
    phase = Choice(*PHASES, load_default="all", metadata={"description": "`over`: settling, closed or cancelled."})


class DayOut(OutSchema):
    """A day (or week) of a campaign."""

    idx = fields.Integer(required=True, metadata={"description": "From 1."})
    date = fields.Date(
        required=True, attribute="day",
        metadata={"description": "The day in the campaign's time zone; of a week its Monday."},
    )  # fmt: skip
    opens_at = Moment(required=True)
    closes_at = Moment(required=True, metadata={"description": "The first moment that does not count any more."})
    state = fields.String(
        required=True,
        metadata={
            "description": "done, makeup (made up), given (by hand), pending (waits for a reviewer), missed, open "
            "(now, and not done), future, or excused (the service had failed: counts against nobody)"
        },
    )
    prompt = fields.String(required=True, metadata={"description": "What to write about; may be empty."})
    post_id = Id(required=True, allow_none=True)
    can_make_up = fields.Boolean(required=True, metadata={"description": "Whether a make-up card would do for it."})


class PeriodOut(OutSchema):
    """The day (or week) that is open, else the next one."""

    idx = fields.Integer(required=True, metadata={"description": "From 1."})
    date = fields.Date(required=True, attribute="day")
    opens_at = Moment(required=True)
    closes_at = Moment(required=True)
    prompt = fields.String(required=True)
    open = fields.Boolean(required=True, attribute="is_today")


class EnrollmentOut(OutSchema):
    """One's own part in a campaign."""

    id = Id(required=True)
    status = fields.String(
        required=True, metadata={"description": "active, completed, failed, withdrawn or disqualified"}
    )
    done = fields.Integer(required=True)
    on_time = fields.Integer(required=True)
    streak = fields.Integer(required=True, metadata={"description": "In a row up to now."})
    best_streak = fields.Integer(required=True)
    likes = fields.Integer(required=True)
    makeup_cards = fields.Integer(required=True, metadata={"description": "Cards that can be used now."})
    level_cards = fields.Integer(
        required=True, metadata={"description": "Those of them that their level gives each month. They go last."}
    )
    target = fields.Integer(required=True, metadata={"description": "How many it takes to complete the campaign."})
    reached = fields.Integer(required=True)
    first_idx = fields.Integer(required=True)
    team_id = Id(required=True, allow_none=True)
    completed_at = Moment(required=True, allow_none=True)
    settled_at = Moment(required=True, allow_none=True)
    reason = fields.String(required=True, metadata={"description": "Why somebody was disqualified, else empty."})
    days = fields.List(
        fields.Nested(DayOut),
        required=True,
        metadata={"description": "Empty in lists; GET /campaigns/{id}/me has them."},
    )


class WindowOut(OutSchema):
    """Minutes after midnight; the end may lie on the next day."""

    start_min = fields.Integer(required=True, attribute="win_start_min")
    end_min = fields.Integer(required=True, attribute="win_end_min")


class NeedOut(OutSchema):
    type = fields.String(required=True, attribute="need_type", metadata={"description": "count, streak or all"})
    n = fields.Integer(required=True, attribute="need_n")


class ContentRuleOut(OutSchema):
    min_len = fields.Integer(required=True)
    min_images = fields.Integer(required=True)
    audio = fields.Boolean(required=True)


class MakeupOut(OutSchema):
    free_cards = fields.Integer(required=True)
    price_points = fields.Integer(required=True, attribute="card_price", metadata={"description": "0: not for sale."})
    card_limit = fields.Integer(required=True)
    lookback = fields.Integer(required=True)


class RewardOut(OutSchema):
    """Something that completing gives."""

    whose = fields.String(required=True, data_key="for", metadata={"description": "completion or team"})
    kind = fields.String(required=True, metadata={"description": "points or growth"})
    amount = fields.Integer(required=True)


class ExcusedOut(OutSchema):
    idx = fields.Integer(required=True)
    reason = fields.String(required=True)


class CampaignCanOut(OutSchema):
    enroll = fields.Boolean(required=True)
    withdraw = fields.Boolean(required=True)
    submit = fields.Boolean(required=True)
    makeup = fields.Boolean(required=True, metadata={"description": "Known with the days, so false in lists."})
    buy_card = fields.Boolean(required=True)
    edit = fields.Boolean(required=True)
    publish = fields.Boolean(required=True)
    cancel = fields.Boolean(required=True)
    excuse = fields.Boolean(required=True)
    review = fields.Boolean(required=True)


class CampaignOut(OutSchema):
    id = Id(required=True)
    circle_slug = fields.String(required=True)
    title = fields.String(required=True)
    intro = fields.String(required=True, metadata={"description": "Markdown."})
    intro_html = fields.String(required=True, metadata={"description": "Safe to insert into a page."})
    cover_url = fields.String(required=True, allow_none=True)
    topic = fields.Nested(TopicRefOut, required=True, allow_none=True)
    cadence = fields.String(required=True, metadata={"description": "daily or weekly"})
    tz = fields.String(required=True)
    start_date = fields.Date(required=True)
    end_date = fields.Date(required=True)
    window = fields.Nested(WindowOut, required=True)
    need = fields.Nested(NeedOut, required=True)
    content_rule = fields.Nested(ContentRuleOut, required=True)
    review = fields.String(required=True, metadata={"description": "auto or manual"})
    makeup = fields.Nested(MakeupOut, required=True)
    late_join_until = fields.Date(required=True, allow_none=True, metadata={"description": "As it was set."})
    join_until = fields.Date(
        required=True, allow_none=True, metadata={"description": "The last day to join; null: it takes nobody."}
    )
    level_min = fields.Integer(required=True)
    rewards = fields.List(fields.Nested(RewardOut), required=True)
    teams = fields.Boolean(required=True)
    status = fields.String(required=True, metadata={"description": "draft, published, settling, closed or cancelled"})
    phase = fields.String(
        required=True,
        attribute="told_phase",
        metadata={"description": "upcoming, running, settling or closed (also of one that was cancelled); draft"},
    )
    opens_at = Moment(required=True, allow_none=True)
    closes_at = Moment(required=True, allow_none=True)
    settle_at = Moment(required=True, allow_none=True)
    period_count = fields.Integer(required=True)
    enrolled_count = fields.Integer(required=True)
    completed_count = fields.Integer(
        required=True, allow_none=True, metadata={"description": "How many completed it; null until it is settled."}
    )
    today_count = fields.Integer(
        required=True, metadata={"description": "Who has checked in for the open day; in lists 0."}
    )
    current = fields.Nested(
        PeriodOut, required=True, allow_none=True, metadata={"description": "The open day (or week), else the next."}
    )
    excused = fields.List(fields.Nested(ExcusedOut), required=True, attribute="excused_days")
    cancel_reason = fields.String(required=True)
    version = fields.Integer(required=True)
    me = fields.Nested(
        EnrollmentOut, required=True, allow_none=True, metadata={"description": "null for who never took part"}
    )
    can = fields.Nested(CampaignCanOut, required=True)
