"""What is sent to and answered by notifications."""

from __future__ import annotations

from marshmallow import fields, validate

from circle.accounts.schemas import AuthorOut
from circle.core.fields import Address, Choice, Flag, Id, InputSchema, Moment, OutSchema
from circle.core.i18n import lazy
from circle.notifications.kinds import CATEGORIES
from circle.notifications.queries import PARTS


class InboxQuery(InputSchema):
    """Which notices: all, the unread, those of one category."""

    unread = fields.Boolean(load_default=False, metadata={"description": "Only those that were not read yet."})
    category = Choice(*CATEGORIES, load_default=None, metadata={"description": "Only those of one category."})


class PartQuery(InputSchema):
    """Which part of the inbox a page shows."""

    part = Choice("unread", *PARTS, load_default=None)


class ReadInput(InputSchema):
    """Which notices were read; all of them when `ids` is left out."""

    ids = fields.List(
        Id(),
        load_default=None,
        validate=validate.Length(max=100, error=lazy("At most {max} at a time, please.")),  # type: ignore[arg-type]
    )


class NoticeCircleOut(OutSchema):
    slug = fields.String(required=True)
    name = fields.String(required=True)


class NoticeOut(OutSchema):
    """`text` is a sentence in the request's language; `quote` a reason or the beginning of what was written."""

    id = Id(required=True)
    kind = fields.String(required=True)
    category = fields.String(required=True)
    text = fields.String(required=True)
    quote = fields.String(required=True, allow_none=True)
    url = Address(required=True, allow_none=True)
    by = fields.Nested(AuthorOut, required=True, allow_none=True)
    count = fields.Integer(required=True, metadata={"description": "How many people or posts it is about."})
    circle = fields.Nested(NoticeCircleOut, required=True, allow_none=True)
    created_at = Moment(required=True)
    told_at = Moment(required=True, metadata={"description": "When it was told first, or last grew."})
    read_at = Moment(required=True, allow_none=True)


class UnreadOut(OutSchema):
    """How many notices are still unread."""

    unread = fields.Integer(required=True)


class SettingInput(InputSchema):
    """One category. What is not in the inbox does not go out by e-mail."""

    category = Choice(*CATEGORIES, required=True)
    inbox = Flag(required=True)
    mail = Flag(required=True)


class NoticeSettingsInput(InputSchema):
    """The categories to change; others stay as they are."""

    categories = fields.List(
        fields.Nested(SettingInput),
        required=True,
        validate=validate.Length(max=len(CATEGORIES), error=lazy("At most {max} at a time, please.")),  # type: ignore[arg-type]
    )


class NoticeSettingsForm(InputSchema):
    """The page of settings: the names of the categories that are ticked."""

    inbox = fields.List(Choice(*CATEGORIES), load_default=list)
    mail = fields.List(Choice(*CATEGORIES), load_default=list)


class SettingOut(OutSchema):
    """`fixed` says why a category cannot be switched off in the inbox."""

    category = fields.String(required=True)
    title = fields.String(required=True)
    inbox = fields.Boolean(required=True)
    mail = fields.Boolean(required=True)
    fixed = fields.String(required=True, allow_none=True)


class NoticeSettingsOut(OutSchema):
    """`email` is the confirmed address that e-mail goes to; without one none goes out."""

    email = fields.String(required=True, allow_none=True)
    categories = fields.List(fields.Nested(SettingOut), required=True)


class UnsubscribeForm(InputSchema):
    """A button, or the one click of a mail program; what to stop stands in the address."""
