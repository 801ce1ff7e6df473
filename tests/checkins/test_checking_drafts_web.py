"""What was begun and not sent: drafts of a check-in, and the way between its composer and the ordinary one."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from flask import Flask

from circle.checkins import operations
from circle.core.db import db
from circle.posts import operations as posts
from circle.posts import queries as post_queries
from circle.posts.models import Draft
from circle.topics import operations as topics
from tests.checkins.campaigning import Week
from tests.checkins.composing import address, count, text
from tests.factories import Make


@pytest.fixture
def week(app: Flask, make: Make) -> Week:
    return Week(make)


# ---- drafts ----------------------------------------------------------------------------------------------------------


def test_what_is_kept_as_a_draft_comes_back_and_goes_with_the_check_in(week: Week, browser: Any, make: Make) -> None:
    ann = week.member()
    who = browser(ann)
    with week.at(1):
        page = text(who.get(address(week)))
        title = re.search(r'name="title" value="([^"]+)"', page)
        assert title is not None
        form = {"body": "写了一半", "title": title[1], "images": (BytesIO(make.picture()), "a.png")}
        who.post(f"/{week.slug}/drafts", form)
        draft = post_queries.drafts(ann).items[0]
        assert draft.title == title[1]
        assert f'href="{address(week)}?draft={draft.id}"' in text(who.get(address(week)))
        page = text(who.get(f"{address(week)}?draft={draft.id}"))
        assert "写了一半" in page
        kept = re.findall(r'name="media_ids" value="(\d+)"', page)
        sent = {"body": "写完了", "idx": "1", "draft_id": str(draft.id), "seq": str(draft.seq), "media_ids": kept}
        assert who.post(address(week), sent).status_code == 303
    assert count(Draft) == 0
    assert len(post_queries.get_post(ann, week.records(ann)[0].post_id or 0).media) == 1


def test_a_refused_check_in_keeps_its_draft_and_a_newer_one_stays(app: Flask, make: Make, browser: Any) -> None:
    week = Week(make, {"min_len": 5})
    ann = week.member()
    who = browser(ann)
    with week.at(1):
        draft = posts.new_draft(ann, week.slug, posts.DraftContent.of(body="短"))
        who.post(address(week), {"body": "短", "idx": "1", "draft_id": str(draft.id), "seq": "1"})
        assert count(Draft) == 1
        posts.save_draft(ann, draft.id, posts.DraftContent.of(body="从电脑上"), seq=1, writer="laptop")
        page = {"body": "从手机上写的", "idx": "1", "draft_id": str(draft.id), "seq": "1", "writer": "phone"}
        assert who.post(address(week), page).status_code == 303
    assert post_queries.drafts(ann).items[0].body == "从电脑上"


def test_the_draft_of_somebody_else_is_neither_shown_nor_taken(week: Week, browser: Any) -> None:
    ann, ben = week.member(), week.member()
    with week.at(1):
        draft = posts.new_draft(ann, week.slug, posts.DraftContent.of(body="我的秘密"))
        who = browser(ben)
        assert "我的秘密" not in text(who.get(f"{address(week)}?draft={draft.id}"))
        form = {"body": "打卡", "idx": "1", "draft_id": str(draft.id), "seq": "1"}
        assert who.post(address(week), form).status_code == 303
    assert count(Draft) == 1


# ---- the ordinary composer -------------------------------------------------------------------------------------------


def test_the_ordinary_composer_leads_to_the_check_in_of_a_campaign_one_takes_part_in(week: Week, browser: Any) -> None:
    ann, ben = week.member(), week.member(enrolled=False)
    with week.at(1):
        assert f'href="{address(week)}"' in text(browser(ann).get(f"/{week.slug}/posts/new"))
        assert address(week) not in text(browser(ben).get(f"/{week.slug}/posts/new"))
    week.check_in(ann, 1)
    with week.at(1, 9):
        assert address(week) not in text(browser(ann).get(f"/{week.slug}/posts/new"))


def test_what_could_not_be_a_check_in_goes_into_the_topic_of_the_campaign(app: Flask, make: Make, browser: Any) -> None:
    week = Week(make, publish=False)
    with week.at(-1):
        topic_id = topics.create_topic(week.owner, week.slug, title="早安打卡")
        db.session.remove()
        plan = operations.Plan("早安", week.campaign.start_date, week.campaign.end_date, topic_id=topic_id)
        campaign_id = operations.create_campaign(week.owner, week.slug, plan)
        operations.publish_campaign(week.owner, campaign_id)
        week.id = campaign_id
    ann = week.member()
    with week.at(8):
        page = text(browser(ann).post(address(week), {"body": "晚了", "idx": "7"}))
    assert f'name="topic_ids" value="{topic_id}"' in page
