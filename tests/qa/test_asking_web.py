"""Asking in the composer: the kind that is chosen, nothing lost on the way, drafts and plans, and once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.core import clock, jobs
from circle.core.db import db
from circle.core.errors import CircleError
from circle.core.operation import in_transaction
from circle.posts import operations, queries
from circle.posts.models import Draft, Post
from circle.posts.operations import DraftContent, Plan
from circle.qa.models import Question
from tests.factories import Make, Place
from tests.qa.questioning import ask, check_question, post
from tests.races.together import all_well, together

TITLE = "晨读从哪一篇开始？"
ONCE = "a-value-made-for-this-form"


@pytest.fixture
def place(app: Flask, make: Make) -> Place:
    return make.place()


@pytest.fixture
def ann(place: Place, browser: Any) -> Any:
    return browser(place.users["ann"])


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def text(answer: Any) -> str:
    found: str = answer.get_data(as_text=True)
    return found


def checked(page: str) -> str:
    """The kind that a composer's page has chosen."""
    found = re.findall(r'name="type" value="(\w+)"[^>]* checked', page)
    assert len(found) == 1, found
    kind: str = found[0]
    return kind


def newest() -> Post:
    return db.session.scalars(select(Post).order_by(Post.id.desc()).limit(1)).one()


def asked(place: Place, ann: Any, **values: Any) -> Any:
    return ann.post(f"/{place.slug}/posts", {"type": "question", "title": TITLE, "body": "想听听。"} | values)


# ---- the page ----------------------------------------------------------------------------------------------------


def test_the_composer_has_both_kinds_and_begins_with_the_one_asked_for(app: Flask, place: Place, ann: Any) -> None:
    for path, kind in (
        ("posts/new", "moment"),
        ("posts/new?type=question", "question"),
        ("posts/new?type=x", "moment"),
    ):
        page = text(ann.get(f"/{place.slug}/{path}"))
        assert checked(page) == kind
        assert 'name="anonymous"' in page
        assert (' required minlength="4"' in page) == (kind == "question")


def test_the_short_address_leads_there(app: Flask, place: Place, ann: Any) -> None:
    answer = ann.get(f"/{place.slug}/questions/new?topic=12")
    assert answer.status_code == 303
    assert answer.location == f"/{place.slug}/posts/new?type=question&topic=12"


# ---- asking ------------------------------------------------------------------------------------------------------


def test_asking_leads_to_the_page_of_the_question(app: Flask, place: Place, ann: Any) -> None:
    answer = asked(place, ann)
    question = newest()
    assert (answer.status_code, answer.location) == (303, f"/{place.slug}/questions/{question.id}")
    assert (question.type, question.title, question.anonymous) == ("question", TITLE, False)
    assert TITLE in text(ann.get(answer.location))
    check_question(question.id)


def test_asking_without_a_name(app: Flask, place: Place, ann: Any) -> None:
    answer = asked(place, ann, anonymous="1")
    assert newest().anonymous
    page = text(ann.get(answer.location))
    assert place.users["bob"].nickname not in page


@pytest.mark.parametrize("title", ["", "为何？"])
def test_a_question_without_a_title_comes_back_with_all_that_was_typed(
    app: Flask, place: Place, ann: Any, title: str
) -> None:
    answer = asked(place, ann, title=title, anonymous="1", body="说来话长的一段", once=ONCE)
    assert answer.status_code == 422
    page = text(answer)
    assert checked(page) == "question"
    assert "说来话长的一段" in page
    assert f'name="title" maxlength="80" value="{title}"' in page
    assert 'id="title-error"' in page
    assert 'name="anonymous" value="1" checked' in page
    assert count(Post) == 0
    assert asked(place, ann, body="说来话长的一段", anonymous="1", once=ONCE).status_code == 303  # and is sent again


def test_a_poll_begun_before_is_left_out_of_a_question_and_kept_in_its_draft(
    app: Flask, place: Place, ann: Any
) -> None:
    poll = {"poll_question": "几点？", "poll_options": ["六点", "七点"]}
    ann.post(f"/{place.slug}/drafts", {"type": "question", "title": TITLE, "body": ""} | poll)
    draft = queries.drafts(place.ann).items[0]
    assert (draft.type, draft.poll and draft.poll["options"]) == ("question", ["六点", "七点"])
    assert 'value="几点？"' in text(ann.get(draft.url))
    assert asked(place, ann, **poll).status_code == 303
    assert "poll" not in newest().parts


def test_nobodys_name_is_shown_because_they_changed_the_kind(app: Flask, place: Place, ann: Any) -> None:
    answer = asked(place, ann, type="moment", anonymous="1")
    assert answer.status_code == 422
    page = text(answer)
    assert checked(page) == "moment"
    assert 'name="anonymous" value="1" checked' in page  # there to be taken back
    assert count(Post) == 0


def test_two_clicks_ask_once(app: Flask, place: Place, ann: Any) -> None:
    first, second = (asked(place, ann, once=ONCE) for _click in range(2))
    assert first.location == second.location
    assert (count(Post), count(Question)) == (1, 1)


def test_two_clicks_at_the_same_moment_ask_once(app: Flask, place: Place, browser: Any) -> None:
    user = place.users["ann"]
    windows = [browser(user) for _click in range(3)]
    answers = all_well(together(app, [lambda w=window: asked(place, w, once=ONCE) for window in windows]))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert (count(Post), count(Question)) == (1, 1)


# ---- drafts and plans --------------------------------------------------------------------------------------------


def test_a_draft_keeps_the_kind_and_the_anonymity(app: Flask, place: Place, ann: Any) -> None:
    form = {"type": "question", "title": TITLE, "body": "一", "anonymous": "1", "writer": "w"}
    saved = ann.post(f"/{place.slug}/drafts", form, htmx=True)
    draft_id, seq = re.findall(r'data-id="(\d+)" data-seq="(\d+)"', text(saved))[0]
    draft = queries.get_draft(place.ann, int(draft_id))
    assert (draft.type, draft.anonymous) == ("question", True)
    page = text(ann.get(draft.url))
    assert checked(page) == "question"
    assert 'name="anonymous" value="1" checked' in page
    changed = form | {"type": "moment", "anonymous": "", "draft_id": draft_id, "seq": seq}
    ann.post(f"/{place.slug}/drafts", changed, htmx=True)
    db.session.rollback()
    draft = queries.get_draft(place.ann, int(draft_id))
    assert (draft.type, draft.anonymous, draft.title, draft.body) == ("moment", False, TITLE, "一")
    assert draft.seq == int(seq) + 1


def test_a_draft_from_before_there_were_questions_is_a_moment(app: Flask, place: Place) -> None:
    saved = operations.new_draft(place.ann, place.slug, DraftContent.of(body="早安"))

    def older() -> None:
        draft = db.session.get_one(Draft, saved.id)
        draft.extra = {name: value for name, value in draft.extra.items() if name not in {"type", "anonymous"}}

    in_transaction(older)
    draft = queries.get_draft(place.ann, saved.id)
    assert (draft.type, draft.anonymous) == ("moment", False)
    assert post(operations.publish_draft(place.ann, saved.id)).type == "moment"


def anonymous_draft(place: Place, plan: Plan | None = None, **values: Any) -> operations.Saved:
    said: dict[str, Any] = {"type": "question", "anonymous": True, "title": TITLE, "body": "想听听。"} | values
    return operations.new_draft(place.ann, place.slug, DraftContent.of(**said), plan=plan)


def test_an_anonymous_draft_is_published_anonymously_from_the_composer(app: Flask, place: Place, ann: Any) -> None:
    draft = anonymous_draft(place)
    answer = asked(place, ann, anonymous="1", draft_id=str(draft.id), seq=str(draft.seq))
    assert answer.status_code == 303
    assert (newest().type, newest().anonymous, count(Draft)) == ("question", True, 0)


def test_and_with_one_call_of_the_api(app: Flask, place: Place, api: Any) -> None:
    draft = anonymous_draft(place)
    answer = api(place.users["ann"]).post(f"/me/drafts/{draft.id}/publish", {})
    assert answer.status_code == 201
    assert (answer.get_json()["type"], answer.get_json()["author"]) == ("question", None)
    assert (newest().anonymous, count(Question)) == (True, 1)


def test_and_by_itself_when_its_time_has_come(app: Flask, place: Place) -> None:
    at = clock.now() + timedelta(minutes=10)
    anonymous_draft(place, Plan(at))
    with clock.at(at + timedelta(seconds=1)):
        jobs.run_due()
    db.session.rollback()
    assert (newest().type, newest().anonymous, count(Draft)) == ("question", True, 0)
    check_question(newest().id)


def test_planning_in_the_composer_keeps_kind_and_anonymity(app: Flask, place: Place, ann: Any) -> None:
    at = (clock.now() + timedelta(hours=2)).astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%dT%H:%M")
    poll = {"poll_question": "几点？", "poll_options": ["六点", "七点"]}
    assert asked(place, ann, anonymous="1", publish_at=at, **poll).location == "/me/drafts"
    draft = queries.drafts(place.ann).items[0]
    assert (draft.type, draft.anonymous, draft.poll) == ("question", True, None)
    with clock.at(clock.now() + timedelta(hours=3)):
        jobs.run_due()
    db.session.rollback()
    assert (newest().type, newest().anonymous) == ("question", True)


@pytest.mark.parametrize("values", [{"title": ""}, {"type": "moment"}, {"poll": {"options": ["一", "二"]}}])
def test_what_could_not_be_published_is_not_planned(app: Flask, place: Place, values: dict[str, Any]) -> None:
    with pytest.raises(CircleError):
        anonymous_draft(place, Plan(clock.now() + timedelta(hours=1)), **values)
    assert count(Draft) == 0


def test_a_planned_question_that_lost_its_title_stays_a_draft_with_all_it_has(app: Flask, place: Place) -> None:
    at = clock.now() + timedelta(minutes=10)
    draft = anonymous_draft(place, Plan(at))
    kept = DraftContent.of(type="question", anonymous=True, title="", body="想听听。")
    operations.save_draft(place.ann, draft.id, kept, seq=draft.seq)
    with clock.at(at + timedelta(seconds=1)):
        jobs.run_due()
    db.session.rollback()
    row = queries.get_draft(place.ann, draft.id)
    assert (row.type, row.anonymous, row.body, row.publish_at, bool(row.failure)) == (
        "question", True, "想听听。", None, True,
    )  # fmt: skip
    assert count(Post) == 0


# ---- editing -----------------------------------------------------------------------------------------------------


def test_a_question_is_edited_in_its_own_words_and_stays_what_it_is(app: Flask, place: Place, ann: Any) -> None:
    question_id = ask(place, anonymous=True)
    page = text(ann.get(f"/{place.slug}/posts/{question_id}/edit"))
    assert ' required minlength="4"' in page
    assert 'name="type"' not in page
    assert f'href="/{place.slug}/questions/{question_id}"' in page
    sent = {"title": "晚上读书从哪一篇开始？", "body": "想听听。", "version": "1"}
    answer = ann.post(f"/{place.slug}/posts/{question_id}/edit", sent)
    assert answer.location == f"/{place.slug}/questions/{question_id}"
    row = post(question_id)
    assert (row.type, row.anonymous, row.title) == ("question", True, "晚上读书从哪一篇开始？")
    refused = ann.post(f"/{place.slug}/posts/{question_id}/edit", sent | {"title": "", "version": "2", "body": "还在"})
    assert refused.status_code == 422
    assert "还在" in text(refused)
    assert post(question_id).title == "晚上读书从哪一篇开始？"
