"""Pages that compose several features."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask

from circle.posts import operations
from circle.topics import operations as topics
from tests.factories import Make

#: what the feed page of a signed-in member may cost; see bench/README.md for what each statement is
FEED_STATEMENTS = 8


def test_the_front_page_shows_public_circles_and_mine(app: Flask, make: Make, browser: Any) -> None:
    public = make.place(name="公开圈")
    private = make.place(name="私密圈", visibility="private", join_mode="invite")
    page = browser().get("/").get_data(as_text=True)
    assert public.circle.name in page
    assert private.circle.name not in page
    assert private.circle.name in browser(private.users["ann"]).get("/").get_data(as_text=True)


def test_a_private_circle_shows_strangers_only_its_cover(app: Flask, make: Make, browser: Any) -> None:
    place = make.place(visibility="private", join_mode="passphrase", passphrase="西红柿")
    make.post(place, body="圈内的话")
    answer = browser().get(f"/{place.slug}")
    assert (answer.status_code, answer.location) == (303, f"/{place.slug}/about")
    about = browser(make.user()).get(f"/{place.slug}/about").get_data(as_text=True)
    assert place.circle.name in about
    assert "圈内的话" not in about
    assert "圈内的话" in browser(place.users["bob"]).get(f"/{place.slug}").get_data(as_text=True)


def test_the_feed_has_its_orders_and_loads_more_in_place(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    for number in range(25):
        make.post(place, body=f"第 {number} 篇")
    bob = browser(place.users["bob"])
    for sort in ("newest", "active", "hot", "following", "owner", "nonsense"):
        assert bob.get(f"/{place.slug}?sort={sort}").status_code == 200
    page = bob.get(f"/{place.slug}").get_data(as_text=True)
    assert "第 24 篇" in page
    assert "第 2 篇" not in page
    more = re.search(r'hx-get="([^"]*cursor=[^"]+)"', page)
    assert more
    rest = bob.get(more[1].replace("&amp;", "&"), headers={"HX-Request": "true"})
    assert "第 2 篇" in rest.get_data(as_text=True)
    assert "<html" not in rest.get_data(as_text=True)
    assert "HX-Request" in rest.headers["Vary"]


def test_a_damaged_cursor_is_a_clear_page_not_a_crash(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    assert browser().get(f"/{place.slug}?cursor=AAAA").status_code == 400


def test_the_feed_page_costs_a_fixed_number_of_statements(
    app: Flask, make: Make, browser: Any, statements: list[str]
) -> None:
    place = make.place()
    topic = topics.create_topic(place.owner, place.slug, title="早安")
    bob = browser(place.users["bob"])

    def cost() -> int:
        bob.get(f"/{place.slug}")  # the first visit may note that the person was here
        statements.clear()
        assert bob.get(f"/{place.slug}").status_code == 200
        return len(statements)

    for _number in range(2):
        post_id = make.post(place, topic_ids=[topic])
        operations.write_comment(place.bob, post_id, body="one")
    few = cost()
    for _number in range(18):
        post_id = make.post(place, topic_ids=[topic])
        operations.write_comment(place.bob, post_id, body="one")
    assert cost() == few <= FEED_STATEMENTS, statements


def test_my_page_counts_what_i_wrote(app: Flask, make: Make, browser: Any) -> None:
    place = make.place()
    post_id = make.post(place)
    operations.like_post(place.bob, post_id, on=True)
    page = browser(place.users["ann"]).get("/me").get_data(as_text=True)
    assert place.circle.name in page
    assert browser().get("/me").status_code == 303


def test_what_somebody_wrote_is_shown_as_far_as_the_reader_may_see(app: Flask, make: Make, browser: Any) -> None:
    public = make.place()
    private = make.place(visibility="private", join_mode="invite")
    ann = public.users["ann"]
    make.member(private.circle, user=ann)
    make.post(public, body="公开的话")
    operations.publish_post(public.ann, private.slug, body="圈内的话")
    page = browser().get(f"/@{ann.username}").get_data(as_text=True)
    assert "公开的话" in page
    assert "圈内的话" not in page
    assert "圈内的话" in browser(private.users["bob"]).get(f"/@{ann.username}").get_data(as_text=True)
    assert browser().get("/@nobody-here").status_code == 404
