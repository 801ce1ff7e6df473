"""The JSON routes of accounts, against the contract."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from circle.accounts import credentials
from circle.accounts.models import User
from circle.core import clock
from circle.core.db import db
from circle.core.idempotency import IdempotencyRecord
from circle.core.operation import operation
from tests.clients import ApiClient
from tests.factories import PASSWORD, Make

Clients = Callable[..., ApiClient]
START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
HOSTILE = ["", "\x00", "\ud800", "x" * 10_000, "\u202e", "<script>", None, 5, [], {}]


@pytest.fixture
def anna(app: Flask) -> User:
    user_id = credentials.sign_up(username="Anna", nickname="安娜", password=PASSWORD)
    return db.session.get_one(User, user_id)


def signed_in(app: Flask, answer: Any) -> ApiClient:
    client = ApiClient(app)
    client.token = answer.get_json()["access_token"]
    return client


# ---- register and log in -------------------------------------------------------------------------------------


def test_registering_signs_in(app: Flask, api: Clients) -> None:
    answer = api().post("/auth/register", {"username": "小安", "password": PASSWORD, "nickname": "安"})
    assert answer.status_code == 201
    body = answer.get_json()
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 7200
    assert set(body["user"]) == {"id", "username", "nickname", "avatar_url", "bio", "created_at"}
    assert isinstance(body["user"]["id"], str)
    assert signed_in(app, answer).get("/me").get_json()["username"] == "小安"


@pytest.mark.parametrize("wrong", HOSTILE)
@pytest.mark.parametrize("field", ["username", "password", "nickname"])
def test_a_hostile_registration_is_a_clear_answer(api: Clients, field: str, wrong: Any) -> None:
    answer = api().post("/auth/register", {"username": "newcomer", "password": PASSWORD, "nickname": "n", field: wrong})
    if isinstance(wrong, str) and (field == "nickname" or wrong == "<script>") and len(wrong) < 20:
        taken = field != "username"  # cleaned, or left out, or simply eight characters of a password
        assert answer.status_code == (201 if taken else 422)
        return
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == [field]


def test_a_name_that_somebody_has_is_refused_at_its_field(api: Clients, anna: User) -> None:
    answer = api().post("/auth/register", {"username": "ANNA", "password": PASSWORD})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "USERNAME_TAKEN")
    assert list(answer.get_json()["errors"]) == ["username"]


def test_unknown_fields_are_refused(api: Clients) -> None:
    answer = api().post("/auth/register", {"username": "newcomer", "password": PASSWORD, "role": "admin"})
    assert list(answer.get_json()["errors"]) == ["role"]


def test_logging_in_gives_a_new_family_each_time(app: Flask, api: Clients, anna: User) -> None:
    one, two = (api().post("/auth/login", {"username": "anna", "password": PASSWORD}) for _each in range(2))
    assert one.status_code == two.status_code == 200
    signed_in(app, one).post("/auth/logout")
    assert signed_in(app, one).get("/me").status_code == 401
    assert signed_in(app, two).get("/me").status_code == 200


@pytest.mark.parametrize("name", ["Anna", "nobody"])
def test_a_wrong_log_in_is_401_and_then_429(api: Clients, anna: User, name: str) -> None:
    for _each in range(10):
        # a key would keep the failure from being counted, were it honoured here
        answer = api().post(
            "/auth/login", {"username": name, "password": "wrong horse 9"}, headers={"Idempotency-Key": f"try-{_each}"}
        )
        assert (answer.status_code, answer.get_json()["code"]) == (401, "UNAUTHENTICATED")
    answer = api().post("/auth/login", {"username": name, "password": PASSWORD})
    assert (answer.status_code, answer.get_json()["code"]) == (429, "RATE_LIMITED")
    assert 0 < int(answer.headers["Retry-After"]) <= 900


def test_tokens_are_never_kept_for_an_idempotency_key(api: Clients, anna: User) -> None:
    headers = {"Idempotency-Key": "the-same-key"}
    body = {"username": "Anna", "password": PASSWORD}
    assert api().post("/auth/login", body, headers=headers).status_code == 200
    assert api().post("/auth/login", body, headers=headers).status_code == 200
    assert db.session.scalars(select(IdempotencyRecord)).all() == []


def test_a_token_that_ran_out_does_not_stop_logging_in(api: Clients, anna: User) -> None:
    client = api()
    client.token = "ran-out"
    assert client.get("/users/1").status_code == 401
    assert client.post("/auth/login", {"username": "Anna", "password": PASSWORD}).status_code == 200


def test_the_answer_is_in_the_language_asked_for(api: Clients, anna: User) -> None:
    body = {"username": "Anna", "password": "wrong horse 9"}
    english = api().post("/auth/login", body, headers={"Accept-Language": "en"}).get_json()["detail"]
    assert english == "The user name or the password is not right."


# ---- refresh and log out -------------------------------------------------------------------------------------


def test_refreshing_rotates_and_late_reuse_ends_the_family(app: Flask, api: Clients, anna: User) -> None:
    with clock.at(START):
        first = api().post("/auth/login", {"username": "Anna", "password": PASSWORD}).get_json()
    with clock.at(START + timedelta(hours=3)):
        client = api()
        client.token = first["access_token"]  # as a client would that always sends it
        answer = client.post("/auth/refresh", {"refresh_token": first["refresh_token"]})
        second = answer.get_json()
        assert answer.status_code == 200
        assert second["refresh_token"] != first["refresh_token"]
        assert second["user"]["username"] == "Anna"
    with clock.at(START + timedelta(hours=3, seconds=29)):
        again = api().post("/auth/refresh", {"refresh_token": first["refresh_token"]}).get_json()
        assert (again["access_token"], again["refresh_token"]) == (second["access_token"], second["refresh_token"])
    with clock.at(START + timedelta(hours=3, seconds=31)):
        reused = api().post(
            "/auth/refresh", {"refresh_token": first["refresh_token"]}, headers={"Idempotency-Key": "reuse-key"}
        )
        assert (reused.status_code, reused.get_json()["code"]) == (401, "TOKEN_REUSED")
        assert signed_in(app, answer).get("/me").status_code == 401


@pytest.mark.parametrize("wrong", HOSTILE)
def test_a_made_up_refresh_token_is_a_clear_refusal(api: Clients, wrong: Any) -> None:
    assert api().post("/auth/refresh", {"refresh_token": wrong}).status_code in {401, 422}


def test_logging_out_everywhere_ends_every_token(app: Flask, api: Clients, make: Make) -> None:
    user = make.user()
    one, two, other = api(user), api(user), api(make.user())
    assert one.post("/auth/logout-all").status_code == 204
    assert one.get("/me").status_code == two.get("/me").status_code == 401
    assert other.get("/me").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/auth/logout"),
        ("POST", "/auth/logout-all"),
        ("GET", "/me"),
        ("PATCH", "/me"),
        ("POST", "/me/password"),
        ("GET", "/me/sessions"),
        ("DELETE", "/me/sessions/1"),
    ],
)
def test_a_visitor_is_told_to_sign_in(api: Clients, method: str, path: str) -> None:
    answer = api().call(method, path, json={} if method in {"POST", "PATCH"} else None)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic abc", "Bearer \x7f", "Bearer " + "x" * 5000, "x"])
def test_a_broken_authorization_header_is_401(api: Clients, header: str) -> None:
    assert api().get("/me", headers={"Authorization": header}).status_code == 401


def test_the_api_never_reads_the_browser_s_cookie(browser: Any, make: Make) -> None:
    assert browser(make.user()).get("/api/v1/me").status_code == 401


# ---- oneself -------------------------------------------------------------------------------------------------


def test_reading_oneself_gives_the_profile_and_the_settings(api: Clients, anna: User) -> None:
    answer = api(anna).get("/me")
    assert answer.get_json()["settings"] == {"theme": "auto", "locale": None}
    assert answer.get_json()["created_at"].endswith("Z")
    again = api(anna).get("/me", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_changing_oneself_honours_if_match(api: Clients, anna: User) -> None:
    client = api(anna)
    tag = client.get("/me").headers["ETag"]
    changes = {"nickname": "新名", "settings": {"theme": "dark", "locale": "en"}}
    answer = client.patch("/me", changes, headers={"If-Match": tag})
    assert answer.status_code == 200
    assert answer.get_json()["nickname"] == "新名"
    assert answer.get_json()["settings"] == {"theme": "dark", "locale": "en"}
    stale = client.patch("/me", {"bio": "x"}, headers={"If-Match": tag})
    assert (stale.status_code, stale.get_json()["code"]) == (412, "PRECONDITION_FAILED")
    fresh = client.patch("/me", {"bio": "x"}, headers={"If-Match": answer.headers["ETag"]})
    assert fresh.get_json()["bio"] == "x"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nickname": ""}, "nickname"),
        ({"nickname": "n" * 21}, "nickname"),
        ({"bio": "b" * 201}, "bio"),
        ({"bio": 5}, "bio"),
        ({"avatar_id": "1"}, "avatar_id"),
        ({"avatar_id": 1}, "avatar_id"),
        ({"settings": {"theme": "neon"}}, "settings.theme"),
        ({"settings": {"locale": "xx"}}, "settings.locale"),
        ({"settings": 5}, "settings"),
        ({"username": "x"}, "username"),
        ({"status": "deleted"}, "status"),
    ],
)
def test_a_bad_change_names_its_field(api: Clients, anna: User, changes: dict[str, Any], field: str) -> None:
    answer = api(anna).patch("/me", changes)
    assert answer.status_code == 422
    assert [name.partition("._")[0] for name in answer.get_json()["errors"]] == [field]


@pytest.mark.parametrize("text", ["\x00a", "a\ud800", "\u202ea", "<b>"])
def test_hostile_text_in_a_profile_is_cleaned(api: Clients, anna: User, text: str) -> None:
    body = api(anna).patch("/me", {"nickname": text, "bio": text}).get_json()
    assert body["nickname"]
    assert not set("\x00\ud800\u202e") & set(body["nickname"] + body["bio"])


def test_an_own_picture_is_shown_with_a_whole_address(app: Flask, api: Clients, anna: User) -> None:
    client = api(anna)
    body = client.patch("/me", {"avatar_id": str(_upload(anna.id))}).get_json()
    assert body["avatar_url"].startswith("http://localhost/media/")
    assert client.patch("/me", {"avatar_id": None}).get_json()["avatar_url"] is None


@operation
def _upload(owner_id: int) -> int:
    from circle.core import ids

    media = User.metadata.tables["media"]
    id_ = ids.new_id()
    values = {"owner_id": owner_id, "storage_key": "k", "thumb_key": "k", "mime": "image/webp", "sha256": "0" * 64}
    db.session.execute(media.insert().values(id=id_, purpose="avatar", width=1, height=1, bytes=1, **values))
    return id_


def test_changing_the_password_ends_every_token_and_needs_the_current_one(api: Clients, anna: User) -> None:
    client, other = api(anna), api(anna)
    wrong = client.post("/me/password", {"current_password": "wrong horse 9", "new_password": "another horse 8"})
    assert (wrong.status_code, wrong.get_json()["code"]) == (422, "PASSWORD_WRONG")
    assert list(wrong.get_json()["errors"]) == ["current_password"]
    weak = client.post("/me/password", {"current_password": PASSWORD, "new_password": "password123"})
    assert list(weak.get_json()["errors"]) == ["new_password"]
    done = client.post("/me/password", {"current_password": PASSWORD, "new_password": "another horse 8"})
    assert done.status_code == 204
    assert client.get("/me").status_code == other.get("/me").status_code == 401
    assert api().post("/auth/login", {"username": "Anna", "password": PASSWORD}).status_code == 401
    assert api().post("/auth/login", {"username": "Anna", "password": "another horse 8"}).status_code == 200


def test_a_guessed_current_password_is_counted_whatever_key_comes_with_it(api: Clients, anna: User) -> None:
    client = api(anna)
    body = {"current_password": "wrong horse 9", "new_password": "another horse 8"}
    codes = [
        client.post("/me/password", body, headers={"Idempotency-Key": f"guess-{n}"}).status_code for n in range(11)
    ]
    assert codes == [422] * 10 + [429]


def test_sign_ins_are_listed_page_by_page_and_can_be_ended(api: Clients, make: Make) -> None:
    user = make.user()
    clients = [api(user) for _each in range(3)]
    first = clients[0].get("/me/sessions?limit=2").get_json()
    rest = clients[0].get(f"/me/sessions?limit=2&cursor={first['next_cursor']}").get_json()
    rows = first["items"] + rest["items"]
    assert rest["next_cursor"] is None
    assert len({row["id"] for row in rows}) == 3
    assert [row["current"] for row in rows].count(True) == 1
    other = next(row["id"] for row in rows if not row["current"])
    assert api(make.user()).delete(f"/me/sessions/{other}").status_code == 404
    assert clients[0].delete(f"/me/sessions/{other}").status_code == 204
    assert clients[0].delete(f"/me/sessions/{other}").status_code == 404
    assert sorted(client.get("/me").status_code for client in clients) == [200, 200, 401]


def test_a_cursor_of_another_list_is_refused(api: Clients, make: Make) -> None:
    client = api(make.user())
    for wrong in ("abc", "x" * 5000, "%00"):
        assert client.get(f"/me/sessions?cursor={wrong}").get_json()["code"] == "CURSOR_INVALID"


# ---- other people --------------------------------------------------------------------------------------------


def test_everybody_may_read_a_profile_but_nothing_private(api: Clients, anna: User) -> None:
    answer = api().get(f"/users/{anna.id}")
    body = answer.get_json()
    assert set(body) == {"id", "username", "nickname", "avatar_url", "bio", "created_at", "blocked"}
    assert (body["id"], body["nickname"], body["blocked"]) == (str(anna.id), "安娜", False)
    assert api().get(f"/users/{anna.id}", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("id_", ["1", "0", "-1", "abc", "9" * 19, "9223372036854775807", "1.5", "%00"])
def test_nobody_is_not_found(api: Clients, id_: str) -> None:
    answer = api().get(f"/users/{id_}")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "NOT_FOUND")


def test_a_deleted_person_is_not_found(api: Clients, make: Make) -> None:
    gone = make.user(status="deleted")
    assert api().get(f"/users/{gone.id}").status_code == 404
