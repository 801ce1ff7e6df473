"""What people send to circles, and what the API answers about them. Inputs serve forms and JSON alike."""

from __future__ import annotations

from marshmallow import fields, validate

from circle.accounts.schemas import AuthorOut
from circle.circles.levels import MAX_LEVELS
from circle.circles.rules import (
    ACCENTS,
    ANSWER_MAX,
    GIVEN_ROLES,
    INTRO_MAX,
    INVITE_USES_MAX,
    JOIN_MODES,
    NAME_MAX,
    PASSPHRASE_MAX,
    PASSPHRASE_MIN,
    QUESTION_MAX,
    QUESTIONS_MAX,
    REASON_MAX,
    VISIBILITIES,
)
from circle.core.fields import Address, Choice, Count, Id, InputSchema, Line, Moment, OutSchema, Secret, Text
from circle.core.i18n import lazy

#: longer than any slug may be: what is wrong with it is for the rule to say
_SLUG_INPUT = 100


def _questions() -> fields.List[str]:
    return fields.List(
        Line(QUESTION_MAX, minimum=1),
        validate=validate.Length(max=QUESTIONS_MAX, error=lazy("At most {max} questions, please.")),  # type: ignore[arg-type]
    )


class CircleChanges(InputSchema):
    """What may be changed of a circle; what is absent stays. The passphrase is never read back."""

    name = Line(NAME_MAX, minimum=1)
    slug = Line(_SLUG_INPUT, minimum=1)
    intro = Text(INTRO_MAX)
    tz = Line(64, minimum=1)
    visibility = Choice(*VISIBILITIES)
    join_mode = Choice(*JOIN_MODES)
    passphrase = Secret(PASSPHRASE_MAX, minimum=PASSPHRASE_MIN)
    questions = _questions()
    accent = Choice(*ACCENTS)


class CircleInput(CircleChanges):
    """A new circle."""

    name = Line(NAME_MAX, minimum=1, required=True)
    slug = Line(_SLUG_INPUT, minimum=1, required=True)


class CircleForm(CircleChanges):
    """The settings page, which always holds every field. `version` is the one it was filled from."""

    name = Line(NAME_MAX, minimum=1, required=True)
    slug = Line(_SLUG_INPUT, minimum=1, required=True)
    intro = Text(INTRO_MAX, load_default="")
    version = Count(1, 2**31, load_default=None)


class JoinInput(InputSchema):
    """Whatever the way in asks for: answers in the order of the questions, the passphrase, an invitation's token."""

    answers = fields.List(
        Text(ANSWER_MAX),
        load_default=list,
        validate=validate.Length(max=QUESTIONS_MAX, error=lazy("At most {max} answers, please.")),  # type: ignore[arg-type]
    )
    passphrase = Secret(PASSPHRASE_MAX, load_default=None)
    invite = Line(64, load_default=None)


class MembersQuery(InputSchema):
    """Which members to list; all but the active are for those who run the circle."""

    role = Choice("owner", *GIVEN_ROLES, load_default=None)
    level = Count(1, MAX_LEVELS, load_default=None)
    q = Line(40, load_default=None)
    status = Choice("active", "muted", "banned", "left", load_default="active")


class MemberInput(InputSchema):
    """What to change about a member: `muted_until` null lifts a mute, `status` active lifts a ban."""

    role = Choice(*GIVEN_ROLES)
    muted_until = Moment(allow_none=True)
    status = Choice("active", "banned")
    reason = Text(REASON_MAX, load_default="")


class NoInput(InputSchema):
    """A form of one button."""


class RoleForm(InputSchema):
    role = Choice(*GIVEN_ROLES, required=True)


class MuteForm(InputSchema):
    duration_s = Count(60, 366 * 86400, required=True)
    reason = Text(REASON_MAX, load_default="")


class RejectInput(InputSchema):
    """Why: told to whom it is about."""

    reason = Text(REASON_MAX, load_default="")


class ApplicationsQuery(InputSchema):
    status = Choice("pending", "approved", "rejected", "withdrawn", load_default="pending")


class InviteInput(InputSchema):
    """How long and for how many a link is good; without a limit where null or absent."""

    expires_at = Moment(load_default=None, allow_none=True)
    max_uses = Count(1, INVITE_USES_MAX, load_default=None, allow_none=True, strict=True)


class InviteForm(InputSchema):
    expires_in_days = Count(1, 366, load_default=None)
    max_uses = Count(1, INVITE_USES_MAX, load_default=None)


_INSIDE = "null where a private circle is closed to you"

# ---- what we answer ------------------------------------------------------------------------------------------


class PlaceOut(OutSchema):
    """Somebody's place in a circle."""

    status = fields.String(required=True, metadata={"description": "active, pending, left or banned"})
    role = fields.String(required=True)
    level = fields.Integer(required=True, metadata={"description": "1 is the lowest; names are at /levels"})
    joined_at = Moment(required=True, allow_none=True)
    muted_until = Moment(required=True, allow_none=True)


class MembershipOut(PlaceOut):
    """One's own place; the points one has there are told at /circles/{slug}/me."""


class CircleOut(OutSchema):
    id = Id(required=True)
    slug = fields.String(required=True)
    name = fields.String(required=True)
    intro = fields.String(required=True)
    cover_url = Address(required=True, allow_none=True)
    join_mode = fields.String(required=True)
    visibility = fields.String(required=True)
    tz = fields.String(required=True)
    member_count = fields.Integer(required=True, allow_none=True, metadata={"description": _INSIDE})
    post_count = fields.Integer(required=True, allow_none=True, metadata={"description": _INSIDE})
    me = fields.Nested(MembershipOut, required=True, allow_none=True)


class CircleCoverOut(CircleOut):
    """A circle by itself: also what a page about it needs, and the questions an applicant answers."""

    accent = fields.String(required=True)
    questions = fields.List(fields.String(), required=True)
    owner = fields.Nested(AuthorOut, required=True, allow_none=True)


class MemberPowersOut(OutSchema):
    """What the asking person may do about this member."""

    change_role = fields.Boolean(required=True)
    mute = fields.Boolean(required=True)
    ban = fields.Boolean(required=True)
    remove = fields.Boolean(required=True)


class MemberOut(PlaceOut):
    """A member. What points they have is for them alone."""

    user = fields.Nested(AuthorOut, required=True)
    can = fields.Nested(MemberPowersOut, required=True)


class AnsweredOut(OutSchema):
    question = fields.String(required=True)
    answer = fields.String(required=True)


class ApplicationOut(OutSchema):
    id = Id(required=True)
    user = fields.Nested(AuthorOut, required=True)
    answers = fields.List(fields.Nested(AnsweredOut), required=True)
    status = fields.String(required=True)
    reason = fields.String(required=True)
    created_at = Moment(required=True)
    decided_at = Moment(required=True, allow_none=True)


class InviteOut(OutSchema):
    id = Id(required=True)
    token = fields.String(required=True)
    url = Address(required=True)
    created_by = fields.Nested(AuthorOut, required=True)
    created_at = Moment(required=True)
    expires_at = Moment(required=True, allow_none=True)
    max_uses = fields.Integer(required=True, allow_none=True)
    use_count = fields.Integer(required=True)
    revoked_at = Moment(required=True, allow_none=True)
    good = fields.Boolean(required=True, metadata={"description": "whether the link would let somebody in now"})
