"""What people send to accounts, and what the API answers about them."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from circle.core.fields import Address, Choice, Count, Id, InputSchema, Line, Moment, OutSchema, Secret, Text
from circle.core.i18n import LOCALES, lazy

MAX_NICKNAME = 20
MAX_BIO = 200
#: longer than any name may be: what is wrong with it is for the rule to say
MAX_NAME_INPUT = 100


class RegisterInput(InputSchema):
    username = Line(MAX_NAME_INPUT, minimum=1, required=True)
    nickname = Line(MAX_NICKNAME, load_default="")
    password = Secret(required=True)


class SignupInput(RegisterInput):
    """The form adds the box to tick."""

    agree = fields.Boolean(
        required=True,
        validate=validate.Equal(True, error=lazy("Please read and accept the rules and the privacy policy first.")),  # type: ignore[arg-type]
    )
    next = fields.String(load_default=None)


class LoginInput(InputSchema):
    username = Line(MAX_NAME_INPUT, minimum=1, required=True)
    password = Secret(required=True)


class LoginForm(LoginInput):
    """The form also knows where to go afterwards."""

    next = fields.String(load_default=None)


class RefreshInput(InputSchema):
    refresh_token = Secret(200, required=True)


class PasswordInput(InputSchema):
    current_password = Secret(required=True)
    new_password = Secret(required=True)


class ProofForm(InputSchema):
    """Who asks knows the password."""

    current_password = Secret(required=True)


class EmailForm(ProofForm):
    """A new address, as typed."""

    email = Line(MAX_NAME_INPUT * 3, minimum=1, required=True)


class RemoveEmailInput(InputSchema):
    """Who asks knows the password."""

    password = Secret(required=True)


class EmailInput(RemoveEmailInput):
    """A new address, as typed, and one's password."""

    email = Line(MAX_NAME_INPUT * 3, minimum=1, required=True)


class CodeInput(InputSchema):
    """A code that was mailed."""

    code = Secret(200, required=True)


class ForgotInput(InputSchema):
    """A user name or an e-mail address."""

    login = Line(MAX_NAME_INPUT * 3, minimum=1, required=True)


class NewPasswordForm(InputSchema):
    """The code stands in the address."""

    password = Secret(required=True)


class ResetInput(NewPasswordForm, CodeInput):
    """A code that was mailed, and the password to set with it."""


class NothingForm(InputSchema):
    """A button."""


class NextForm(InputSchema):
    """A button, and the page it stood on."""

    next = fields.String(load_default=None)


class DeletionInput(InputSchema):
    """One's password, whether what one wrote stays, under the name of a deleted account, and that one knows that points
    go with it (needed by those who have any)."""

    password = Secret(required=True)
    keep_content = fields.Boolean(required=True)
    forfeit_points = fields.Boolean(load_default=False)


class DeletionForm(ProofForm):
    content = Choice("keep", "delete", required=True)
    forfeit_points = fields.Boolean(load_default=False)


class LanguageForm(InputSchema):
    locale = Choice(*LOCALES, required=True)
    next = fields.String(load_default=None)


class AppearanceForm(InputSchema):
    theme = Choice("auto", "light", "dark", required=True)


class ProfileForm(InputSchema):
    """The profile page. `version` is the one the form was filled from."""

    nickname = Line(MAX_NICKNAME, minimum=1, required=True)
    bio = Text(MAX_BIO, load_default="")
    version = Count(1, 2**31, load_default=None)


class UsernameForm(InputSchema):
    username = Line(MAX_NAME_INPUT, minimum=1, required=True)


class SettingsInput(InputSchema):
    theme = Choice("auto", "light", "dark")
    locale = Choice(*LOCALES, allow_none=True)


class MeInput(InputSchema):
    """What may be changed of oneself; what is absent stays."""

    username = Line(
        MAX_NAME_INPUT, minimum=1, metadata={"description": "Once in 30 days; the old name leads here for as long."}
    )
    nickname = Line(MAX_NICKNAME, minimum=1)
    bio = Text(MAX_BIO)
    #: an upload of one's own with purpose avatar; null removes the picture
    avatar_id = Id(allow_none=True)
    settings = fields.Nested(SettingsInput)


class UserOut(OutSchema):
    id = Id(required=True)
    username = fields.String(required=True)
    nickname = fields.String(required=True)
    avatar_url = Address(required=True, allow_none=True)
    bio = fields.String(required=True)
    created_at = Moment(required=True)


class SettingsOut(OutSchema):
    theme = fields.String(required=True)
    locale = fields.String(required=True, allow_none=True)


class MeOut(UserOut):
    email = fields.String(
        required=True, allow_none=True, metadata={"description": "The confirmed address; null when there is none."}
    )
    settings = fields.Nested(SettingsOut, required=True)
    deleting_at = Moment(
        required=True, allow_none=True, metadata={"description": "When the account will be deleted; null when not."}
    )
    must_agree = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Papers (terms, privacy) that changed since the person agreed to them."},
    )


class PersonOut(UserOut):
    """Somebody else, and whether the reader has blocked them."""

    blocked = fields.Boolean(required=True)


class BlockOut(OutSchema):
    """How it stands now."""

    blocked = fields.Boolean(required=True)


class TakeoutOut(OutSchema):
    """A copy of everything somebody has here. `url` is good for an hour or two and is made anew with each answer."""

    id = Id(required=True)
    status = fields.String(required=True, metadata={"description": "waiting, ready, failed or expired"})
    created_at = Moment(required=True)
    ready_at = Moment(required=True, allow_none=True)
    expires_at = Moment(required=True, allow_none=True)
    bytes = fields.Integer(required=True, allow_none=True)
    url = Address(required=True, allow_none=True)


class DeletionOut(OutSchema):
    """When the account will be deleted, and what becomes of what the person wrote."""

    deleting_at = Moment(required=True)
    keep_content = fields.Boolean(required=True)


class AuthOut(OutSchema):
    """A sign-in: `expires_in` is seconds until the access token runs out."""

    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    token_type: Any = fields.Constant("Bearer", required=True)
    expires_in = fields.Integer(required=True)
    user = fields.Nested(UserOut, required=True)


class SessionOut(OutSchema):
    """One place where the person is signed in; `current` is the one that asks."""

    id = Id(required=True)
    kind = fields.String(required=True, metadata={"description": "browser or api"})
    current = fields.Boolean(required=True)
    user_agent = fields.String(required=True)
    network = fields.String(required=True)
    created_at = Moment(required=True)
    last_seen_at = Moment(required=True)


class LevelOut(OutSchema):
    """Somebody's level in a circle; the name is the circle's, or the usual one in the language asked for."""

    level = fields.Integer(required=True, metadata={"description": "1 is the lowest"})
    name = fields.String(required=True)


class AuthorOut(OutSchema):
    """A person beside what they wrote; `username` is empty for an account that is gone."""

    #: whoever asked without a name
    null_if = "anonymous"

    id = Id(required=True)
    username = fields.String(required=True)
    nickname = fields.String(required=True)
    avatar_url = Address(required=True, allow_none=True)
    role = fields.String(required=True, metadata={"description": "owner, admin, moderator, expert or member"})
    level = fields.Nested(
        LevelOut, required=True, allow_none=True, metadata={"description": "in this circle; null where none is at hand"}
    )


class BlockedOut(OutSchema):
    """Somebody whom the reader has blocked."""

    user = fields.Nested(AuthorOut, required=True)
    created_at = Moment(required=True)
