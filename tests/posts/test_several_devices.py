"""One person, several pages and devices, one draft: what is planned or begun in one is safe from the others."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from circle.accounts.models import User
from circle.circles import operations as circles
from circle.core import clock, jobs
from circle.core.db import db
from circle.core.errors import Conflict
from circle.posts import operations, queries
from circle.posts.models import Draft, Post
from circle.posts.operations import DraftContent
from tests.factories import SYSTEM, Make, _set
from tests.races.together import together


@pytest.fixture
def place(make: Make) -> Any:
    return make.place()


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def text(body: str) -> DraftContent:
    return DraftContent.of(body=body)


@pytest.mark.parametrize("writer", ["telephone", "laptop"])
def test_a_page_that_does_not_know_of_the_plan_does_not_change_what_will_appear(
    app: Flask, place: Any, writer: str
) -> None:
    """The laptop plans; the telephone, or the laptop's own page brought back, still saves every few seconds."""
    draft = operations.new_draft(place.ann, place.slug, text("写完了"), writer="laptop")
    at = clock.now() + timedelta(minutes=10)
    operations.plan_draft(place.ann, draft.id, at)
    with pytest.raises(Conflict) as stale:
        operations.save_draft(place.ann, draft.id, text("写完了，再加半"), seq=draft.seq, writer=writer)
    assert stale.value.code == "DRAFT_STALE"
    with clock.at(at + timedelta(minutes=1)):
        jobs.run_due()
        (row,) = db.session.scalars(select(Post.body))
    assert row == "写完了"


def test_of_two_devices_that_save_at_once_one_is_told_and_nothing_is_mixed(app: Flask, place: Any) -> None:
    draft = operations.new_draft(place.ann, place.slug, text("一"), writer="laptop")

    def save(device: str) -> Any:
        return lambda: operations.save_draft(place.ann, draft.id, text(f"一 {device}"), seq=draft.seq, writer=device)

    outcomes = together(app, [save(f"device-{number}") for number in range(4)])
    stale = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    assert len(stale) == 3, outcomes
    kept = queries.get_draft(place.ann, draft.id)
    assert kept.seq == 2
    assert kept.body == f"一 {kept.writer}"


def test_a_first_save_whose_answer_got_lost_makes_no_second_draft(app: Flask, place: Any, browser: Any) -> None:
    ann = browser(place.users["ann"])
    for body in ("早", "早", "早安"):  # the page was never told the number of its draft
        answer = ann.post(f"/{place.slug}/drafts", {"body": body, "writer": "page-1"}, htmx=True)
        assert answer.status_code == 200
    (kept,) = queries.drafts(place.ann).items
    assert kept.body == "早安"
    assert re.search(rf'data-id="{kept.id}" data-seq="{kept.seq}"', answer.get_data(as_text=True))
    ann.post(f"/{place.slug}/drafts", {"body": "别的", "writer": "page-2"}, htmx=True)
    assert count(Draft) == 2


def test_a_planned_draft_that_is_kept_without_a_time_stays_a_draft(app: Flask, place: Any, browser: Any) -> None:
    ann = browser(place.users["ann"])
    draft = operations.new_draft(place.ann, place.slug, text("写完了"), writer="laptop")
    at = clock.now() + timedelta(minutes=10)
    operations.plan_draft(place.ann, draft.id, at)

    def keep(publish_at: str) -> Any:
        seq = str(queries.get_draft(place.ann, draft.id).seq)
        form = {"body": "还没写", "draft_id": str(draft.id), "seq": seq, "publish_at": publish_at}
        assert ann.post(f"/{place.slug}/drafts", form).status_code == 303
        return queries.get_draft(place.ann, draft.id)

    assert keep("2026-01-01T08:00").publish_at == at
    kept = keep("")
    assert (kept.publish_at, kept.body) == (None, "还没写")
    with clock.at(at + timedelta(minutes=1)):
        jobs.run_due()
    assert count(Post) == 0


@pytest.mark.parametrize("how", ["mute", "ban", "leave"])
def test_who_may_not_post_any_more_still_gets_at_their_own_words(
    app: Flask, place: Any, browser: Any, how: str
) -> None:
    words = "很长的一段话，" * 40
    draft = operations.new_draft(place.ann, place.slug, text(words))
    if how == "mute":
        circles.mute_member(SYSTEM, place.slug, place.ann.id, duration_s=3600)
    elif how == "ban":
        circles.ban_member(SYSTEM, place.slug, place.ann.id)
    else:
        circles.leave_circle(place.ann, place.slug)
    ann = browser(place.users["ann"])
    page = ann.get(f"/{place.slug}/posts/new?draft={draft.id}")
    assert page.status_code == 200
    assert words in page.get_data(as_text=True)
    assert ann.get(f"/{place.slug}/posts/new").status_code == 403
    assert ann.post(f"/{place.slug}/posts", {"body": words, "draft_id": str(draft.id), "seq": "1"}).status_code == 403
    assert queries.get_draft(place.ann, draft.id).body == words
    assert browser(place.users["bob"]).get(f"/{place.slug}/posts/new?draft={draft.id}").status_code == 404


def test_nothing_appears_in_the_name_of_an_account_that_is_gone(app: Flask, place: Any) -> None:
    draft = operations.new_draft(place.ann, place.slug, text("明天见"))
    at = clock.now() + timedelta(minutes=10)
    operations.plan_draft(place.ann, draft.id, at)
    _set(User, place.users["ann"].id, {"status": "deleted"})
    with clock.at(at + timedelta(minutes=1)):
        jobs.run_due()
    assert count(Post) == 0
