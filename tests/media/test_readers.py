"""Everybody who might ask for a file of a post, at every address it has, and in every state of the post."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage

from circle.access import Actor
from circle.accounts import operations as accounts
from circle.circles import operations as circles
from circle.media import uploads
from circle.posts import operations as posts
from circle.posts.operations import DraftContent
from tests.clients import Browser
from tests.factories import SYSTEM, Make, Place, actor_of
from tests.media import samples

Browse = Callable[..., Browser]
#: a member, what was done to them, and whether a post of Ann's in a public and in a private circle is theirs to see
MEMBERS: dict[str, tuple[Callable[[Place, Actor], Any], bool, bool]] = {
    "member": (lambda place, who: None, True, True),
    "muted": (lambda place, who: circles.mute_member(SYSTEM, place.slug, who.person_id, duration_s=3600), True, True),
    "left": (lambda place, who: circles.leave_circle(who, place.slug), True, False),
    "removed": (lambda place, who: circles.remove_member(SYSTEM, place.slug, who.person_id), True, False),
    "banned": (lambda place, who: circles.ban_member(SYSTEM, place.slug, who.person_id), True, False),
    "blocks her": (lambda place, who: accounts.block_user(who, place.ann.person_id), False, False),
    "blocked by her": (lambda place, who: accounts.block_user(place.ann, who.person_id), False, False),
}


def voice(place: Place) -> tuple[int, str]:
    """A voice note of Ann, and the address of the file without any signature."""
    data = samples.recording("voice.webm")
    media_id = uploads.take_upload(place.ann, FileStorage(BytesIO(data), "a.webm"), "post")
    return media_id, f"/media/{media_id}/full.weba"


@pytest.mark.parametrize("visibility", ["public", "private"])
def test_a_file_is_for_who_may_read_its_post(app: Flask, make: Make, browser: Browse, visibility: str) -> None:
    place, open_ = make.place(visibility=visibility), visibility == "public"
    media_id, path = voice(place)
    post_id = make.post(place, media_ids=[media_id])
    asking = {"visitor": (browser(), open_), "stranger": (browser(make.user()), open_)}
    asking["owner of another"] = browser(make.place().owner_user), open_
    accounts.block_user(place.ann, place.mod.person_id)
    asking["moderator whom she blocked"] = browser(place.users["mod"]), True
    for name, (act, public, private) in MEMBERS.items():
        person = make.member(place.circle)
        act(place, actor_of(person))
        asking[name] = browser(person), public if open_ else private
    for name, (client, sees) in asking.items():
        whole, part = client.get(path), client.get(path, headers={"Range": "bytes=0-3"})
        assert (whole.status_code, part.status_code) == ((200, 206) if sees else (404, 404)), name
        for made_up in ("?t=", f"?t=99999999999.{'0' * 32}"):
            assert (client.get(path + made_up).status_code == 200) is sees, name
        assert client.get(path.replace("weba", "mp4")).status_code == 404
    posts.delete_post(place.ann, post_id)
    for name, (client, _sees) in asking.items():
        assert client.get(path).status_code == 404, name


@pytest.mark.parametrize("state", ["draft", "edited", "hidden", "removed"])
def test_a_file_that_is_shown_to_nobody_is_its_owners_alone(
    app: Flask, make: Make, browser: Browse, state: str
) -> None:
    place = make.place()
    media_id, path = voice(place)
    if state == "draft":
        posts.new_draft(place.ann, place.slug, DraftContent.of(media_ids=[media_id]))
    else:
        post_id = make.post(place, media_ids=[media_id])
        if state == "edited":
            posts.edit_post(place.ann, post_id, media_ids=[])
        else:
            {"hidden": posts.hide_post, "removed": posts.remove_post}[state](place.mod, post_id, reason="off topic")
    assert browser(place.users["ann"]).get(path).status_code == 200
    for client in (browser(), browser(place.users["bob"]), browser(make.user())):
        assert client.get(path).status_code == 404
    assert browser(place.users["mod"]).get(path).status_code == (200 if state == "hidden" else 404)
