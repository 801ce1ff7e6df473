"""What somebody else, or an earlier mail, can do to a person's codes: nothing."""

from __future__ import annotations

import pytest
from flask import Flask

from circle.accounts import credentials, operations, recovery
from circle.core import jobs
from circle.core.errors import RateLimited, Refused
from tests.accounts.test_email import HASH, ask, box, code_in
from tests.factories import PASSWORD, Make, actor_of
from tests.mailserver import MailServer

__all__ = ["box"]
ADDRESS = {"email": "ann@example.org", "email_key": "ann@example.org", "password_hash": HASH, "locale": "en"}
NEW = "battery staple 7"


def test_who_floods_an_address_does_not_keep_its_owner_from_resetting(app: Flask, make: Make, box: MailServer) -> None:
    ann, eve = make.user("ann", **ADDRESS), make.user("eve", password_hash=HASH)
    for _time in range(5):
        ask(eve, "ann@example.org")
    with pytest.raises(RateLimited):
        ask(eve, "ann@example.org")
    recovery.forgot_password("ann")
    jobs.run_due()
    assert len(box.received) == 6
    recovery.reset_password(code_in(box, "reset"), NEW)
    assert credentials.sign_in_browser("ann", NEW, user_agent="", address="")
    assert ann.id


def test_an_address_in_other_letters_is_flooded_no_more(app: Flask, make: Make, box: MailServer) -> None:
    for number, email in enumerate(["ann@example.org", "Ann@example.org", "ANN@example.org", "aNN@example.org"]):
        person = make.user(f"eve{number}", password_hash=HASH)
        try:
            for _time in range(2):
                ask(person, email)
        except RateLimited:
            break
    assert len(box.received) == 5


def test_a_code_does_not_outlive_the_password_it_was_to_replace(app: Flask, make: Make, box: MailServer) -> None:
    ann = make.user("ann", **ADDRESS)
    recovery.forgot_password("ann")
    jobs.run_due()
    code = code_in(box, "reset")
    credentials.change_password(actor_of(ann), current_password=PASSWORD, new_password=NEW)
    with pytest.raises(Refused) as refused:
        recovery.reset_password(code, "yet another 8 staple")
    assert refused.value.code == "CODE_INVALID"
    for _time in range(4):  # what went out before still counts
        recovery.forgot_password("ann")
        jobs.run_due()
    mails = len(box.received)
    recovery.forgot_password("ann")
    jobs.run_due()
    assert len(box.received) == mails


def test_a_code_for_one_purpose_or_person_is_none_for_another(app: Flask, make: Make, box: MailServer) -> None:
    ann, eve = make.user("ann", **ADDRESS), make.user("eve", password_hash=HASH)
    recovery.forgot_password("ann")
    jobs.run_due()
    reset = code_in(box, "reset")
    ask(eve, "eve@example.org")
    confirm = code_in(box)
    for act in (
        lambda: operations.confirm_address(reset),
        lambda: recovery.reset_password(confirm, NEW),
        lambda: operations.reset_password(eve.id, reset, new_hash=HASH),
        lambda: operations.reset_password(ann.id, confirm, new_hash=HASH),
        lambda: recovery.reset_password("", NEW),
        lambda: recovery.reset_password("' or 1=1 --", NEW),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "CODE_INVALID"
    recovery.reset_password(reset, NEW)
