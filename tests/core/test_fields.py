from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError, fields

from circle.core.fields import (
    Choice,
    Id,
    InputSchema,
    Line,
    Moment,
    OutSchema,
    PageQuery,
    Secret,
    Text,
    messages_of,
    refuse,
)
from circle.core.i18n import lazy
from circle.core.ids import MAX_ID


class Everything(InputSchema):
    line = Line(40)
    text = Text(200)
    secret = Secret(60)
    choice = Choice("red", "blue")
    id = Id()
    moment = Moment()
    number = fields.Integer()
    flag = fields.Boolean()
    lines = fields.List(Line(40))
    ids = fields.List(Id())


KINDS = list(Everything._declared_fields)
NASTY = [
    "\x00", "a\x00b", "\ud800", "\udfff", "a\udc80b", "\ud83d", "\ud83d\ude00", "\ufeff", "\ufffe", "\uffff",
    "\U0010ffff", "\u202e", "\u2066", "\u200b", "\u00ad", "e" + "\u0301" * 1_000, "🎉" * 500, "x" * 100_000,
    "\n" * 10_000, "\r\n", "\x1b[2J", "\x85", "\u2028", "\t", " ", "", "٣", "１２", "²", "1_0", "+1", "-1", "1e3",
    "0x1", "1.0", "9" * 5_000, "nan", "inf", "None", "null", "true", "[]", "{}", "{0}", "{min}", "%s", "%(number)s",
    "{{7*7}}", "<script>", "' OR 1=1 --", "../../etc/passwd",
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def context() -> Iterator[None]:
    """Sentences are translated when they are made into text, which needs an application; no database is needed."""
    app = Flask("test")
    Babel(app)
    with app.test_request_context():
        yield


def load(**data: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = Everything().load(data)
    return loaded


def errors(**data: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        load(**data)
    return {name: [str(text) for text in texts] for name, texts in messages_of(caught.value).items()}


def try_all(value: Any, *, inside: bool = True) -> None:
    """Whatever comes is loaded as clean text, or refused with a sentence; nothing else is ever raised."""
    for kind in KINDS:
        for given_ in (value, [value], {"x": value}) if inside else (value,):
            try:
                loaded = load(**{kind: given_})[kind]
            except ValidationError as error:
                for texts in messages_of(error).values():
                    assert texts
                    json.dumps(texts, default=str)
                continue
            for text in loaded if isinstance(loaded, list) else [loaded]:
                if isinstance(text, str):
                    text.encode()
                    assert kind == "secret" or "\x00" not in text


def test_no_naughty_string_does_any_harm(shared_data: Path) -> None:
    strings = json.loads((shared_data / "adversarial/strings/blns.json").read_text("utf-8"))
    assert len(strings) > 500
    for number, value in enumerate(strings):
        try_all(value, inside=number % 5 == 0)


def test_no_known_attack_does_any_harm(shared_data: Path) -> None:
    for file in sorted((shared_data / "adversarial/strings").glob("*.txt")):
        for value in file.read_text("utf-8", "surrogateescape").splitlines()[::3]:
            try_all(value, inside=False)


@pytest.mark.parametrize("value", NASTY)
def test_no_odd_string_does_any_harm(value: str) -> None:
    try_all(value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        -1,
        2**63,
        10**400,
        1.5,
        float("nan"),
        float("inf"),
        b"x",
        [],
        {},
        [[]],
        [None],
        object(),
        (),
        {1},
    ],
)
def test_no_other_type_does_any_harm(value: Any) -> None:
    for kind in KINDS:
        try:
            load(**{kind: value})
        except ValidationError as error:
            assert messages_of(error)[kind]


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(codec=None, categories=None), max_size=60))
def test_no_made_up_string_does_any_harm(value: str) -> None:
    try_all(value)


# ---- text ----------------------------------------------------------------------------------------------------


def test_a_line_is_one_clean_line() -> None:
    assert load(line="  a\r\n b\x00\u202ec \u200b") == {"line": "a bc"}
    assert load(line="a\ud800b") == {"line": "a\ufffdb"}
    assert load(line="👨\u200d👩\u200d👧 圈子") == {"line": "👨\u200d👩\u200d👧 圈子"}


def test_a_text_keeps_its_lines() -> None:
    assert load(text="a\r\nb\rc\n\nd")["text"] == "a\nb\nc\n\nd"


def test_length_counts_what_is_left_after_cleaning() -> None:
    assert load(line="x" * 40 + "\x00" * 40 + " " * 40)["line"] == "x" * 40
    assert list(errors(line="x" * 41)) == ["line"]
    assert errors(line="x" * 41)["line"] == ["Between 0 and 40 characters, please."]

    class Named(InputSchema):
        name = Line(5, minimum=1, required=True)

    for value in ("", " ", "\u200b\u200b", "\x00", "\u202e"):
        with pytest.raises(ValidationError):
            Named().load({"name": value})


def test_a_secret_is_taken_as_it_is() -> None:
    assert load(secret=" pass\tword\u200b é ")["secret"] == " pass\tword\u200b é "
    assert list(errors(secret="")) == ["secret"]
    assert list(errors(secret="x" * 61)) == ["secret"]
    assert list(errors(secret="a\ud800")) == ["secret"]


def test_a_secret_is_never_shown() -> None:
    class Out(OutSchema):
        password = Secret()
        name = fields.String()

    assert Out().dump({"password": "x", "name": "y"}) == {"name": "y"}


# ---- choices, ids, moments -----------------------------------------------------------------------------------


def test_a_choice_is_one_of_its_words() -> None:
    assert load(choice="red") == {"choice": "red"}
    for value in ("Red", " red", "green", "", "red\x00", "{choices}"):
        assert errors(choice=value) == {"choice": ["Please choose one of: red, blue."]}


@pytest.mark.parametrize("value", ["1", "7", str(2**53 + 1), str(MAX_ID)])
def test_an_id_is_a_decimal_string(value: str) -> None:
    assert load(id=value) == {"id": int(value)}


@pytest.mark.parametrize(
    "value",
    [
        "0",
        "-1",
        "+1",
        "01",
        "1.0",
        "1e3",
        " 1",
        "1 ",
        "1\n",
        "",
        "٣",
        "１",
        "²",
        "0x1",
        str(MAX_ID + 1),
        "9" * 5_000,
        1,
        1.0,
        True,
        ["1"],
    ],
)
def test_anything_else_is_no_id(value: Any) -> None:
    assert errors(id=value) == {"id": ["This is not a valid id."]}


def test_ids_and_moments_are_dumped_as_the_contract_says() -> None:
    class Out(OutSchema):
        id = Id()
        none = Id()
        at = Moment()
        never = Moment()

    at = datetime(2026, 11, 21, 1, 2, 3, 456_789, UTC)
    dumped = Out().dump({"id": MAX_ID, "none": None, "at": at, "never": None})
    assert dumped == {"id": str(MAX_ID), "none": None, "at": "2026-11-21T01:02:03.456789Z", "never": None}
    assert Out().load({"id": dumped["id"], "at": dumped["at"]}) == {"id": MAX_ID, "at": at}


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-11-21T08:00:00+08:00", datetime(2026, 11, 21, tzinfo=UTC)),
        ("2026-11-21T00:00:00Z", datetime(2026, 11, 21, tzinfo=UTC)),
        ("2028-02-29T23:59:59.999999Z", datetime(2028, 2, 29, 23, 59, 59, 999_999, UTC)),
    ],
)
def test_a_moment_is_read_as_utc(value: str, moment: datetime) -> None:
    assert load(moment=value) == {"moment": moment}


@pytest.mark.parametrize(
    "value",
    ["2026-11-21T00:00:00", "2026-11-21", "2027-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-21T24:00:01Z",
     "now", "", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "10000-01-01T00:00:00Z",
     "2026-11-21T00:00:60Z", "1795219200", "20261121T000000Z", "2026-W47-6T00:00:00Z", "2026-11-21T00Z",
     "2026-11-21T00:00:00+99:00", "２０２６-11-21T00:00:00Z", "2026-11-21T00:00:00Z\x00", "2026-11-21\ud800T00:00:00Z",
     1795219200, None],
)  # fmt: skip
def test_anything_else_is_no_moment(value: Any) -> None:
    assert list(errors(moment=value)) == ["moment"]


# ---- sentences -----------------------------------------------------------------------------------------------


def test_every_fault_has_a_sentence_of_ours() -> None:
    class Strict(InputSchema):
        name = Line(5, required=True)
        number = fields.Integer(required=True)
        flag = fields.Boolean(required=True)
        items = fields.List(fields.Integer(), required=True)
        note = fields.String(required=True)

    cases: list[Any] = [
        {},
        dict.fromkeys(Strict._declared_fields),
        dict.fromkeys(Strict._declared_fields, object()),
        {"number": 1e400, "items": [None, "x"], "name": "x" * 6, "unknown": 1},
        None,
        [],
    ]
    for case in cases:
        with pytest.raises(ValidationError) as caught:
            Strict().load(case)
        found = json.dumps(messages_of(caught.value), default=str)
        assert not any(
            theirs in found for theirs in ("Missing data", "Not a valid", "may not be null", "Unknown field", "Invalid")
        )


def test_a_rule_may_refuse_with_a_lazy_sentence() -> None:
    assert [str(text) for text in refuse(lazy("No.")).messages] == ["No."]


def test_a_page_is_asked_for_with_a_cursor_and_a_limit() -> None:
    assert PageQuery().load({"cursor": "x", "limit": "7"}) == {"cursor": "x", "limit": 7}
    with pytest.raises(ValidationError) as caught:
        PageQuery().load({"limit": "51"})
    assert caught.value.messages_dict == {"limit": ["Between 1 and 50, please."]}
