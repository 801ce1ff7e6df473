from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from circle.core import clock, idempotency
from circle.core.limits import Limiter
from circle.core.web import HEADERS, _content_key, load_form, numbers_up_to, safe_next
from tests.clients import Browser
from tests.core import routes
from tests.core.lab import at_once, make_thing, things
from tests.factories import Make

Browsers = Callable[..., Browser]
SITE = "https://circle.test"
MULTIPART = "multipart/form-data; boundary=x"


@pytest.fixture
def http(lab: Flask) -> FlaskClient:
    return lab.test_client()


@pytest.fixture(autouse=True)
def nothing_during() -> Iterator[None]:
    yield
    routes.during.clear()


def assert_page(response: TestResponse, status: int) -> str:
    assert response.status_code == status, response.get_data(as_text=True)[:500]
    assert response.mimetype == "text/html"
    return response.get_data(as_text=True)


# ---- what every answer carries -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/lab/form", 200),
        ("/lab/plain", 200),
        ("/lab/moved", 303),
        ("/lab/mine", 303),
        ("/lab/refused/forbidden", 403),
        ("/lab/refused/missing", 404),
        ("/lab/refused/conflict", 409),
        ("/lab/refused/refused", 422),
        ("/lab/refused/limited", 429),
        ("/lab/refused/bug", 500),
        ("/lab/refused/busy", 503),
        ("/lab/fragment", 405),
        ("/nothing/here/at/all", 404),
        ("/static/css/base.css", 200),
        ("/static/nothing.css", 404),
        ("/healthz", 200),
        ("/readyz", 200),
        ("/api/v1/openapi.json", 200),
        ("/api/v1/nothing", 404),
        ("/api/v1/lab/me", 401),
        ("/api/v1/lab/bug", 500),
    ],
)
def test_every_kind_of_answer_carries_the_security_headers(http: FlaskClient, path: str, status: int) -> None:
    answer = http.get(path, buffered=True)
    assert answer.status_code == status
    for name, value in HEADERS.items():
        assert answer.headers.getlist(name) == [value]
    assert answer.headers["X-Request-Id"]
    assert answer.headers["Cache-Control"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert ("Retry-After" in answer.headers) == (status in {429, 503})


def test_a_site_on_https_says_so_for_a_year(lab: Flask, http: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Strict-Transport-Security" not in http.get("/lab/plain").headers
    monkeypatch.setitem(lab.config, "SETTINGS", replace(lab.config["SETTINGS"], base_url=SITE))
    assert http.get("/lab/plain").headers["Strict-Transport-Security"] == "max-age=31536000"


def test_pages_are_private_and_not_reused_without_asking(lab_browser: Browsers, lab_make: Make) -> None:
    for browser in (lab_browser(), lab_browser(lab_make.user())):
        assert browser.get("/lab/form").headers["Cache-Control"] == "private, no-cache"


def test_a_versioned_static_file_never_changes_and_a_plain_one_is_asked_about(lab: Flask, http: FlaskClient) -> None:
    with lab.test_request_context():
        address = url_for("static", filename="css/base.css")
    assert "?v=" in address
    first = http.get(address, buffered=True)
    assert first.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    again = http.get(address, headers={"If-None-Match": first.headers["ETag"]}, buffered=True)
    assert (again.status_code, again.headers["Cache-Control"]) == (304, first.headers["Cache-Control"])
    assert "immutable" not in http.get("/static/css/base.css", buffered=True).headers["Cache-Control"]
    assert "immutable" not in http.get("/static/css/nothing.css?v=1").headers["Cache-Control"]


def test_an_answer_that_differs_for_htmx_says_so(http: FlaskClient) -> None:
    assert "HX-Request" in http.get("/lab/moved").vary
    moved = http.get("/lab/moved", headers={"HX-Request": "true"})
    assert (moved.status_code, moved.headers["HX-Redirect"]) == (204, "/lab/form")
    assert http.get("/lab/moved", headers={"HX-Request": "true", "HX-Request-Type": "full"}).status_code == 303


def test_a_toast_is_ascii_whatever_it_says(lab_browser: Browsers) -> None:
    answer = lab_browser().post("/lab/fragment", htmx=True)
    assert answer.get_data(as_text=True) == "<i>part</i>"
    assert answer.headers["HX-Trigger"].isascii()
    assert json.loads(answer.headers["HX-Trigger"]) == {"toast": "“好”"}
    assert lab_browser().post("/lab/fragment").location == "/lab/done"


# ---- errors as pages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["forbidden", "missing", "conflict", "refused", "limited", "busy", "bad"])
def test_a_refusal_is_a_page_and_for_htmx_a_short_message(http: FlaskClient, kind: str) -> None:
    page = http.get(f"/lab/refused/{kind}")
    assert "<h1" in assert_page(page, page.status_code)
    part = http.get(f"/lab/refused/{kind}", headers={"HX-Request": "true"})
    assert part.status_code == page.status_code
    assert part.get_data() == b""
    assert part.headers["HX-Reswap"] == "none"
    assert json.loads(part.headers["HX-Trigger"])["toast"]
    assert part.headers.get("Retry-After") == page.headers.get("Retry-After")


def test_a_bug_is_a_page_with_a_number_and_nothing_of_the_inside(http: FlaskClient) -> None:
    page = assert_page(http.get("/lab/refused/bug", headers={"X-Request-Id": "incident-77"}), 500)
    assert "incident" in page
    assert not any(word in page for word in ("secret detail", "LookupError", "Traceback", "routes.py"))


def test_the_page_of_a_bug_is_shown_to_signed_in_people_too(lab_browser: Browsers, lab_make: Make) -> None:
    assert_page(lab_browser(lab_make.user()).get("/lab/refused/bug"), 500)


def test_a_method_that_is_not_taken_is_a_page_with_those_that_are(http: FlaskClient) -> None:
    answer = http.put("/lab/form")
    assert_page(answer, 405)
    assert "POST" in answer.headers["Allow"]


def test_whoever_is_too_fast_is_told_when_to_come_back(
    lab: Flask, http: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("circle.core.limits.KINDS", {"read": "2/minute"})
    monkeypatch.setitem(lab.extensions, "circle_limiter", Limiter(None, enabled=True))
    assert [http.get("/lab/quick").status_code for _ in range(3)] == [200, 200, 429]
    assert 1 <= int(http.get("/lab/quick").headers["Retry-After"]) <= 60


# ---- hostile addresses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/%00", "/%ff", "/%2e%2e%2fetc%2fpasswd", "/..%2f..%2fetc/passwd", "/%c0%ae%c0%ae%c0%af", "/%ed%a0%80",
     "/%E5%9C", "/%", "/%zz", "/%2500", "/" + "a" * 8_192, "/" + "%E5%9C%88" * 900, "/static/../circle/config.py",
     "/static/%2e%2e/wsgi.py", "/static/..%2fwsgi.py", "/static/%2e%2e%2fwsgi.py", "/static/%00",
     "/static/css/base.css%00.png", "/static/%ff", "/static//etc/passwd", "/static/..%5c..%5cwsgi.py",
     "/static/" + "a" * 5_000, "/static/" + "a/" * 2_000, "/static/", "/static/css", "/;/x", "/@", "/@%00", "/c/%00",
     "/c/%ff", "/media/%00/full.webp", "/media/1/full.webp%00", "/media/9223372036854775808/full.webp", "/x" * 2_000,
     "/%0d%0aSet-Cookie:x=1", "/lab/form/%0a"],
)  # fmt: skip
def test_a_strange_address_is_simply_not_there(http: FlaskClient, path: str) -> None:
    answer = http.get(path)
    assert answer.status_code in {303, 308, 400, 404}, answer.status_code
    assert b"CIRCLE_" not in answer.get_data()
    assert "Set-Cookie" not in answer.headers or "x=1" not in answer.headers["Set-Cookie"]


def test_no_known_path_traversal_reaches_a_file(http: FlaskClient, shared_data: Path) -> None:
    for file in sorted((shared_data / "adversarial/names").glob("path-traversal*.txt")):
        for line in file.read_text("utf-8", "replace").splitlines():
            for path in (f"/static/{line}", f"/static/{quote(line)}", f"/media/{quote(line)}"):
                answer = http.get(path.partition("?")[0].replace("#", "%23"), buffered=True)
                assert answer.status_code in {303, 308, 400, 404}, path


@pytest.mark.parametrize(
    "query", ["next=%00", "next=%ff", "=", "&&&", "a[]=1", "next=" + "x" * 8_000, "%00=%00", "cursor=%00&limit=%00"]
)
def test_a_strange_query_does_no_harm(http: FlaskClient, query: str) -> None:
    assert http.get(f"/lab/form?{query}").status_code == 200
    assert http.get(f"/lab/mine?{query}").status_code == 303


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Cookie", "circle=x"), ("Cookie", "circle=eyJfdXNlcl9pZCI6IjEifQ.x.y"), ("Cookie", "circle=\x00"),
        ("Cookie", "é=é; =;;"), ("Cookie", "circle=" + "x" * 10_000), ("Accept-Language", "\x00"),
        ("If-None-Match", "\x00"), ("If-Modified-Since", "x"), ("Range", "bytes=99999-"), ("Content-Length", "x"),
        ("Content-Length", "-1"), ("X-Forwarded-For", "é, ,"), ("HX-Request", "\x00"), ("User-Agent", "é\x00" * 500),
        ("Referer", "http://["), ("Authorization", "Bearer x"),
    ],
)  # fmt: skip
def test_a_strange_header_does_no_harm(http: FlaskClient, name: str, value: str) -> None:
    for path in ("/lab/form", "/lab/mine", "/static/css/base.css", "/nothing"):
        assert http.get(path, headers={name: value}, buffered=True).status_code < 500
    assert http.post("/lab/mine", headers={name: value}).status_code in {303, 400}


# ---- where to go next ----------------------------------------------------------------------------------------


def leaves(address: str) -> bool:
    """Whether a browser that is sent to `address` from our site arrives elsewhere (WHATWG URL, what matters of it)."""
    cleaned = "".join(char for char in address if char not in "\t\r\n").strip("".join(map(chr, range(33))))
    cleaned = cleaned.replace("\\", "/")
    parts = urlsplit(urljoin(SITE + "/lab/", cleaned)) if not cleaned.startswith("//") else urlsplit("https:" + cleaned)
    return f"{parts.scheme}://{parts.netloc}" != SITE


def test_the_judge_of_these_tests_knows_what_leaves() -> None:
    for address in (
        "//evil.com",
        "http:evil.com",
        "/\\evil.com",
        "/\t/evil.com",
        " //evil.com",
        "https://evil.com",
        "javascript:x",
    ):
        assert leaves(address), address
    for address in ("/", "/a//b", "/.//evil.com", "?x", "/https://evil.com", "/@evil.com", "/%2f/evil.com"):
        assert not leaves(address), address


OUTSIDE = [
    "//evil.com", "///evil.com", "////evil.com", "https://evil.com", "https:evil.com", "http:/evil.com",
    "javascript:alert(1)", "/\\evil.com", "\\\\evil.com", "\\/evil.com", "/\t/evil.com", "/\n/evil.com",
    "/\r/evil.com", " //evil.com", "\x00//evil.com", "/\x00/evil.com", "\u2028//evil.com", "data:text/html,x",
    "//evil.com\\@circle.test", "//circle.test@evil.com", "evil.com", "@evil.com", "/\x0b/evil.com", "/\x7f/evil.com",
    "//[", "//]", "https://[::1", "", ".", "..", "?next=//evil.com", "#x", "mailto:a@b", "/ok\r\nSet-Cookie: x=1",
    "/ok\nLocation: //evil.com", "//google。com", "/ /evil.com",
]  # fmt: skip


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_that_is_no_path_on_this_site_is_not_followed(address: str) -> None:
    assert safe_next(address, "/home") == "/home"


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/ring",
        "/ring/posts/7?sort=hot#c9",
        "/@小明",
        "/%E5%9C%88",
        "/a//b",
        "/x?next=https://evil.com",
        "/a:b",
        "/@x",
    ],
)
def test_a_path_on_this_site_is_followed(address: str) -> None:
    assert safe_next(address, "/home") == address


def test_nothing_means_the_usual_place() -> None:
    assert safe_next(None, "/home") == "/home"


def test_no_known_open_redirect_leads_off_the_site(http: FlaskClient, shared_data: Path) -> None:
    lines = (shared_data / "adversarial/urls/open-redirect.txt").read_text("utf-8", "replace").splitlines()
    assert len(lines) > 700
    for line in lines:
        for address in (line, "/" + line, line.replace("%2f", "/").replace("%5c", "\\").replace("%09", "\t")):
            assert not leaves(safe_next(address, "/home")), address
    for line in lines[::10]:
        answer = http.get(f"/lab/next?next={quote(line)}")
        assert answer.status_code == 303
        assert not leaves(answer.headers["Location"]), line


def test_no_address_of_the_url_test_suite_leads_off_the_site(shared_data: Path) -> None:
    for line in (shared_data / "adversarial/urls/wpt-urltestdata.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        if isinstance(case, dict) and "input" in case:
            assert not leaves(safe_next(case["input"], "/home")), case["input"]


@settings(deadline=None, max_examples=50)
@given(st.text(alphabet="/\\.:@?#%[]ae\t\n\r \x00\x7f\u2028／。", max_size=12))
def test_no_made_up_address_leads_off_the_site(address: str) -> None:
    for each in (address, "/" + address):
        found = safe_next(each, "/home")
        assert found in {each, "/home"}
        assert not leaves(found)


def test_whoever_must_sign_in_first_comes_back_afterwards(http: FlaskClient) -> None:
    answer = http.get("/lab/mine?x=1&y=%E5%9C%88")
    assert answer.status_code == 303
    assert answer.location == "/login?next=/lab/mine?x%3D1%26y%3D%25E5%259C%2588"
    part = http.get("/lab/mine", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (204, "/login?next=/lab/mine")


@pytest.mark.parametrize(
    ("referrer", "back"),
    [
        ("http://localhost/lab/form?x=1", "/login?next=/lab/form?x%3D1"),
        ("http://evil.com/lab/form", "/login"),
        ("http://localhost@evil.com/", "/login"),
        ("//localhost/lab", "/login?next=/lab"),
        ("http://[", "/login"),
        ("http://localhost:99999999/", "/login"),
        ("javascript:alert(1)", "/login"),
        ("", "/login"),
        ("\x00", "/login"),
    ],
)
def test_a_form_sent_by_somebody_signed_out_leads_back_to_its_page(
    lab_browser: Browsers, referrer: str, back: str
) -> None:
    answer = lab_browser().post("/lab/mine", headers={"Referer": referrer})
    assert (answer.status_code, answer.location) == (303, back)


# ---- forms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "x", "é", "\x00", "IjEyMyI.x.y", "x" * 10_000])
def test_a_form_without_its_token_is_refused_with_a_clear_page(
    lab_browser: Browsers, lab_make: Make, token: str | None
) -> None:
    for browser in (lab_browser(), lab_browser(lab_make.user())):
        browser.get("/lab/form")
        data = {"name": "x"} | ({} if token is None else {"csrf_token": token})
        page = assert_page(browser.http.post("/lab/form", data=data), 400)
        assert "<h1" in page
    assert things() == []


def test_the_token_of_somebody_else_is_no_token(lab_browser: Browsers) -> None:
    stranger, victim = lab_browser(), lab_browser()
    victim.get("/lab/form")
    answer = victim.http.post("/lab/form", data={"name": "x", "csrf_token": stranger.csrf_token()})
    assert_page(answer, 400)
    assert things() == []


def test_a_good_form_is_worked_on_and_answered_with_a_redirect(lab_browser: Browsers) -> None:
    answer = lab_browser().post("/lab/form", {"name": "one"})
    assert (answer.status_code, answer.location) == (303, "/lab/done")
    assert things() == ["one"]


def test_a_form_with_errors_comes_back_with_what_was_typed(lab_browser: Browsers) -> None:
    page = assert_page(lab_browser().post("/lab/form", {"name": "<b>" + "x" * 30}), 422)
    assert "&lt;b&gt;xxx" in page
    assert '"name"' in page
    assert things() == []


def test_a_rule_that_says_no_brings_the_form_back(lab_browser: Browsers) -> None:
    page = assert_page(lab_browser().post("/lab/form", {"name": "one", "refuse": "refused"}), 422)
    assert "Nothing is left." in page


@pytest.mark.parametrize(
    "value", ["\x00", "a\x00b", "\u202eevil", "x" * 10_000, "\ud83d", "🎉" * 20, "\x1b[31m", "' OR 1=1 --", "{{7*7}}"]
)
def test_a_hostile_value_in_any_field_is_taken_or_refused_but_never_fails(lab_browser: Browsers, value: str) -> None:
    browser = lab_browser()
    encoded = value.encode("utf-8", "surrogatepass")
    for name in ("name", "text", "kind", "of", "at", "count", "tags", "boxed", "refuse", "once", "other"):
        body = f"csrf_token={browser.csrf_token()}&name=x&{name}=".encode() + quote(encoded).encode()
        for path in ("/lab/form", "/lab/once"):
            answer = browser.http.post(path, data=body, content_type="application/x-www-form-urlencoded")
            assert answer.status_code in {303, 422}, (name, answer.status_code)


def test_a_field_name_may_be_anything(lab_browser: Browsers) -> None:
    odd = {"\x00": "x", "": "x", "圈": "x", "a" * 5_000: "x", "name[0]": "x", "__class__": "x"}
    assert lab_browser().post("/lab/form", {"name": "one", **odd}).status_code == 303


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"x", MULTIPART),
        (b"--x", MULTIPART),
        (b"--x\r\n\r\n", MULTIPART),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\nv\r\n--x--", MULTIPART),
        (b'--x\r\nContent-Disposition: form-data; filename="f"\r\n\r\nv\r\n--x--', MULTIPART),
        (b'--x\r\nContent-Disposition: form-data; name="name', MULTIPART),
        (b"--x\r\nContent-Disposition: form-data; name=\"a\"; filename*=utf-9''%ff\r\n\r\nv\r\n--x--", MULTIPART),
        (b"--x\r\n" + b"A" * 100_000, MULTIPART),
        (b"\xff" * 999, MULTIPART),
        (b"name=x", "multipart/form-data; boundary=" + "b" * 5_000),
        (b"%", "application/x-www-form-urlencoded"),
        (b"\xff=\xff&%ff=%ff", "application/x-www-form-urlencoded"),
        (b"&" * 10_000, "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
    ],
)
def test_a_broken_form_is_a_clear_page(http: FlaskClient, body: bytes, kind: str) -> None:
    assert http.post("/lab/form", data=body, content_type=kind).status_code in {400, 413}


def test_a_form_of_too_many_parts_is_too_large(http: FlaskClient) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nv\r\n'
    answer = http.post("/lab/form", data=part * 300 + b"--x--", content_type=MULTIPART)
    assert_page(answer, 413)


@pytest.mark.parametrize("path", ["/lab/form", "/lab/once", "/login", "/api/v1/lab/things"])
def test_a_form_of_ten_megabytes_is_too_large(http: FlaskClient, path: str) -> None:
    answer = http.post(path, data=b"name=" + b"x" * 10_000_000, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in {413, 415}
    assert (answer.status_code == 415) == path.startswith("/api/")


def test_a_post_to_nowhere_needs_no_token_to_be_nowhere(http: FlaskClient) -> None:
    assert_page(http.post("/nothing/here/at/all", data={"x": "1"}), 404)


def read(form: list[tuple[str, str]]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    return load_form(routes.ThingInput(), MultiDict(form))


def test_a_form_is_read_as_browsers_send_it(lab: Flask) -> None:
    data, errors = read(
        [("name", " x "), ("text", ""), ("of", ""), ("tags", "a"), ("tags", ""), ("tags", " "), ("tags", "b")]
    )
    assert errors == {}
    assert (data["name"], data["text"], data["of"], data["tags"], data["boxed"]) == ("x", "", None, ["a", "b"], False)
    assert read([("name", "x"), ("boxed", "on")])[0]["boxed"] is True
    assert read([("name", "x"), ("boxed", "")])[0]["boxed"] is False
    assert read([("name", "x"), ("csrf_token", "t"), ("once", "o"), ("colour", "red")])[1] == {}


def test_an_empty_field_counts_as_not_sent(lab: Flask) -> None:
    with lab.test_request_context():
        assert set(read([("name", "")])[1]) == {"name"}
        assert set(read([])[1]) == {"name"}
        assert set(read([("name", "   ")])[1]) == {"name"}


def test_errors_of_items_belong_to_their_list(lab: Flask) -> None:
    with lab.test_request_context():
        _data, errors = read([("name", "x"), ("tags", "fine"), ("tags", "x" * 11), ("tags", "y" * 11)])
    assert list(errors) == ["tags"]
    assert len(errors["tags"]) == 2


# ---- a double click ------------------------------------------------------------------------------------------

ONCE = "0123456789abcdefghij"


def test_a_form_sent_twice_makes_one_thing_and_is_answered_alike(lab_browser: Browsers, lab_make: Make) -> None:
    browser = lab_browser(lab_make.user())
    first, again = (browser.post("/lab/once", {"name": "one", "once": ONCE}) for _ in range(2))
    assert (first.status_code, first.location) == (303, "/lab/done?name=one")
    assert (again.status_code, again.location) == (303, "/lab/done?name=one")
    assert things() == ["one"]
    part = browser.post("/lab/once", {"name": "one", "once": ONCE}, htmx=True)
    assert (part.status_code, part.headers["HX-Redirect"]) == (204, "/lab/done?name=one")


def test_a_form_sent_twice_by_htmx_makes_one_thing(lab_browser: Browsers) -> None:
    browser = lab_browser()
    for _ in range(2):
        part = browser.post("/lab/once", {"name": "one", "once": ONCE}, htmx=True)
        assert (part.status_code, part.headers["HX-Redirect"]) == (204, "/lab/done?name=one")
    assert things() == ["one"]


def test_a_form_without_the_value_or_with_a_malformed_one_is_worked_on_each_time(lab_browser: Browsers) -> None:
    for value in ("", "short", "x" * 65, "has space in the value", ONCE + "\n", "é" * 20):
        for _ in range(2):
            assert lab_browser().post("/lab/once", {"name": "one", "once": value}).status_code == 303
    assert len(things()) == 12


def test_a_form_with_errors_may_be_corrected_under_the_same_value(lab_browser: Browsers) -> None:
    browser = lab_browser()
    assert_page(browser.post("/lab/once", {"name": "", "once": ONCE}), 422)
    assert_page(browser.post("/lab/once", {"name": "one", "refuse": "refused", "once": ONCE}), 422)
    assert things() == []
    assert browser.post("/lab/once", {"name": "one", "once": ONCE}).status_code == 303
    assert things() == ["one"]


def test_a_refusal_or_a_bug_leaves_the_value_free(lab_browser: Browsers) -> None:
    browser = lab_browser()
    for refuse, status in (("missing", 404), ("forbidden", 403), ("bug", 500), ("busy", 503)):
        assert browser.post("/lab/once", {"name": "x", "refuse": refuse, "once": ONCE}).status_code == status
    assert things() == []
    assert browser.post("/lab/once", {"name": "one", "once": ONCE}).status_code == 303


def test_the_value_of_one_person_is_nothing_to_another(lab_browser: Browsers, lab_make: Make) -> None:
    for user in (lab_make.user(), lab_make.user(), None):
        assert lab_browser(user).post("/lab/once", {"name": "one", "once": ONCE}).status_code == 303
    assert len(things()) == 3


def test_two_clicks_at_the_same_moment_make_one_thing_and_both_arrive(lab: Flask, lab_make: Make) -> None:
    user = lab_make.user()
    browsers = [Browser(lab, user) for _ in range(4)]
    for browser in browsers:
        browser.csrf_token()
    answers = at_once(lab, 4, lambda number: browsers[number].post("/lab/once", {"name": "one", "once": ONCE}))
    assert [answer.status_code for answer in answers] == [303] * 4
    assert {answer.location for answer in answers} == {"/lab/done?name=one"}
    assert things() == ["one"]


def test_a_click_on_a_form_that_hangs_gets_a_page_after_a_while(
    lab: Flask, lab_browser: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("circle.core.web._PATIENCE", 0.1)
    sent = {"name": "one", "once": ONCE}
    with lab.test_request_context("/lab/once", method="POST", data=sent):
        key = _content_key(ONCE)
    idempotency._claim("a127.0.0.1", "lab.submit_once", key, "lab.submit_once")
    assert_page(lab_browser().post("/lab/once", {"name": "one", "once": ONCE}), 409)
    with clock.at(clock.now() + idempotency.LEASE):
        assert lab_browser().post("/lab/once", {"name": "one", "once": ONCE}).status_code == 303
    assert things() == ["one"]


def test_somebody_signed_out_is_no_actor(lab_browser: Browsers, lab_make: Make) -> None:
    make_thing()
    assert lab_browser().get("/lab/mine").status_code == 303
    assert lab_browser(lab_make.user()).get("/lab/mine").get_data(as_text=True) == "mine"


@pytest.mark.parametrize("most", [1, 9, 10, 20, 99, 100, 907, 2**63 - 1])
def test_numbers_up_to_a_limit_are_told_by_their_spelling_alone(most: int) -> None:
    spelled = re.compile(numbers_up_to(most))
    near = {most + step for step in (-10, -1, 0, 1, 10, most, 9 * most)} | set(range(-1, 130))
    for number in near:
        assert bool(spelled.fullmatch(str(number))) == (1 <= number <= most), number
    assert not spelled.fullmatch("01")
