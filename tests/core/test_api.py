from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from circle.core.api import PROBLEM
from circle.core.limits import Limiter
from tests.clients import ApiClient, Browser
from tests.core import routes
from tests.core.lab import make_thing, things
from tests.factories import Make

Clients = Callable[..., ApiClient]
HARMLESS_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


@pytest.fixture
def http(lab: Flask) -> FlaskClient:
    return lab.test_client()


@pytest.fixture(autouse=True)
def nothing_during() -> Iterator[None]:
    yield
    routes.during.clear()


def send(http: FlaskClient, body: bytes | str, **kwargs: Any) -> TestResponse:
    return http.post("/api/v1/lab/things", data=body, content_type="application/json", **kwargs)


def assert_problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.content_type == PROBLEM
    body: dict[str, Any] = response.get_json()
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"]
    return body


# ---- bodies --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    ["{", "}", "{'name': 1}", '{"name": "x"', '{"name": "x",}', "[1,2", "nul", "\x00", "\ufeff\ufeff{}", "{}{}", "{} x",
     '{"name": "\n"}', '"\\x"', "0x10", "1_000", "<xml/>", "name=x", "'", " "],
)  # fmt: skip
def test_a_body_that_is_no_json_is_a_bad_request(http: FlaskClient, body: str) -> None:
    assert_problem(send(http, body), 400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "body", [b"\xff\xfe\xfa", b'{"name": "\xe5\x9c"}', b'{"name": "\xc0\xaf"}', b"\x80", b'{"\xff": 1}']
)
def test_a_body_that_is_no_text_is_a_bad_request(http: FlaskClient, body: bytes) -> None:
    assert_problem(send(http, body), 400, "BAD_REQUEST")


@pytest.mark.parametrize("body", ["null", "[]", "[{}]", '"x"', "1", "true", "1e400", "NaN", '[{"name": "x"}]'])
def test_a_body_that_is_no_object_is_named(http: FlaskClient, body: str) -> None:
    problem = assert_problem(send(http, body), 422, "VALIDATION")
    assert list(problem["errors"]) == ["_schema"]
    assert all(isinstance(text, str) and "[" not in text for text in problem["errors"]["_schema"])


def test_no_body_counts_as_an_empty_object(http: FlaskClient) -> None:
    assert set(assert_problem(send(http, ""), 422, "VALIDATION")["errors"]) == {"name"}
    assert set(assert_problem(http.post("/api/v1/lab/things"), 422, "VALIDATION")["errors"]) == {"name"}


def _documents(file: Path) -> Iterator[tuple[str, bytes]]:
    for case in map(json.loads, file.read_text().splitlines()):
        if "b64" in case:
            yield case["name"], base64.b64decode(case["b64"])
        else:  # two are described only: a short beginning, repeated
            unit = "[" if case["starts"].startswith("[[") else '[{"":'
            yield case["name"], (unit * (case["bytes"] // len(unit))).encode()


def test_the_json_test_suite_never_makes_the_server_fail(http: FlaskClient, shared_data: Path) -> None:
    documents = list(_documents(shared_data / "adversarial/json/JSONTestSuite.jsonl"))
    assert len(documents) > 300
    # Python's parser takes these, as many do, and no body at all counts as an empty object: refused for other reasons
    lenient = {
        "n_number_NaN.json",
        "n_number_infinity.json",
        "n_number_minus_infinity.json",
        "n_structure_no_data.json",
    }
    for name, body in documents:
        for content in (b'{"name": ' + body + b"}", b'{"name": "x", "tags": ' + body + b"}"):
            assert send(http, content).status_code in {201, 400, 422}, name
        answer = send(http, body)
        if name.startswith("n_"):
            assert answer.status_code == (422 if name in lenient else 400), name
        if name.startswith("y_"):
            assert answer.status_code in {201, 422}, name
        assert answer.status_code in {201, 400, 422}, name


@pytest.mark.parametrize(
    "body",
    ["[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"name":' * 50_000 + "1" + "}" * 50_000, '{"name":' + "[" * 100_000,
     '{"count": ' + "9" * 100_000 + "}", '{"name": "' + "\\u0041" * 100_000 + '"}', '{"count": 1e' + "9" * 1_000 + "}"],
)  # fmt: skip
def test_deep_and_long_bodies_are_refused_without_harm(http: FlaskClient, body: str) -> None:
    for headers in ({}, {"Idempotency-Key": "k"}):
        assert send(http, body, headers=headers).status_code in {400, 422}


def test_a_body_of_a_thousand_unknown_fields_is_refused(http: FlaskClient) -> None:
    body = json.dumps({f"field{number}": number for number in range(1_000)})
    assert_problem(send(http, body), 422, "VALIDATION")


def test_a_huge_body_is_too_large(http: FlaskClient) -> None:
    body = b'{"name": "' + b"x" * 2_000_000 + b'"}'
    assert_problem(send(http, body), 413, "TOO_LARGE")
    assert_problem(send(http, body, headers={"Idempotency-Key": "k"}), 413, "TOO_LARGE")
    assert_problem(send(http, b" " * 1_100_000), 413, "TOO_LARGE")


def test_a_huge_upload_is_too_large(http: FlaskClient) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="x.txt"\r\n\r\n%b\r\n--x--\r\n'
    answer = http.post(
        "/api/v1/lab/files", data=part % (b"x" * 2_000_000), content_type="multipart/form-data; boundary=x"
    )
    assert_problem(answer, 413, "TOO_LARGE")
    answer = http.post("/api/v1/lab/files", data=part % b"small", content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 201


def test_an_upload_without_its_file_is_named(http: FlaskClient) -> None:
    for body, kind in (
        (b"", "multipart/form-data"),
        (b"{}", "application/json"),
        (b"--x--", "multipart/form-data; boundary=x"),
    ):
        answer = http.post("/api/v1/lab/files", data=body, content_type=kind)
        assert set(assert_problem(answer, 422, "VALIDATION")["errors"]) == {"file"}


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/html",
     "application/xml", "application/jsonp", "", "json", "\x00", "application/json\x00", "x" * 5_000],
)  # fmt: skip
def test_another_content_type_is_not_taken(http: FlaskClient, kind: str) -> None:
    answer = http.post("/api/v1/lab/things", data=b'{"name": "x"}', content_type=kind)
    assert_problem(answer, 415, "UNSUPPORTED_MEDIA_TYPE")
    assert things() == []


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.x+json"]
)
def test_any_spelling_of_json_is_taken(http: FlaskClient, kind: str) -> None:
    assert http.post("/api/v1/lab/things", data=b'{"name": "x"}', content_type=kind).status_code == 201


def test_json_with_a_byte_order_mark_or_in_utf_16_is_either_read_or_refused(http: FlaskClient) -> None:
    text = '{"name": "圈"}'
    for body in (text.encode("utf-8-sig"), text.encode("utf-16"), text.encode("utf-32-le"), text.encode("gb18030")):
        assert send(http, body).status_code in {201, 400}


# ---- fields --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"colour": "red"}, "colour"),
        ({"\ud800": 1}, "\ud800"),
        ({"a\x00b": 1}, "a\x00b"),
        ({"": 1}, ""),
        ({"__proto__": {}}, "__proto__"),
        ({"name": None}, "name"),
        ({"name": 7}, "name"),
        ({"name": ["x"]}, "name"),
        ({"name": {"x": 1}}, "name"),
        ({"name": "x" * 21}, "name"),
        ({"name": " \u200b "}, "name"),
        ({"text": "x" * 10_001}, "text"),
        ({"kind": "neither"}, "kind"),
        ({"of": 7}, "of"),
        ({"of": "0"}, "of"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2026-11-21T00:00:00"}, "at"),
        ({"count": "7"}, "count"),
        ({"count": 1.5}, "count"),
        ({"tags": "x"}, "tags"),
        ({"tags": ["fine", 7]}, "tags.1"),
        ({"tags": ["x" * 11]}, "tags.0"),
        ({"boxed": "perhaps"}, "boxed"),
    ],
)
def test_the_field_at_fault_is_named_with_a_sentence(http: FlaskClient, fields: dict[str, Any], where: str) -> None:
    for language in ("zh-CN", "en"):
        answer = send(http, json.dumps({"name": "x"} | fields), headers={"Accept-Language": language})
        errors = assert_problem(answer, 422, "VALIDATION")["errors"]
        assert list(errors) == [where]
        assert all(isinstance(text, str) and len(text) > 3 for text in errors[where])
        assert not any(
            text.startswith(("Not a valid", "Missing data", "Field may", "['", "[l")) for text in errors[where]
        )
    assert things() == []


def test_several_faults_are_told_at_once(http: FlaskClient) -> None:
    errors = assert_problem(send(http, '{"of": 1, "x": 2, "tags": [1]}'), 422, "VALIDATION")["errors"]
    assert set(errors) == {"name", "of", "x", "tags.0"}


def test_ids_are_strings_in_both_directions(http: FlaskClient) -> None:
    answer = send(http, json.dumps({"name": "x", "of": str(2**63 - 1)}))
    assert answer.status_code == 201
    assert answer.json["id"].isdecimal()


# ---- who asks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    ["Bearer nonsense", "Bearer", "Bearer ", "bearer x", "Basic dXNlcjpwYXNz", "", "x", "Bearer \x00", "Bearer é",
     "Bearer a b", "Bearer " + "x" * 10_000, "Bearer ' OR 1=1 --", "Bearer null", "Bearer " + "0" * 43, "Bearer ..",
     "Token x", "Bearer ÿ" * 50],
)  # fmt: skip
def test_a_token_that_is_not_good_is_refused_everywhere(http: FlaskClient, header: str) -> None:
    for path in ("/api/v1/lab/me", "/api/v1/lab/things"):
        answer = http.get(path, headers={"Authorization": header})
        assert_problem(answer, 401, "UNAUTHENTICATED")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_visitor_is_told_to_sign_in(http: FlaskClient) -> None:
    answer = http.get("/api/v1/lab/me")
    assert_problem(answer, 401, "UNAUTHENTICATED")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert http.get("/api/v1/lab/things").status_code == 200


def test_a_token_says_who_asks(lab_api: Clients, lab_make: Make) -> None:
    user = lab_make.user()
    assert lab_api(user).get("/lab/me").json == {"id": str(user.id), "name": user.username}


def test_the_cookie_of_a_browser_is_not_read(lab: Flask, lab_make: Make) -> None:
    browser = Browser(lab, lab_make.user())
    assert_problem(browser.http.get("/api/v1/lab/me"), 401, "UNAUTHENTICATED")
    answer = browser.http.post("/api/v1/lab/gifts", json={"name": "x"}, headers={"Idempotency-Key": "k"})
    assert_problem(answer, 401, "UNAUTHENTICATED")
    assert things() == []


def test_a_route_that_hands_out_tokens_does_not_look_at_an_old_one(http: FlaskClient) -> None:
    answer = http.post("/api/v1/lab/tokens", json={"name": "x"}, headers={"Authorization": "Bearer run-out"})
    assert answer.status_code == 200


def test_whoever_is_too_fast_is_told_when_to_come_back(
    lab: Flask, http: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("circle.core.limits.KINDS", {"read": "3/minute"})
    monkeypatch.setitem(lab.extensions, "circle_limiter", Limiter(None, enabled=True))
    for _ in range(3):
        assert http.get("/api/v1/lab/things").status_code == 200
    answer = http.get("/api/v1/lab/things")
    assert_problem(answer, 429, "RATE_LIMITED")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


# ---- addresses and methods -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/api/v1/nothing", "/api/", "/api/v2/lab/things", "/api/v1/lab/things/0", "/api/v1/lab/things/x",
     "/api/v1/lab/things/-1", "/api/v1/lab/things/007", "/api/v1/lab/things/9223372036854775808",
     "/api/v1/lab/things/" + "9" * 5_000, "/api/v1/lab/things/1/", "/api/v1/lab/things/%00", "/api/v1/lab/things/%ff",
     "/api/v1/lab/things/1%0a", "/api/v1/lab/things/%D9%A3", "/api/v1/lab/circles/UPPER", "/api/v1/lab/circles/-x",
     "/api/v1/lab/circles/x-", "/api/v1/lab/circles/" + "x" * 41, "/api/v1/lab/circles/a%00b",
     "/api/v1/lab/circles/a%0a", "/api/v1/lab/circles/..%2f..", "/api/v1/lab/circles/%E5%9C%88",
     "/api/v1/../../etc/passwd", "/api/v1/" + "a" * 8_000],
)  # fmt: skip
def test_an_address_where_nothing_is_answers_with_a_problem(http: FlaskClient, path: str) -> None:
    assert_problem(http.get(path), 404, "NOT_FOUND")


def test_the_largest_id_is_an_id(http: FlaskClient) -> None:
    assert http.get("/api/v1/lab/things/9223372036854775807").status_code == 200
    assert http.get("/api/v1/lab/circles/" + "x" * 40).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "X" * 200])
def test_a_method_that_is_not_taken_answers_with_those_that_are(http: FlaskClient, method: str) -> None:
    answer = http.open("/api/v1/lab/things", method=method)
    assert_problem(answer, 405, "METHOD_NOT_ALLOWED")
    assert {"GET", "POST"} <= {each.strip() for each in answer.headers["Allow"].split(",")}


def test_head_answers_like_get_without_the_body(http: FlaskClient) -> None:
    get, head = http.get("/api/v1/lab/things"), http.head("/api/v1/lab/things")
    assert (head.status_code, head.headers["ETag"], head.get_data()) == (200, get.headers["ETag"], b"")


# ---- languages -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "english"),
    [
        (None, False), ("", False), ("zh-CN", False), ("zh", False), ("zh-TW,en;q=0.5", False), ("zh-Hans-CN", False),
        ("en", True), ("en-GB,en;q=0.9", True), ("EN-us", True), ("en;q=0.4,zh;q=0.5", False), ("fr,en;q=0.1", True),
        ("fr", False), ("*", False), (";;;,,,", False), ("en;q=0", False), ("en;q=x", False), ("\x00", False),
        ("é", False), ("x" * 10_000, False), ("en;q=0,zh", False), ("../../en", False),
    ],
)  # fmt: skip
def test_a_problem_speaks_the_language_of_the_request(
    lab: Flask, http: FlaskClient, monkeypatch: pytest.MonkeyPatch, accepted: str | None, english: bool
) -> None:
    chosen: list[str] = []
    monkeypatch.setattr("circle.core.api.problem", _note_locale(chosen))
    headers = {} if accepted is None else {"Accept-Language": accepted}
    for path in ("/api/v1/lab/me", "/api/v1/nothing"):
        assert http.get(path, headers=headers).status_code in {401, 404}
    assert set(chosen) == {"en" if english else "zh_Hans_CN"}


def _note_locale(chosen: list[str]) -> Callable[[Any], Any]:
    from circle.core import api, web

    real = api.problem

    def problem(error: Any) -> Any:
        chosen.append(web.choose_locale())
        return real(error)

    return problem


# ---- ETag and If-Match ---------------------------------------------------------------------------------------


def test_a_resource_that_did_not_change_is_not_sent_again(http: FlaskClient) -> None:
    first = http.get("/api/v1/lab/things/5")
    tag = first.headers["ETag"]
    assert tag.startswith('"v3-')
    for given in (tag, f"W/{tag}", f'"x", {tag}', "*", f"{tag},W/{tag}"):
        answer = http.get("/api/v1/lab/things/5", headers={"If-None-Match": given})
        assert (answer.status_code, answer.get_data(), answer.headers["ETag"]) == (304, b"", tag)
        assert answer.headers["X-Request-Id"]
        assert "Cache-Control" in answer.headers
    for given in ("", "x", '"x"', tag.strip('"'), tag[:-2], "é", "\x00"):
        assert http.get("/api/v1/lab/things/5", headers={"If-None-Match": given}).status_code == 200


def test_a_resource_that_changed_is_sent_again(http: FlaskClient) -> None:
    tag = http.get("/api/v1/lab/things/5").headers["ETag"]
    make_thing("new")
    assert http.get("/api/v1/lab/things/5", headers={"If-None-Match": tag}).status_code == 200


def test_the_first_page_of_a_list_has_a_tag_and_the_others_have_none(http: FlaskClient) -> None:
    for _ in range(3):
        make_thing()
    first = http.get("/api/v1/lab/things?limit=2")
    assert http.get("/api/v1/lab/things?limit=2", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    second = http.get(f"/api/v1/lab/things?limit=2&cursor={first.json['next_cursor']}")
    assert "ETag" not in second.headers
    assert len(second.json["items"]) == 1


def test_an_edit_of_the_current_version_passes(http: FlaskClient) -> None:
    tag = http.get("/api/v1/lab/things/5").headers["ETag"]
    other_digest = '"v3-' + "0" * 16 + '"'  # a like in the meantime is no reason to refuse
    for given in (tag, "*", other_digest, f" {tag} "):
        answer = http.patch("/api/v1/lab/things/5", json={"name": "x"}, headers={"If-Match": given})
        assert answer.status_code == 200
        assert answer.headers["ETag"].startswith('"v4-')
    assert http.patch("/api/v1/lab/things/5", json={"name": "x"}).status_code == 200


@pytest.mark.parametrize(
    "given",
    ['"v2-0000000000000000"', '"v4-0000000000000000"', "3", '"3"', "v3-0000000000000000", 'W/"v3-0000000000000000"',
     "", '""', '"v3-0000000000000000', '"v-3-0000000000000000"', '"v٣-0000000000000000"', '"v3-000000000000000G"',
     "\x00", "é", '"v' + "9" * 5_000 + '-0000000000000000"', '"v3-0000000000000000", "x"', "**"],
)  # fmt: skip
def test_an_edit_of_an_old_or_unknown_version_is_refused(http: FlaskClient, given: str) -> None:
    try:
        answer = http.patch("/api/v1/lab/things/5", json={"name": "x"}, headers={"If-Match": given})
    except UnicodeEncodeError:  # cannot even be sent
        return
    assert_problem(answer, 412, "PRECONDITION_FAILED")


# ---- lists ---------------------------------------------------------------------------------------------------


def test_a_list_is_read_page_by_page(lab_api: Clients) -> None:
    for number in range(5):
        make_thing(f"t{number}")
    found, cursor = [], ""
    for _ in range(3):
        page = lab_api().get(f"/lab/things?limit=2{cursor}").json
        found += [item["name"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert found == ["t4", "t3", "t2", "t1", "t0"]
    assert page["next_cursor"] is None


@pytest.mark.parametrize(
    "cursor", ["x", "%00", "%ff", "%F0%9F%8E%89", "..%2f", "A" * 5_000, "%ED%A0%80", "null", "%20"]
)
def test_a_tampered_cursor_is_a_bad_request(http: FlaskClient, cursor: str) -> None:
    assert_problem(http.get(f"/api/v1/lab/things?cursor={cursor}"), 400, "CURSOR_INVALID")


@pytest.mark.parametrize("limit", ["0", "51", "-1", "x", "", "1.5", "%00", "9" * 5_000, "NaN", "0x1"])
def test_a_limit_out_of_bounds_is_named(http: FlaskClient, limit: str) -> None:
    assert set(assert_problem(http.get(f"/api/v1/lab/things?limit={limit}"), 422, "VALIDATION")["errors"]) == {"limit"}


def test_an_unknown_word_in_the_address_is_let_be(http: FlaskClient) -> None:
    assert http.get("/api/v1/lab/things?utm_source=x&limit=3&limit=999&%00=%ff").status_code == 200


# ---- every answer --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["0123abcd", "a.b-c_d.e", "x" * 64, "7b1d2f00-9d6e-4a52-a7c5-0242ac120002"])
def test_a_harmless_request_id_is_kept(http: FlaskClient, given: str) -> None:
    for path in ("/api/v1/lab/things", "/api/v1/nothing", "/api/v1/lab/bug"):
        assert http.get(path, headers={"X-Request-Id": given}).headers["X-Request-Id"] == given


@pytest.mark.parametrize(
    "given",
    [
        "",
        "short",
        "x" * 65,
        "has space",
        "<script>x</script>",
        "a;b=c;d=e",
        "é" * 10,
        "\x1b[31m",
        "${jndi:x}",
        "a/../b",
    ],
)
def test_a_hostile_request_id_is_replaced(http: FlaskClient, given: str) -> None:
    for path in ("/api/v1/lab/things", "/api/v1/nothing"):
        made = http.get(path, headers={"X-Request-Id": given}).headers["X-Request-Id"]
        assert made != given
        assert HARMLESS_ID.fullmatch(made)


def test_every_request_has_an_id_of_its_own(http: FlaskClient) -> None:
    made = {http.get("/api/v1/lab/things").headers["X-Request-Id"] for _ in range(50)}
    assert len(made) == 50


def test_a_bug_answers_with_a_number_and_nothing_of_the_inside(http: FlaskClient) -> None:
    answer = http.get("/api/v1/lab/bug", headers={"X-Request-Id": "incident-77-abcdef", "Accept-Language": "en"})
    body = assert_problem(answer, 500, "INTERNAL")
    assert "incident" in body["detail"]
    text = answer.get_data(as_text=True)
    assert not any(word in text for word in ("secret", "LookupError", "Traceback", "place.py", "routes"))


def test_after_a_bug_the_next_request_works(http: FlaskClient, lab_api: Clients) -> None:
    assert send(http, '{"name": "x", "refuse": "bug"}').status_code == 500
    assert lab_api().post("/lab/things", {"name": "y"}).status_code == 201
    assert things() == ["x", "y"]  # without a key the view's operation had its own transaction


def test_no_answer_of_the_api_is_kept_by_others_or_run_by_a_browser(http: FlaskClient) -> None:
    for path in ("/api/v1/lab/things", "/api/v1/lab/me", "/api/v1/nothing", "/api/v1/lab/bug"):
        headers = http.get(path).headers
        assert "private" in headers["Cache-Control"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in headers


def test_problems_fit_the_published_schema(http: FlaskClient, shared_data: Path) -> None:
    schema = json.loads((shared_data / "conformance/http/problem.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    answers = [
        http.get("/api/v1/nothing"),
        http.get("/api/v1/lab/me"),
        http.get("/api/v1/lab/bug"),
        http.get("/api/v1/lab/things?cursor=x"),
        http.put("/api/v1/lab/things"),
        http.patch("/api/v1/lab/things/5", json={"name": "x"}, headers={"If-Match": "x"}),
        http.post("/api/v1/lab/things", data=b"x", content_type="text/plain"),
        send(http, "{"),
        send(http, '{"x": 1}'),
        send(http, b"x" * 1_100_000),
        *(send(http, json.dumps({"name": "x", "refuse": refuse})) for refuse in routes.REFUSALS if refuse != "none"),
    ]
    assert {answer.status_code for answer in answers} >= {
        400,
        401,
        403,
        404,
        405,
        409,
        412,
        413,
        415,
        422,
        429,
        500,
        503,
    }
    for answer in answers:
        assert answer.content_type == PROBLEM
        validator.validate(answer.get_json())
