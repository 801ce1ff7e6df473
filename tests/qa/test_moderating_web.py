"""Deciding about questions and answers in a browser: forms, refusals, and what each kind of person is offered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from circle.core import clock
from circle.posts import operations as posts
from circle.qa import operations
from tests.factories import Make
from tests.qa.questioning import accept, answer, answer_row, ask, post, question


@pytest.fixture
def place(make: Make) -> Any:
    return make.place()


def text(response: Any) -> str:
    return response.get_data(as_text=True)


def test_who_asked_closes_and_reopens_with_plain_forms(app: Flask, place: Any, browser: Any) -> None:
    asked = ask(place)
    url, ann = f"/{place.slug}/questions/{asked}", browser(place.users["ann"])
    page = text(ann.get(url))
    assert f'action="{url}/close"' in page
    assert 'value="resolved"' in page
    assert 'value="spam"' not in page  # a judgement for moderators
    assert f"{url}/duplicate" not in page
    done = ann.post(f"{url}/close", {"reason": "resolved", "version": "1"})
    assert (done.status_code, done.location) == (303, url)
    page = text(ann.get(url))
    assert f'action="{url}/reopen"' in page
    assert f'action="{url}/close"' not in page
    assert ann.post(f"{url}/reopen", {"version": str(question(asked).version)}).status_code == 303
    assert question(asked).status == "open"


def test_htmx_is_sent_to_the_page(app: Flask, place: Any, browser: Any) -> None:
    asked = ask(place)
    url = f"/{place.slug}/questions/{asked}"
    done = browser(place.users["mod"]).post(f"{url}/close", {"reason": "spam"}, htmx=True)
    assert (done.status_code, done.headers["HX-Redirect"]) == (204, url)


def test_others_are_offered_nothing(app: Flask, place: Any, browser: Any) -> None:
    asked = ask(place)
    given = answer(place.admin, asked)
    for user in (None, place.users["bob"]):
        page = text(browser(user).get(f"/{place.slug}/questions/{asked}"))
        assert 'id="desk"' not in page
        assert f"/answers/{given}/hide" not in page


def test_a_moderator_is_offered_every_reason_and_the_other_question(app: Flask, place: Any, browser: Any) -> None:
    asked = ask(place)
    page = text(browser(place.users["mod"]).get(f"/{place.slug}/questions/{asked}"))
    for reason in ("resolved", "off_topic", "spam", "other"):
        assert f'value="{reason}"' in page
    assert f'href="/{place.slug}/questions/{asked}/duplicate"' in page


@pytest.mark.parametrize("form", [{}, {"reason": "because"}, {"reason": "spam", "version": "x"}])
def test_a_bad_form_comes_back_with_what_to_change(app: Flask, place: Any, browser: Any, form: dict[str, str]) -> None:
    asked = ask(place)
    url = f"/{place.slug}/questions/{asked}"
    answered = browser(place.users["mod"]).post(f"{url}/close", form)
    assert answered.status_code == 422
    assert "data-errors" in text(answered)
    assert f'action="{url}/close"' in text(answered)
    assert question(asked).status == "open"


def test_what_was_decided_meanwhile_is_told_with_the_state_as_it_is(app: Flask, place: Any, browser: Any) -> None:
    asked = ask(place)
    url, mod = f"/{place.slug}/questions/{asked}", browser(place.users["mod"])
    operations.close_question(place.admin, asked, reason="off_topic")
    for act, form in (("close", {"reason": "spam", "version": "1"}), ("reopen", {"version": "1"})):
        answered = mod.post(f"{url}/{act}", form)
        assert answered.status_code == 422
        assert f'action="{url}/reopen"' in text(answered)
        assert f'name="version" value="{question(asked).version}"' in text(answered)
    assert question(asked).close_reason == "off_topic"


def test_the_original_is_found_among_similar_questions(app: Flask, place: Any, browser: Any) -> None:
    original = ask(place, "bob", title="晨读从哪一篇开始比较好？")
    other = ask(place, "bob", title="阳台上的薄荷总是长虫怎么办？")
    asked = ask(place, title="晨读应该从哪一篇开始？")
    url, mod = f"/{place.slug}/questions/{asked}", browser(place.users["mod"])
    page = text(mod.get(f"{url}/duplicate"))
    assert f'name="of" value="{original}"' in page
    assert f'name="of" value="{asked}"' not in page
    assert f'name="of" value="{other}"' in text(mod.get(f"{url}/duplicate?q=薄荷长虫"))
    done = mod.post(f"{url}/duplicate", {"of": str(original), "version": "1"})
    assert (done.status_code, done.location) == (303, url)
    page = text(browser(place.users["bob"]).get(url))
    assert f'href="/{place.slug}/questions/{original}"' in page
    assert "晨读从哪一篇开始比较好？" in page
    assert f'action="{url}/answers"' not in page


@pytest.mark.parametrize(
    "pasted",
    [
        "{id}", "http://localhost/{slug}/questions/{id}", "https://example.org/{slug}/questions/{id}?sort=newest#answers",
        "/{slug}/posts/{id}", "  /{slug}/questions/{id}/  ",
    ],
)  # fmt: skip
def test_an_address_is_pasted_as_people_have_it(app: Flask, place: Any, browser: Any, pasted: str) -> None:
    original, asked = ask(place, "bob"), ask(place)
    of = pasted.format(slug=place.slug, id=original)
    done = browser(place.users["mod"]).post(f"/{place.slug}/questions/{asked}/duplicate", {"of": of})
    assert done.status_code == 303
    assert question(asked).duplicate_of_id == original


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "abc",
        "0",
        "9" * 19,
        "9" * 30,
        "/x/questions/",
        "/x/answers/5",
        "https://example.org/",
        "5 6",
        "x" * 400,
        "٣",
    ],
)
def test_what_leads_to_no_question_comes_back(app: Flask, place: Any, browser: Any, pasted: str) -> None:
    asked = ask(place)
    answered = browser(place.users["mod"]).post(f"/{place.slug}/questions/{asked}/duplicate", {"of": pasted})
    assert answered.status_code == 422
    assert 'id="of-error"' in text(answered)
    assert question(asked).status == "open"


def test_choosing_an_original_for_what_is_closed_offers_nothing(app: Flask, place: Any, browser: Any) -> None:
    asked = ask(place)
    operations.close_question(place.mod, asked, reason="other")
    url, mod = f"/{place.slug}/questions/{asked}/duplicate", browser(place.users["mod"])
    page = mod.get(url)
    assert page.status_code == 200
    assert 'name="of"' not in text(page)
    assert mod.post(url, {"of": str(ask(place))}).status_code == 422
    assert browser(place.users["ann"]).get(url).status_code == 403


def test_the_addresses_of_another_circle_lead_nowhere(app: Flask, place: Any, make: Make, browser: Any) -> None:
    asked, elsewhere = ask(place), make.place()
    given = answer(place.bob, asked)
    mod = browser(place.users["mod"])
    for path, form in (
        (f"questions/{asked}/close", {"reason": "spam"}), (f"questions/{asked}/reopen", {}),
        (f"questions/{asked}/duplicate", {"of": "5"}), (f"answers/{given}/hide", {"reason": "spam"}),
        (f"answers/{given}/restore", {}), (f"answers/{given}/remove", {"reason": "spam"}),
    ):  # fmt: skip
        assert mod.post(f"/{elsewhere.slug}/{path}", form).status_code == 404
    assert mod.get(f"/{elsewhere.slug}/answers/{given}/revisions").status_code == 404
    assert mod.get(f"/{elsewhere.slug}/questions/{asked}/duplicate").status_code == 404
    assert (question(asked).status, answer_row(given).status) == ("open", "published")


# ---- answers -----------------------------------------------------------------------------------------------------


def test_an_answer_is_hidden_restored_and_removed_with_plain_forms(app: Flask, place: Any, browser: Any) -> None:
    asked = ask(place)
    given = answer(place.bob, asked)
    page, url = f"/{place.slug}/questions/{asked}", f"/{place.slug}/answers/{given}"
    mod, bob = browser(place.users["mod"]), browser(place.users["bob"])
    assert f'action="{url}/hide"' in text(mod.get(page))
    done = mod.post(f"{url}/hide", {"reason": "像广告"})
    assert (done.status_code, done.location) == (303, f"{page}#answer-{given}")
    assert "像广告" in text(bob.get(page))
    assert "像广告" not in text(browser(place.users["ann"]).get(page))
    assert f'action="{url}/restore"' in text(mod.get(page))
    assert mod.post(f"{url}/restore").status_code == 303
    assert answer_row(given).status == "published"
    done = mod.post(f"{url}/remove", {"reason": "广告"})
    assert (done.status_code, done.location) == (303, f"{page}#answers")
    assert mod.get(url).status_code == 404


@pytest.mark.parametrize("act", ["hide", "remove"])
def test_without_a_reason_nothing_happens_and_the_form_comes_back(
    app: Flask, place: Any, browser: Any, act: str
) -> None:
    given = answer(place.bob, ask(place))
    url = f"/{place.slug}/answers/{given}/{act}"
    answered = browser(place.users["mod"]).post(url, {"reason": " "})
    assert answered.status_code == 422
    assert f'action="{url}"' in text(answered)
    assert answer_row(given).status == "published"


def test_hiding_what_is_hidden_is_told_and_not_lost(app: Flask, place: Any, browser: Any) -> None:
    given = answer(place.bob, ask(place))
    operations.hide_answer(place.admin, given, reason="像广告")
    answered = browser(place.users["mod"]).post(f"/{place.slug}/answers/{given}/hide", {"reason": "我也觉得像广告"})
    assert answered.status_code == 422
    assert "我也觉得像广告" in text(answered)
    assert answer_row(given).hidden_reason == "像广告"


def test_earlier_versions_are_for_the_author_and_moderators(app: Flask, place: Any, browser: Any) -> None:
    asked = ask(place)
    given = answer(place.bob, asked, "从最短的一篇开始。")
    for hours, body in ((1, "从最喜欢的一篇开始。"), (2, "从序言开始。<b>真的</b>")):
        with clock.at(clock.now() + timedelta(hours=hours)):
            operations.edit_answer(place.bob, given, body=body)
    url = f"/{place.slug}/answers/{given}/revisions"
    for user in (place.users["bob"], place.users["mod"]):
        page = text(browser(user).get(url))
        assert page.count("<article") == 2
        assert "<del>" in page
        assert "<b>真的" not in page
    assert f'href="{url}"' in text(browser(place.users["bob"]).get(f"/{place.slug}/questions/{asked}"))
    for user in (place.users["ann"], place.users["admin"]):
        assert browser(user).get(url).status_code == (404 if user is place.users["ann"] else 200)
    operations.hide_answer(place.mod, given, reason="广告")
    assert browser(place.users["bob"]).get(url).status_code == 200
    operations.remove_answer(place.mod, given, reason="广告")
    assert browser(place.users["bob"]).get(url).status_code == 404
    assert browser(place.users["mod"]).get(url).status_code == 200
    assert browser(place.users["mod"]).get(f"{url}?cursor=x").status_code == 400


def test_earlier_versions_of_what_is_unnamed_name_nobody(app: Flask, place: Any, browser: Any, api: Any) -> None:
    asked = ask(place, anonymous=True)
    given = answer(place.ann, asked)
    with clock.at(clock.now() + timedelta(hours=1)):
        operations.edit_answer(place.ann, given, body="我自己试过了，从序言开始。")
    ann = place.users["ann"]
    for told in (
        text(browser(place.users["mod"]).get(f"/{place.slug}/answers/{given}/revisions")),
        text(api(place.users["mod"]).get(f"/answers/{given}/revisions")),
    ):
        assert str(ann.id) not in told
        assert ann.nickname not in told
        assert ann.username not in told


# ---- deleting a question -----------------------------------------------------------------------------------------


def test_a_question_with_a_valued_answer_is_not_deleted_and_the_page_says_why(
    app: Flask, place: Any, browser: Any
) -> None:
    asked = ask(place)
    given = answer(place.bob, asked)
    operations.vote(place.admin, given, value=1)
    ann = browser(place.users["ann"])
    refused = ann.post(f"/{place.slug}/posts/{asked}/delete")
    assert refused.status_code == 422
    assert "不能删除" in text(refused) or "this question stays" in text(refused)
    assert post(asked).status == "published"
    browser(place.users["mod"]).post(f"/{place.slug}/posts/{asked}/remove", {"reason": "off topic"})
    assert post(asked).status == "removed"
    assert ann.get(f"/{place.slug}/questions/{asked}").status_code == 404


def test_answers_of_a_hidden_question_are_reached_by_no_page(app: Flask, place: Any, browser: Any, api: Any) -> None:
    asked = ask(place)
    given = answer(place.bob, asked)
    with clock.at(clock.now() + timedelta(hours=1)):
        operations.edit_answer(place.bob, given, body="改过的")
    accept(place.ann, asked, given)
    posts.hide_post(place.mod, asked, reason="off topic")
    for user in (place.users["bob"], place.users["admin"]):
        web, app_ = browser(user), api(user)
        hidden_from = user is place.users["bob"]
        for path in (f"questions/{asked}", f"answers/{given}", f"answers/{given}/revisions"):
            assert (web.get(f"/{place.slug}/{path}").status_code == 404) is hidden_from
        for path in (f"/questions/{asked}", f"/questions/{asked}/answers", f"/answers/{given}/revisions"):
            assert (app_.get(path).status_code == 404) is hidden_from
        # nobody acts on it, whoever may look
        assert web.post(f"/{place.slug}/answers/{given}/vote", {"value": "1"}).status_code == 404
        assert app_.put(f"/answers/{given}/vote", json={"value": 1}).status_code == 404
        assert app_.patch(f"/answers/{given}", json={"body": "neu"}).status_code in {403, 404}
        assert web.post(f"/{place.slug}/questions/{asked}/close", {"reason": "other"}).status_code == 404
