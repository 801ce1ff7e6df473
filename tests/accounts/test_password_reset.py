"""A forgotten password: answers alike for everybody, one code that is good once and soon too old."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from circle.accounts import credentials, operations, recovery
from circle.accounts.models import AuthSession, MailCode, User
from circle.accounts.passwords import hash_password
from circle.core import clock, jobs
from circle.core.audit import AuditEntry
from circle.core.db import db
from circle.core.errors import Invalid, RateLimited, Refused, Unauthenticated
from circle.core.operation import in_transaction
from circle.notifications import queries as notices
from tests.accounts.test_email import box, code_in
from tests.clients import ApiClient, Browser
from tests.factories import PASSWORD, Make, actor_of
from tests.mailserver import MailServer, text_of
from tests.races.together import together

__all__ = ["box"]

NEW = "battery staple 7"


@pytest.fixture
def ann(make: Make) -> User:
    return make.user(
        "ann", password_hash=hash_password(PASSWORD), locale="en", email="Ann@example.org", email_key="ann@example.org",
        email_confirmed_at=clock.now(),
    )  # fmt: skip


def forget(login: str = "ann") -> None:
    recovery.forgot_password(login)
    jobs.run_due()


def sign_in(password: str) -> None:
    credentials.sign_in_browser("ann", password, user_agent="", address="")


@pytest.mark.parametrize("login", ["ann", "ANN", "ann@example.org", "ANN@EXAMPLE.ORG"])
def test_a_mailed_code_sets_a_new_password_and_ends_every_sign_in(
    ann: User, box: MailServer, api: Callable[..., ApiClient], login: str
) -> None:
    client = api(ann)
    forget(login)
    assert box.newest()["To"] == "Ann@example.org"
    code = code_in(box, "reset")
    assert len(code) >= 22
    recovery.reset_password(code, NEW)
    sign_in(NEW)
    with pytest.raises(Unauthenticated):
        sign_in(PASSWORD)
    assert client.get("/me").status_code == 401
    ended = select(AuthSession).where(AuthSession.revoked_at.is_not(None))
    assert [row.revoked_why for row in db.session.scalars(ended)] == ["password"]
    assert [row.kind for row in notices.inbox(actor_of(ann)).items] == ["account.password_changed"]
    assert "account.password_reset" in db.session.scalars(select(AuditEntry.action)).all()
    with pytest.raises(Refused):
        recovery.reset_password(code, "another staple 8")


def test_nobody_can_tell_whether_there_is_such_an_account(
    ann: User, make: Make, browser: Callable[..., Browser], api: Callable[..., ApiClient], box: MailServer,
    statements: list[str],
) -> None:  # fmt: skip
    make.user("bare", password_hash=hash_password(PASSWORD))
    answers, costs = set(), set()
    for login in ("ann", "ann@example.org", "bare", "nobody", "nobody@example.org", "\u202eann", "a" * 300):
        statements.clear()
        response = browser().post("/forgot", {"login": login})
        costs.add(len(statements))
        answers.add((response.status_code, response.headers["Location"], response.get_data()))
        assert api().post("/auth/forgot", {"login": login}).status_code == 204
    assert len(answers) == len(costs) == 1
    jobs.run_due()
    assert set(box.recipients) == {"Ann@example.org"}


def test_only_the_newest_code_is_good_and_only_for_half_an_hour(ann: User, box: MailServer) -> None:
    forget()
    first = code_in(box, "reset")
    forget()
    second = code_in(box, "reset")
    with pytest.raises(Refused):
        recovery.reset_password(first, NEW)
    with clock.at(clock.now() + timedelta(minutes=31)), pytest.raises(Refused):
        recovery.reset_password(second, NEW)
    recovery.reset_password(second, NEW)
    sign_in(NEW)


@pytest.mark.parametrize("change", ["email", "status"])
def test_a_code_for_a_former_address_or_a_deleted_account_is_void(ann: User, box: MailServer, change: str) -> None:
    forget()
    code = code_in(box, "reset")

    def write() -> None:
        row = db.session.get_one(User, ann.id)
        if change == "email":
            row.email, row.email_key = "new@example.org", "new@example.org"
        else:
            row.status = "deleted"

    in_transaction(write)
    with pytest.raises(Refused):
        recovery.reset_password(code, NEW)


def test_a_weak_password_uses_nothing_up(ann: User, box: MailServer) -> None:
    forget()
    code = code_in(box, "reset")
    for weak in ("short", "ann", "password1"):
        with pytest.raises(Invalid):
            recovery.reset_password(code, weak)
    recovery.reset_password(code, NEW)


def test_two_who_use_one_code_at_once_are_one(app: Flask, ann: User, box: MailServer) -> None:
    forget()
    code = code_in(box, "reset")
    words = [f"battery staple {number}" for number in range(4)]
    outcomes = together(app, [lambda word=word: recovery.reset_password(code, word) for word in words])
    done = [word for word, outcome in zip(words, outcomes, strict=True) if outcome is None]
    assert len(done) == 1
    sign_in(done[0])


def test_an_account_gets_a_few_mails_an_hour_and_nobody_is_told(ann: User, box: MailServer) -> None:
    for _time in range(9):
        forget()
    assert len(box.received) == 5
    recovery.reset_password(code_in(box, "reset"), NEW)


def test_a_reset_opens_a_name_that_was_locked(ann: User, box: MailServer) -> None:
    for _time in range(10):
        with pytest.raises(Unauthenticated):
            sign_in("wrong horse 1")
    with pytest.raises(RateLimited):
        sign_in(PASSWORD)
    forget()
    recovery.reset_password(code_in(box, "reset"), NEW)
    sign_in(NEW)


def test_the_pages_of_a_forgotten_password(ann: User, box: MailServer, browser: Callable[..., Browser]) -> None:
    client = browser()
    assert 'href="/forgot"' in client.get("/login").get_data(as_text=True)
    response = client.post("/forgot", {"login": "ann"})
    assert (response.status_code, response.headers["Location"]) == (303, "/forgot?sent=1")
    assert client.get("/forgot?sent=1").status_code == 200
    assert client.post("/forgot", {"login": ""}).status_code == 422
    jobs.run_due()
    assert "30 minutes" in text_of(box.newest())
    link = f"/reset/{code_in(box, 'reset')}"
    for _time in range(2):
        page = client.get(link)
        assert page.status_code == 200
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
    again = client.post(link, {"password": "short"})
    assert again.status_code == 422
    assert again.headers["Referrer-Policy"] == "no-referrer"
    done = client.post(link, {"password": NEW})
    assert (done.status_code, done.headers["Location"]) == (303, "/login")
    assert client.get(link).status_code == 404
    assert client.post(link, {"password": NEW}).status_code == 422


def test_reset_over_json(ann: User, box: MailServer, api: Callable[..., ApiClient]) -> None:
    assert api().post("/auth/forgot", {"login": "ann"}).status_code == 204
    jobs.run_due()
    code = code_in(box, "reset")
    weak = api().post("/auth/reset", {"code": code, "password": "short"})
    assert (weak.status_code, list(weak.get_json()["errors"])) == (422, ["password"])
    assert api().post("/auth/reset", {"code": code, "password": NEW}).status_code == 204
    used = api().post("/auth/reset", {"code": code, "password": NEW})
    assert (used.status_code, used.get_json()["code"]) == (422, "CODE_INVALID")
    for bad in ("x", "\x00", "a" * 200, "\ud800"):
        assert api().post("/auth/reset", {"code": bad, "password": NEW}).status_code == 422


def test_old_codes_are_forgotten(ann: User, box: MailServer) -> None:
    forget()
    with clock.at(clock.now() + timedelta(days=2)):
        operations.forget_sessions()
    assert db.session.scalars(select(MailCode)).all() == []
