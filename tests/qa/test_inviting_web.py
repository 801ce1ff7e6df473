"""The pages of inviting to answer: whom to ask, who was asked, and saying no; without JavaScript and with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.core import clock
from circle.core.db import db
from circle.qa import operations, queries
from circle.qa.models import QuestionInvite
from tests.clients import Browser
from tests.factories import Make, Place, actor_of
from tests.qa.questioning import answer, ask

Browsing = Callable[..., Browser]


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    place = make.place()
    place.users["expert"] = make.member(place.circle, "expert", make.user("wenyan", nickname="文燕"))
    return place


def rows() -> int:
    return db.session.scalar(select(func.count()).select_from(QuestionInvite)) or 0


def test_a_question_leads_to_inviting_and_there_one_click_invites(place: Place, browser: Browsing) -> None:
    question_id, expert = ask(place), place.users["expert"].id
    here, address = browser(place.users["bob"]), f"/{place.slug}/questions/{question_id}/invites"
    assert address in here.get(f"/{place.slug}/questions/{question_id}").text
    page = here.get(address).text
    assert "文燕" in page and f'name="user_id" value="{expert}"' in page
    sent = here.post(address, {"user_id": expert})
    assert (sent.status_code, sent.location) == (303, address)
    page = here.get(address).text
    assert f'value="{expert}"' not in page and "文燕" in page
    others = browser(place.users["ann"]).get(address).text
    assert "文燕" in others and place.users["bob"].nickname not in others  # nobody reads who invited whom


def test_htmx_gets_the_lists_alone_and_a_refusal_with_them(place: Place, browser: Browsing) -> None:
    question_id = ask(place)
    here, address = browser(place.users["bob"]), f"/{place.slug}/questions/{question_id}/invites"
    answered = here.post(address, {"user_id": place.users["expert"].id}, htmx=True)
    assert answered.status_code == 200 and answered.text.lstrip().startswith('<div class="stack" id="invites">')
    for wrong in ("12345", "", "abc", place.users["ann"].id):
        refused = here.post(address, {"user_id": wrong}, htmx=True)
        assert refused.status_code == 422 and 'role="alert"' in refused.text and "<html" not in refused.text
    whole = here.post(address, {"user_id": "12345"})
    assert whole.status_code == 422 and "<html" in whole.text and 'role="alert"' in whole.text
    assert rows() == 1


def test_who_is_sought_is_found_and_a_search_for_nobody_says_so(place: Place, browser: Browsing) -> None:
    address = f"/{place.slug}/questions/{ask(place)}/invites"
    here = browser(place.users["bob"])
    assert "文燕" in here.get(f"{address}?q=文").text
    nobody = here.get(address, query_string={"q": "<script>" + "x" * 60})
    assert nobody.status_code == 200 and "<script>x" not in nobody.text
    assert "文燕" not in here.get(f"{address}?q=zzz").text


def test_what_became_of_it_shows_to_everybody_who_may_invite(place: Place, browser: Browsing) -> None:
    question_id, expert = ask(place), actor_of(place.users["expert"])
    for who in (expert, place.mod):
        operations.invite(place.bob, question_id, user_id=who.id or 0)
    answer(place.mod, question_id)
    operations.decline_invite(expert, question_id)
    operations.close_question(place.ann, question_id, reason="resolved")
    page = browser(place.users["ann"]).get(f"/{place.slug}/questions/{question_id}/invites").text
    assert page.count('class="member"') == 2 and 'name="user_id"' not in page


def test_the_invited_find_it_over_the_questions_and_say_no(place: Place, browser: Browsing) -> None:
    questions = [ask(place, title=f"第 {number} 个问题在这里") for number in range(3)]
    for question_id in questions:
        operations.invite(place.bob, question_id, user_id=place.users["expert"].id)
    here, mine = browser(place.users["expert"]), f"/{place.slug}/questions/invites"
    over = here.get(f"/{place.slug}/questions").text
    assert over.count("/invites/decline") == 2 and mine in over
    assert "/invites/decline" not in browser(place.users["bob"]).get(f"/{place.slug}/questions").text
    page = here.get(mine).text
    assert page.count("/invites/decline") == 3 and place.users["bob"].nickname in page
    declined = here.post(f"/{place.slug}/questions/{questions[0]}/invites/decline")
    assert (declined.status_code, declined.location) == (303, mine)
    again = here.post(f"/{place.slug}/questions/{questions[0]}/invites/decline", htmx=True)
    assert again.headers["HX-Redirect"] == mine
    assert here.get(mine).text.count("/invites/decline") == 2
    assert browser(place.users["bob"]).get(mine).text.count("/invites/decline") == 0


def test_many_invitations_come_page_by_page(place: Place, browser: Browsing, make: Make) -> None:
    for number in range(22):
        operations.invite(
            place.bob if number % 2 else place.ann, ask(place, title=f"第 {number} 个问题在这里"),
            user_id=place.users["expert"].id,
        )  # fmt: skip
    here = browser(place.users["expert"])
    page = here.get(f"/{place.slug}/questions/invites").text
    assert page.count("/invites/decline") == 20
    more = re.search(r'hx-get="([^"]+cursor=[^"]+)"', page)
    assert more
    rest = here.get(more[1].replace("&amp;", "&"), headers={"HX-Request": "true"}).text
    assert rest.count("/invites/decline") == 2 and "<html" not in rest


def test_whoever_asked_without_a_name_is_not_named_to_the_invited(place: Place, browser: Browsing) -> None:
    question_id, ann = ask(place, anonymous=True), place.users["ann"]
    operations.invite(place.ann, question_id, user_id=place.users["expert"].id)
    here = browser(place.users["expert"])
    for address in ("questions", "questions/invites", f"questions/{question_id}/invites"):
        page = here.get(f"/{place.slug}/{address}").text
        found = [word for word in (ann.username, ann.nickname, str(ann.id)) if word in page]
        assert found == [], address


def test_declining_what_one_was_not_invited_to_is_no_page(place: Place, browser: Browsing) -> None:
    question_id = ask(place)
    assert browser(place.users["bob"]).post(f"/{place.slug}/questions/{question_id}/invites/decline").status_code == 404
    assert browser(place.users["bob"]).get(f"/{place.slug}/questions/12345/invites").status_code == 404


def test_the_question_itself_says_that_one_is_invited_and_takes_a_no(place: Place, browser: Browsing) -> None:
    question_id = ask(place)
    address, here = f"/{place.slug}/questions/{question_id}", browser(place.users["expert"])
    assert 'id="invited"' not in here.get(address).text
    operations.invite(place.bob, question_id, user_id=place.users["expert"].id)
    assert 'id="invited"' in here.get(address).text
    for other in ("bob", "mod", "ann"):
        assert 'id="invited"' not in browser(place.users[other]).get(address).text
    with clock.at(clock.now() + timedelta(hours=73)):
        assert 'id="invited"' not in here.get(address).text
    answer(actor_of(place.users["expert"]), question_id)
    assert 'id="invited"' not in here.get(address).text


def test_that_costs_no_statement(place: Place, browser: Browsing, statements: list[str]) -> None:
    question_id, expert = ask(place), actor_of(place.users["expert"])

    def cost() -> int:
        db.session.rollback()
        statements.clear()
        queries.get_question(expert, question_id, slug=place.slug)
        return len(statements)

    before = cost()
    operations.invite(place.bob, question_id, user_id=expert.id or 0)
    assert queries.get_question(expert, question_id, slug=place.slug).invited_until is not None
    assert cost() == before
