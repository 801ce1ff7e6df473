"""A post that is a check-in keeps what its campaign asks for, as long as it counts."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage

from circle.checkins import operations
from circle.core import clock
from circle.core.errors import Refused
from circle.media import uploads
from circle.posts import operations as posts
from circle.posts import queries as post_queries
from tests.checkins.campaigning import Week
from tests.factories import Make

LONG = "写够了十个字的一次打卡"


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make, {"min_len": 10})


def body_of(week: Week, post_id: int) -> str:
    return post_queries.get_post(week.owner, post_id).body


def test_an_edit_that_breaks_the_rule_is_refused_and_changes_nothing(week: Week) -> None:
    ann = week.member()
    post_id = week.check_in(ann, 1, body=LONG).post_id
    with week.at(3):
        with pytest.raises(Refused) as refused:
            posts.edit_post(ann, post_id, body="短了")
        assert refused.value.code == "CONTENT_RULE"
        assert body_of(week, post_id) == LONG
        posts.edit_post(ann, post_id, body=LONG + "，又添一句")
    assert body_of(week, post_id).endswith("又添一句")
    assert week.enrollment(ann).done == 1


def test_the_pictures_that_were_asked_for_stay(app: Flask, make: Make) -> None:
    week = Week(make, {"min_images": 1})
    ann = week.member()
    with week.at(1):
        first, second = (
            uploads.take_upload(ann, FileStorage(BytesIO(make.picture()), filename="a.png"), "post")
            for _two in range(2)
        )
        post_id = operations.submit(ann, week.id, body="", media_ids=[first]).post_id
        with pytest.raises(Refused):
            posts.edit_post(ann, post_id, body="没有图", media_ids=[])
        posts.edit_post(ann, post_id, body="换一张", media_ids=[second])
    assert [item.id for item in post_queries.get_post(ann, post_id).media] == [second]


def test_what_waits_for_a_reviewer_is_held_and_what_was_rejected_is_not(app: Flask, make: Make) -> None:
    week = Week(make, {"min_len": 10, "review": "manual"})
    ann = week.member()
    made = week.check_in(ann, 1, body=LONG)
    with week.at(1, 10):
        with pytest.raises(Refused):
            posts.edit_post(ann, made.post_id, body="短了")
        operations.reject_record(week.owner, made.record_id, reason="跑题")
        posts.edit_post(ann, made.post_id, body="随便写")
    assert body_of(week, made.post_id) == "随便写"


def test_after_the_settlement_a_post_is_its_authors_again(week: Week) -> None:
    ann = week.member()
    post_id = week.check_in(ann, 1, body=LONG).post_id
    week.settle()
    with clock.at(week.day(20)):
        posts.edit_post(ann, post_id, body="短了")
    assert body_of(week, post_id) == "短了"
    assert week.enrollment(ann).done == 1


def test_other_posts_are_not_held_to_anything(week: Week) -> None:
    ann = week.member()
    with week.at(1):
        post_id = posts.publish_post(ann, week.slug, body="一条长一点的普通动态")
        posts.edit_post(ann, post_id, body="短")
    assert body_of(week, post_id) == "短"


def test_the_page_that_edits_shows_the_refusal_and_keeps_the_words(week: Week, browser: Any) -> None:
    ann = week.member()
    post_id = week.check_in(ann, 1, body=LONG).post_id
    who, address = browser(ann), f"/{week.slug}/posts/{post_id}/edit"
    with week.at(1, 10):
        assert LONG in who.get(address).get_data(as_text=True)
        answer = who.post(address, {"body": "改短", "version": "1"})
        page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "改短</textarea>" in page
    assert "data-errors" in page
    assert body_of(week, post_id) == LONG


def test_the_api_says_which_rule(week: Week, api: Any) -> None:
    ann = week.member()
    post_id = week.check_in(ann, 1, body=LONG).post_id
    with week.at(1, 10):
        answer = api(ann).patch(f"/posts/{post_id}", {"body": "改短"})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "CONTENT_RULE")
    assert "body" in answer.get_json()["errors"]


def test_deleting_says_that_the_day_is_lost(week: Week, browser: Any) -> None:
    ann = week.member()
    post_id = week.check_in(ann, 1, body=LONG).post_id
    with week.at(1, 10):
        page = browser(ann).get(f"/{week.slug}/posts/{post_id}").get_data(as_text=True)
        plain = posts.publish_post(ann, week.slug, body="普通")
        other = browser(ann).get(f"/{week.slug}/posts/{plain}").get_data(as_text=True)
    confirm = re.compile(r'/delete" data-confirm="([^"]+)"')
    said, usual = confirm.search(page), confirm.search(other)
    assert said is not None
    assert usual is not None
    assert said[1] != usual[1]
