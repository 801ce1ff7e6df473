"""What those who run a circle send about its campaigns, and what the API answers them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

from marshmallow import fields, validate

from circle.accounts.schemas import AuthorOut
from circle.checkins import days
from circle.checkins.models import CADENCES, ENROLLMENT_STATUSES, NEEDS
from circle.checkins.plans import BOUNDS, REVIEWS
from circle.checkins.rules import MAX_INTRO, MAX_PROMPT, MAX_TITLE
from circle.core.errors import Invalid, Refused
from circle.core.fields import Choice, Count, Flag, Id, InputSchema, Line, Moment, OutSchema, Text
from circle.core.i18n import lazy

REASON_MIN, REASON_MAX = 2, 200
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(:00)?")


class Day(fields.Date):
    """A calendar day, 2026-11-23, and nothing else that might be read as one."""

    default_error_messages = {"invalid": [lazy("This is not a valid day.")]}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type="date")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid", input=value, obj_type="date") from None


class ClockTime(fields.Field[int]):
    """A time of the day in a form, 06:30, as minutes after midnight."""

    default_error_messages = {"invalid": [lazy("This is not a valid time.")]}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        found = _CLOCK.fullmatch(value) if isinstance(value, str) and value.isascii() else None
        if found is None:
            raise self.make_error("invalid")
        return int(found[1]) * 60 + int(found[2])


def _number(name: str, *, strict: bool = False) -> Count:
    return Count(*BOUNDS[name], strict=strict, load_default=None)


# ---- the form --------------------------------------------------------------------------------------------------------


class CampaignForm(InputSchema):
    """The editor. What is not on the page (a published campaign shows only what may still be changed) is not sent."""

    title = Line(MAX_TITLE, load_default="")
    intro = Text(MAX_INTRO, load_default="")
    #: one to a line
    prompts = Text(days.MAX_PERIODS * (MAX_PROMPT + 2), load_default="")
    topic_id = Id(load_default=None)
    cadence = Choice(*CADENCES, load_default=None)
    start_date = Day(load_default=None)
    end_date = Day(load_default=None)
    win_start = ClockTime(load_default=None)
    win_end = ClockTime(load_default=None)
    min_len = _number("min_len")
    min_images = _number("min_images")
    audio = fields.Boolean(load_default=False)
    review = Choice(*REVIEWS, load_default=None)
    need_type = Choice(*NEEDS, load_default=None)
    need_n = _number("need_n")
    free_cards = _number("free_cards")
    card_price = _number("card_price")
    card_limit = _number("card_limit")
    lookback = _number("lookback")
    late_join_until = Day(load_default=None)
    level_min = _number("level_min")
    reward_points = _number("reward_points")
    reward_growth = _number("reward_growth")
    teams = fields.Boolean(load_default=False)
    team_points = _number("team_points")
    team_growth = _number("team_growth")
    #: of the campaign that it was filled from
    version = Count(1, 2**31, load_default=None)
    campaign_id = Id(load_default=None)


#: what rules name otherwise than the form
_FORM_NAMES = {"win_start_min": "win_start", "win_end_min": "win_end", "topic_ids": "topic_id"}


class ReasonForm(InputSchema):
    """Why: told to everybody whom it concerns."""

    reason = Line(REASON_MAX, minimum=REASON_MIN, required=True)


class DayReasonForm(ReasonForm):
    """A day of the campaign, counted from 1, and why."""

    idx = Count(1, days.MAX_PERIODS, required=True)


class DayForm(InputSchema):
    """A day of the campaign, counted from 1."""

    idx = Count(1, days.MAX_PERIODS, required=True)


class NothingForm(InputSchema):
    """A form of one button."""


# ---- JSON ------------------------------------------------------------------------------------------------------------


def _strict(name: str) -> Count:
    return Count(*BOUNDS[name], strict=True)


class WindowInput(InputSchema):
    """Minutes after midnight; the end may lie on the next day, at most a day after the start."""

    start_min = Count(*BOUNDS["win_start_min"], strict=True, required=True)
    end_min = Count(*BOUNDS["win_end_min"], strict=True, required=True)


class NeedInput(InputSchema):
    """What completes it: so many check-ins, so many in a row, or all of them."""

    type = Choice(*NEEDS, required=True)
    n = _strict("need_n")


class ContentRuleInput(InputSchema):
    """What a check-in must have."""

    min_len = _strict("min_len")
    min_images = _strict("min_images")
    audio = Flag()


class CampaignMakeupInput(InputSchema):
    """Make-up cards: given to everybody, for sale (0: not), at most so many for each, and how far back they reach."""

    free_cards = _strict("free_cards")
    price_points = _strict("card_price")
    card_limit = _strict("card_limit")
    lookback = _strict("lookback")


class RewardInput(InputSchema):
    """What completing it gives."""

    points = _strict("reward_points")
    growth = _strict("reward_growth")


class TeamsInput(InputSchema):
    """Whether members form teams, and what one gets besides whose team did it."""

    enabled = Flag()
    points = _strict("team_points")
    growth = _strict("team_growth")


class CampaignChanges(InputSchema):
    """What may be changed of a campaign; what is absent stays. Once it is published: words, prompts and topic; the rest
    only for the better of those who take part (`CAMPAIGN_LOCKED`)."""

    title = Line(MAX_TITLE, minimum=1)
    intro = Text(MAX_INTRO, metadata={"description": "Markdown."})
    prompts = fields.List(
        Line(MAX_PROMPT),
        validate=validate.Length(max=days.MAX_PERIODS, error=lazy("At most {max} prompts, please.")),
    )
    topic_id = Id(allow_none=True)
    cadence = Choice(*CADENCES)
    start_date = Day()
    end_date = Day()
    window = fields.Nested(WindowInput)
    need = fields.Nested(NeedInput)
    content_rule = fields.Nested(ContentRuleInput)
    review = Choice(*REVIEWS)
    makeup = fields.Nested(CampaignMakeupInput)
    late_join_until = Day(allow_none=True)
    level_min = _strict("level_min")
    reward = fields.Nested(RewardInput)
    teams = fields.Nested(TeamsInput)


class CampaignInput(CampaignChanges):
    """A new campaign; it begins as a draft."""

    title = Line(MAX_TITLE, minimum=1, required=True)
    start_date = Day(required=True)
    end_date = Day(required=True)


class CampaignReasonInput(InputSchema):
    """Why; whom it concerns is told."""

    reason = Line(REASON_MAX, minimum=REASON_MIN, required=True)


class CampaignDayInput(CampaignReasonInput):
    idx = Count(1, days.MAX_PERIODS, strict=True, required=True)


class CampaignIdxInput(InputSchema):
    """A day of the campaign, counted from 1."""

    idx = Count(1, days.MAX_PERIODS, strict=True, required=True)


class PeopleQuery(InputSchema):
    """Which of those who joined to list."""

    status = Choice(*ENROLLMENT_STATUSES, load_default=None)
    q = Line(40, load_default=None, metadata={"description": "Part of a nickname or user name."})


#: where a field of a plan stands in the JSON
_PLACES = {
    "win_start_min": "window.start_min",
    "win_end_min": "window.end_min",
    "need_type": "need.type",
    "need_n": "need.n",
    "min_len": "content_rule.min_len",
    "min_images": "content_rule.min_images",
    "audio": "content_rule.audio",
    "free_cards": "makeup.free_cards",
    "card_price": "makeup.price_points",
    "card_limit": "makeup.card_limit",
    "lookback": "makeup.lookback",
    "reward_points": "reward.points",
    "reward_growth": "reward.growth",
    "teams": "teams.enabled",
    "team_points": "teams.points",
    "team_growth": "teams.growth",
    "topic_ids": "topic_id",
}


def changes_in(data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a plan that the JSON names."""
    plain = {name: value for name, value in data.items() if not isinstance(value, dict)}
    for name, place in _PLACES.items():
        whole, _dot, part = place.partition(".")
        if isinstance(data.get(whole), dict) and part in data[whole]:
            plain[name] = data[whole][part]
    return plain


@contextmanager
def json_names() -> Iterator[None]:
    """Errors under the names that fields have in the JSON."""
    with _renamed(_PLACES):
        yield


@contextmanager
def form_names() -> Iterator[None]:
    """Errors under the names that fields have in the form."""
    with _renamed(_FORM_NAMES):
        yield


@contextmanager
def _renamed(names: Mapping[str, str]) -> Iterator[None]:
    try:
        yield
    except (Invalid, Refused) as error:
        error.errors = {names.get(name, name): sentences for name, sentences in error.errors.items()}
        raise


# ---- what we answer --------------------------------------------------------------------------------------------------


class ParticipantCanOut(OutSchema):
    disqualify = fields.Boolean(required=True)
    reinstate = fields.Boolean(required=True)
    give = fields.Boolean(required=True)
    take_back = fields.Boolean(required=True)


class ParticipantOut(OutSchema):
    """Somebody's part in a campaign, for those who manage it."""

    user = fields.Nested(AuthorOut, required=True)
    status = fields.String(
        required=True, metadata={"description": "active, completed, failed, withdrawn or disqualified"}
    )
    done = fields.Integer(required=True)
    on_time = fields.Integer(required=True)
    best_streak = fields.Integer(required=True)
    joined_at = Moment(required=True)
    completed_at = Moment(required=True, allow_none=True)
    reason = fields.String(required=True, metadata={"description": "Why somebody was disqualified, else empty."})
    missing = fields.List(
        fields.Integer(), required=True, metadata={"description": "Periods that have opened and are not done."}
    )
    given = fields.List(
        fields.Integer(), required=True, metadata={"description": "Periods that count because they were given by hand."}
    )
    can = fields.Nested(ParticipantCanOut, required=True)
