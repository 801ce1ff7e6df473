"""Who makes an account agrees to the papers; when those change, everybody is asked once more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType

import pytest
from flask import Flask
from sqlalchemy import select

from circle.accounts import operations, papers, queries
from circle.accounts.models import Consent, User
from circle.accounts.operations import consents
from circle.accounts.papers import PAPERS
from circle.core.actor import VISITOR
from circle.core.db import db
from circle.core.errors import Unauthenticated
from tests.clients import ApiClient, Browser
from tests.factories import PASSWORD, Make, actor_of
from tests.races.together import all_well, together

NOTE = "/settings/agree"
NEWER = MappingProxyType({**PAPERS, "privacy": "2031-05-01"})


def kept(user_id: int) -> set[tuple[str, str]]:
    rows = db.session.execute(select(Consent.doc, Consent.version).where(Consent.user_id == user_id))
    return {(doc, version) for doc, version in rows}


@pytest.fixture
def new_papers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The privacy policy means something else from now on."""
    for module in (papers, queries, consents):
        monkeypatch.setattr(module, "PAPERS", NEWER)
    queries._browser_statement.cache_clear()
    yield
    queries._browser_statement.cache_clear()


@pytest.fixture
def anna(app: Flask) -> User:
    return db.session.get_one(User, operations.create_user("anna", nickname="安娜", password_hash="x"))


def test_signing_up_keeps_what_was_agreed_to(browser: Callable[..., Browser]) -> None:
    visitor = browser()
    form = {"username": "anna", "password": PASSWORD}
    assert visitor.post("/signup", form).status_code == 422
    assert visitor.post("/signup", {**form, "agree": "1"}).status_code == 303
    user = db.session.scalars(select(User)).one()
    assert kept(user.id) == set(PAPERS.items())
    assert NOTE not in visitor.get("/settings").text


def test_signing_up_through_the_api_is_agreeing(api: Callable[..., ApiClient]) -> None:
    answer = api().post("/auth/register", {"username": "anna", "password": PASSWORD}).get_json()
    assert kept(int(answer["user"]["id"])) == set(PAPERS.items())


def test_when_a_paper_changes_everybody_is_asked_once(
    anna: User, browser: Callable[..., Browser], new_papers: None
) -> None:
    mine = browser(anna)
    page = mine.get("/settings/profile").text
    assert NOTE in page and 'value="/settings/profile"' in page
    answer = mine.post(NOTE, {"next": "/settings/profile"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/settings/profile")
    assert NOTE not in mine.get("/settings/profile").text
    assert kept(anna.id) == {*PAPERS.items(), *NEWER.items()}  # what they agreed to before stays on record


def test_the_app_is_told_what_to_ask(anna: User, api: Callable[..., ApiClient], new_papers: None) -> None:
    mine = api(anna)
    assert mine.get("/me").get_json()["must_agree"] == ["privacy"]
    for _time in range(2):
        assert mine.post("/me/consents").status_code == 204
    assert mine.get("/me").get_json()["must_agree"] == []


def test_whether_to_ask_costs_a_page_no_statement(
    anna: User, browser: Callable[..., Browser], statements: list[str]
) -> None:
    mine = browser(anna)
    mine.get("/notifications")
    statements.clear()
    mine.get("/notifications")
    assert len([sql for sql in statements if "consents" in sql]) == 1
    assert "auth_sessions" in next(sql for sql in statements if "consents" in sql)


def test_agreeing_five_times_at_once_is_agreeing_once(app: Flask, make: Make) -> None:
    actor = actor_of(make.user())
    all_well(together(app, [lambda: operations.agree(actor)] * 5))
    assert kept(actor.id or 0) == set(PAPERS.items())


def test_nobody_agrees_for_nobody(app: Flask) -> None:
    with pytest.raises(Unauthenticated):
        operations.agree(VISITOR)


def test_a_strange_way_back_leads_to_the_front_page(anna: User, browser: Callable[..., Browser]) -> None:
    assert browser(anna).post(NOTE, {"next": "https://example.org/"}).headers["Location"] == "/"
