"""Looked at again: what the pages of questions say to whom, and what they do for whoever uses no mouse."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask_babel import gettext

from circle.access import SYSTEM
from circle.circles import queries as circles
from circle.core import clock
from circle.core.errors import Forbidden
from circle.qa import operations, queries, rules
from tests.factories import Make, Place, actor_of
from tests.qa.questioning import accept, answer, ask, question
from tests.qa.questioning import post as post_of


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


def text(found: Any) -> str:
    page: str = found.get_data(as_text=True)
    return page


def in_words(app: Flask, sentence: str) -> str:
    """A sentence as pages say it."""
    with app.test_request_context():
        said: str = gettext(sentence)
        return said


def foot(page: str) -> str:
    """The bar at the foot of a question."""
    found = re.search(r'<div class="sticky-cta">(.*?)</div>', page, re.S)
    return found[1] if found else ""


def test_an_answer_sent_by_htmx_is_said_to_be_published_once(place: Place, browser: Any) -> None:
    bob, path = browser(place.users["bob"]), f"/{place.slug}/questions/{ask(place)}/answers"
    form = {"body": "从最短的一篇开始。", "once": "a-value-made-for-this-form"}
    first, second = bob.post(path, form, htmx=True), bob.post(path, form, htmx=True)
    assert first.status_code == second.status_code == 200 and text(first) == text(second)
    assert json.loads(first.headers["HX-Trigger"]) == {"toast": "回答已发布"}
    assert "HX-Trigger" not in second.headers


def test_the_composer_is_headed_by_what_is_written(place: Place, browser: Any) -> None:
    ann = browser(place.users["ann"])
    asking, writing = (text(ann.get(f"/{place.slug}/posts/new{kind}")) for kind in ("?type=question", ""))
    assert '<h1 class="vh">提一个问题</h1>' in asking and "<title>提一个问题" in asking
    assert '<h1 class="vh">发动态</h1>' in writing


def test_what_leads_to_the_answer_form_leads_into_its_text(place: Place, browser: Any) -> None:
    page = text(browser(place.users["bob"]).get(f"/{place.slug}/questions/{ask(place)}"))
    assert 'href="#answer-body"' in foot(page) and 'id="answer-body"' in page


def test_a_form_that_htmx_takes_away_leaves_the_focus_somewhere(place: Place, make: Make, browser: Any) -> None:
    asked = ask(place)
    expert = make.member(place.circle, "expert")
    bob, path = browser(place.users["bob"]), f"/{place.slug}/questions/{asked}"
    assert " autofocus" not in foot(text(bob.get(path)))
    sent = text(bob.post(f"{path}/answers", {"body": "从最短的一篇开始。"}, htmx=True))
    assert re.search(r'<a [^>]*/answers/\d+" autofocus>', foot(sent)) and " autofocus" not in foot(text(bob.get(path)))
    invited = text(browser(place.users["ann"]).post(f"{path}/invites", {"user_id": str(expert.id)}, htmx=True))
    assert 'id="invited-title" tabindex="-1" autofocus' in invited


def test_whoever_asks_is_offered_to_invite_somebody_while_nobody_has_answered(
    app: Flask, place: Place, browser: Any
) -> None:
    asked = ask(place)
    path = f"/{place.slug}/questions/{asked}"
    mine, theirs = (text(browser(place.users[name]).get(path)) for name in ("ann", "bob"))
    assert f'href="{path}/invites"' in foot(mine) and f'href="{path}/invites"' not in foot(theirs)
    told = in_words(app, "Nobody has answered yet. You will be told when somebody does.")
    assert told in mine and told not in theirs
    answer(place.bob, asked)
    assert f'href="{path}/invites"' not in foot(text(browser(place.users["ann"]).get(path)))


def test_a_question_that_must_stay_is_shown_again_with_the_reason(place: Place, browser: Any) -> None:
    asked = ask(place)
    operations.vote(place.ann, answer(place.bob, asked), value=1)
    refused = browser(place.users["ann"]).post(f"/{place.slug}/posts/{asked}/delete", {})
    assert refused.status_code == 422 and text(refused).count("data-errors") == 1
    assert "不能删除" in text(refused) and f'id="post-{asked}"' in text(refused)
    assert post_of(asked).status == "published"


def test_whoever_declines_too_late_is_told_so_beside_the_other_invitations(
    place: Place, make: Make, browser: Any
) -> None:
    asked = ask(place)
    expert = make.member(place.circle, "expert")
    operations.invite(place.ann, asked, user_id=expert.id)
    answer(actor_of(expert), asked)
    late = browser(expert).post(f"/{place.slug}/questions/{asked}/invites/decline", {})
    assert late.status_code == 422 and text(late).count("data-errors") == 1 and "已经结束" in text(late)


def test_a_question_is_called_one_in_its_menu(app: Flask, place: Place, browser: Any) -> None:
    path = f"/{place.slug}/questions/{ask(place)}"
    mine, mods = (text(browser(place.users[name]).get(path)) for name in ("ann", "mod"))
    for act, page in (
        ("Hide this %s", mods),
        ("Remove this %s", mods),
        ("Delete this %s? This cannot be undone.", mine),
    ):
        assert in_words(app, act % "question") in page and in_words(app, act % "post") not in page


def test_what_repeats_another_question_is_not_offered_as_its_original(place: Place, browser: Any) -> None:
    original, copy, third = (
        ask(place, title=title) for title in ("晨读从哪一篇开始？", "晨读从哪篇开始", "晨读从哪开始")
    )
    operations.mark_duplicate(place.mod, copy, of=original)
    circle = circles.readable_circle(place.mod, place.slug)
    assert [row.id for row in queries.similar_questions(place.mod, circle, "晨读从哪一篇开始", without=third)] == [
        original
    ]
    page = text(browser(place.users["mod"]).get(f"/{place.slug}/questions/{third}/duplicate"))
    assert f'name="of" value="{original}"' in page and f'value="{copy}"' not in page


def test_a_duplicate_that_is_sent_on_tells_of_it_in_lists_as_well(place: Place) -> None:
    first, second, third = (ask(place, title=title) for title in ("晨读读什么？", "早上读什么好？", "清早适合读什么？"))
    operations.mark_duplicate(place.mod, first, of=second)
    operations.mark_duplicate(SYSTEM, second, of=third)
    assert question(first).duplicate_of_id == third
    for key in (first, second, third):
        assert post_of(key).parts["question"]["version"] == question(key).version


def test_who_asked_a_while_ago_was_there_however_long_ago_they_signed_in(place: Place) -> None:
    month = rules.ASKER_GONE_AFTER + timedelta(hours=1)
    with clock.at(clock.now() + month):
        asked = ask(place)
        given = answer(place.bob, asked)
        assert not queries.get_question(place.owner, asked).can.accept
        with pytest.raises(Forbidden, match="NOT_ASKER"):
            accept(place.owner, asked, given)
    with clock.at(clock.now() + 2 * month):
        assert queries.get_question(place.owner, asked).can.accept
        accept(place.owner, asked, given)


def test_looking_up_who_asked_stands_beside_the_other_decisions(place: Place, browser: Any) -> None:
    path = f"/{place.slug}/questions/{ask(place, anonymous=True)}"
    page = text(browser(place.owner_user).get(path))
    desk = page[page.index('id="desk"') : page.index('id="answers"')]
    assert f"{path}/reveal" in desk and f"{path}/duplicate" in desk
    assert f"{path}/reveal" not in text(browser(place.users["mod"]).get(path))
