"""Lists are read by keyset: "the next n after this row", never "page 7".

A cursor is base64url(JSON [list name, keys...]) + HMAC, so it is opaque, cannot be forged, and a cursor of one list
is refused by another. The predicate is a row value comparison, which both engines answer from the index:

    stmt, page = select(...), Keyset("feed.newest", (Post.published_at, Post.id), descending=True)
    rows = page.read(stmt, cursor, limit)          # -> Page(items, next_cursor)

`read` appends the key columns to the statement; rows are best read by name.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Integer, Row, Select, bindparam, tuple_
from sqlalchemy.sql.elements import ColumnElement

from circle.core.db import db
from circle.core.errors import BadRequest
from circle.core.i18n import lazy

MAX_LIMIT = 50
DEFAULT_LIMIT = 20
_MAC_BYTES = 16

T = TypeVar("T")
U = TypeVar("U")

_secret = b""


def configure(secret_key: str) -> None:
    """Set the signing key. Called once by `create_app`."""
    global _secret
    _secret = hashlib.sha256(b"circle cursor\0" + secret_key.encode()).digest()


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items of a list and where to go on; `next_cursor` is None at the end."""

    items: Sequence[T]
    next_cursor: str | None

    def map(self, function: Callable[[Sequence[T]], Sequence[U]]) -> Page[U]:
        """The same page with its items exchanged."""
        return Page(function(self.items), self.next_cursor)


def _invalid() -> BadRequest:
    return BadRequest(lazy("This page address is damaged. Please start again from the top."), code="CURSOR_INVALID")


def _pack(value: Any) -> Any:
    return {"t": value.astimezone(UTC).isoformat()} if isinstance(value, datetime) else value


def _unpack(value: Any) -> Any:
    return datetime.fromisoformat(value["t"]) if isinstance(value, dict) else value


def encode_cursor(name: str, keys: Sequence[Any]) -> str:
    """A signed cursor for the list `name` that stands at the row with these sort keys."""
    body = json.dumps([name, *map(_pack, keys)], separators=(",", ":")).encode()
    mac = hmac.digest(_secret, body, "sha256")[:_MAC_BYTES]
    return _spelled(body + mac)


def _spelled(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(name: str, cursor: str) -> list[Any]:
    """The sort keys in a cursor. Raises BadRequest CURSOR_INVALID when it was altered or is another list's."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError):
        raise _invalid() from None
    if _spelled(raw) != cursor:  # base64 has several spellings of the same bytes; only ours is a cursor
        raise _invalid()
    body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if not hmac.compare_digest(hmac.digest(_secret, body, "sha256")[:_MAC_BYTES], mac):
        raise _invalid()
    stored, *keys = json.loads(body)
    if stored != name:
        raise _invalid()
    return [_unpack(key) for key in keys]


@dataclass(frozen=True)
class Keyset:
    """The order of one list: its name and its sort columns, the last of which is unique."""

    name: str
    columns: tuple[ColumnElement[Any] | Any, ...]
    descending: bool = True

    def read(self, statement: Select[Any], cursor: str | None, limit: int = DEFAULT_LIMIT) -> Page[Row[Any]]:
        """Read one page of `statement`. `limit` is 1..50. Raises BadRequest CURSOR_INVALID.

        The sort columns are appended to the statement; a row may be unpacked up to them.
        """
        return self.fetch(self.prepare(statement, after=bool(cursor)), {}, cursor, limit)

    def prepare(self, statement: Select[Any], *, after: bool) -> Select[Any]:
        """The statement of a page, the first or one `after` a cursor, for `fetch`.

        A busy list builds its few statements once (with named parameters) and keeps them: putting a statement together
        costs more than running it.
        """
        statement = statement.add_columns(*self._labelled())
        if after:
            given = [bindparam(f"after_{n}", type_=column.type) for n, column in enumerate(self.columns)]
            here, there = tuple_(*self.columns), tuple_(*given)
            statement = statement.where(here < there if self.descending else here > there)
        order = [column.desc() if self.descending else column.asc() for column in self.columns]
        return statement.order_by(*order).limit(bindparam("row_limit", type_=Integer))

    def fetch(
        self, prepared: Select[Any], values: Mapping[str, Any], cursor: str | None, limit: int, name: str | None = None
    ) -> Page[Row[Any]]:
        """Run a prepared statement; `name` tells apart lists that share it. Raises BadRequest CURSOR_INVALID."""
        limit = max(1, min(limit, MAX_LIMIT))
        after: dict[str, Any] = {}
        if cursor:
            keys = decode_cursor(name or self.name, cursor)
            if len(keys) != len(self.columns):
                raise _invalid()
            after = {f"after_{n}": key for n, key in enumerate(keys)}
        rows = db.session.execute(prepared, {**values, **after, "row_limit": limit + 1}).all()
        if len(rows) <= limit:
            return Page(rows, None)
        last = rows[limit - 1]._mapping
        keys = [last[label.name] for label in self._labelled()]
        return Page(rows[:limit], encode_cursor(name or self.name, keys))

    def _labelled(self) -> list[Any]:
        return [column.label(f"key_{number}") for number, column in enumerate(self.columns)]
