"""What those who run a circle send about points, and what the API answers them."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from circle.accounts.schemas import AuthorOut
from circle.core.fields import Choice, Count, Flag, Id, InputSchema, Line, Moment, OutSchema
from circle.core.i18n import lazy
from circle.ledger.accounts import ASSETS
from circle.points.catalog import CODES
from circle.points.earn_rules import AMOUNT_MAX, BOUNDS, EXPIRIES
from circle.points.ladder import MAX_LEVELS
from circle.points.ladder_checks import GIFT_MAX, GROWTH_MAX, PRIVILEGE_BOUNDS
from circle.points.ladder_checks import NAME_MAX as LEVEL_NAME_MAX
from circle.points.operations import adjusting

_STATUSES = ("pending", "applied", "rejected", "reversed")


def _number(name: str) -> Count:
    return Count(*BOUNDS[name], strict=True, load_default=None, allow_none=True)


class RuleInput(InputSchema):
    """A rule as a whole: a cap that is null or absent is no cap."""

    code = Choice(*CODES, required=True)
    points = Count(0, AMOUNT_MAX, strict=True, load_default=0)
    growth = Count(0, AMOUNT_MAX, strict=True, load_default=0)
    daily_count_cap = _number("daily_count_cap")
    daily_point_cap = _number("daily_point_cap")
    weekly_point_cap = _number("weekly_point_cap")
    giver_daily_cap = _number("giver_daily_cap")
    min_len = _number("min_len")
    enabled = Flag(load_default=True)


class TriedRulesInput(InputSchema):
    """Rules to try or to save; those that are not named stay as they are."""

    rules = fields.List(
        fields.Nested(RuleInput),
        required=True,
        validate=validate.Length(max=len(CODES), error=lazy("At most {max} rules, please.")),  # type: ignore[arg-type]
    )


class RulesInput(TriedRulesInput):
    """Also when points run out: at the end of the next year, or never."""

    expiry = Choice(*EXPIRIES)


class RulesForm(InputSchema):
    """What stands beside the table of rules; its cells are read as RuleInput."""

    version = Count(0, 2**31, load_default=None)
    expiry = Choice(*EXPIRIES, load_default=None)


class PrivilegesInput(InputSchema):
    """A limit that is null or absent is none; of make-up cards there are none then."""

    posts_per_day = Count(*PRIVILEGE_BOUNDS["posts_per_day"], strict=True, allow_none=True)
    images_per_post = Count(*PRIVILEGE_BOUNDS["images_per_post"], strict=True, allow_none=True)
    upload_mb = Count(*PRIVILEGE_BOUNDS["upload_mb"], strict=True, allow_none=True)
    makeup_cards_per_month = Count(*PRIVILEGE_BOUNDS["makeup_cards_per_month"], strict=True, allow_none=True)
    can_video = Flag()
    can_create_topic = Flag()


class LevelInput(InputSchema):
    """One level; without a name of its own it has the usual one."""

    level = Count(1, MAX_LEVELS, strict=True, load_default=None, allow_none=True)
    name = Line(LEVEL_NAME_MAX, load_default="")
    growth_min = Count(0, GROWTH_MAX, strict=True, required=True)
    keep_min = Count(0, GROWTH_MAX, strict=True, load_default=0)
    gift_points = Count(0, GIFT_MAX, strict=True, load_default=0)
    privileges = fields.Nested(PrivilegesInput, load_default=dict)


class LevelsInput(InputSchema):
    """All levels, lowest first."""

    levels = fields.List(
        fields.Nested(LevelInput),
        required=True,
        validate=validate.Length(max=MAX_LEVELS, error=lazy("At most {max} levels, please.")),  # type: ignore[arg-type]
    )


class LevelsForm(InputSchema):
    """What stands beside the rows of levels; those are read as LevelInput."""

    version = Count(1, 2**31, load_default=None)


class AdjustInput(InputSchema):
    """Points or growth to give, or to take with a negative amount; the member reads the reason."""

    user_id = Id(required=True)
    asset = Choice(*ASSETS, required=True)
    amount = Count(-adjusting.AMOUNT_MAX, adjusting.AMOUNT_MAX, strict=True, required=True)
    reason = Line(adjusting.REASON_MAX, minimum=adjusting.REASON_MIN, required=True)


class AdjustForm(InputSchema):
    """The same as a form: by user name, and with giving and taking apart (phones have no minus)."""

    username = Line(60, minimum=1, required=True)
    asset = Choice(*ASSETS, required=True)
    direction = Choice("give", "take", required=True)
    amount = Count(1, adjusting.AMOUNT_MAX, required=True)
    reason = Line(adjusting.REASON_MAX, minimum=adjusting.REASON_MIN, required=True)


class NoteInput(InputSchema):
    """Why it is turned down or undone."""

    note = Line(adjusting.REASON_MAX, minimum=adjusting.NOTE_MIN, required=True)


class NothingInput(InputSchema):
    """A form of one button."""


class AdjustmentsQuery(InputSchema):
    """Which adjustments to list; without a status those that are decided."""

    status = Choice(*_STATUSES, load_default=None)


# ---- what we answer ------------------------------------------------------------------------------------------


class RuleOut(OutSchema):
    code = fields.String(required=True, metadata={"description": "`*` holds the caps over all rules together"})
    version = fields.Integer(required=True)
    points = fields.Integer(required=True)
    growth = fields.Integer(required=True)
    daily_count_cap = fields.Integer(required=True, allow_none=True)
    daily_point_cap = fields.Integer(required=True, allow_none=True)
    weekly_point_cap = fields.Integer(required=True, allow_none=True)
    giver_daily_cap = fields.Integer(required=True, allow_none=True)
    min_len = fields.Integer(required=True, allow_none=True)
    enabled = fields.Boolean(required=True)


class EarnRulesOut(OutSchema):
    rules = fields.List(fields.Nested(RuleOut), required=True, attribute="told")
    expiry = fields.String(required=True, metadata={"description": "next_year or never"})
    version = fields.Integer(required=True, metadata={"description": "another number as soon as anything is changed"})


class _SumsOut(OutSchema):
    points_before = fields.Integer(required=True)
    points_after = fields.Integer(required=True)
    growth_before = fields.Integer(required=True)
    growth_after = fields.Integer(required=True)


class RuleSumsOut(_SumsOut):
    code = fields.String(required=True)
    times = fields.Integer(required=True)
    capped_before = fields.Integer(required=True)
    capped_after = fields.Integer(required=True)


class TotalSumsOut(_SumsOut):
    times = fields.Integer(required=True)
    capped_before = fields.Integer(required=True, metadata={"description": "how many of them a cap cut"})
    capped_after = fields.Integer(required=True)


class WeekSumsOut(_SumsOut):
    monday = fields.Date(required=True)


class MemberSumsOut(_SumsOut):
    user = fields.Nested(AuthorOut, required=True, allow_none=True)


class SimulationOut(OutSchema):
    total = fields.Nested(TotalSumsOut, required=True)
    rules = fields.List(fields.Nested(RuleSumsOut), required=True)
    weeks = fields.List(fields.Nested(WeekSumsOut), required=True)
    people_before = fields.Integer(required=True)
    people_after = fields.Integer(required=True)
    better_off = fields.Integer(required=True)
    worse_off = fields.Integer(required=True)


class TriedOut(OutSchema):
    since = Moment(required=True)
    until = Moment(required=True)
    days = fields.Integer(required=True)
    cut = fields.Boolean(required=True, metadata={"description": "there was more than is looked at; it begins later"})
    result = fields.Nested(SimulationOut, required=True)
    winners = fields.List(fields.Nested(MemberSumsOut), required=True)
    losers = fields.List(fields.Nested(MemberSumsOut), required=True)


class SetPrivilegesOut(OutSchema):
    """A limit that is absent is none, of make-up cards there are none then; a right that is absent is as usual."""

    posts_per_day = fields.Integer()
    images_per_post = fields.Integer()
    upload_mb = fields.Integer()
    makeup_cards_per_month = fields.Integer()
    can_video = fields.Boolean()
    can_create_topic = fields.Boolean()


class SetLevelOut(OutSchema):
    level = fields.Integer(required=True)
    name = fields.String(required=True, metadata={"description": "empty where the usual name is used"})
    called = fields.String(required=True, metadata={"description": "what members read"})
    growth_min = fields.Integer(required=True)
    keep_min = fields.Integer(required=True)
    gift_points = fields.Integer(required=True)
    privileges = fields.Nested(SetPrivilegesOut, required=True)


class SetLevelsOut(OutSchema):
    levels = fields.List(fields.Nested(SetLevelOut), required=True, attribute="told")
    version = fields.Integer(required=True)


class AdjustmentPowersOut(OutSchema):
    approve = fields.Boolean(required=True)
    reject = fields.Boolean(required=True)
    reverse = fields.Boolean(required=True)


class AdjustmentOut(OutSchema):
    id = Id(required=True)
    user = fields.Nested(AuthorOut, required=True)
    asset = fields.String(required=True)
    amount = fields.Integer(required=True)
    reason = fields.String(required=True)
    status = fields.String(required=True, metadata={"description": "pending, applied, rejected or reversed"})
    asked_by = fields.Nested(AuthorOut, required=True)
    created_at = Moment(required=True)
    decided_by = fields.Nested(AuthorOut, required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)
    note = fields.String(required=True)
    reversed_by = fields.Nested(AuthorOut, required=True, allow_none=True)
    reversed_at = Moment(required=True, allow_none=True)
    can = fields.Nested(AdjustmentPowersOut, required=True)


class BooksOfOut(OutSchema):
    minted = fields.Integer(required=True, metadata={"description": "given, less what was taken back"})
    burned = fields.Integer(required=True, metadata={"description": "spent, less what was given back"})
    expired = fields.Integer(required=True)
    held = fields.Integer(required=True, metadata={"description": "in the accounts of members"})
    owed = fields.Integer(required=True, metadata={"description": "by members: taken back after it was spent"})
    difference = fields.Integer(required=True, metadata={"description": "0 when they balance"})


class CheckOut(OutSchema):
    checked_at = Moment(required=True)
    txn_count = fields.Integer(required=True)
    entry_count = fields.Integer(required=True)
    violations = fields.List(fields.Dict(), required=True)


class BooksOut(OutSchema):
    balanced = fields.Boolean(required=True)
    points = fields.Nested(BooksOfOut, required=True)
    growth = fields.Nested(BooksOfOut, required=True)
    check = fields.Nested(CheckOut, required=True, allow_none=True)


def flat(messages: dict[Any, Any], path: str = "") -> dict[str, list[Any]]:
    """Errors of a schema by the whole path of their fields, `rules.0.points`."""
    found: dict[str, list[Any]] = {}
    for name, value in messages.items():
        here = f"{path}.{name}" if path else str(name)
        found |= flat(value, here) if isinstance(value, dict) else {here: list(value)}
    return found
