"""Another user name: once in 30 days, and the old one stays its owner's for as long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from circle.accounts.credentials import sign_in_browser
from circle.accounts.models import User
from circle.accounts.operations import change_username, create_user
from circle.accounts.passwords import hash_password
from circle.accounts.queries import get_user_named, is_taken
from circle.core import clock
from circle.core.actor import VISITOR
from circle.core.db import db
from circle.core.errors import Invalid, NotFound, Refused, Unauthenticated
from tests.clients import ApiClient, Browser
from tests.factories import PASSWORD, Make, actor_of
from tests.races.together import together

LATER = timedelta(days=31)


def name_of(user: User) -> str:
    db.session.expire_all()
    return db.session.get_one(User, user.id).username


def test_a_new_name_is_taken_and_the_old_one_leads_to_it(make: Make) -> None:
    anna = make.user("anna")
    version = anna.version
    change_username(actor_of(anna), "文燕")
    assert name_of(anna) == "文燕"
    assert db.session.get_one(User, anna.id).version == version + 1
    assert get_user_named(VISITOR, "ANNA").id == anna.id
    with pytest.raises(NotFound):
        get_user_named(VISITOR, "аnna")  # a Cyrillic letter makes another name


def test_one_signs_in_with_the_new_name_only(make: Make) -> None:
    anna = make.user("anna", password_hash=hash_password(PASSWORD))
    change_username(actor_of(anna), "wenyan")
    assert sign_in_browser("wenyan", PASSWORD, user_agent="test", address="127.0.0.1")
    with pytest.raises(Unauthenticated):
        sign_in_browser("anna", PASSWORD, user_agent="test", address="127.0.0.1")


def test_the_same_name_changes_nothing_and_another_spelling_is_a_change(make: Make) -> None:
    anna = make.user("anna")
    change_username(actor_of(anna), "anna")
    change_username(actor_of(anna), "Anna")
    assert name_of(anna) == "Anna"
    with pytest.raises(Refused, match="USERNAME_CHANGED_LATELY"):
        change_username(actor_of(anna), "ANNA")


def test_a_second_change_waits_for_thirty_days(make: Make) -> None:
    anna = make.user("anna")
    change_username(actor_of(anna), "wenyan")
    with pytest.raises(Refused, match="USERNAME_CHANGED_LATELY"):
        change_username(actor_of(anna), "anna")
    with clock.at(clock.now() + LATER):
        change_username(actor_of(anna), "anna")
    assert name_of(anna) == "anna"


def test_nobody_else_gets_a_name_before_it_is_free(make: Make) -> None:
    anna, bob = make.user("anna"), make.user("bob")
    change_username(actor_of(anna), "wenyan")
    assert is_taken("ANNA")
    for take in (lambda: change_username(actor_of(bob), "anna"), lambda: create_user("Anna")):
        with pytest.raises(Refused, match="USERNAME_TAKEN"):
            take()
    with clock.at(clock.now() + LATER):
        change_username(actor_of(bob), "anna")
        assert get_user_named(VISITOR, "anna").id == bob.id
        assert get_user_named(VISITOR, "bob").id == bob.id


@pytest.mark.parametrize("name", ["", "x", "a" * 21, "官方", "a b", "аnna"])
def test_a_name_that_may_not_be_is_refused(make: Make, name: str) -> None:
    make.user("anna")
    bob = make.user("bob")
    with pytest.raises((Invalid, Refused)):
        change_username(actor_of(bob), name)
    assert name_of(bob) == "bob"


def test_a_visitor_has_no_name(app: Flask) -> None:
    with pytest.raises(Unauthenticated):
        change_username(VISITOR, "anna")


def test_of_two_who_want_a_name_at_once_one_gets_it(app: Flask, make: Make) -> None:
    people = [actor_of(make.user(f"fan{letter}")) for letter in "abcd"]
    outcomes = together(app, [lambda each=each: change_username(each, "wenyan") for each in people])
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert len(refused) == 3
    assert len([outcome for outcome in outcomes if outcome is None]) == 1


def test_the_page_changes_the_name_and_then_says_when_it_may_be_changed_again(
    make: Make, browser: Callable[..., Browser]
) -> None:
    anna = make.user("anna")
    make.user("bobby")
    here = browser(anna)
    refused = here.post("/settings/username", {"username": "BOBBY"})
    assert refused.status_code == 422
    assert 'value="BOBBY"' in refused.get_data(as_text=True)
    assert here.post("/settings/username", {"username": "wenyan"}).status_code == 303
    page = here.get("/settings/profile").get_data(as_text=True)
    assert "@wenyan" in page
    assert 'name="username"' not in page
    moved = here.get("/@anna")
    assert (moved.status_code, moved.location) == (302, "/@wenyan")


def test_an_app_changes_the_name_with_the_rest_or_nothing(make: Make, api: Callable[..., ApiClient]) -> None:
    anna = make.user("anna")
    make.user("bobby")
    client = api(anna)
    taken = client.patch("/me", {"username": "bobby", "bio": "你好"})
    assert (taken.status_code, taken.get_json()["code"]) == (422, "USERNAME_TAKEN")
    assert client.get("/me").get_json()["bio"] == ""
    changed = client.patch("/me", {"username": "wenyan", "bio": "你好"}).get_json()
    assert (changed["username"], changed["bio"]) == ("wenyan", "你好")
