"""marshmallow fields for what people send, shared by forms and JSON.

Text is cleaned here, once, before any rule sees it: NUL, control and bidi-override characters never get further, so
neither database engine can be made to fail by a string.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar

from flask import current_app
from marshmallow import Schema, ValidationError, fields, validate

from circle.core.i18n import lazy
from circle.core.ids import MAX_ID
from circle.core.markup import clean_line, clean_text

_RFC_3339 = re.compile(r"[0-9]{4}(-[0-9]{2}){2}[T ][0-9]{2}(:[0-9]{2}){1,2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")


def _length(minimum: int, maximum: int) -> validate.Validator:
    return validate.Length(min=minimum, max=maximum, error=lazy("Between {min} and {max} characters, please."))  # type: ignore[arg-type]


class Line(fields.String):
    """One line of text, cleaned and trimmed; `maximum` characters, at least `minimum`."""

    default_error_messages = {  # noqa: RUF012
        "required": [lazy("Please fill this in.")],
        "invalid": [lazy("This must be text.")],
        "null": [lazy("Please fill this in.")],
    }

    def __init__(self, maximum: int, *, minimum: int = 0, **kwargs: Any) -> None:
        super().__init__(validate=_length(minimum, maximum), **kwargs)

    def _clean(self, text: str) -> str:
        return clean_line(text)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        return self._clean(value)


class Text(Line):
    """Text of several lines, cleaned; line ends become \\n."""

    def _clean(self, text: str) -> str:
        return clean_text(text)


class Flag(fields.Boolean):
    """true or false in JSON; not 0, not "no"."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Secret(fields.String):
    """A password or passphrase: taken as it is, never cleaned, never dumped."""

    default_error_messages = Line.default_error_messages

    def __init__(self, maximum: int = 200, *, minimum: int = 1, **kwargs: Any) -> None:
        super().__init__(validate=_length(minimum, maximum), load_only=True, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise self.make_error("invalid") from None
        return value


class Count(fields.Integer):
    """A whole number from `minimum` to `maximum`."""

    def __init__(self, minimum: int, maximum: int, **kwargs: Any) -> None:
        bounds = validate.Range(minimum, maximum, error=lazy("Between {min} and {max}, please."))  # type: ignore[arg-type]
        super().__init__(validate=bounds, **kwargs)


class Choice(fields.String):
    """One of a few words."""

    default_error_messages = Line.default_error_messages

    def __init__(self, *values: str, **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf(values, error=lazy("Please choose one of: {choices}.")), **kwargs)  # type: ignore[arg-type]


class Id(fields.Integer):
    """An id: a decimal string in JSON (JavaScript loses 64-bit integers), an int in Python."""

    default_error_messages = {"invalid": [lazy("This is not a valid id.")]}  # noqa: RUF012

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else str(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        plain = isinstance(value, str) and value.isascii() and value.isdecimal() and value[0] != "0"
        if not plain or len(value) > 19 or int(value) > MAX_ID:
            raise self.make_error("invalid")
        return int(value)


def parse_id(text: str | None) -> int | None:
    """The id in a query string or hidden field, or None when there is none to be read."""
    try:
        return Id().deserialize(text) if text else None
    except ValidationError:
        return None


class Moment(fields.Field[datetime]):
    """A moment: RFC 3339 in UTC with Z. Naive or impossible input is refused."""

    default_error_messages = {"invalid": [lazy("This is not a valid time.")]}  # noqa: RUF012

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        # fromisoformat knows more spellings than RFC 3339 has, and does not mind a NUL at the end
        if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
            raise self.make_error("invalid")
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.make_error("invalid") from None


class Address(fields.String):
    """An address on this site: a path inside, absolute in JSON (a mini-program has no page to be relative to)."""

    def _serialize(self, value: str | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else current_app.config["SETTINGS"].base_url + value


#: instead of marshmallow's own, which are English and for programmers
_SENTENCES: dict[str, list[Any]] = {
    "required": [lazy("Please fill this in.")],
    "null": [lazy("Please fill this in.")],
    "invalid": [lazy("This is not valid here.")],
    "invalid_utf8": [lazy("This must be text.")],
    "too_large": [lazy("This number is too large.")],
    "type": [lazy("This is not valid here.")],
    "validator_failed": [lazy("This is not valid here.")],
}


class InputSchema(Schema):
    """Base of what people send: unknown fields are refused, and the sentences are ours."""

    error_messages = {  # noqa: RUF012
        "unknown": lazy("This field is not known here."),
        "type": lazy("This must be an object."),
    }

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        for field in (field_obj, getattr(field_obj, "inner", None)):
            if field is not None:
                theirs = {kind for kind, text in field.error_messages.items() if isinstance(text, str)}
                field.error_messages |= {kind: _SENTENCES[kind] for kind in theirs & set(_SENTENCES)}


_ABSENT = object()
_Write = Callable[[Any], Any]


class OutSchema(Schema):
    """Base of what we answer; dumps a view row.

    The fields say what an answer holds (they make the OpenAPI document); how a row is written follows from them once
    per class, instead of being found out for each value of each row. Fields of other kinds write themselves.
    """

    #: attribute of a row that is true where nothing must be told of it: then null is written in its place
    null_if: ClassVar[str] = ""

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """The row, or with `many` the rows, as what JSON can hold."""
        write = _writer_of(type(self))
        return [write(one) for one in obj] if (self.many if many is None else many) else write(obj)


@cache
def _writer_of(schema: type[Schema]) -> _Write:
    made = schema()
    null_if = schema.null_if if issubclass(schema, OutSchema) else ""
    plan = [
        (field.data_key or name, field.attribute or name, _write_of(field)) for name, field in made.dump_fields.items()
    ]

    def write(row: Any) -> Any:
        if row is None or (null_if and getattr(row, null_if, False)):
            return None
        mapping = row if isinstance(row, Mapping) else None
        written = {}
        for key, attribute, put in plan:
            value = getattr(row, attribute, _ABSENT) if mapping is None else mapping.get(attribute, _ABSENT)
            if put is None:
                if value is not _ABSENT:
                    written[key] = value
            elif isinstance(put, _Constant):
                written[key] = put.constant
            elif value is None:
                written[key] = None
            elif value is not _ABSENT:
                written[key] = put(value)
        return written

    return write


def _write_of(field: fields.Field[Any]) -> _Write | None:
    """How a value of this field is written; None for what JSON holds as it is."""
    if isinstance(field, fields.Constant):
        return _Constant(field.constant)
    if isinstance(field, fields.Nested):
        inner = _writer_of(type(field.schema))
        return (lambda rows: [inner(row) for row in rows]) if field.many else inner
    if isinstance(field, fields.List):
        each = _write_of(field.inner)
        return list if each is None else lambda values: [None if value is None else each(value) for value in values]
    plain = isinstance(field, fields.Dict) and field.key_field is None and field.value_field is None
    if plain or type(field) in {fields.Boolean, fields.Raw}:
        return None
    if type(field) is fields.String:
        return str
    if type(field) is fields.Integer:
        return int
    return lambda value: field._serialize(value, field.name, None)


class _Constant:
    """A value that does not come from the row."""

    def __init__(self, constant: Any) -> None:
        self.constant = constant

    def __call__(self, _value: Any) -> Any:  # in a list
        return self.constant


class PageQuery(InputSchema):
    """Where in a list to read, and how much."""

    cursor = fields.String(load_default=None, metadata={"description": "The `next_cursor` of the page before."})
    limit = Count(1, 50, load_default=20, metadata={"description": "How many items, 1 to 50."})


def messages_of(error: ValidationError) -> dict[str, Any]:
    """What is wrong, by field; what is wrong with the whole stands under `_schema`."""
    found: dict[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
    return found


def refuse(message: Any) -> ValidationError:
    """A ValidationError whose sentence may be lazy (marshmallow wraps only plain strings)."""
    return ValidationError([message])
