"""A feed follows what may be read: what was hidden, deleted or closed is in it no more, however the reader asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask

from circle.circles import operations as circles
from circle.core import clock
from circle.posts import operations
from circle.topics import operations as topics
from tests.factories import Make

ATOM = "{http://www.w3.org/2005/Atom}"


def ids_in(answer: Any) -> list[int]:
    assert answer.status_code == 200
    found = ElementTree.fromstring(answer.get_data()).findall(f"{ATOM}entry")
    return [int((entry.findtext(f"{ATOM}id") or "").rpartition("/")[2]) for entry in found]


@pytest.mark.parametrize("act", ["hide", "remove", "delete", "circle"])
def test_what_is_not_for_everybody_any_more_leaves_both_feeds(app: Flask, make: Make, browser: Any, act: str) -> None:
    place = make.place()
    topic = topics.create_topic(place.owner, place.slug, title="早安", slug="morning")
    kept, gone = make.post(place, topic_ids=[topic]), make.post(place, topic_ids=[topic])
    paths = [f"/{place.slug}/feed.xml", f"/{place.slug}/topics/morning/feed.xml"]
    for path in paths:
        assert ids_in(browser().get(path)) == [gone, kept]
    if act == "hide":
        operations.hide_post(place.mod, gone, reason="off topic")
    elif act == "remove":
        operations.remove_post(place.mod, gone, reason="off topic")
    elif act == "delete":
        operations.delete_post(place.ann, gone)
    else:
        circles.update_circle(place.owner, place.slug, visibility="private")
    for path in paths:
        for user in (None, place.users["mod"], place.users["ann"]):
            answer = browser(user).get(path)
            if act == "circle":
                assert answer.status_code == 404
            else:
                assert ids_in(answer) == [kept]
    assert browser().get(f"/{place.slug}/posts/{gone}/share.png").status_code == 404


def test_a_reader_that_knows_only_dates_gets_what_changed_below_the_newest(
    app: Flask, make: Make, browser: Any
) -> None:
    place = make.place()
    old = make.post(place)
    with clock.at(clock.now() + timedelta(minutes=5)):
        new = make.post(place, body="新的")
    path = f"/{place.slug}/feed.xml"
    first = browser().get(path)
    assert ids_in(first) == [new, old]
    with clock.at(clock.now() + timedelta(minutes=10)):
        since = {"If-Modified-Since": first.headers.get("Last-Modified", "Sun, 22 Nov 2099 08:00:00 GMT")}
        operations.hide_post(place.mod, old, reason="off topic")
        assert ids_in(browser().get(path, headers=since)) == [new]
        assert browser().get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
        operations.restore_post(place.mod, old)
        assert ids_in(browser().get(path, headers=since)) == [new, old]
