"""What a page without a stream asks, and the cards that the pill fetches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from circle.access import SYSTEM
from circle.accounts.models import Block
from circle.core.db import db
from circle.core.operation import in_transaction
from circle.live import web
from circle.notifications import operations as notices
from circle.posts import operations as posts
from tests.clients import Browser
from tests.factories import Make, Place

Browsers = Callable[..., Browser]
HTMX = {"HX-Request": "true"}


def asked(client: Browser, place: Place, since: int = 0) -> dict[str, Any]:
    answer = client.get(f"/live/now?circle={place.slug}&since={since}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()
    return found


def test_new_posts_of_others_are_counted_from_the_newest_one_on_the_page(
    app: Flask, make: Make, browser: Browsers
) -> None:
    place = make.place()
    old = make.post(place)
    bob = browser(place.users["bob"])
    assert asked(bob, place, old) == {"unread": 0, "unread_text": "", "posts": 0, "posts_text": ""}
    make.post(place)
    make.post(place, "mod")
    make.post(place, "bob")
    assert asked(bob, place, old)["posts"] == 2
    assert "2" in asked(bob, place, old)["posts_text"]
    assert asked(browser(place.users["ann"]), place, old)["posts"] == 2
    visitor = asked(browser(), place, old)
    assert (visitor["unread"], visitor["unread_text"], visitor["posts"]) == (None, "", 3)
    assert asked(bob, place)["posts"] == 3


def test_what_is_hidden_pinned_elsewhere_or_in_another_circle_is_no_news(
    app: Flask, make: Make, browser: Browsers
) -> None:
    place, elsewhere = make.place(), make.place()
    old = make.post(place)
    hidden = make.post(place)
    posts.hide_post(SYSTEM, hidden, reason="off topic")
    make.post(elsewhere)
    assert asked(browser(place.users["bob"]), place, old)["posts"] == 0
    # a moderator sees the hidden one by its address, but no list shows it
    assert asked(browser(place.users["mod"]), place, old)["posts"] == 0


def test_who_is_blocked_either_way_is_not_counted(app: Flask, make: Make, browser: Browsers) -> None:
    place = make.place()
    old = make.post(place)
    make.post(place, "ann")
    make.post(place, "admin")
    bob, ann, admin = (place.users[name].id for name in ("bob", "ann", "admin"))

    def block() -> None:
        db.session.add(Block(blocker_id=bob, blocked_id=ann))
        db.session.add(Block(blocker_id=admin, blocked_id=bob))

    in_transaction(block)
    assert asked(browser(place.users["bob"]), place, old)["posts"] == 0


def test_a_post_that_is_gone_is_still_a_place_to_count_from(app: Flask, make: Make, browser: Browsers) -> None:
    place = make.place()
    first, second, third = make.post(place), make.post(place), make.post(place)
    posts.delete_post(place.ann, second)
    client = browser(place.users["bob"])
    assert asked(client, place, second)["posts"] == 1
    assert asked(client, place, first)["posts"] == 1
    assert asked(client, place, third + (2 << 22))["posts"] == 0  # an id of a millisecond later
    assert asked(client, place, first - 1)["posts"] == 2


def test_unread_notices_come_with_their_sentence(app: Flask, make: Make, browser: Browsers) -> None:
    user = make.user()
    notices.notify(user.id, "application.approved", circle_id=make.circle().id, dedupe_key="1", data={})
    answer = browser(user).get("/live/now").get_json()
    assert (answer["unread"], answer["posts"]) == (1, 0)
    assert "1" in answer["unread_text"]


def test_nothing_new_is_a_304(app: Flask, make: Make, browser: Browsers) -> None:
    place = make.place()
    old = make.post(place)
    client = browser(place.users["bob"])
    address = f"/live/now?circle={place.slug}&since={old}"
    first = client.get(address)
    again = {"If-None-Match": first.headers["ETag"]}
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert client.get(address, headers=again).status_code == 304
    make.post(place)
    assert client.get(address, headers=again).status_code == 200


def test_a_private_circle_tells_strangers_nothing(app: Flask, make: Make, browser: Browsers) -> None:
    place = make.place(visibility="private")
    make.post(place)
    for who in (None, make.user()):
        for path in ("/live/now", "/live/posts"):
            assert browser(who).get(f"{path}?circle={place.slug}").status_code == 404


@pytest.mark.parametrize("since", ["x", "-1", "1e3", "9" * 30, "%00", "0x1"])
def test_a_damaged_address_is_refused(app: Flask, make: Make, browser: Browsers, since: str) -> None:
    place = make.place()
    for path in ("/live/now", "/live/posts"):
        assert browser().get(f"{path}?circle={place.slug}&since={since}").status_code == 400
        assert browser().get(f"{path}?circle=%00{since}").status_code == 404


def test_asking_costs_few_statements(app: Flask, make: Make, browser: Browsers, statements: list[str]) -> None:
    place = make.place()
    old = make.post(place)
    make.post(place)
    client = browser(place.users["bob"])
    asked(client, place, old)
    statements.clear()
    asked(client, place, old)
    assert len(statements) == 5, statements  # sign-in, circle, moment, count, notices


def test_the_pill_fetches_the_new_cards_and_says_where_one_was(app: Flask, make: Make, browser: Browsers) -> None:
    place = make.place()
    old = make.post(place, body="old words")
    new = [make.post(place, body=f"new words {number}") for number in range(3)]
    answer = browser(place.users["bob"]).get(f"/live/posts?circle={place.slug}&since={old}", headers=HTMX)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert html.index("new words 2") < html.index("new words 0") < html.index(f'data-newest="{new[-1]}"')
    assert "old words" not in html
    assert "<html" not in html


def test_without_htmx_or_after_a_long_absence_it_is_the_page(app: Flask, make: Make, browser: Browsers) -> None:
    place = make.place()
    client = browser(place.users["bob"])
    plain = client.get(f"/live/posts?circle={place.slug}&since=0")
    assert (plain.status_code, plain.location) == (303, f"/{place.slug}")
    in_transaction(lambda: [make.post(place) for _number in range(web.CARDS + 1)])
    answer = client.get(f"/live/posts?circle={place.slug}&since=0", headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/{place.slug}")


def test_the_feed_says_what_it_shows_and_only_where_it_is_newest_first(
    app: Flask, make: Make, browser: Browsers
) -> None:
    place = make.place()
    page = browser().get(f"/{place.slug}").get_data(as_text=True)
    assert f'data-live-circle="{place.slug}" data-live-since="0"' in page
    post_id = make.post(place)
    assert f'data-live-since="{post_id}"' in browser().get(f"/{place.slug}").get_data(as_text=True)
    assert "data-live-circle" not in browser().get(f"/{place.slug}?sort=hot").get_data(as_text=True)
