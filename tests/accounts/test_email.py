"""E-mail addresses: set with the password, confirmed with a code that was mailed, removed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from circle.accounts import mail_codes, operations, recovery
from circle.accounts.addresses import check_address
from circle.accounts.models import MailCode, User
from circle.accounts.passwords import hash_password
from circle.core import clock, jobs
from circle.core.db import db
from circle.core.errors import CircleError, Invalid, RateLimited, Refused
from circle.core.mail import make_mailer
from circle.notifications import queries as notices
from tests.clients import ApiClient, Browser
from tests.factories import PASSWORD, Make, actor_of
from tests.mailserver import MailServer, mail_server, text_of
from tests.races.together import together

HASH = hash_password(PASSWORD)


@pytest.fixture
def box(app: Flask) -> Iterator[MailServer]:
    before = app.extensions["circle_mailer"]
    with mail_server() as server:
        app.extensions["circle_mailer"] = make_mailer(server.url)
        yield server
    app.extensions["circle_mailer"] = before


@pytest.fixture
def ann(make: Make) -> User:
    return make.user("ann", password_hash=HASH, locale="en")


def ask(user: User, email: str = "ann@example.org") -> None:
    recovery.change_address(actor_of(user), email=email, current_password=PASSWORD)
    jobs.run_due()


def code_in(box: MailServer, kind: str = "confirm") -> str:
    found = re.search(rf"http://localhost/{kind}/(\S+)", text_of(box.newest()))
    assert found, text_of(box.newest())
    return found[1]


def code_of(error: pytest.ExceptionInfo[CircleError]) -> str:
    return error.value.code


def test_an_address_is_ones_own_once_its_code_came_back(ann: User, box: MailServer) -> None:
    ask(ann)
    assert box.recipients == ["ann@example.org"]
    assert "@ann" in text_of(box.newest())
    assert mail_codes.address_of(actor_of(ann)) == mail_codes.AddressRow(None, "ann@example.org")
    code = code_in(box)
    assert len(code) >= 22
    assert db.session.scalars(select(MailCode.sha256)).one() != code
    operations.confirm_address(code)
    assert mail_codes.address_of(actor_of(ann)) == mail_codes.AddressRow("ann@example.org", None)
    assert [row.kind for row in notices.inbox(actor_of(ann)).items] == ["account.email_confirmed"]
    with pytest.raises(Refused) as again:
        operations.confirm_address(code)
    assert code_of(again) == "CODE_INVALID"


def test_the_former_address_stays_until_the_new_one_is_confirmed_and_is_told_then(ann: User, box: MailServer) -> None:
    ask(ann)
    operations.confirm_address(code_in(box))
    ask(ann, "new@example.org")
    assert mail_codes.address_of(actor_of(ann)).email == "ann@example.org"
    operations.confirm_address(code_in(box))
    jobs.run_due()
    assert mail_codes.address_of(actor_of(ann)).email == "new@example.org"
    assert box.newest()["To"] == "ann@example.org"
    assert "@ann" in text_of(box.newest())


def test_a_newer_code_replaces_the_older_and_all_grow_old(ann: User, box: MailServer) -> None:
    ask(ann)
    first = code_in(box)
    ask(ann, "other@example.org")
    with pytest.raises(Refused):
        operations.confirm_address(first)
    second = code_in(box)
    with clock.at(clock.now() + timedelta(hours=25)), pytest.raises(Refused):
        operations.confirm_address(second)
    operations.drop_pending_address(actor_of(ann))
    assert mail_codes.address_of(actor_of(ann)).pending is None
    with pytest.raises(Refused):
        operations.confirm_address(second)


def test_an_address_of_another_account_answers_alike_and_cannot_be_confirmed(
    ann: User, make: Make, box: MailServer
) -> None:
    ask(ann)
    operations.confirm_address(code_in(box))
    bob = make.user("bob", password_hash=HASH, locale="en")
    ask(bob, "ANN@Example.org")
    assert mail_codes.address_of(actor_of(bob)).pending == "ANN@example.org"
    assert "/confirm/" not in text_of(box.newest())
    assert "another account" in text_of(box.newest())


def test_of_two_who_wait_for_one_address_the_first_to_confirm_has_it(
    app: Flask, ann: User, make: Make, box: MailServer
) -> None:
    bob = make.user("bob", password_hash=HASH)
    codes = []
    for user in (ann, bob):
        ask(user)
        codes.append(code_in(box))
    outcomes = together(app, [lambda code=code: operations.confirm_address(code) for code in codes])
    errors = [error for error in outcomes if error is not None]
    assert [getattr(error, "code", error) for error in errors] == ["EMAIL_TAKEN"]
    db.session.expire_all()
    assert db.session.query(User).filter(User.email_key.is_not(None)).count() == 1


def test_a_code_is_good_for_its_own_account_only(
    ann: User, make: Make, api: Callable[..., ApiClient], box: MailServer
) -> None:
    ask(ann)
    code, other = code_in(box), api(make.user())
    refused = other.post("/me/email/confirm", {"code": code})
    assert (refused.status_code, refused.get_json()["code"]) == (422, "CODE_INVALID")
    assert api(ann).post("/me/email/confirm", {"code": code}).get_json()["email"] == "ann@example.org"


def test_the_password_must_be_right(ann: User, box: MailServer) -> None:
    for act in (
        lambda: recovery.change_address(actor_of(ann), email="ann@example.org", current_password="wrong"),
        lambda: recovery.remove_address(actor_of(ann), current_password="wrong"),
    ):
        with pytest.raises(Refused) as error:
            act()
        assert code_of(error) == "PASSWORD_WRONG"
    jobs.run_due()
    assert box.received == []


def test_nobodys_mailbox_is_flooded(ann: User, make: Make, box: MailServer) -> None:
    for _time in range(5):
        ask(ann)
    with pytest.raises(RateLimited):
        ask(ann)
    with pytest.raises(RateLimited):  # nor by many accounts
        ask(make.user("bob", password_hash=HASH))
    assert len(box.received) == 5
    with clock.at(clock.now() + timedelta(hours=2)):
        ask(ann)
    assert len(box.received) == 6


def test_a_removed_address_gets_nothing_any_more_and_is_told(ann: User, box: MailServer) -> None:
    ask(ann)
    operations.confirm_address(code_in(box))
    recovery.remove_address(actor_of(ann), current_password=PASSWORD)
    jobs.run_due()
    assert mail_codes.address_of(actor_of(ann)) == mail_codes.AddressRow(None, None)
    assert box.newest()["To"] == "ann@example.org"
    count = len(box.received)
    operations.note_forgotten("ann@example.org")
    jobs.run_due()
    assert len(box.received) == count


def test_a_mail_that_could_not_go_out_does_not_count_and_is_tried_again(ann: User, box: MailServer) -> None:
    box.answers["MAIL"] = "451 later"
    ask(ann)
    assert db.session.scalars(select(MailCode.sent_count)).one() == 0
    box.answers.clear()
    with clock.at(clock.now() + timedelta(minutes=5)):
        jobs.run_due()
        operations.confirm_address(code_in(box))


def test_the_stored_jobs_hold_no_code(ann: User, box: MailServer) -> None:
    recovery.change_address(actor_of(ann), email="ann@example.org", current_password=PASSWORD)
    jobs.run_due()
    code = code_in(box)
    table = "procrastinate_jobs" if jobs.on_postgres() else "jobs"
    rows = db.session.connection().exec_driver_sql(f"SELECT * FROM {table}").all()
    assert rows
    assert code not in repr(rows)


# ---- pages -----------------------------------------------------------------------------------------------------


def test_the_page_sets_cancels_and_removes(ann: User, browser: Callable[..., Browser], box: MailServer) -> None:
    client = browser(ann)
    form = {"email": "ann＠example。org", "current_password": PASSWORD}
    assert client.post("/settings/email", form).status_code == 303
    jobs.run_due()
    page = client.get("/settings/email").get_data(as_text=True)
    assert "ann@example.org" in page
    assert client.post("/settings/email/cancel").status_code == 303
    assert "ann@example.org" not in client.get("/settings/email").get_data(as_text=True)
    client.post("/settings/email", form)
    jobs.run_due()
    link = f"/confirm/{code_in(box)}"
    visitor = browser()
    for _time in range(2):  # a look uses nothing up
        seen = visitor.get(link)
        assert seen.status_code == 200
        assert "@ann" in seen.get_data(as_text=True)
        assert seen.headers["Referrer-Policy"] == "no-referrer"
        assert seen.headers["Cache-Control"] == "no-store"
    assert visitor.post(link).status_code == 200
    assert visitor.post(link).status_code == 422
    assert visitor.get(link).status_code == 404
    assert client.post("/settings/email/remove", {"current_password": "wrong"}).status_code == 422
    assert client.post("/settings/email/remove", {"current_password": PASSWORD}).status_code == 303
    assert mail_codes.address_of(actor_of(ann)).email is None


def test_a_site_without_mail_says_so(app: Flask, ann: User, browser: Callable[..., Browser]) -> None:
    before = app.extensions["circle_mailer"]
    app.extensions["circle_mailer"] = make_mailer("off:")
    try:
        client = browser(ann)
        assert 'name="email"' not in client.get("/settings/email").get_data(as_text=True)
        form = {"email": "ann@example.org", "current_password": PASSWORD}
        assert client.post("/settings/email", form).status_code == 422
        assert 'name="login"' not in browser().get("/forgot").get_data(as_text=True)
        assert browser().post("/forgot", {"login": "ann"}).status_code == 422
        assert 'name="mail" value="replies"' in client.get("/settings/notifications").get_data(as_text=True)
    finally:
        app.extensions["circle_mailer"] = before


# ---- what is an address ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ann@example.org", "ann@example.org"),
        (" Ann.B+x@EXAMPLE.org ", "Ann.B+x@example.org"),
        ("ann＠example。org", "ann@example.org"),
        ("ann@例子.中国", "ann@xn--fsqu00a.xn--fiqs8s"),
        ("o'hara@example.co.uk", "o'hara@example.co.uk"),
    ],
)
def test_addresses_as_people_type_them(typed: str, meant: str) -> None:
    assert check_address(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "", "ann", "@example.org", "ann@", "ann@example", "ann@@example.org", "a b@example.org", "ann@exa mple.org",
        ".ann@example.org", "ann.@example.org", "an..n@example.org", "ann@-example.org", "ann@example..org",
        "ann@127.0.0.1", "ann@[127.0.0.1]", '"ann"@example.org', "ann@example.org\nBcc: eve@example.org",
        "ann@example.org,eve@example.org", "<ann@example.org>", "温言@example.org", "a" * 65 + "@example.org",
        "ann@" + "a" * 250 + ".org", "ann@example.org\x00", "ann@\ud800.org",
    ],
)  # fmt: skip
def test_what_is_no_address(typed: str) -> None:
    with pytest.raises(Invalid):
        check_address(typed)
