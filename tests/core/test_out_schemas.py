"""Answers are written by a plan made once per schema; it writes exactly what marshmallow itself would write."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, json
from marshmallow import Schema, fields

from circle.core.fields import Address, Id, Moment, OutSchema

TEXTS = ("", "早安", "<b>&\"'", "\ud800 half a character", "\u202e\u0000", "0", "None")
NUMBERS = (0, 1, -1, 2**62, True)
MOMENTS = (
    datetime(2026, 2, 28, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=8))),
)


def schemas_below(kind: type[OutSchema]) -> Iterator[type[OutSchema]]:
    for each in kind.__subclasses__():
        yield each
        yield from schemas_below(each)


def all_schemas() -> list[type[OutSchema]]:
    """Those of the product; one that writes two others side by side is tried by these."""
    ours = {
        each for each in schemas_below(OutSchema) if each.__module__.startswith("circle.") and "dump" not in vars(each)
    }
    return sorted(ours, key=lambda each: f"{each.__module__}.{each.__name__}")


class Rows:
    """Rows for any schema, as unlike each other as its fields allow."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def row(self, schema: Schema) -> Any:
        values = {}
        for name, field in schema.dump_fields.items():
            # else it is not there at all; of a dict without `items` marshmallow would take the method
            if self.chance.random() < 0.9 or name == "items":
                values[field.attribute or name] = self.value(field)
        return values if self.chance.random() < 0.5 else SimpleNamespace(**values)

    def value(self, field: fields.Field[Any]) -> Any:
        if self.chance.random() < 0.15:
            return None
        if isinstance(field, fields.Nested):
            many = [self.row(field.schema) for _number in range(self.chance.randint(0, 3))]
            return many if field.many else self.row(field.schema)
        if isinstance(field, fields.List):
            return tuple(self.value(field.inner) for _number in range(self.chance.randint(0, 3)))
        if isinstance(field, fields.Dict):
            inner = field.value_field
            return {text: self.value(inner) if inner else self.chance.choice(NUMBERS) for text in TEXTS[1:3]}
        if isinstance(field, Moment):
            return self.chance.choice(MOMENTS)
        if isinstance(field, fields.Boolean):
            return self.chance.random() < 0.5
        if isinstance(field, Id | fields.Integer):
            return self.chance.choice(NUMBERS)
        if isinstance(field, fields.Float):
            return self.chance.choice((0.5, -1.0))
        if isinstance(field, fields.Date):
            return self.chance.choice(MOMENTS).date()
        return self.chance.choice(TEXTS)  # words, addresses


@pytest.mark.parametrize("schema", all_schemas(), ids=lambda schema: schema.__name__)
def test_a_row_is_written_as_marshmallow_writes_it(
    plain_app: Flask, monkeypatch: pytest.MonkeyPatch, schema: type[OutSchema]
) -> None:
    rows, made = Rows(20261122), schema()
    given = [rows.row(made) for _number in range(40)]
    with plain_app.test_request_context():
        ours = [made.dump(row) for row in given]
        together = made.dump(given, many=True)
        monkeypatch.setattr(OutSchema, "dump", Schema.dump)  # nested ones, too
        theirs = [made.dump(row) for row in given]
        assert [json.dumps(row) for row in ours] == [json.dumps(row) for row in theirs]  # also the order of the keys
    assert together == ours


def test_there_are_schemas_to_try() -> None:
    kinds = {type(field) for schema in all_schemas() for field in schema().dump_fields.values()}
    assert len(all_schemas()) > 30
    assert {Address, Id, Moment, fields.Nested, fields.List, fields.String, fields.Integer, fields.Boolean} <= kinds
