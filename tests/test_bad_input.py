"""Whatever is sent, the answer is clear: no 5xx, and what is refused has written nothing.

The routes and the good requests that are spoiled here stand in TABLE of tests/test_access_matrix.py, so a new route is
tried without a word. The fields come from the schemas that the routes state.

Everything is tried on SQLite. PostgreSQL gets what comes as far as a database: not what is refused before one is asked
because no route has such an address, the body is no object, or the schema does not take the value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

import pytest
from flask import Flask
from marshmallow import Schema
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder, TestResponse

from circle.core.db import db
from circle.core.web import load_form
from tests.clients import check_answer, outside
from tests.conftest import Engine
from tests.factories import PASSWORD
from tests.test_access_matrix import TABLE, WHO, Row, route_of
from tests.witness import Witness, witness
from tests.world import NAME, World, shared_world

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
def world(app: Flask) -> World:
    return World(app)


@pytest.fixture
def common_world(engine: Engine, row: Row) -> Iterator[World]:
    """For requests that only read or are refused: one world for all of them."""
    with engine.app.app_context():
        yield World(engine.app) if row.spends else shared_world(engine)
        db.session.remove()


@pytest.fixture
def seen(engine: Engine) -> Iterator[Witness]:
    with witness(engine.app) as one:
        yield one


def one_who_may(row: Row) -> str:
    return "owner" if WHO[row.who]["owner"] == "ok" else next(role for role, can in WHO[row.who].items() if can == "ok")


def on_both_engines(rows: list[Row]) -> list[Any]:
    """Each row on SQLite; in the longer run also every third on PostgreSQL, and those with free text in the address."""
    cases = [pytest.param("sqlite", row, id=f"{row} sqlite") for row in rows]
    chosen = [row for number, row in enumerate(rows) if number % 3 == 0 or _FREE_TEXT.search(row.path)]
    return cases + [pytest.param("postgres", row, id=f"{row} postgres", marks=pytest.mark.slow) for row in chosen]


_FREE_TEXT = re.compile(r"\{(username|token)\}|members")


def unique(rows: Iterator[Row]) -> list[Row]:
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(str(row), row)
    return list(found.values())


def view_of(app: Flask, row: Row) -> Any:
    route = route_of(app, row)
    assert route is not None, row
    return app.view_functions[route[0]]


class Sender:
    """Sends one row's request badly, by somebody who may, and judges the answer."""

    def __init__(self, world: World, row: Row, seen: Witness) -> None:
        self.world, self.row, self.seen, self.role = world, row, seen, one_who_may(row)
        #: every request is sent, also those that cannot come as far as the database
        self.tries_all = seen.sqlite is not None
        self._path = ""

    @property
    def path(self) -> str:
        self._path = self._path or self.world.path(self.row.path, self.role)
        return self._path

    def good(self) -> dict[str, Any]:
        return self.world.fields(self.row.sends, self.role)

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
            self._path = ""  # done: the next one needs a fresh target
            if self.row.spends:
                self.world = World(self.world.app)
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
_NAMES = ("sort", "type", "status", "role", "parent_id", "reply_to", "topic", "t", "next", "circle", "since")
_VALUES = ("%00", "%ff", "%ED%A0%80", "-1", "1e999", "9" * 5000, "a" * 5000, "%27--", "//evil.example", "%0d%0aX:y")
BAD_QUERIES = (
    *("&".join(f"{name}={value}" for name in _NAMES) for value in _VALUES),
    "cursor=x", "cursor=%00", "cursor=%ff", "cursor=" + "A" * 5000, "cursor=WyJ4Il0AAAAAAAAAAAAAAAAAAAAAAA",
    "limit=0", "limit=51", "limit=abc", "limit=1e999", "limit=NaN", "limit=" + "9" * 5000,
    "q=%00", "q=%ED%A0%80", "q=%25_%5C", "q=" + "%E6%97%A9" * 3000, "sort=newest&parent_id=%00", "reply_to=1",
    "=&&==&;%", "%00=%00&%ff=%ff",
)  # fmt: skip
PAGES = unique(row for row in TABLE if row.method == "GET")


@pytest.mark.parametrize(("engine", "row"), on_both_engines(PAGES), indirect=["engine"])
def test_a_mangled_address_is_no_such_page(common_world: World, row: Row, seen: Witness) -> None:
    world, sender = common_world, Sender(common_world, row, seen)
    good = sender.path
    for name in NAME.findall(row.path):
        before, after = row.path.split("{" + name + "}")
        for bad in BAD_PARTS:
            path = world.path(before, sender.role) + bad + world.path(after, sender.role)
            if not (sender.tries_all or has_route(world.app, path)):
                continue
            response = sender.send(f"{name}={bad[:40]}", path=path)
            allowed = {200, 301, 303, 308, 400, 404} | ({422} if "?" in before else set())  # a query is input
            assert response.status_code in allowed, f"{path}: {response.status_code}"
            assert "evil" not in response.headers.get("Location", "")
            assert "x" not in {cookie.partition("=")[0] for cookie in response.headers.getlist("Set-Cookie")}
    for query in queries_for(sender):
        response = sender.send(query[:60], path=f"{good}?{query}")
        assert response.status_code in {200, 204, 303, 400, 404, 422}, f"{query[:60]}: {response.status_code}"
        assert "evil" not in response.headers.get("Location", "")


def queries_for(sender: Sender) -> Sequence[str]:
    """All of them; a part where the route states that it reads none, and on PostgreSQL, each row another part."""
    contract = getattr(view_of(sender.world.app, sender.row), "contract", None)
    reads_none = contract is not None and contract.query is None and not contract.paged
    step = 7 if reads_none else 1 if sender.tries_all else 3
    return BAD_QUERIES[PAGES.index(sender.row) // 3 % step :: step]


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


def form_takes(view: Any, fields: dict[str, bytes]) -> bool:
    """Whether the schema of the form, if it has one, takes these fields."""
    schema: type[Schema] | None = getattr(view, "form_schema", None)
    decoded = MultiDict({name: value.decode("utf-8", "replace") for name, value in fields.items()})
    return schema is None or not load_form(schema(), decoded)[1]


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "row"), on_both_engines(FORMS), indirect=["engine"])
def test_a_spoiled_form_is_refused_or_read_and_never_breaks(world: World, row: Row, seen: Witness) -> None:
    sender = Sender(world, row, seen)

    view = view_of(world.app, row)

    def good() -> dict[str, bytes]:
        return {name: value.encode() for name, value in sender.good().items() if isinstance(value, str)}

    for name in form_fields(view, row):
        for what, bad in BAD_VALUES.items():
            fields = good() | {name: bad}
            if sender.tries_all or form_takes(view, fields):
                sender.send(f"{name}: {what}", **urlencoded([*fields.items()]))
        others = [item for item in good().items() if item[0] != name]
        sender.send(f"{name} twice", **urlencoded([*others, (name, b"1"), (name, b"2")]))
        sender.send(f"no {name}", **urlencoded(others))
    for bad in (b"\0", b"\xff", b"9" * 5000):  # names that some views read beside their schema
        beside = [
            (name, bad) for name in ("once", "version", "alts", "remove_images", "media_ids", "topic_ids", "next")
        ]
        sender.send(f"{bad[:10]!r} beside", **urlencoded([*good().items(), *beside]))
    sender.send("nothing at all", **urlencoded([]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "row"), [pytest.param("sqlite", row, id=str(row)) for row in FORMS], indirect=["engine"]
)
def test_a_body_that_is_too_large_or_broken_is_refused(common_world: World, row: Row, seen: Witness) -> None:
    sender = Sender(common_world, row, seen)
    view = view_of(common_world.app, row)
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        body = b"body=" + b"x" * TOO_MUCH
        response = sender.send(f"1.2 MB of {kind}", data=body, content_type=kind)
        assert hasattr(view, "max_body") or response.status_code == 413, response.status_code
    boundary = "multipart/form-data; boundary=cut"
    for what, body in BROKEN_MULTIPART.items():
        sender.send(what, data=body, content_type=boundary)
    sender.send("multipart without a boundary", data=b"--x\r\n\r\n", content_type="multipart/form-data")
    many = b"".join(b'--cut\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' for _part in range(500))
    response = sender.send("500 parts", data=many + b"--cut--\r\n", content_type=boundary)
    assert response.status_code == 413
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


@pytest.mark.parametrize(("engine", "row"), on_both_engines(JSON_ROUTES), indirect=["engine"])
def test_spoiled_json_is_refused_clearly(world: World, row: Row, seen: Witness) -> None:
    sender, contract = Sender(world, row, seen), view_of(world.app, row).contract
    if contract.file is not None:
        for what, body in BROKEN_MULTIPART.items():
            response = sender.send(what, data=body, content_type="multipart/form-data; boundary=cut")
            assert response.status_code in {400, 415, 422}, what
        return
    if contract.takes is None:
        # it takes nothing, so it may let be what comes
        for what, body in NOT_AN_OBJECT.items() if sender.tries_all else [("NUL", b"\0")]:
            sender.send(what, data=body, content_type="application/json")
        return
    for what, body in NOT_AN_OBJECT.items() if sender.tries_all else ():
        response = sender.send(what, data=body, content_type="application/json")
        assert response.status_code in {400, 422}, f"{what}: {response.status_code}"

    def good() -> dict[str, str]:
        return {name: json.dumps(value) for name, value in sender.good().items()}

    response = sender.send("an unknown field", **dumped(good() | {"is_admin": "true"}))
    assert (response.status_code, response.get_json()["errors"].keys()) == (422, {"is_admin"})
    for name, field in contract.takes().load_fields.items():
        for what, bad in BAD_JSON_VALUES.items():
            taken = _takes(field, bad)
            if not (sender.tries_all or taken):
                continue
            response = sender.send(f"{name}: {what}", **dumped(good() | {name: bad}))
            if what in {"1e999", "NaN", "an object", "an array of arrays", "a lone surrogate"} and not taken:
                assert response.status_code in {400, 422}, f"{row} {name}: {what}: {response.status_code}"
        response = sender.send(f"no {name}", **dumped({key: value for key, value in good().items() if key != name}))
        assert not field.required or response.status_code == 422
        twice = dumped(good() | {name: '"a"'})
        twice["data"] = twice["data"][:-1] + b", " + json.dumps(name).encode() + b": []}"
        sender.send(f"{name} twice", **twice)


def _takes(field: Any, bad: str) -> bool:
    """Whether the schema itself takes it: text is cleaned of surrogates, and nested objects may be empty."""
    try:
        field.deserialize(json.loads(bad))
    except Exception:
        return False
    return True


@pytest.mark.parametrize(
    ("engine", "row"), [pytest.param("sqlite", row, id=str(row)) for row in JSON_ROUTES], indirect=["engine"]
)
def test_a_json_body_of_another_kind_or_size_is_refused(common_world: World, row: Row, seen: Witness) -> None:
    sender, contract = Sender(common_world, row, seen), view_of(common_world.app, row).contract
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


def test_naughty_nicknames_sign_up_or_are_refused(world: World, make_client: Callable[[], Any]) -> None:
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
