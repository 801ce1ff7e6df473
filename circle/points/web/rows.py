"""Rows of numbers in a form, read with the schema that reads the same rows as JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, ValidationError

from circle.core.errors import Invalid
from circle.core.fields import messages_of
from circle.points.manage_schemas import flat

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}")


def number(text: str) -> int | str | None:
    """What was typed, as a number; None for nothing, and as it is when it is no number (the schema says so)."""
    text = text.strip()
    if not text:
        return None
    return int(text) if _NUMBER.fullmatch(text) and text.isascii() else text


def loaded(schema: Schema, data: Mapping[str, Any], named: Callable[[str], str]) -> dict[str, Any]:
    """The data as the schema understands it. Raises Invalid; `named` says what the fields are called in the form."""
    try:
        found: dict[str, Any] = schema.load(data)
    except ValidationError as error:
        raise Invalid(errors=renamed(flat(messages_of(error)), named)) from None
    return found


def renamed(errors: Mapping[str, list[Any]], named: Callable[[str], str]) -> dict[str, list[Any]]:
    """Errors under the names that the fields have in the form."""
    return {named(name): sentences for name, sentences in errors.items()}
