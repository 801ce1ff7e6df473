from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError
from sqlalchemy import case, delete, insert, select, text

from circle.core import pagination
from circle.core.db import db
from circle.core.errors import BadRequest
from circle.core.fields import PageQuery
from circle.core.idempotency import IdempotencyRecord as Row  # any table with a moment and an id will do
from circle.core.ids import MAX_ID
from circle.core.operation import operation
from circle.core.pagination import Keyset, Page, decode_cursor, encode_cursor

START = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
NEWEST = Keyset("test.newest", (Row.locked_at, Row.id))
OLDEST = Keyset("test.oldest", (Row.locked_at, Row.id), descending=False)


def fill(rows: dict[int, datetime]) -> None:
    values = [
        {
            "id": id_,
            "created_at": moment,
            "owner": "u1",
            "route": "r",
            "key": str(id_),
            "fingerprint": "",
            "state": "done",
            "locked_at": moment,
        }
        for id_, moment in rows.items()
    ]
    if values:
        db.session.execute(insert(Row), values)


@operation
def put(rows: dict[int, datetime], *, gone: set[int] | None = None, empty: bool = False) -> None:
    if empty:
        db.session.execute(delete(Row))
    fill(rows)
    if gone:
        db.session.execute(delete(Row).where(Row.id.in_(gone)))


def walk(keyset: Keyset, limit: int, between: Callable[[], object] = lambda: None) -> list[int]:
    found: list[int] = []
    cursor: str | None = None
    for _page in range(1_000):
        page = keyset.read(select(Row.id), cursor, limit)
        assert len(page.items) <= limit
        found += [row[0] for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found
        between()
    raise AssertionError("a list without end")


# few different moments, so that many rows share one, and neighbours that differ by one microsecond
moments = st.integers(0, 5).map(lambda number: START + timedelta(microseconds=number))
rows_of_a_list = st.dictionaries(st.integers(1, 60), moments, max_size=40)
changes = st.lists(st.tuples(st.dictionaries(st.integers(61, 99), moments, max_size=4), st.sets(st.integers(1, 99))))


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows_of_a_list, changes=changes, limit=st.integers(1, 9), descending=st.booleans())
def test_every_row_that_stays_is_shown_once_whatever_comes_and_goes_between_pages(
    app: Flask, rows: dict[int, datetime], changes: list[tuple[dict[int, datetime], set[int]]], limit: int,
    descending: bool,
) -> None:  # fmt: skip
    put(rows, empty=True)
    seen, stayed, left = set(rows), set(rows), list(changes)

    def change() -> None:
        if left:
            new, gone = left.pop()
            put({id_: moment for id_, moment in new.items() if id_ not in seen}, gone=gone)
            seen.update(new)  # an id is never used again
            stayed.difference_update(gone)

    found = walk(NEWEST if descending else OLDEST, limit, change)
    assert len(found) == len(set(found))
    assert stayed <= set(found)
    known = [(rows[id_], id_) for id_ in found if id_ in stayed]
    assert known == sorted(known, reverse=descending)


def test_rows_of_the_same_moment_are_all_shown(app: Flask) -> None:
    put(dict.fromkeys(range(1, 24), START))
    assert walk(NEWEST, 5) == list(range(23, 0, -1))
    assert walk(OLDEST, 5) == list(range(1, 24))


def test_a_full_last_page_has_no_next(app: Flask) -> None:
    put(dict.fromkeys(range(1, 11), START))
    assert NEWEST.read(select(Row.id), None, 10).next_cursor is None
    assert NEWEST.read(select(Row.id), None, 9).next_cursor is not None
    assert NEWEST.read(select(Row.id).where(Row.id > 99), None, 9) == Page([], None)


def test_moments_keep_their_microseconds_whatever_the_time_zone_of_the_connection(app: Flask) -> None:
    # Berlin had 02:00..03:00 twice in that night: there, a moment without its zone is two moments
    night = datetime(2026, 10, 25, 0, 59, 59, 999_990, UTC)
    put({id_: night + timedelta(microseconds=id_) for id_ in range(1, 21)})
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET TIME ZONE 'Europe/Berlin'"))
    assert walk(NEWEST, 1) == list(range(20, 0, -1))
    assert walk(OLDEST, 3) == list(range(1, 21))
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("RESET TIME ZONE"))


@pytest.mark.parametrize(
    "keys",
    [
        [START, 1],
        [START + timedelta(microseconds=1), MAX_ID],
        [START.astimezone(timezone(timedelta(hours=8))), 7],
        [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)],
        [0, -1, 10**30],
        ["圈子 🎉", "", "a\x00b", "\ud800"],
        [None, True],
    ],
)
def test_a_cursor_gives_back_the_keys_it_was_made_of(keys: list[Any]) -> None:
    cursor = encode_cursor("list", keys)
    assert decode_cursor("list", cursor) == keys
    assert cursor.isascii()
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_a_list_may_be_ordered_by_numbers_and_expressions(app: Flask) -> None:
    put({id_: START + timedelta(seconds=id_ % 3) for id_ in range(1, 31)})
    first = case((Row.id % 2 == 0, 1), else_=0)
    keyset = Keyset("test.even", (first, Row.locked_at, Row.id))
    expected = sorted(range(1, 31), key=lambda id_: (id_ % 2 == 0, id_ % 3, id_), reverse=True)
    assert walk(keyset, 4) == expected


def test_ids_of_63_bits_do_not_lose_a_digit(app: Flask) -> None:
    put({MAX_ID - number: START for number in range(12)})
    assert walk(NEWEST, 5) == [MAX_ID - number for number in range(12)]


def test_a_row_can_be_unpacked_up_to_the_keys(app: Flask) -> None:
    put({5: START})
    ((id_, key, moment, last),) = NEWEST.read(select(Row.id, Row.key), None).items
    assert (id_, key, moment, last) == (5, "5", START, 5)


def test_a_page_can_be_exchanged_item_by_item() -> None:
    assert Page([1, 2], "x").map(lambda items: [str(item) for item in items]) == Page(["1", "2"], "x")


def refused(cursor: str, name: str = "list") -> bool:
    with pytest.raises(BadRequest) as caught:
        decode_cursor(name, cursor)
    return caught.value.code == "CURSOR_INVALID" and caught.value.status == 400


GOOD_KEYS = [START, 2**62 + 12345]


def test_a_cursor_with_any_bit_changed_is_refused() -> None:
    cursor = encode_cursor("list", GOOD_KEYS)
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for place, bit in itertools.product(range(len(raw)), range(8)):
        changed = bytearray(raw)
        changed[place] ^= 1 << bit
        assert refused(base64.urlsafe_b64encode(bytes(changed)).decode().rstrip("="))


def test_a_cursor_with_any_character_changed_is_refused() -> None:
    cursor = encode_cursor("list", GOOD_KEYS)
    letters = "AZaz09-_+/=.,~ \n\x00é圈"
    for place, letter in itertools.product(range(len(cursor)), letters):
        if cursor[place] != letter:
            assert refused(cursor[:place] + letter + cursor[place + 1 :])


@pytest.mark.parametrize("length", [1, 2, 3])  # each leaves another number of unused bits in the last letter
def test_a_cursor_has_one_spelling_only(length: int) -> None:
    cursor = encode_cursor("list", ["x" * length])
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = [cursor[:-1] + letter for letter in alphabet if letter != cursor[-1]]
    others += [cursor + extra for extra in ("=", "==", "===", "\n", " ", "A", "AAAA")]
    others += [cursor.replace("-", "+"), cursor.replace("_", "/"), f" {cursor}", cursor.swapcase()]
    assert all(refused(other) for other in others if other != cursor)


def test_a_shortened_or_doubled_cursor_is_refused() -> None:
    cursor = encode_cursor("list", GOOD_KEYS)
    assert all(refused(cursor[:length]) for length in range(len(cursor)))
    assert all(refused(cursor[start:]) for start in range(1, len(cursor)))
    assert refused(cursor * 2)


@pytest.mark.parametrize(
    "cursor",
    ["x", "====", "!!!!", "null", "圈子", "é", "\x00", "a\x00b", "\ud800", "٣٣٣٣", "A" * 1_000_000, "../../etc/passwd",
     "eyJ0IjoxfQ", " ", "\n", "-", "_" * 23, "[]", "%00", "' OR 1=1 --"],
)  # fmt: skip
def test_nonsense_is_no_cursor(cursor: str) -> None:
    assert refused(cursor)


def test_a_cursor_of_another_list_or_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = encode_cursor("feed.7.newest", GOOD_KEYS)
    assert refused(cursor, "feed.8.newest")
    assert refused(cursor, "feed.7.newest.")
    monkeypatch.setattr(pagination, "_secret", b"another site" * 3)
    assert refused(cursor, "feed.7.newest")


def test_a_cursor_of_a_list_whose_order_changed_is_refused(app: Flask) -> None:
    with pytest.raises(BadRequest, match="CURSOR_INVALID"):
        NEWEST.read(select(Row.id), encode_cursor(NEWEST.name, [START]))


@pytest.mark.parametrize(("asked", "given"), [(-5, 1), (0, 1), (1, 1), (50, 50), (51, 50), (10**9, 50)])
def test_a_page_has_between_one_and_fifty_items(app: Flask, asked: int, given: int) -> None:
    put(dict.fromkeys(range(1, 61), START))
    assert len(NEWEST.read(select(Row.id), None, asked).items) == given


def test_a_page_has_twenty_items_unless_asked_otherwise(app: Flask) -> None:
    put(dict.fromkeys(range(1, 61), START))
    assert len(NEWEST.read(select(Row.id), None).items) == 20
    assert PageQuery().load({}) == {"cursor": None, "limit": 20}


@pytest.mark.parametrize("limit", ["1", "20", "50"])
def test_the_limit_in_an_address_is_a_number(limit: str) -> None:
    assert PageQuery().load({"limit": limit})["limit"] == int(limit)


@pytest.mark.parametrize("limit", ["0", "51", "-1", "", "x", "1.5", "1e1", "9" * 5_000, "NaN", "20\x00", "\ud800"])
def test_a_limit_out_of_bounds_is_named(app: Flask, limit: str) -> None:
    with app.test_request_context(), pytest.raises(ValidationError) as caught:
        PageQuery().load({"limit": limit})
    assert set(caught.value.messages_dict) == {"limit"}
