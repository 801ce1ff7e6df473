from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from circle.core import clock, idempotency
from circle.core.db import db
from circle.core.errors import BadRequest, Conflict, Refused
from circle.core.housekeeping import forget_idempotency
from circle.core.idempotency import LEASE, LIFETIME, Answer, IdempotencyRecord, fingerprint, once
from tests import patience
from tests.clients import ApiClient
from tests.core import routes
from tests.core.lab import at_once, make_thing, things
from tests.factories import Make

Clients = Callable[..., ApiClient]
KEY = {"Idempotency-Key": "0123456789abcdef"}


class Crash(BaseException):
    """The process is gone: nothing after this line runs."""


@pytest.fixture(autouse=True)
def nothing_during() -> Iterator[None]:
    yield
    routes.during.clear()


def post(api: ApiClient, name: str = "one", *, key: str = KEY["Idempotency-Key"], **fields: Any) -> TestResponse:
    return api.post("/lab/things", {"name": name, **fields}, headers={"Idempotency-Key": key})


def records() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(IdempotencyRecord)) or 0


def make_one() -> Answer:
    make_thing()
    return Answer(201, "{}", "application/json")


def claim_and_die(key: str = "k" * 8, print_: str = "p") -> None:
    """Claim a key as a process does that is killed before its effect."""
    idempotency._claim("u1", "r", key, print_)


# ---- requests ------------------------------------------------------------------------------------------------


def test_the_same_request_sent_again_gets_the_same_answer_and_makes_nothing(lab_api: Clients) -> None:
    api = lab_api()
    first, again = post(api), post(api)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_data() == again.get_data()
    assert first.content_type == again.content_type == "application/json"
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert things() == ["one"]


def test_without_a_key_every_request_makes_one(lab_api: Clients) -> None:
    api = lab_api()
    for _ in range(2):
        assert api.post("/lab/things", {"name": "one"}).status_code == 201
    assert things() == ["one", "one"]
    assert records() == 0


def test_another_key_makes_another(lab_api: Clients) -> None:
    api = lab_api()
    assert post(api, key="a").json != post(api, key="b").json
    assert things() == ["one", "one"]


@pytest.mark.parametrize(
    ("body", "query"),
    [('{"name": "two"}', ""), ('{"name": "one", "count": 1}', ""), ('{"name": "one"}', "?x=1")],
)
def test_the_key_of_another_request_is_refused(lab_api: Clients, body: str, query: str) -> None:
    api = lab_api()
    post(api)
    other = api.post(f"/lab/things{query}", data=body, content_type="application/json", headers=KEY)
    assert (other.status_code, other.json["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert things() == ["one"]
    assert post(api).headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    "body",
    ['{"name":"one","count":2}', '{ "count" : 2,\n "name" : "one" }', '{"n\\u0061me":"one","count":2}'],
)
def test_spacing_order_and_spelling_of_the_json_do_not_make_it_another_request(lab_api: Clients, body: str) -> None:
    api = lab_api()
    post(api, count=2)
    again = api.post("/lab/things", data=body, content_type="application/json", headers=KEY)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_keys_belong_to_one_person_and_one_route(lab_api: Clients, lab_make: Make) -> None:
    alice, bob = lab_api(lab_make.user()), lab_api(lab_make.user())
    for api in (alice, bob, lab_api()):
        assert "Idempotency-Replayed" not in post(api).headers
    assert alice.post("/lab/gifts", {"name": "one"}, headers=KEY).status_code == 201
    assert len(things()) == 4


def test_a_route_may_require_the_key(lab_api: Clients, lab_make: Make) -> None:
    api = lab_api(lab_make.user())
    answer = api.post("/lab/gifts", {"name": "one"})
    assert (answer.status_code, answer.json["code"]) == (400, "IDEMPOTENCY_KEY_REQUIRED")
    assert things() == []
    assert api.post("/lab/gifts", {"name": "one"}, headers=KEY).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 121, "é", "a\tb", "圈".encode().decode("latin-1"), "\x7f"])
def test_a_malformed_key_is_named(lab_api: Clients, key: str) -> None:
    answer = post(lab_api(), key=key)
    assert (answer.status_code, answer.json["code"]) == (400, "BAD_REQUEST")
    assert things() == []


@pytest.mark.parametrize("key", ["x", "x" * 120, '"quoted key"', "a b", "~!@#$%^&*()'; DROP TABLE users --"])
def test_any_printable_key_is_taken(lab_api: Clients, key: str) -> None:
    api = lab_api()
    post(api, key=key)
    assert post(api, key=key).headers["Idempotency-Replayed"] == "true"
    assert things() == ["one"]


@pytest.mark.parametrize(
    ("refuse", "status"), [("refused", 422), ("conflict", 409), ("missing", 404), ("forbidden", 403)]
)
def test_a_refusal_is_stored_and_its_effect_is_not(lab_api: Clients, refuse: str, status: int) -> None:
    api = lab_api()
    first, again = post(api, refuse=refuse), post(api, refuse=refuse)
    assert (first.status_code, again.status_code) == (status, status)
    assert first.get_data() == again.get_data()
    assert first.content_type == again.content_type == "application/problem+json"
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert things() == []


@pytest.mark.parametrize(
    ("refuse", "status"), [("bad", 400), ("unauthenticated", 401), ("limited", 429), ("busy", 503)]
)
def test_what_may_pass_when_tried_again_is_not_stored(lab: Flask, lab_api: Clients, refuse: str, status: int) -> None:
    client = lab.test_client()
    for _ in range(2):
        answer = client.post("/api/v1/lab/things", json={"name": "one", "refuse": refuse}, headers=KEY)
        assert answer.status_code == status
        assert "Idempotency-Replayed" not in answer.headers
        assert ("Retry-After" in answer.headers) == (status in {429, 503})
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert (things(), records()) == ([], 0)


def test_a_bug_is_not_stored_and_leaves_nothing(lab: Flask, lab_api: Clients) -> None:
    answer = lab.test_client().post("/api/v1/lab/things", json={"name": "one", "refuse": "bug"}, headers=KEY)
    assert answer.status_code == 500
    assert (things(), records()) == ([], 0)
    assert post(lab_api()).status_code == 201


def test_bad_input_is_not_stored_so_it_can_be_corrected_under_the_same_key(lab_api: Clients) -> None:
    api = lab_api()
    assert post(api, "").status_code == 422
    assert post(api, "one").status_code == 201
    assert things() == ["one"]


def test_an_answer_without_a_body_is_repeated_alike(lab_api: Clients) -> None:
    api = lab_api()
    first, again = (api.post("/lab/waves", headers=KEY) for _ in range(2))
    assert (first.status_code, again.status_code) == (204, 204)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.get_data() == b""
    assert things() == ["wave"]


def test_a_route_whose_answer_must_not_be_kept_ignores_the_key(lab_api: Clients) -> None:
    api = lab_api()
    for _ in range(2):
        answer = api.post("/lab/tokens", {"name": "one"}, headers=KEY)
        assert "Idempotency-Replayed" not in answer.headers
    assert things() == ["one", "one"]
    assert records() == 0


def send(api: ApiClient, content: bytes) -> TestResponse:
    form = {"file": (BytesIO(content), "x.txt")}
    return api.post("/lab/files", data=form, content_type="multipart/form-data", headers=KEY)


def test_an_upload_is_compared_by_its_content_not_by_its_boundary(lab_api: Clients) -> None:
    api = lab_api()
    assert send(api, b"one").status_code == 201
    assert send(api, b"one").headers["Idempotency-Replayed"] == "true"
    assert send(api, b"two").json["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert things() == ["one"]


# ---- at the same time ----------------------------------------------------------------------------------------


def test_the_same_request_many_times_at_once_has_one_effect(lab: Flask, lab_make: Make) -> None:
    user = lab_make.user()
    clients = [ApiClient(lab, user) for _ in range(6)]
    answers = at_once(lab, 6, lambda number: post(clients[number]))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json["code"] == "IDEMPOTENCY_IN_PROGRESS"
            assert int(answer.headers["Retry-After"]) >= 1
    assert len({answer.get_data() for answer in answers if answer.status_code == 201}) == 1
    assert things() == ["one"]
    assert post(clients[0]).headers["Idempotency-Replayed"] == "true"


def test_whoever_asks_while_the_first_is_running_is_told_to_wait(lab: Flask, lab_api: Clients) -> None:
    # on SQLite the first holds the only write lock, so the second simply waits; the claim of a dead process shows both
    lab_api()
    claim_and_die()
    with pytest.raises(Conflict) as caught:
        once("u1", "r", "k" * 8, "p", make_one)
    assert caught.value.code == "IDEMPOTENCY_IN_PROGRESS"
    assert caught.value.retry_after == 2
    assert things() == []


def test_another_request_under_a_key_in_progress_is_refused_for_its_content(lab: Flask) -> None:
    claim_and_die()
    with pytest.raises(Refused, match="IDEMPOTENCY_KEY_REUSED"):
        once("u1", "r", "k" * 8, "another", make_one)


# ---- when a process dies -------------------------------------------------------------------------------------


def test_a_claim_whose_process_died_is_taken_over_after_a_minute(lab: Flask) -> None:
    start = clock.now()
    with clock.at(start):
        claim_and_die()
    with clock.at(start + LEASE - timedelta(microseconds=1)), pytest.raises(Conflict):
        once("u1", "r", "k" * 8, "p", make_one)
    with clock.at(start + LEASE):
        assert not once("u1", "r", "k" * 8, "p", make_one).replayed
        assert once("u1", "r", "k" * 8, "p", make_one).replayed
    assert things() == ["thing"]


def test_a_takeover_is_for_one_only(lab: Flask) -> None:
    start = clock.now()
    with clock.at(start):
        claim_and_die()

    def take_over(_number: int) -> Answer:
        with clock.at(start + LEASE):
            return once("u1", "r", "k" * 8, "p", make_one)

    found = at_once(lab, 6, take_over)
    assert things() == ["thing"]
    assert sum(isinstance(each, Answer) and not each.replayed for each in found) == 1
    assert all(isinstance(each, Answer | Conflict) for each in found)


def test_a_crash_between_the_claim_and_the_effect_costs_a_minute_and_nothing_else(
    lab: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = clock.now()

    def crash(_work: object) -> None:
        raise Crash

    with clock.at(start), monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(idempotency, "held", crash)
        patch.setattr(idempotency, "_release", crash)
        once("u1", "r", "k" * 8, "p", make_one)
    assert (things(), records()) == ([], 1)
    with clock.at(start + timedelta(seconds=5)), pytest.raises(Conflict):
        once("u1", "r", "k" * 8, "p", make_one)
    with clock.at(start + LEASE):
        assert once("u1", "r", "k" * 8, "p", make_one).status == 201
    assert things() == ["thing"]


def test_a_crash_before_the_commit_of_the_effect_leaves_neither_effect_nor_answer(
    lab: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(idempotency, "_store", crash)
        patch.setattr(idempotency, "_release", crash)
        once("u1", "r", "k" * 8, "p", make_one)
    assert things() == []
    with clock.at(clock.now() + LEASE):
        once("u1", "r", "k" * 8, "p", make_one)
    assert things() == ["thing"]


def test_a_process_that_is_asked_to_stop_gives_its_claim_back(lab: Flask) -> None:
    def stop() -> Answer:
        make_thing()
        raise SystemExit

    with pytest.raises(SystemExit):
        once("u1", "r", "k" * 8, "p", stop)
    assert (things(), records()) == ([], 0)


def slow_work(release: threading.Event, started: threading.Event) -> Callable[[], Answer]:
    def work() -> Answer:
        started.set()
        assert release.wait(30)
        make_thing("slow")
        return Answer(201, "slow", "text/plain")

    return work


def test_a_slow_process_that_was_taken_over_comes_too_late_for_its_effect(lab: Flask) -> None:
    start, release, started = clock.now(), threading.Event(), threading.Event()
    found: list[Any] = []

    def run() -> None:
        with lab.app_context(), clock.at(start):
            try:
                found.append(once("u1", "r", "k" * 8, "p", slow_work(release, started)))
            except Exception as error:
                found.append(error)
            finally:
                db.session.remove()

    slow = patience.started([threading.Thread(target=run)])
    assert started.wait(30)
    with clock.at(start + LEASE):
        assert once("u1", "r", "k" * 8, "p", make_one).status == 201
    release.set()
    patience.joined(slow)
    assert isinstance(found[0], Conflict)
    assert things() == ["thing"]
    assert once("u1", "r", "k" * 8, "p", make_one).body == "{}"


def test_a_slow_process_that_fails_does_not_give_away_the_claim_of_the_next(lab: Flask) -> None:
    start = clock.now()
    with clock.at(start):
        slow = idempotency._claim("u1", "r", "k" * 8, "p")
    with clock.at(start + LEASE):
        following = idempotency._claim("u1", "r", "k" * 8, "p")
    assert not isinstance(slow, Answer)
    assert not isinstance(following, Answer)
    idempotency._release(slow)
    assert records() == 1
    idempotency._release(following)
    assert records() == 0


# ---- keys are forgotten --------------------------------------------------------------------------------------


def test_keys_are_forgotten_after_three_days(lab: Flask) -> None:
    start = clock.now()
    with clock.at(start):
        once("u1", "r", "old", "p", make_one)
    with clock.at(start + timedelta(hours=1)):
        once("u1", "r", "new", "p", make_one)
    assert timedelta(hours=72) == LIFETIME
    with clock.at(start + LIFETIME):
        forget_idempotency()
        assert once("u1", "r", "old", "p", make_one).replayed
    with clock.at(start + LIFETIME + timedelta(microseconds=1)):
        assert idempotency.forget_old() == 1
        assert not once("u1", "r", "old", "p", make_one).replayed
        assert once("u1", "r", "new", "p", make_one).replayed
    assert len(things()) == 3


# ---- fingerprints --------------------------------------------------------------------------------------------


def test_a_fingerprint_tells_requests_apart() -> None:
    prints = [
        fingerprint("POST", "/a", [], b"{}"),
        fingerprint("PUT", "/a", [], b"{}"),
        fingerprint("POST", "/b", [], b"{}"),
        fingerprint("POST", "/a", [("x", "1")], b"{}"),
        fingerprint("POST", "/a", [("x", "2")], b"{}"),
        fingerprint("POST", "/a", [("x", "1"), ("x", "1")], b"{}"),
        fingerprint("POST", "/a", [], b""),
        fingerprint("POST", "/a", [], b"[]"),
        fingerprint("POST", "/a", [], b'{"a": 1}'),
        fingerprint("POST", "/a", [], b'{"a": 1.0}'),
        fingerprint("POST", "/a", [], b'{"a": "1"}'),
        fingerprint("POST", "/a", [], b'{"a": true}'),
        fingerprint("POST", "/a", [], b'{"a": [1, 2]}'),
        fingerprint("POST", "/a", [], b'{"a": [2, 1]}'),
        fingerprint("POST", "/a", [], b"\x00\xff\xfe"),
        fingerprint("POST", "/a", [], b"[" * 100_000),
        fingerprint("POST", "/a", [], b"9" * 6_000),
        fingerprint("POST", "/a", [], b'"\\ud800"'),
        fingerprint("POST", "/a", [], b"NaN"),
    ]
    assert len(set(prints)) == len(prints)
    assert all(len(each) == 64 for each in prints)


def test_a_fingerprint_does_not_see_order_in_the_query_or_spacing_in_the_body() -> None:
    one = fingerprint("POST", "/a", [("x", "1"), ("y", "2")], b'{"a":1,"b":[1,2]}')
    assert one == fingerprint("POST", "/a", [("y", "2"), ("x", "1")], b'{ "b" : [1, 2],\r\n "a" : 1 }')


@pytest.mark.parametrize("key", ["", "x" * 121, "é", "a\nb", "\x00"])
def test_a_malformed_key_never_reaches_the_database(lab: Flask, key: str) -> None:
    with pytest.raises(BadRequest):
        once("u1", "r", key, "p", make_one)
    assert (things(), records()) == ([], 0)
