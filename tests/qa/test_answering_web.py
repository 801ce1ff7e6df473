"""Answering, voting and accepting in a browser: without JavaScript, and the fragments that htmx gets."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.core import clock
from circle.core.db import db
from circle.posts import operations as posts
from circle.qa import operations, queries
from circle.qa.models import Answer
from tests.factories import Make, Place
from tests.posts.test_levels_bite import set_level
from tests.qa.questioning import accept, answer, answer_row, ask, check_question, question
from tests.races.together import all_well, together

ONCE = "a-value-made-for-this-form"


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


@pytest.fixture
def ann(place: Place, browser: Any) -> Any:
    return browser(place.users["ann"])


@pytest.fixture
def bob(place: Place, browser: Any) -> Any:
    return browser(place.users["bob"])


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Answer)) or 0


def text(found: Any) -> str:
    page: str = found.get_data(as_text=True)
    return page


def forms(page: str) -> list[str]:
    """Where the forms of a page send to."""
    return re.findall(r'<form[^>]* action="([^"]+)"', page)


def sends(place: Place, who: Any, question_id: int, body: str, **options: Any) -> Any:
    form = {"body": body} | options.pop("form", {})
    return who.post(f"/{place.slug}/questions/{question_id}/answers", form, **options)


# ---- the whole way, without JavaScript ---------------------------------------------------------------------------


def test_a_question_from_asking_to_another_choice_without_javascript(
    app: Flask, place: Place, ann: Any, bob: Any, browser: Any
) -> None:
    page = text(ann.get(f"/{place.slug}/posts/new?type=question"))
    assert f'action="/{place.slug}/posts"' in page
    asked = ann.post(f"/{place.slug}/posts", {"type": "question", "title": "晨读从哪一篇开始？", "body": "想听听。"})
    path = asked.location
    question_id = int(path.rpartition("/")[2])

    assert f"{path}/answers" in forms(text(bob.get(path)))
    written = sends(place, bob, question_id, "从最短的一篇开始。")
    assert (written.status_code, written.location.partition("#")[0]) == (303, path)
    first = int(written.location.rpartition("-")[2])
    page = text(bob.get(path))
    assert "从最短的一篇开始。" in page
    assert f"{path}/answers" not in forms(page)  # one each

    mod = browser(place.users["mod"])
    second = int(sends(place, mod, question_id, "从序言开始。").location.rpartition("-")[2])
    assert f"/{place.slug}/answers/{first}/vote" in forms(text(mod.get(path)))
    assert mod.post(f"/{place.slug}/answers/{first}/vote", {"value": "1"}).location == f"{path}#answer-{first}"
    assert answer_row(first).up == 1

    page = text(ann.get(path))
    assert forms(page).count(f"{path}/accept") == 2
    version = re.findall(r'name="version" value="(\d+)"', page)[-1]
    chosen = ann.post(f"{path}/accept", {"answer_id": str(second), "version": version})
    assert (chosen.status_code, chosen.location) == (303, f"{path}#answer-{second}")
    stale = ann.post(f"{path}/accept", {"answer_id": str(first), "version": version})
    assert stale.status_code == 422
    assert "data-errors" in text(stale)
    version = str(question(question_id).version)
    ann.post(f"{path}/accept", {"answer_id": str(first), "version": version})
    assert answer_row(first).accepted_at is not None
    ann.post(f"{path}/accept", {"answer_id": "", "version": str(question(question_id).version)})
    assert queries.get_question(place.ann, question_id).accepted_answer_id is None

    edited = bob.post(f"/{place.slug}/answers/{first}/edit", {"body": "从最长的一篇开始。", "version": "1"})
    assert edited.location == f"{path}#answer-{first}"
    assert bob.post(f"/{place.slug}/answers/{first}/delete").location == f"{path}#answers"
    assert answer_row(first).status == "deleted"
    check_question(question_id)


# ---- answering ---------------------------------------------------------------------------------------------------


def test_htmx_gets_the_answer_the_count_and_no_form_any_more(app: Flask, place: Place, bob: Any) -> None:
    question_id = ask(place)
    fragment = text(sends(place, bob, question_id, "从最短的一篇。", htmx=True))
    assert "<html" not in fragment
    answer_id = db.session.scalars(select(Answer.id)).one()
    assert f'id="answer-{answer_id}"' in fragment
    assert 'id="answers-title"' in fragment
    assert re.search(r'<section id="answer-form" hx-swap-oob="true"></section>', fragment)
    assert "<textarea" not in fragment
    assert f'href="/{place.slug}/answers/{answer_id}"' in fragment
    assert f'hx-target="#post-{question_id}"' in fragment


@pytest.mark.parametrize("htmx", [False, True])
def test_an_empty_answer_comes_back_with_the_form(app: Flask, place: Place, bob: Any, htmx: bool) -> None:
    found = sends(place, bob, ask(place), "  \n ", htmx=htmx)
    assert found.status_code == 422
    assert 'id="answer-body-error"' in text(found)
    assert ("<html" in text(found)) != htmx
    assert count() == 0


@pytest.mark.parametrize("htmx", [False, True])
def test_what_was_typed_survives_a_question_that_was_closed_meanwhile(
    app: Flask, place: Place, bob: Any, htmx: bool
) -> None:
    question_id = ask(place)
    operations.close_question(place.ann, question_id, reason="resolved")
    found = sends(place, bob, question_id, "写了很久的一段", htmx=htmx)
    assert found.status_code == 422
    assert "写了很久的一段" in text(found)
    assert 'id="answer-body-error"' in text(found)
    assert count() == 0


@pytest.mark.parametrize("htmx", [False, True])
def test_a_second_answer_is_not_lost_and_the_way_to_the_first_is_shown(
    app: Flask, place: Place, bob: Any, htmx: bool
) -> None:
    question_id = ask(place)
    first = answer(place.bob, question_id)
    page = text(sends(place, bob, question_id, "补充一段", htmx=htmx))
    assert "补充一段" in page
    assert f'href="/{place.slug}/answers/{first}/edit"' in page
    assert count() == 1


def test_a_text_too_long_comes_back_whole(app: Flask, place: Place, bob: Any) -> None:
    found = sends(place, bob, ask(place), "长" * 10_001)
    assert found.status_code == 422
    assert "长" * 10_001 in text(found)


def test_two_clicks_answer_once(app: Flask, place: Place, bob: Any) -> None:
    question_id = ask(place)
    first, second = (sends(place, bob, question_id, "一次", form={"once": ONCE}) for _click in range(2))
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert count() == 1


def test_two_clicks_at_the_same_moment_answer_once(app: Flask, place: Place, browser: Any) -> None:
    question_id, user = ask(place), place.users["bob"]
    windows = [browser(user) for _click in range(3)]
    acts = [lambda w=window: sends(place, w, question_id, "一次", form={"once": ONCE}) for window in windows]
    answers = all_well(together(app, acts))
    assert [found.status_code for found in answers] == [303] * 3
    assert len({found.location for found in answers}) == 1
    assert count() == 1
    check_question(question_id)


def test_whoever_asked_anonymously_is_told_how_their_answer_is_signed(
    app: Flask, place: Place, ann: Any, bob: Any
) -> None:
    question_id = ask(place, anonymous=True)
    mine, other = (text(who.get(f"/{place.slug}/questions/{question_id}")) for who in (ann, bob))
    form = mine.partition('id="answer-form"')[2].partition("</form>")[0]
    assert (
        form.count('class="meta"')
        == other.partition('id="answer-form"')[2].partition("</form>")[0].count('class="meta"') + 1
    )


# ---- editing and taking back -------------------------------------------------------------------------------------


def test_an_answer_edited_in_two_windows_keeps_both_texts(app: Flask, place: Place, bob: Any) -> None:
    answer_id = answer(place.bob, ask(place), "一")
    path = f"/{place.slug}/answers/{answer_id}/edit"
    assert ">\n一</textarea>" in text(bob.get(path))
    assert bob.post(path, {"body": "二", "version": "1"}).status_code == 303
    late = bob.post(path, {"body": "三", "version": "1"})
    assert late.status_code == 422
    assert ">\n三</textarea>" in text(late)
    assert answer_row(answer_id).body == "二"
    assert bob.post(path, {"body": "", "version": "2"}).status_code == 422


def test_an_answer_of_another_circle_is_not_at_this_address(app: Flask, place: Place, make: Make, bob: Any) -> None:
    answer_id = answer(place.bob, ask(place))
    other = make.place()
    for path in (f"/{other.slug}/answers/{answer_id}/edit",):
        assert bob.get(path).status_code == 404
    for act, form in (("edit", {"body": "二"}), ("delete", {}), ("vote", {"value": "1"})):
        assert bob.post(f"/{other.slug}/answers/{answer_id}/{act}", form).status_code == 404
    assert (
        bob.post(f"/{other.slug}/questions/{answer_row(answer_id).question_id}/answers", {"body": "一"}).status_code
        == 404
    )
    assert answer_row(answer_id).status == "published"


def test_an_accepted_answer_is_not_taken_back_and_the_page_says_why(app: Flask, place: Place, bob: Any) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    accept(place.ann, question_id, answer_id)
    page = text(bob.get(f"/{place.slug}/questions/{question_id}"))
    assert f"/{place.slug}/answers/{answer_id}/delete" not in forms(page)
    found = bob.post(f"/{place.slug}/answers/{answer_id}/delete")
    assert found.status_code == 422
    assert "data-errors" in text(found)
    assert answer_row(answer_id).status == "published"


# ---- voting ------------------------------------------------------------------------------------------------------


def test_a_vote_is_pressed_and_pressed_again(app: Flask, place: Place, ann: Any) -> None:
    answer_id = answer(place.bob, ask(place))
    path = f"/{place.slug}/answers/{answer_id}/vote"
    fragment = text(ann.post(path, {"value": "1"}, htmx=True))
    assert "<html" not in fragment
    assert re.search(rf'id="up-{answer_id}" name="value" value="0" aria-pressed="true"', fragment)
    fragment = text(ann.post(path, {"value": "0"}, htmx=True))
    assert re.search(rf'id="up-{answer_id}" name="value" value="1" aria-pressed="false"', fragment)
    assert f'id="down-{answer_id}"' not in fragment  # of the first level
    set_level(place, 2)
    fragment = text(ann.post(path, {"value": "-1"}, htmx=True))
    assert re.search(rf'id="down-{answer_id}" name="value" value="0" aria-pressed="true"', fragment)
    assert (answer_row(answer_id).up, answer_row(answer_id).down) == (0, 1)


@pytest.mark.parametrize("htmx", [False, True])
def test_a_vote_that_the_level_does_not_allow_says_so_beside_the_buttons(
    app: Flask, place: Place, ann: Any, htmx: bool
) -> None:
    answer_id = answer(place.bob, ask(place))
    found = ann.post(f"/{place.slug}/answers/{answer_id}/vote", {"value": "-1"}, htmx=htmx)
    assert found.status_code == 422
    assert "data-errors" in text(found)
    assert ("<html" in text(found)) != htmx
    assert answer_row(answer_id).down == 0


@pytest.mark.parametrize("value", ["", "2", "-2", "1.5", "up", "１"])
def test_only_a_vote_is_a_vote(app: Flask, place: Place, ann: Any, value: str) -> None:
    answer_id = answer(place.bob, ask(place))
    assert ann.post(f"/{place.slug}/answers/{answer_id}/vote", {"value": value}).status_code == 422
    assert answer_row(answer_id).score == 0


def test_nobody_sees_a_vote_button_on_their_own_answer(app: Flask, place: Place, bob: Any, browser: Any) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    path = f"/{place.slug}/questions/{question_id}"
    assert f"/{place.slug}/answers/{answer_id}/vote" not in forms(text(bob.get(path)))
    assert bob.post(f"/{place.slug}/answers/{answer_id}/vote", {"value": "1"}).status_code == 422
    visitor = text(browser().get(path))
    assert f"/login?next={path}" in visitor


# ---- accepting ---------------------------------------------------------------------------------------------------


def test_only_whoever_asked_sees_the_button(app: Flask, place: Place, ann: Any, bob: Any) -> None:
    question_id = ask(place)
    answer(place.bob, question_id)
    path = f"/{place.slug}/questions/{question_id}"
    assert f"{path}/accept" in forms(text(ann.get(path)))
    assert f"{path}/accept" not in forms(text(bob.get(path)))
    assert bob.post(f"{path}/accept", {"answer_id": "", "version": "1"}).status_code == 403


def test_when_the_week_is_over_the_button_is_gone_and_a_late_press_is_told_why(
    app: Flask, place: Place, ann: Any
) -> None:
    question_id = ask(place)
    answer_id = answer(place.bob, question_id)
    accept(place.ann, question_id, answer_id)
    path = f"/{place.slug}/questions/{question_id}"
    with clock.at(clock.now() + timedelta(days=8)):
        assert f"{path}/accept" not in forms(text(ann.get(path)))
        found = ann.post(f"{path}/accept", {"answer_id": "", "version": str(question(question_id).version)})
    assert found.status_code == 422
    assert "data-errors" in text(found)
    assert answer_row(answer_id).accepted_at is not None


@pytest.mark.parametrize(
    "form", [{}, {"version": ""}, {"version": "0"}, {"version": "x"}, {"answer_id": "x", "version": "1"}]
)
def test_a_choice_that_cannot_be_read_changes_nothing(app: Flask, place: Place, ann: Any, form: dict[str, str]) -> None:
    question_id = ask(place)
    answer(place.bob, question_id)
    assert ann.post(f"/{place.slug}/questions/{question_id}/accept", form).status_code == 422
    assert question(question_id).version == 1


def test_a_post_that_is_no_question_has_none_of_these_pages(app: Flask, place: Place, make: Make, ann: Any) -> None:
    post_id = make.post(place)
    assert ann.post(f"/{place.slug}/questions/{post_id}/accept", {"answer_id": "", "version": "1"}).status_code == 404
    assert sends(place, ann, post_id, "一").status_code == 404
    posts.delete_post(place.ann, post_id)
