"""Everybody who might ask for a file of a post, at every address it has, and in every state of the post."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage

from circle.accounts import operations as accounts
from circle.circles import operations as circles
from circle.media import uploads
from circle.posts import operations as posts
from circle.posts.operations import DraftContent
from tests.clients import Browser
from tests.factories import SYSTEM, Make, Place
from tests.media import samples

Browse = Callable[..., Browser]
#: who asks, what was done to them before, and whether a post of a public and of a private circle is theirs to see
PEOPLE: list[tuple[str, Callable[[Place], Any], bool, bool]] = [
    ("bob", lambda place: None, True, True),
    ("bob", lambda place: circles.mute_member(SYSTEM, place.slug, place.bob.person_id, duration_s=3600), True, True),
    ("bob", lambda place: circles.leave_circle(place.bob, place.slug), True, False),
    ("bob", lambda place: circles.remove_member(SYSTEM, place.slug, place.bob.person_id), True, False),
    ("bob", lambda place: circles.ban_member(SYSTEM, place.slug, place.bob.person_id), True, False),
    ("bob", lambda place: accounts.block_user(place.bob, place.ann.person_id), False, False),
    ("bob", lambda place: accounts.block_user(place.ann, place.bob.person_id), False, False),
    ("mod", lambda place: accounts.block_user(place.ann, place.mod.person_id), True, True),
    ("stranger", lambda place: None, True, False),
    ("neighbour", lambda place: None, True, False),
    ("visitor", lambda place: None, True, False),
]
IDS = ["member", "muted", "left", "removed", "banned", "blocks", "is blocked", "moderates", "stranger",
       "owner of another", "visitor"]  # fmt: skip


def voice(place: Place) -> tuple[int, str]:
    """A voice note of Ann, and the address of the file without any signature."""
    data = samples.recording("voice.webm")
    media_id = uploads.take_upload(place.ann, FileStorage(BytesIO(data), "a.webm"), "post")
    return media_id, f"/media/{media_id}/full.weba"


def asking(make: Make, place: Place, who: str, browser: Browse) -> Browser:
    if who == "visitor":
        return browser()
    if who == "neighbour":
        return browser(make.place().owner_user)
    return browser(make.user() if who == "stranger" else place.users[who])


@pytest.mark.parametrize("visibility", ["public", "private"])
@pytest.mark.parametrize("person", PEOPLE, ids=IDS)
def test_a_file_is_for_who_may_read_its_post(
    app: Flask, make: Make, browser: Browse, person: tuple[str, Callable[[Place], Any], bool, bool], visibility: str
) -> None:
    who, before, public, private = person
    place = make.place(visibility=visibility)
    media_id, path = voice(place)
    post_id = make.post(place, media_ids=[media_id])
    before(place)
    client = asking(make, place, who, browser)
    seen = 200 if (public if visibility == "public" else private) else 404
    assert client.get(path).status_code == seen
    assert client.get(path, headers={"Range": "bytes=0-3"}).status_code == (206 if seen == 200 else 404)
    for made_up in (f"{path}?t=", f"{path}?t=99999999999.{'0' * 32}", path.replace("weba", "mp4")):
        assert client.get(made_up).status_code == (seen if "?" in made_up else 404)
    posts.delete_post(place.ann, post_id)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("state", ["draft", "edited", "hidden", "removed"])
def test_a_file_that_is_shown_to_nobody_is_its_owners_alone(
    app: Flask, make: Make, browser: Browse, state: str
) -> None:
    place = make.place()
    media_id, path = voice(place)
    if state == "draft":
        operations = posts.new_draft(place.ann, place.slug, DraftContent.of(media_ids=[media_id]))
        assert operations.id
    else:
        post_id = make.post(place, media_ids=[media_id])
        if state == "edited":
            posts.edit_post(place.ann, post_id, media_ids=[])
        else:
            {"hidden": posts.hide_post, "removed": posts.remove_post}[state](place.mod, post_id, reason="off topic")
    assert browser(place.users["ann"]).get(path).status_code == 200
    for client in (browser(), browser(place.users["bob"]), browser(make.place().owner_user)):
        assert client.get(path).status_code == 404
    assert browser(place.users["mod"]).get(path).status_code == (200 if state == "hidden" else 404)
