"""Whatever is sent, the answer is clear: no 5xx, and what is refused has written nothing.

The routes and the good requests that are spoiled here stand in TABLE of tests/test_access_matrix.py, so a new route is
tried without a word. The fields come from the schemas that the routes state.

What comes as far as a view is tried on every route: whatever the schema takes, an address that a route has, a query
that is read. What is refused before (the schema does not take the value, no route has such an address) is refused by
the same code for all, and what is never looked at changes nothing: of these each route gets a share, in turn, and each
kind of field gets every value at least once. PostgreSQL gets only what may come as far as a database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import cycle
from typing import Any, TypeVar
from urllib.parse import quote_from_bytes, unquote_to_bytes
from weakref import WeakKeyDictionary

import pytest
from flask import Flask
from marshmallow import Schema
from marshmallow.fields import Field, List
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.test import EnvironBuilder, TestResponse

from circle.core.db import db
from circle.core.web import load_form
from tests.clients import check_answer, outside
from tests.conftest import Engine
from tests.factories import PASSWORD
from tests.test_access_matrix import TABLE, WHO, Row, route_of
from tests.witness import Witness, witness
from tests.world import NAME, World, own_world, shared_world

T = TypeVar("T")
TOO_MUCH = 1_258_291  # 1.2 MB

#: a wrong password is counted, although it is refused
COUNTED = {
    "/login",
    "/settings/security/password",
    "/api/v1/auth/login",
    "/api/v1/me/password",
    "/settings/email",
    "/settings/email/remove",
    "/api/v1/me/email",
    "/api/v1/me/email/remove",
    "/settings/deletion",
    "/api/v1/me/deletion",
}


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with engine.app.app_context():
        yield own_world(engine)
        db.session.remove()


@pytest.fixture
def sender(engine: Engine, row: Row) -> Iterator[Sender]:
    """For requests that only read or are refused: one world for all of them."""
    with engine.app.app_context():
        shared = None if row.spends else shared_world(engine)
        with witness(engine.app) as seen:
            yield Sender(engine, row, seen, shared)
        db.session.remove()


@pytest.fixture
def own_sender(engine: Engine, row: Row) -> Iterator[Sender]:
    """For requests of which some are done."""
    with engine.app.app_context(), witness(engine.app) as seen:
        yield Sender(engine, row, seen)
        db.session.remove()


def one_who_may(row: Row) -> str:
    return "owner" if WHO[row.who]["owner"] == "ok" else next(role for role, can in WHO[row.who].items() if can == "ok")


def on_both_engines(rows: list[Row]) -> list[Any]:
    """Each row on SQLite; in the longer run also every third on PostgreSQL, and those with free text in the address."""
    cases = [pytest.param("sqlite", row, id=f"{row} sqlite") for row in rows]
    chosen = [row for number, row in enumerate(rows) if number % 3 == 0 or _FREE_TEXT.search(row.path)]
    return cases + [pytest.param("postgres", row, id=f"{row} postgres", marks=pytest.mark.slow) for row in chosen]


_FREE_TEXT = re.compile(r"\{(username|token)\}|members")


def in_turn(things: Iterable[T], turn: int, parts: int) -> list[T]:
    """One of so many parts; the next turn gets the next part."""
    return list(things)[turn % parts :: parts]


def unique(rows: Iterator[Row]) -> list[Row]:
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(str(row), row)
    return list(found.values())


def kind_of(field: Field) -> object:
    """Equal for fields that take and refuse the same, but for how long and how large it may be."""
    inner = field.inner if isinstance(field, List) else field
    rules = {type(rule) for rule in (*field.validators, *inner.validators)}
    return type(field), type(inner), field.required, field.allow_none, frozenset(rules)


def firsts(app: Flask, rows: list[Row], schema_of: Callable[[Any], type[Schema] | None]) -> set[tuple[str, str]]:
    """(row, field) of the first field of each kind."""
    found: dict[object, tuple[str, str]] = {}
    for row in rows:
        schema = schema_of(view_of(app, row))
        for name, field in schema().load_fields.items() if schema is not None else ():
            found.setdefault(kind_of(field), (str(row), name))
    return set(found.values())


def told_apart(values: dict[str, object], turn: int) -> list[str]:
    """The names of values, one of those that were read as the same."""
    alike: dict[str, list[str]] = {}
    for what, value in values.items():
        alike.setdefault(repr(value), []).append(what)
    return [names[turn % len(names)] for names in alike.values()]


def view_of(app: Flask, row: Row) -> Any:
    route = route_of(app, row)
    assert route is not None, row
    return app.view_functions[route[0]]


#: of each world, by role and names
_things: WeakKeyDictionary[World, dict[tuple[str, ...], list[str]]] = WeakKeyDictionary()


class Sender:
    """Sends one row's request badly, by somebody who may, and judges the answer."""

    def __init__(self, engine: Engine, row: Row, seen: Witness, shared: World | None = None) -> None:
        self.engine, self.row, self.seen, self.role = engine, row, seen, one_who_may(row)
        self.world = shared or self._own_world()
        #: a share of what cannot come as far as the database is sent, too
        self.tries_more = seen.on_sqlite
        self._path = ""
        self._good: dict[str, Any] = {}
        #: what is only read serves all who read it
        self._kept = _things.setdefault(self.world, {}) if shared is not None and row.method == "GET" else None

    def _own_world(self) -> World:
        self.seen.close()  # on SQLite another file takes the place of the one it looks at
        world = own_world(self.engine)
        self.seen.look_again()
        world.taking_part = tuple(role for role in world.taking_part if role in {"author", self.role})
        return world

    @property
    def view(self) -> Any:
        return view_of(self.engine.app, self.row)

    @property
    def path(self) -> str:
        kept, names = self._kept, (self.role, *NAME.findall(self.row.path))
        if kept is None:
            self._path = self._path or self.world.path(self.row.path, self.role)
            return self._path
        if names not in kept:
            kept[names] = self.world.path("\n".join(f"{{{name}}}" for name in names[1:]), self.role).split("\n")
        things = iter(kept[names])
        return NAME.sub(lambda _match: next(things), self.row.path)

    def forget_path(self) -> None:
        """What it leads to is not what it was."""
        self._path = ""
        if self._kept is not None:
            self._kept.pop((self.role, *NAME.findall(self.row.path)), None)

    def good(self) -> dict[str, Any]:
        self._good = self._good or self.world.fields(self.row.sends, self.role)
        return self._good

    def send(self, what: str, *, path: str | None = None, **request: Any) -> TestResponse:
        """Send to `path` (raw, as a hostile client would spell it), and fail with `what` in the sentence."""
        path = self.path if path is None else path
        headers = dict(request.pop("headers", {}))
        if self.row.is_api:
            client = self.world.api(self.role).http
            headers["Authorization"] = f"Bearer {self.world.api(self.role).token}"
        else:
            client = self.world.browser(self.role).http
            headers["X-CSRFToken"] = self.world.csrf_token(self.role) if self.row.method == "POST" else ""
        environ = _environ(path, self.row.method, headers, request)
        before = self.seen.state()
        response: TestResponse = outside(client.open, environ, buffered=True)
        where = f"{self.row} with {what}: {response.status_code}"
        assert response.status_code < 500, f"{where} {response.get_data(as_text=True)[:300]}"
        if self.row.is_api:
            check_answer(self.world.app, self.row.method, path.partition("?")[0], response)
        if response.status_code >= 400:
            assert self.row.path in COUNTED or self.seen.state() == before, f"{where}, and yet something was written"
        elif self.row.method != "GET":
            self._path, self._good = "", {}  # done: the next one needs a fresh target
            if self.row.spends:
                self.world = self._own_world()
        return response


def _environ(path: str, method: str, headers: dict[str, str], request: dict[str, Any]) -> dict[str, Any]:
    path, _, query = path.partition("?")
    builder = EnvironBuilder("/", method=method, headers=headers, base_url="http://localhost", **request)
    environ: dict[str, Any] = builder.get_environ()
    builder.close()
    # what a server makes of these bytes; the test client would tidy them first
    environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1")
    environ["QUERY_STRING"] = query.encode().decode("latin-1")
    return environ


# ---- addresses -----------------------------------------------------------------------------------------------------

BAD_PARTS = (
    "0", "-1", "01", "1.5", "9223372036854775808", "9" * 400, "１２", "'--", "%00", "a%00b", "%ff", "%c0%af", "%2e%2e",
    "..%2f..%2fetc", "%ED%A0%80", "%E2%80%AE", "%zz", "%0d%0aSet-Cookie:x=y", "a" * 5000,
)  # fmt: skip
_VALUES = ("%00", "%ff", "%ED%A0%80", "-1", "1e999", "9" * 5000, "a" * 5000, "%27--", "//evil.example", "%0d%0aX:y")
BAD_QUERIES = (
    "cursor=x", "cursor=%00", "cursor=%ff", "cursor=" + "A" * 5000, "cursor=WyJ4Il0AAAAAAAAAAAAAAAAAAAAAAA",
    "limit=0", "limit=51", "limit=abc", "limit=1e999", "limit=NaN", "limit=" + "9" * 5000,
    "q=%00", "q=%ED%A0%80", "q=%25_%5C", "q=" + "%E6%97%A9" * 3000, "sort=newest&parent_id=%00", "reply_to=1",
    "=&&==&;%", "%00=%00&%ff=%ff",
)  # fmt: skip
PAGES = unique(row for row in TABLE if row.method == "GET")


@pytest.mark.parametrize(("engine", "row"), on_both_engines(PAGES), indirect=["engine"])
def test_a_mangled_address_is_no_such_page(sender: Sender, row: Row) -> None:
    good, read = path_and_query_names(sender)
    for name in NAME.findall(row.path):
        before, after = good_around(row.path, name, good)
        allowed = {200, 301, 303, 308, 400, 404} | ({422} if "?" in before else set())  # a query is input
        for bad in bad_parts(sender, name, before, after):
            response = sender.send(f"{name}={bad[:40]}", path=before + bad + after)
            assert response.status_code in allowed, f"{before}{bad}{after}: {response.status_code}"
            assert "evil" not in response.headers.get("Location", "")
            assert "x" not in {cookie.partition("=")[0] for cookie in response.headers.getlist("Set-Cookie")}
    for query in bad_queries(sender, read):
        response = sender.send(query[:60], path=f"{good}{'&' if '?' in good else '?'}{query}")
        assert response.status_code in {200, 204, 303, 400, 404, 422}, f"{query[:60]}: {response.status_code}"
        assert "evil" not in response.headers.get("Location", "")


def path_and_query_names(sender: Sender) -> tuple[str, set[str]]:
    """An address that is good for a start, and the names that the view looks for in its query."""
    with names_read(sender.world.app) as read:
        response = sender.send("nothing wrong")
        if response.status_code >= 400:
            sender.forget_path()
            response = sender.send("nothing wrong, at another address")
        assert response.status_code < 400, f"{sender.row}: {response.status_code}"
    contract = getattr(sender.view, "contract", None)
    if contract is not None:  # it states them
        read = {
            *(contract.query().load_fields if contract.query else ()),
            *(("cursor", "limit") if contract.paged else ()),
        }
    return sender.path, read


def good_around(template: str, name: str, good: str) -> tuple[str, str]:
    """What stands before and after the part of this name in a good address."""
    before, after = template.split("{" + name + "}")
    pattern = "(.*)".join(re.sub(r"\\{\w+\\}", "[^/&]+", re.escape(part)).join("()") for part in (before, after))
    found = re.fullmatch(pattern, good)
    assert found is not None, (pattern, good)
    return found[1], found[3]


def bad_parts(sender: Sender, name: str, before: str, after: str) -> list[str]:
    turn = PAGES.index(sender.row)
    leads_on = [bad for bad in BAD_PARTS if has_route(sender.engine.app, before + bad + after)]
    others = [bad for bad in BAD_PARTS if bad not in leads_on] if sender.tries_more else []
    # all pages look for their circle in the same way
    return in_turn(leads_on, turn, 3 if name == "slug" else 1) + in_turn(others, turn, 4)


def bad_queries(sender: Sender, read: set[str]) -> list[str]:
    """For the names that the view reads, together and each by itself; and some that it does not know."""
    turn = PAGES.index(sender.row)
    queries = ["&".join(f"{name}={value}" for name in sorted(read)) for value in in_turn(_VALUES, turn, 2) if read]
    for each, name in enumerate(sorted(read) if len(read) > 1 else (), turn):
        queries += [f"{name}={value}" for value in in_turn(_VALUES, each, 4)]
    meant = [query for query in BAD_QUERIES if {part.partition("=")[0] for part in query.split("&")} & read]
    others = [query for query in BAD_QUERIES if query not in meant]
    if not sender.tries_more:
        return in_turn(queries + meant, turn // 3, 3)
    return queries + meant + in_turn(others, turn, 7)


@contextmanager
def names_read(app: Flask) -> Iterator[set[str]]:
    """The names that views look for in queries."""
    read: set[str] = set()

    class Noting(ImmutableMultiDict[str, str]):
        def get(self, key: str, *rest: Any, **more: Any) -> Any:
            read.add(key)
            return super().get(key, *rest, **more)

        def getlist(self, key: str, *rest: Any, **more: Any) -> list[Any]:
            read.add(key)
            return super().getlist(key, *rest, **more)

        def __getitem__(self, key: str) -> str:
            read.add(key)
            return super().__getitem__(key)

        def __contains__(self, key: object) -> bool:
            read.add(str(key))
            return super().__contains__(key)

    usual = app.request_class
    app.request_class = type("Noting", (usual,), {"parameter_storage_class": Noting})
    try:
        yield read
    finally:
        app.request_class = usual


def has_route(app: Flask, path: str) -> bool:
    decoded = unquote_to_bytes(path.partition("?")[0]).decode("utf-8", "replace")
    return bool(app.url_map.bind("localhost").test(decoded, method="GET"))


# ---- forms ---------------------------------------------------------------------------------------------------------

BAD_VALUES: dict[str, bytes] = {
    "NUL": b"a\0b",
    "a lone surrogate": b"\xed\xa0\x80",
    "no UTF-8": b"\xff\xfe",
    "bidi": "a\u202eb".encode(),
    "10k characters": "早".encode() * 10_000,
    "a lot of marks": b"a" + b"\xcc\x81" * 1000,
    "nothing": b"",
    "spaces": b"  \t ",
    "a negative number": b"-1",
    "an endless number": b"9" * 5000,
    "not a number": b"NaN",
}
FORMS = unique(row for row in TABLE if row.method == "POST" and not row.is_api)


def urlencoded(fields: list[tuple[str, bytes]]) -> dict[str, Any]:
    body = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in fields)
    return {"data": body.encode(), "content_type": "application/x-www-form-urlencoded"}


def form_fields(view: Any, row: Row) -> list[str]:
    schema: type[Schema] | None = getattr(view, "form_schema", None)
    stated = list(schema().load_fields) if schema is not None else []
    return [*stated, *(name for name in row.sends if name not in stated)]


def form_reads(view: Any, fields: dict[str, bytes]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """What the schema of the form, if it has one, makes of these fields, and what it refuses."""
    schema: type[Schema] | None = getattr(view, "form_schema", None)
    decoded = MultiDict({name: value.decode("utf-8", "replace") for name, value in fields.items()})
    return (dict(decoded), {}) if schema is None else load_form(schema(), decoded)


@cache
def _first_forms(app: Flask) -> set[tuple[str, str]]:
    return firsts(app, FORMS, lambda view: getattr(view, "form_schema", None))


#: names that some views read beside their schema
_BESIDE = ("once", "version", "alts", "remove_images", "media_ids", "topic_ids", "next")


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "row"), on_both_engines(FORMS), indirect=["engine"])
def test_a_spoiled_form_is_refused_or_read_and_never_breaks(own_sender: Sender, row: Row) -> None:
    sender, view, turn = own_sender, own_sender.view, FORMS.index(row)
    names = form_fields(view, row)

    def good() -> dict[str, bytes]:
        return {name: value.encode() for name, value in sender.good().items() if isinstance(value, str)}

    for each, name in enumerate(names, turn):
        for what in bad_for_form(sender, good(), name, each):
            sender.send(f"{name}: {what}", **urlencoded([*(good() | {name: BAD_VALUES[what]}).items()]))
        others = [item for item in good().items() if item[0] != name]
        if name in row.sends or each % 3 == 0:
            sender.send(f"{name} twice", **urlencoded([*others, (name, b"1"), (name, b"2")]))
        if name in row.sends:
            sender.send(f"no {name}", **urlencoded(others))
    bad_ones = (b"\0", b"\xff", b"9" * 5000)
    for bad in bad_ones if {*names} & {*_BESIDE} else in_turn(bad_ones, turn, 3):
        sender.send(f"{bad[:10]!r} beside", **urlencoded([*good().items(), *((name, bad) for name in _BESIDE)]))
    sender.send("nothing at all", **urlencoded([]))


def bad_for_form(sender: Sender, good: dict[str, bytes], name: str, turn: int) -> list[str]:
    """The names of the values to send in this field."""
    found = {what: form_reads(sender.view, good | {name: bad}) for what, bad in BAD_VALUES.items()}
    taken = told_apart({what: data for what, (data, wrong) in found.items() if not wrong}, turn)
    refused = [what for what, (_data, wrong) in found.items() if wrong]
    if (str(sender.row), name) not in _first_forms(sender.engine.app):
        refused = in_turn(refused, turn, 3)
    return taken + (refused if sender.tries_more else [])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "row"), [pytest.param("sqlite", row, id=str(row)) for row in FORMS], indirect=["engine"]
)
def test_a_body_that_is_too_large_or_broken_is_refused(sender: Sender, row: Row) -> None:
    turn, takes_files = FORMS.index(row), hasattr(sender.view, "max_body")
    kinds = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
    for kind in kinds if takes_files else in_turn(kinds, turn, 2):
        body = b"body=" + b"x" * TOO_MUCH
        response = sender.send(f"1.2 MB of {kind}", data=body, content_type=kind)
        assert takes_files or response.status_code == 413, response.status_code
    boundary = "multipart/form-data; boundary=cut"
    for what in BROKEN_MULTIPART if takes_files else in_turn(BROKEN_MULTIPART, turn, 3):
        sender.send(what, data=BROKEN_MULTIPART[what], content_type=boundary)
    many = b"".join(b'--cut\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' for _part in range(500))
    response = sender.send("500 parts", data=many + b"--cut--\r\n", content_type=boundary)
    assert response.status_code == 413
    if turn % 2:
        sender.send("multipart without a boundary", data=b"--x\r\n\r\n", content_type="multipart/form-data")
    else:
        sender.send("JSON in place of a form", data=b'{"body": "x"}', content_type="application/json")


def part(header: str, content: bytes = b"x", *, kind: str = "") -> bytes:
    """One part of a multipart body, and its end."""
    lines = [f"Content-Disposition: form-data{header}", *([f"Content-Type: {kind}"] if kind else [])]
    return b"--cut\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n--cut--\r\n"


BROKEN_MULTIPART = {
    "no end": part('; name="body"').removesuffix(b"\r\n--cut--\r\n"),
    "no part": b"--cut--\r\n",
    "no headers": b"--cut\r\n\r\nhello\r\n--cut--\r\n",
    "another boundary": part('; name="body"').replace(b"cut", b"other"),
    "no name": part(""),
    "NUL in a file's name": part('; name="file"; filename="a\0.png"', b"\x89PNG\r\n\x1a\n"),
    "a file that climbs": part('; name="file"; filename="../../a.png"', b"GIF89a"),
    "a file where a word should be": part('; name="body"; filename="a"'),
    "a word where a file should be": part('; name="images"'),
    "a strange charset": part('; name="body"', b"\xff", kind="text/plain; charset=x-no"),
}


# ---- JSON ----------------------------------------------------------------------------------------------------------

JSON_ROUTES = unique(row for row in TABLE if row.is_api and row.method in {"POST", "PUT", "PATCH"})
#: (bytes, statuses that are a clear answer)
NOT_AN_OBJECT: dict[str, bytes] = {
    "no JSON": b"not json",
    "no UTF-8": b"\xff\xfe\xfd",
    "half of it": b'{"body": "x"',
    "an array": b"[]",
    "a string": b'"x"',
    "null": b"null",
    "a number": b"1",
    "true": b"true",
    "NaN": b"NaN",
    "an endless number": b"9" * 5000,
    "a deep array": b"[" * 100_000,
    "a deep object": b'{"a":' * 100_000,
    "NUL": b"\0",
    "a BOM": b"\xef\xbb\xbf[]",
    "UTF-16": '["x"]'.encode("utf-16"),
}
#: JSON texts; what is no JSON to the letter is a 400
BAD_JSON_VALUES: dict[str, str] = {
    "null": "null",
    "true": "true",
    "a number": "1",
    "minus one": "-1",
    "a fraction": "1.5",
    "1e999": "1e999",
    "-1e999": "-1e999",
    "NaN": "NaN",
    "Infinity": "Infinity",
    "2**63": str(2**63),
    "an endless number": "9" * 5000,
    "a huge number": "1" + "0" * 400,
    "an array": "[]",
    "an array of arrays": "[[[]]]",
    "an object": "{}",
    "a list of nulls": "[null]",
    "a list of objects": "[{}]",
    "a list of NULs": '["\\u0000"]',
    "nothing": '""',
    "spaces": '"  "',
    "NUL": '"\\u0000"',
    "NUL inside": '"a\\u0000b"',
    "a lone surrogate": '"\\ud800"',
    "a surrogate inside": '"a\\udfffb"',
    "10k characters": '"' + "x" * 10_000 + '"',
    "bidi": '"a\\u202eb"',
    "a lot of marks": '"a' + "\\u0301" * 1000 + '"',
    "1,000 items": "[" + ",".join(["1"] * 1000) + "]",
    "a deep array": "[" * 500 + "]" * 500,
    "a lot of #": '"' + "#" * 100 + '"',
    "a date": '"2026-13-45T99:99:99Z"',
    "a far date": '"9999-12-31T23:59:59-14:00"',
    "an early date": '"0001-01-01T00:00:00+14:00"',
}


def dumped(fields: dict[str, str]) -> dict[str, Any]:
    body = "{" + ", ".join(f"{json.dumps(name)}: {value}" for name, value in fields.items()) + "}"
    return {"data": body.encode(), "content_type": "application/json"}


@cache
def _first_bodies(app: Flask) -> set[tuple[str, str]]:
    return firsts(app, JSON_ROUTES, lambda view: view.contract.takes)


@pytest.mark.parametrize(("engine", "row"), on_both_engines(JSON_ROUTES), indirect=["engine"])
def test_spoiled_json_is_refused_clearly(own_sender: Sender, row: Row) -> None:
    sender, contract, turn = own_sender, own_sender.view.contract, JSON_ROUTES.index(row)
    if contract.file is not None:
        for what, body in BROKEN_MULTIPART.items():
            response = sender.send(what, data=body, content_type="multipart/form-data; boundary=cut")
            assert response.status_code in {400, 415, 422}, what
        return
    for what in in_turn(NOT_AN_OBJECT, turn, 3) if sender.tries_more else ():
        response = sender.send(what, data=NOT_AN_OBJECT[what], content_type="application/json")
        # what takes nothing may let be what comes
        assert contract.takes is None or response.status_code in {400, 422}, f"{what}: {response.status_code}"
    if contract.takes is None:
        sender.send("NUL", data=b"\0", content_type="application/json")
        return

    def good() -> dict[str, str]:
        return {name: json.dumps(value) for name, value in sender.good().items()}

    response = sender.send("an unknown field", **dumped(good() | {"is_admin": "true"}))
    assert (response.status_code, response.get_json()["errors"].keys()) == (422, {"is_admin"})
    for each, (name, field) in enumerate(contract.takes().load_fields.items(), turn):
        taken, refused = bad_for_json(sender, name, field, each)
        for what in taken + (refused if sender.tries_more else []):
            response = sender.send(f"{name}: {what}", **dumped(good() | {name: BAD_JSON_VALUES[what]}))
            if what in refused:
                assert response.status_code in {400, 422}, f"{row} {name}: {what}: {response.status_code}"
        if name in row.sends:
            response = sender.send(f"no {name}", **dumped({key: value for key, value in good().items() if key != name}))
            assert not field.required or response.status_code == 422
        if each % 3 == 0:
            twice = dumped(good() | {name: '"a"'})
            twice["data"] = twice["data"][:-1] + b", " + json.dumps(name).encode() + b": []}"
            sender.send(f"{name} twice", **twice)


def bad_for_json(sender: Sender, name: str, field: Field, turn: int) -> tuple[list[str], list[str]]:
    """The names of the values to send in this field: that the schema takes, and that it refuses."""
    taken: dict[str, object] = {}
    refused = []
    for what, text in BAD_JSON_VALUES.items():
        try:
            taken[what] = field.deserialize(json.loads(text))
        except Exception:
            refused.append(what)
    if (str(sender.row), name) not in _first_bodies(sender.engine.app):
        refused = in_turn(refused, turn, 6)
    return told_apart(taken, turn), refused


@pytest.mark.parametrize(
    ("engine", "row"), [pytest.param("sqlite", row, id=str(row)) for row in JSON_ROUTES], indirect=["engine"]
)
def test_a_json_body_of_another_kind_or_size_is_refused(sender: Sender, row: Row) -> None:
    contract = sender.view.contract
    if contract.takes is None:
        return
    huge = b'{"body": "' + b"x" * TOO_MUCH + b'"}'
    assert sender.send("1.2 MB", data=huge, content_type="application/json").status_code == 413
    for kind in (
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ):
        assert sender.send(kind, data=b'{"body": "x"}', content_type=kind).status_code == 415, kind
    keys = {} if row.method != "POST" or contract.keyless else BAD_KEYS
    for what, key in keys.items():
        response = sender.send(f"a key that is {what}", headers={"Idempotency-Key": key}, **dumped({}))
        assert response.status_code in {400, 422}, what


BAD_KEYS = {"empty": "", "long": "x" * 121, "not ASCII": "ké", "with a tab": "a\tb"}


# ---- naughty strings -------------------------------------------------------------------------------------------------

OWN_STRINGS = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "\udfff\ud800",
    "\u202eabc",
    "\u2066x\u2069",
    "\ufeff",
    "\u200b",
    "a" + "\u0301" * 500,
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{ 7*7 }}",
    "%(name)s",
    "%s%n",
    "'; DROP TABLE users; --",
    "\\",
    "../../etc/passwd",
    "😀👨‍👩‍👧",
    "田中さんにあげて下さい",
    "ﷺ",
    "null",
    "undefined",
    "NaN",
    "1e999",
    "\r\nSet-Cookie: x=y",
    "\x1b[31m",
    "\x85\u2028\u2029",
    "@everyone #早安# https://a.example/?q=1，好",
    "[x](javascript:alert(1))",
    "![x](data:text/html,hi)",
    "`" * 400,
    "*" * 400,
    "> " * 400,
    "[" * 400,
    "#" * 400,
    "x" * 10_000,
    "早" * 10_000,
)


def naughty(shared: Any) -> list[str]:
    return json.loads((shared / "adversarial" / "strings" / "blns.json").read_text(encoding="utf-8"))


class Inputs:
    """Every main text input, through the API (whose schemas the forms share), and the pages that show it again."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.post, self.topic = world.value("post", "author"), world.value("topic_id", "owner")
        self.comment = world.value("comment", "author")

    def say(self, role: str, method: str, path: str, **texts: str) -> None:
        """Send the texts together; where one of them is refused, each by itself."""
        response = self.world.api(role).call(method, path, data=json.dumps(texts), content_type="application/json")
        if response.status_code == 422 and len(texts) > 1:
            for name, text in texts.items():
                self.say(role, method, path, **{name: text})
        assert response.status_code in {200, 201, 204, 422}, f"{method} {path} {texts!r}: {response.status_code}"

    def try_all(self, texts: Sequence[str]) -> None:
        """Each text in every input."""
        self._try([(text, (*self._words, *self._labels)) for text in texts])

    def try_in_turn(self, texts: Sequence[str]) -> None:
        """Each text where whole texts are read and drawn, and in one of the labels, which are all read alike."""
        labels = cycle(self._labels)
        self._try([(text, (*self._words, next(labels))) for text in texts])

    def _try(self, attempts: list[tuple[str, tuple[Callable[[str], None], ...]]]) -> None:
        for number, (text, inputs) in enumerate(attempts):
            for say in inputs:
                say(text)
            if number % 5 == 4:  # the last twenty comments are shown
                self.look()
        self.look()

    @property
    def _words(self) -> tuple[Callable[[str], None], ...]:
        return (
            lambda text: self.say("author", "PATCH", f"/posts/{self.post}", title=text, body=text),
            lambda text: self.say("member", "POST", f"/posts/{self.post}/comments", body=text),
        )

    @property
    def _labels(self) -> tuple[Callable[[str], None], ...]:
        return (
            lambda text: self.say("author", "PATCH", "/me", nickname=text, bio=text),
            lambda text: self.say("owner", "PATCH", f"/circles/{self.world.slug}", name=text, intro=text),
            lambda text: self.say("owner", "PATCH", f"/topics/{self.topic}", title=text, intro=text),
            lambda text: self.say("moderator", "POST", f"/comments/{self.comment}/hide", reason=text),
            self.say_restore,
            self.search,
        )

    def say_restore(self, text: str) -> None:
        response = self.world.api("moderator").post(f"/comments/{self.comment}/restore", {"reason": text[:100]})
        assert response.status_code in {200, 409, 422}

    def search(self, text: str) -> None:
        query = quote_from_bytes(text.encode("utf-8", "surrogatepass"))
        assert self.world.api("owner").get(f"/circles/{self.world.slug}/members?q={query}").status_code in {200, 422}

    def look(self) -> None:
        page = self.world.browser("author").get(f"/{self.world.slug}/posts/{self.post}?sort=newest")
        assert page.status_code == 200
        html = page.get_data(as_text=True)
        assert "<script>" not in html and "<img src=x" not in html


def test_our_own_naughty_strings_go_through_every_text_input(world: World) -> None:
    Inputs(world).try_all(OWN_STRINGS)


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "step"), [("sqlite", 1), ("postgres", 12)], indirect=["engine"])
def test_the_big_list_of_naughty_strings_goes_through_the_text_inputs_in_turn(
    world: World, step: int, shared_data: Any
) -> None:
    Inputs(world).try_in_turn(naughty(shared_data)[::step])


def test_naughty_nicknames_sign_up_or_are_refused(make_client: Callable[[], Any]) -> None:
    for number, text in enumerate(OWN_STRINGS):
        body = json.dumps({"username": f"naughty{number}", "nickname": text, "password": PASSWORD})
        response = make_client().call("POST", "/auth/register", data=body, content_type="application/json")
        assert response.status_code in {201, 422}, repr(text)
        named = json.dumps({"username": text, "password": PASSWORD})
        response = make_client().call("POST", "/auth/register", data=named, content_type="application/json")
        assert response.status_code in {201, 422}, repr(text)


@pytest.fixture
def make_client(api: Callable[..., Any]) -> Callable[[], Any]:
    return api
