"""Pages of topics."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from circle.core.db import db
from circle.topics import operations
from circle.topics.models import Topic
from tests.clients import Browser
from tests.factories import SYSTEM, Make

Browse = Callable[..., Browser]


def topic(id_: int) -> Topic:
    return db.session.get_one(Topic, id_, populate_existing=True)


def test_the_topics_of_a_circle_are_cards_with_a_way_to_follow(app: Flask, make: Make, browser: Browse) -> None:
    circle = make.circle()
    member = make.member(circle)
    operations.create_topic(SYSTEM, circle.slug, title="<b>晚安</b>", slug="night", intro='"quoted" & <i>')
    page = browser(member).get(f"/{circle.slug}/topics").get_data(as_text=True)
    assert "&lt;b&gt;晚安" in page
    assert "<b>晚安" not in page
    assert f'href="/{circle.slug}/topics/night"' in page
    assert f'action="/{circle.slug}/topics/night/follow"' in page
    assert f"/{circle.slug}/topics/new" not in page
    visitor = browser().get(f"/{circle.slug}/topics").get_data(as_text=True)
    assert f'action="/{circle.slug}/topics/night/follow"' not in visitor
    assert f"/{circle.slug}/topics/new" in browser(make.member(circle, "moderator")).get(
        f"/{circle.slug}/topics"
    ).get_data(as_text=True)


def test_a_circle_without_topics_says_what_to_do(app: Flask, make: Make, browser: Browse) -> None:
    owner = make.user()
    circle = make.circle(owner)
    for somebody in (owner, make.member(circle), None):
        response = browser(somebody).get(f"/{circle.slug}/topics")
        assert response.status_code == 200
        assert "empty" in response.get_data(as_text=True)


def test_topics_of_a_private_circle_are_not_there_for_strangers(app: Flask, make: Make, browser: Browse) -> None:
    circle = make.circle(visibility="private")
    for path in ("topics", "topics/new", "topics/night", "topics/night/edit"):
        assert browser(make.user()).get(f"/{circle.slug}/{path}").status_code == 404
    assert browser(make.user()).post(f"/{circle.slug}/topics/night/follow", {"on": "1"}).status_code == 404


def test_following_works_with_and_without_javascript(app: Flask, make: Make, browser: Browse) -> None:
    circle = make.circle()
    id_ = operations.create_topic(SYSTEM, circle.slug, title="Night", slug="night")
    client, path = browser(make.member(circle)), f"/{circle.slug}/topics/night/follow"
    response = client.post(path, {"on": "1"})
    assert (response.status_code, response.headers["Location"]) == (303, f"/{circle.slug}/topics/night")
    assert topic(id_).follower_count == 1
    fragment = client.post(path, {"on": "0"}, htmx=True)
    html = fragment.get_data(as_text=True)
    assert fragment.status_code == 200
    assert html.strip().startswith("<form")
    assert 'name="on" value="1"' in html
    assert 'aria-pressed="false"' in html
    assert 'id="followers-night" hx-swap-oob="true"' in html
    assert "HX-Request" in fragment.headers["Vary"]
    assert topic(id_).follower_count == 0


@pytest.mark.parametrize("on", ["", "2", "yes", "1\x00", "x" * 10_000])
def test_a_follow_that_says_neither_yes_nor_no_changes_nothing(
    app: Flask, make: Make, browser: Browse, on: str
) -> None:
    circle = make.circle()
    id_ = operations.create_topic(SYSTEM, circle.slug, title="Night", slug="night")
    response = browser(make.member(circle)).post(f"/{circle.slug}/topics/night/follow", {"on": on}, htmx=True)
    assert response.status_code == 422
    assert topic(id_).follower_count == 0


def test_a_visitor_who_follows_is_sent_to_sign_in_and_a_stranger_to_join(
    app: Flask, make: Make, browser: Browse
) -> None:
    circle = make.circle()
    operations.create_topic(SYSTEM, circle.slug, title="Night", slug="night")
    path = f"/{circle.slug}/topics/night/follow"
    assert "/login" in browser().post(path, {"on": "1"}).headers["Location"]
    assert browser(make.user()).post(path, {"on": "1"}).status_code == 403


def test_a_moderator_opens_a_topic_with_a_form(app: Flask, make: Make, browser: Browse) -> None:
    circle = make.circle()
    client = browser(make.member(circle, "moderator"))
    assert client.get(f"/{circle.slug}/topics/new").status_code == 200
    response = client.post(f"/{circle.slug}/topics", {"title": "Morning", "intro": "line\r\nline", "slug": ""})
    assert (response.status_code, response.headers["Location"]) == (303, f"/{circle.slug}/topics/morning")
    again = client.post(f"/{circle.slug}/topics", {"title": "Morning", "intro": "kept text"})
    page = again.get_data(as_text=True)
    assert again.status_code == 422
    assert "kept text" in page
    assert "data-errors" in page
    assert client.get(f"/{circle.slug}/topics/morning").status_code == 200


@pytest.mark.parametrize("title", ["", "a\x00", "\u202e", "x" * 10_000, "#", "字" * 25])
def test_a_hostile_title_brings_the_form_back_or_is_cleaned(
    app: Flask, make: Make, browser: Browse, title: str
) -> None:
    owner = make.user()
    circle = make.circle(owner)
    response = browser(owner).post(f"/{circle.slug}/topics", {"title": title})
    assert response.status_code in {303, 422}


def test_a_topic_is_edited_with_a_form_and_a_stale_form_overwrites_nothing(
    app: Flask, make: Make, browser: Browse
) -> None:
    owner = make.user()
    circle, client = make.circle(owner), browser(owner)
    id_ = operations.create_topic(SYSTEM, circle.slug, title="Night", slug="night", intro="old")
    path = f"/{circle.slug}/topics/night/edit"
    page = client.get(path).get_data(as_text=True)
    assert 'value="Night"' in page
    assert 'name="version" value="1"' in page
    sent = {"title": "Late", "intro": "", "status": "archived", "version": "1"}
    assert client.post(path, sent).status_code == 303
    assert (topic(id_).title, topic(id_).intro, topic(id_).status, topic(id_).slug) == ("Late", "", "archived", "night")
    stale = client.post(path, {**sent, "title": "Mine"})
    assert stale.status_code == 422
    assert 'value="Mine"' in stale.get_data(as_text=True)
    assert topic(id_).title == "Late"


def test_members_do_not_see_the_forms(app: Flask, make: Make, browser: Browse) -> None:
    circle = make.circle()
    operations.create_topic(SYSTEM, circle.slug, title="Night", slug="night")
    client = browser(make.member(circle))
    assert client.get(f"/{circle.slug}/topics/new").status_code == 403
    assert client.get(f"/{circle.slug}/topics/night/edit").status_code == 403
    assert client.post(f"/{circle.slug}/topics", {"title": "x"}).status_code == 403
    assert client.post(f"/{circle.slug}/topics/night/edit", {"title": "x"}).status_code == 403
    assert "/login" in browser().get(f"/{circle.slug}/topics/new").headers["Location"]


def test_the_page_of_a_topic_has_its_header(app: Flask, make: Make, browser: Browse) -> None:
    owner = make.user()
    circle = make.circle(owner)
    operations.create_topic(SYSTEM, circle.slug, title="Night", slug="night", intro="quiet hours")
    page = browser(owner).get(f"/{circle.slug}/topics/night").get_data(as_text=True)
    assert "quiet hours" in page
    assert f'href="/{circle.slug}/topics/night/edit"' in page
    assert 'id="follow-night"' in page


def test_a_double_click_opens_one_topic(app: Flask, make: Make, browser: Browse) -> None:
    place = make.place()
    mod, path = browser(place.users["mod"]), f"/{place.slug}/topics"
    assert 'name="once" value="' in mod.get(f"{path}/new").get_data(as_text=True)
    answers = [mod.post(path, {"title": "晨间书桌", "once": "o" * 24}) for _click in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
