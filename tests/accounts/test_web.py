"""Pages of accounts as a browser without JavaScript sees them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from circle.accounts import credentials, operations, queries
from circle.accounts.models import AuthSession, User
from circle.core import clock, limits
from circle.core.actor import VISITOR
from circle.core.db import db
from tests.clients import Browser
from tests.factories import PASSWORD, Make, actor_of

Browsers = Callable[..., Browser]
SIGN_UP = {"username": "小安Anna", "password": PASSWORD, "agree": "1"}


@pytest.fixture
def anna(app: Flask) -> User:
    user_id = credentials.sign_up(username="Anna", nickname="安娜", password=PASSWORD)
    return db.session.get_one(User, user_id)


def text_of(response: Any) -> str:
    body: str = response.get_data(as_text=True)
    return body


def is_signed_in(browser: Browser) -> bool:
    status: int = browser.get("/settings").status_code
    return status == 200


# ---- signing up ----------------------------------------------------------------------------------------------


def test_a_visitor_makes_an_account_and_is_signed_in_where_they_wanted_to_go(browser: Browsers) -> None:
    here = browser()
    page = text_of(here.get("/signup?next=/terms"))
    assert 'autocomplete="new-password"' in page
    assert 'autocomplete="username"' in page
    assert 'name="next" value="/terms"' in page
    assert 'href="/privacy"' in page
    answer = here.post("/signup", SIGN_UP | {"next": "/terms"})
    assert (answer.status_code, answer.location) == (303, "/terms")
    page = text_of(here.get("/settings"))
    assert "小安Anna" in page
    assert here.get("/signup").location == "/"
    assert here.get("/login?next=/terms").location == "/terms"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "admin"}, "username"),
        ({"username": "x"}, "username"),
        ({"username": "x" * 10_000}, "username"),
        ({"username": "a\x00b\u202ec"}, ""),
        ({"username": "../../etc"}, "username"),
        ({"password": "short"}, "password"),
        ({"password": "password123"}, "password"),
        ({"password": "x" * 10_000}, "password"),
        ({"nickname": "n" * 21}, "nickname"),
        ({"agree": ""}, "agree"),
        ({"agree": "maybe"}, "agree"),
    ],
)
def test_a_sign_up_that_cannot_be_comes_back_with_what_was_typed(
    browser: Browsers, change: dict[str, str], field: str
) -> None:
    here = browser()
    answer = here.post("/signup", SIGN_UP | change)
    if not field:  # control characters are cleaned away, and what is left is a good name
        assert answer.status_code == 303
        return
    page = text_of(answer)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in page
    assert PASSWORD not in page
    assert not is_signed_in(here)


def test_a_name_that_somebody_has_is_a_field_error(browser: Browsers, anna: User) -> None:
    answer = browser().post("/signup", SIGN_UP | {"username": "ANNA"})
    assert answer.status_code == 422
    assert 'id="username-error"' in text_of(answer)


def test_signing_up_twice_in_a_row_is_refused_the_second_time(browser: Browsers) -> None:
    here, there = browser(), browser()
    assert here.post("/signup", SIGN_UP).status_code == 303
    assert there.post("/signup", SIGN_UP).status_code == 422


# ---- signing in and out --------------------------------------------------------------------------------------


def test_signing_in_starts_a_new_session_and_leads_on(browser: Browsers, anna: User) -> None:
    here = browser()
    with here.http.session_transaction() as session:
        session["planted"] = "by a stranger"
        session["locale"] = "en"
    answer = here.post("/login", {"username": "anna", "password": PASSWORD, "next": f"/@{anna.username}"})
    assert (answer.status_code, answer.location) == (303, "/@Anna")
    with here.http.session_transaction() as session:
        assert "planted" not in session
        assert session.permanent
        assert session["locale"] == "en", "the language chosen as a visitor stays"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert is_signed_in(here)


@pytest.mark.parametrize(
    "away", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", "/\x00"]
)
def test_nobody_is_sent_to_another_site_after_signing_in(browser: Browsers, anna: User, away: str) -> None:
    answer = browser().post("/login", {"username": "Anna", "password": PASSWORD, "next": away})
    assert (answer.status_code, answer.location) == (303, "/")


@pytest.mark.parametrize("name", ["Anna", "Nobody", "x" * 99, "a\x00b\u202e"])
def test_a_wrong_sign_in_says_the_same_for_every_name(browser: Browsers, anna: User, name: str) -> None:
    here = browser()
    answer = here.post("/login", {"username": name, "password": "wrong horse 9", "next": "/terms"})
    page = text_of(answer)
    assert answer.status_code == 422
    assert re.search(r'role="alert".*?<p>[^<]+</p>', page, re.DOTALL)
    assert 'name="next" value="/terms"' in page
    assert "wrong horse 9" not in page
    assert not is_signed_in(here)


def test_too_many_failures_answer_429_and_say_when_to_come_back(browser: Browsers, anna: User) -> None:
    here = browser()
    for _each in range(10):
        assert here.post("/login", {"username": "Anna", "password": "wrong horse 9"}).status_code == 422
    answer = here.post("/login", {"username": "Anna", "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 900


def test_sign_ins_are_also_counted_by_address(
    browser: Browsers, app: Flask, monkeypatch: pytest.MonkeyPatch, anna: User
) -> None:
    monkeypatch.setitem(app.extensions, "circle_limiter", limits.Limiter(None, enabled=True))
    here = browser()
    answers = [here.post("/login", {"username": f"name{n}", "password": "x" * 8}).status_code for n in range(21)]
    assert answers.count(429) >= 1
    assert set(answers[:10]) == {422}


def test_a_sign_in_without_the_form_s_token_is_refused(browser: Browsers, anna: User) -> None:
    here = browser()
    answer = here.http.post("/login", data={"username": "Anna", "password": PASSWORD})
    assert answer.status_code == 400
    assert not is_signed_in(here)


def test_signing_in_as_somebody_else_ends_the_first_sign_in(browser: Browsers, make: Make, anna: User) -> None:
    other = make.user()
    here = browser(other)
    assert here.post("/login", {"username": "Anna", "password": PASSWORD}).status_code == 303
    assert "安娜" in text_of(here.get("/settings"))
    ended = select(AuthSession.revoked_why).where(AuthSession.user_id == other.id)
    assert db.session.scalar(ended) == "sign_out"


def test_signing_out_ends_the_session_also_for_a_copied_cookie(browser: Browsers, make: Make) -> None:
    here, thief = browser(make.user()), browser()
    with here.http.session_transaction() as session:
        stolen = dict(session)
    with thief.http.session_transaction() as session:
        session.update(stolen)
    assert is_signed_in(thief)
    assert here.post("/logout").location == "/"
    assert not is_signed_in(here)
    assert not is_signed_in(thief)
    assert here.post("/logout").status_code == 303, "twice is harmless"


def test_a_visitor_is_led_to_sign_in_and_back(browser: Browsers) -> None:
    answer = browser().get("/settings/profile")
    assert answer.status_code == 303
    assert answer.location == "/login?next=/settings/profile"


# ---- sessions that live on ------------------------------------------------------------------------------------


def test_a_browser_session_lives_thirty_days_after_the_last_visit(browser: Browsers, make: Make) -> None:
    start = datetime(2026, 11, 21, tzinfo=UTC)
    with clock.at(start):
        here = browser(make.user())
    with clock.at(start + timedelta(days=29)):
        assert is_signed_in(here)
    with clock.at(start + timedelta(days=58)):
        assert is_signed_in(here)
    with clock.at(start + timedelta(days=89)):
        assert not is_signed_in(here)


def test_a_visit_is_noted_at_most_every_quarter_of_an_hour(
    browser: Browsers, make: Make, statements: list[str]
) -> None:
    start = datetime(2026, 11, 21, tzinfo=UTC)
    with clock.at(start):
        here = browser(make.user())
    writes = []
    for minute in (1, 14, 16, 17, 30, 32):
        statements.clear()
        with clock.at(start + timedelta(minutes=minute)):
            here.get("/settings/language")
        writes.append(sum(sql.startswith("UPDATE") for sql in statements))
    assert writes == [0, 0, 1, 0, 0, 1]


# ---- settings ------------------------------------------------------------------------------------------------


def test_the_profile_form_stores_what_it_says(browser: Browsers, make: Make) -> None:
    user = make.user("ben")
    here = browser(user)
    page = text_of(here.get("/settings/profile"))
    assert 'name="version" value="1"' in page
    assert 'name="file"' in page
    answer = here.post("/settings/profile", {"nickname": " 小 本 ", "bio": "早起\r\n读书", "version": "1"})
    assert answer.location == "/settings/profile"
    me = queries.get_me(actor_of(user))
    assert (me.nickname, me.bio, me.version) == ("小 本", "早起\n读书", 2)
    here.post("/settings/profile", {"nickname": "小本", "bio": "", "version": "2"})
    db.session.rollback()  # this test's own snapshot
    assert queries.get_me(actor_of(user)).bio == ""


def test_a_profile_form_that_is_too_old_comes_back_with_what_was_typed(browser: Browsers, make: Make) -> None:
    user = make.user("ben")
    operations.edit_profile(actor_of(user), nickname="Elsewhere")
    answer = browser(user).post("/settings/profile", {"nickname": "Typed", "version": "1"})
    page = text_of(answer)
    assert answer.status_code == 422
    assert 'value="Typed"' in page
    assert 'name="version" value="2"' in page
    assert queries.get_me(actor_of(user)).nickname == "Elsewhere"


@pytest.mark.parametrize(
    "wrong", [{"nickname": ""}, {"nickname": "\u200b\u202e"}, {"nickname": "n" * 10_000}, {"bio": "b" * 201}]
)
def test_a_bad_profile_is_a_field_error(browser: Browsers, make: Make, wrong: dict[str, str]) -> None:
    user = make.user("ben")
    answer = browser(user).post("/settings/profile", {"nickname": "Good", "version": "1"} | wrong)
    assert answer.status_code == 422
    assert f'id="{next(iter(wrong))}-error"' in text_of(answer)
    assert queries.get_me(actor_of(user)).nickname == "Ben"


def test_markup_in_a_profile_is_shown_as_text(browser: Browsers, make: Make) -> None:
    user = make.user("ben")
    browser(user).post("/settings/profile", {"nickname": "<b>x</b>", "bio": "<script>alert(1)</script>"})
    page = text_of(browser().get("/@ben"))
    assert "<b>x" not in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_removing_the_picture_without_one_is_harmless(browser: Browsers, make: Make) -> None:
    assert browser(make.user()).post("/settings/profile/avatar/remove").location == "/settings/profile"


def test_changing_the_password_keeps_this_browser_and_ends_the_others(browser: Browsers, anna: User) -> None:
    here, there = browser(anna), browser(anna)
    page = text_of(here.get("/settings/security"))
    assert 'autocomplete="current-password"' in page
    assert 'autocomplete="new-password"' in page
    answer = here.post("/settings/security/password", {"current_password": PASSWORD, "new_password": "another horse 8"})
    assert answer.status_code == 303
    assert is_signed_in(here)
    assert not is_signed_in(there)


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("wrong horse 9", "another horse 8", "current_password"),
        (PASSWORD, "short", "new_password"),
        (PASSWORD, "Anna", "new_password"),
        ("", "another horse 8", "current_password"),
    ],
)
def test_a_password_change_that_cannot_be_is_a_field_error(
    browser: Browsers, anna: User, current: str, new: str, field: str
) -> None:
    here, there = browser(anna), browser(anna)
    answer = here.post("/settings/security/password", {"current_password": current, "new_password": new})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in text_of(answer)
    assert is_signed_in(there)


def test_one_device_can_be_signed_out_from_another(browser: Browsers, make: Make) -> None:
    user = make.user()
    here, there = browser(user), browser(user)
    page = text_of(here.get("/settings/security"))
    addresses = re.findall(r'action="(/settings/security/sessions/\d+/revoke)"', page)
    assert len(addresses) == 2
    stranger = browser(make.user())
    assert stranger.post(addresses[0]).status_code == 404
    for address in addresses:  # last seen first: the other, then this one
        assert here.post(address).status_code == 303
    assert not is_signed_in(here)
    assert not is_signed_in(there)


def test_signing_out_everywhere_ends_all_browsers(browser: Browsers, make: Make) -> None:
    user = make.user()
    here, there = browser(user), browser(user)
    assert here.post("/settings/security/logout-all").location == "/login"
    assert not is_signed_in(here)
    assert not is_signed_in(there)


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_the_appearance_is_kept_with_the_person(browser: Browsers, make: Make, theme: str) -> None:
    here = browser(make.user())
    assert here.post("/settings/appearance", {"theme": theme}).status_code == 303
    page = text_of(here.get("/settings/appearance"))
    assert ('<html lang="zh-CN" data-theme' in page) == (theme != "auto")
    assert re.findall(r'data-theme-set="(\w+)" aria-pressed="true"', page) == [theme]
    assert here.post("/settings/appearance", {"theme": theme}, htmx=True).status_code == 200


def test_an_unknown_appearance_is_refused(browser: Browsers, make: Make) -> None:
    here = browser(make.user())
    assert here.post("/settings/appearance", {"theme": "neon"}).status_code == 422
    assert browser().post("/settings/appearance", {"theme": "dark"}).location.startswith("/login")


def test_a_visitor_chooses_a_language_for_this_browser(browser: Browsers) -> None:
    here = browser()
    assert 'lang="zh-CN"' in text_of(here.get("/settings/language"))
    answer = here.post("/settings/language", {"locale": "en", "next": "/login"})
    assert (answer.status_code, answer.location) == (303, "/login")
    assert '<html lang="en"' in text_of(here.get("/login"))


def test_a_person_keeps_the_language_on_every_device(browser: Browsers, make: Make) -> None:
    user = make.user()
    browser(user).post("/settings/language", {"locale": "en"})
    assert '<html lang="en"' in text_of(browser(user).get("/settings/language"))
    assert queries.get_me(actor_of(user)).settings["locale"] == "en"


@pytest.mark.parametrize("locale", ["", "xx", "../en", "\x00"])
def test_an_unknown_language_is_refused(browser: Browsers, locale: str) -> None:
    assert browser().post("/settings/language", {"locale": locale}).status_code == 422


@pytest.mark.parametrize("path", ["/settings", "/settings/profile", "/settings/security", "/settings/appearance"])
def test_every_settings_page_is_for_the_person_alone(browser: Browsers, make: Make, path: str) -> None:
    assert browser(make.user()).get(path).status_code == 200
    assert browser().get(path).location == f"/login?next={path}"


# ---- pages for everybody -------------------------------------------------------------------------------------


def test_a_person_s_page_shows_who_they_are(browser: Browsers, anna: User) -> None:
    operations.edit_profile(actor_of(anna), bio="爱读书")
    page = text_of(browser().get("/@Anna"))
    assert "安娜" in page
    assert "爱读书" in page
    assert "/settings/profile" not in page
    assert "/settings/profile" in text_of(browser(anna).get("/@Anna"))


def test_a_person_s_page_has_one_address(browser: Browsers, anna: User) -> None:
    answer = browser().get("/@aNNA")
    assert (answer.status_code, answer.location) == (301, "/@Anna")


@pytest.mark.parametrize(
    "path",
    ["/@", "/@nobody", "/@%00", "/@a%00nna", "/@%ff", "/@%ED%A0%80", "/@" + "x" * 10_000, "/@%E2%80%AEAnna", "/@an.na"],
)
def test_a_name_nobody_has_is_not_found(browser: Browsers, anna: User, path: str) -> None:
    assert browser().get(path).status_code == 404


@pytest.mark.parametrize("path", ["/terms", "/privacy", "/login", "/signup", "/settings/language"])
def test_the_open_pages_are_open_and_have_one_heading(browser: Browsers, path: str) -> None:
    answer = browser().get(path)
    page = text_of(answer)
    assert answer.status_code == 200
    assert page.count("<h1") == 1
    assert not re.search(r"\son\w+=|\sstyle=|<script>", page)


def test_a_deleted_person_has_no_page(browser: Browsers, make: Make) -> None:
    make.user("gone", status="deleted")
    assert browser().get("/@gone").status_code == 404
    assert queries.is_taken("gone"), "the name stays taken"
    assert queries.browser_user_of_token("x") is None
    assert VISITOR.id is None
