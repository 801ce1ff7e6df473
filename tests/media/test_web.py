"""Who is served which file, and the forms that bring pictures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage

from circle.accounts.models import User
from circle.circles import operations as circles
from circle.circles.models import Circle
from circle.core import clock
from circle.core.db import db
from circle.core.storage import file_url
from circle.media import uploads
from circle.media.models import Media
from circle.posts import operations as posts
from tests.clients import Browser
from tests.factories import Make, actor_of
from tests.media.multipart import multipart

Browse = Callable[..., Browser]


def take(make: Make, user: User, purpose: str = "post") -> int:
    return uploads.take_upload(actor_of(user), FileStorage(BytesIO(make.picture()), filename="a.png"), purpose)


def posted(make: Make, circle: Circle, author: User) -> tuple[str, int]:
    """The path of a picture in a new post, and the post."""
    media_id = take(make, author)
    post_id = posts.publish_post(actor_of(author), circle.slug, body="look", media_ids=[media_id])
    return f"/media/{media_id}/full.webp", post_id


def test_a_picture_is_served_as_what_it_is_and_may_do_nothing(app: Flask, make: Make, browser: Browse) -> None:
    user = make.user()
    response = browser(user).get(f"/media/{take(make, user)}/thumb.webp")
    assert response.status_code == 200
    assert response.content_type == "image/webp"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"] == "inline"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "private, max-age=3600"


def test_a_browser_that_has_the_picture_is_told_so(app: Flask, make: Make, browser: Browse) -> None:
    user = make.user()
    client, path = browser(user), f"/media/{take(make, user)}/full.webp"
    etag = client.get(path).headers["ETag"]
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.get_data()) == (304, b"")
    assert again.headers["Cache-Control"] == "private, max-age=3600"


def test_avatars_and_covers_are_for_everybody_and_for_ever(app: Flask, make: Make, browser: Browse) -> None:
    user = make.user()
    for purpose in ("avatar", "cover"):
        path = f"/media/{take(make, user, purpose)}/full.webp"
        for client in (browser(), browser(make.user())):
            response = client.get(path)
            assert response.status_code == 200
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert "Set-Cookie" not in response.headers


def test_an_upload_that_is_in_no_post_is_its_owners_alone(app: Flask, make: Make, browser: Browse) -> None:
    user = make.user()
    path = f"/media/{take(make, user)}/full.webp"
    assert browser(user).get(path).status_code == 200
    assert browser(make.user()).get(path).status_code == 404
    assert browser().get(path).status_code == 404


def test_a_picture_in_a_public_circle_is_for_everybody(app: Flask, make: Make, browser: Browse) -> None:
    circle = make.circle()
    path, _post = posted(make, circle, make.member(circle))
    assert browser().get(path).status_code == 200
    assert browser(make.user()).get(path).status_code == 200


def test_a_picture_in_a_private_circle_is_for_its_members(app: Flask, make: Make, browser: Browse) -> None:
    circle = make.circle(visibility="private")
    author, member, gone = make.member(circle), make.member(circle), make.member(circle)
    path, _post = posted(make, circle, author)
    circles.leave_circle(actor_of(gone), circle.slug)
    assert browser(author).get(path).status_code == 200
    assert browser(member).get(path).status_code == 200
    for stranger in (browser(), browser(make.user()), browser(gone)):
        assert stranger.get(path).status_code == 404


def test_a_hidden_posts_picture_is_for_its_author_and_moderators(app: Flask, make: Make, browser: Browse) -> None:
    owner = make.user()
    circle = make.circle(owner)
    author, member = make.member(circle), make.member(circle)
    moderator = make.member(circle, "moderator")
    path, post_id = posted(make, circle, author)
    posts.hide_post(actor_of(owner), post_id, reason="not here")
    for somebody, status in ((author, 200), (moderator, 200), (owner, 200), (member, 404), (None, 404)):
        assert browser(somebody).get(path).status_code == status
    posts.restore_post(actor_of(owner), post_id)
    assert browser(member).get(path).status_code == 200


def test_a_deleted_posts_picture_is_nobody_elses_any_more(app: Flask, make: Make, browser: Browse) -> None:
    owner = make.user()
    circle = make.circle(owner)
    author = make.member(circle)
    path, post_id = posted(make, circle, author)
    posts.delete_post(actor_of(author), post_id)
    assert browser(author).get(path).status_code == 200
    assert browser(owner).get(path).status_code == 404
    assert browser().get(path).status_code == 404


def test_a_signed_address_works_for_anybody_until_it_runs_out(app: Flask, make: Make, browser: Browse) -> None:
    circle = make.circle(visibility="private")
    path, _post = posted(make, circle, make.member(circle))
    media_id = int(path.split("/")[2])
    signed = file_url(media_id, "full", signed=True)
    assert signed is not None
    response = browser().get(signed)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, max-age=3600"
    with clock.at(clock.now() + timedelta(hours=2)):
        assert browser().get(signed).status_code == 404


@pytest.mark.parametrize(
    "token", ["", "x", "1.2", "99999999999.00", "\u0661.\u0661", "9" * 40 + ".a", "%00.%00", "a.b.c"]
)
def test_a_made_up_signature_opens_nothing(app: Flask, make: Make, browser: Browse, token: str) -> None:
    path = f"/media/{take(make, make.user())}/full.webp"
    assert browser().get(f"{path}?t={token}").status_code == 404


def test_a_signature_is_good_for_one_address_only(app: Flask, make: Make, browser: Browse) -> None:
    user = make.user()
    first, second = take(make, user), take(make, user)
    token = (file_url(first, "thumb", signed=True) or "").partition("?")[2]
    assert browser().get(f"/media/{first}/thumb.webp?{token}").status_code == 200
    assert browser().get(f"/media/{first}/full.webp?{token}").status_code == 404
    assert browser().get(f"/media/{second}/thumb.webp?{token}").status_code == 404
    assert browser().get(f"/media/{first}/thumb.webp?{token[:-1]}{'0' if token[-1] != '0' else '1'}").status_code == 404


@pytest.mark.parametrize(
    "path", ["/media/0/full.webp", "/media/99999999999999999999/full.webp", "/media/5/full.webp", "/media/5/raw.webp"]
)
def test_there_is_nothing_at_other_addresses(app: Flask, browser: Browse, path: str) -> None:
    assert browser().get(path).status_code == 404


def test_a_lost_file_is_a_404_and_not_a_crash(app: Flask, make: Make, browser: Browse) -> None:
    user = make.user()
    media_id = take(make, user)
    (app.config["SETTINGS"].media_dir / db.session.get_one(Media, media_id).storage_key).unlink()
    assert browser(user).get(f"/media/{media_id}/full.webp").status_code == 404


# ---- forms ---------------------------------------------------------------------------------------------------


def form(data: bytes, **more: Any) -> dict[str, Any]:
    return {"file": (BytesIO(data), "me.png"), **more}


def test_a_new_avatar_is_shown_and_the_old_address_leads_nowhere_new(app: Flask, make: Make, browser: Browse) -> None:
    user = make.user()
    client = browser(user)
    response = client.post("/media/avatar", form(make.picture(), next="/settings/profile"))
    assert (response.status_code, response.headers["Location"]) == (303, "/settings/profile")
    avatar_id = db.session.get_one(User, user.id, populate_existing=True).avatar_id
    assert avatar_id is not None
    assert browser().get(f"/media/{avatar_id}/thumb.webp").status_code == 200


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_an_avatar_form_sends_nobody_to_another_site(app: Flask, make: Make, browser: Browse, target: str) -> None:
    response = browser(make.user()).post("/media/avatar", form(make.picture(), next=target))
    assert response.headers["Location"] == "/settings/profile"


def test_a_bad_avatar_brings_the_form_back_with_the_reason(app: Flask, make: Make, browser: Browse) -> None:
    user = make.user()
    for data in ({}, form(b"no picture"), form(make.picture(), next="x" * 10_000)):
        response = browser(user).post("/media/avatar", data)
        assert response.status_code == 422
        assert 'action="/media/avatar"' in response.get_data(as_text=True)
    assert db.session.get_one(User, user.id, populate_existing=True).avatar_id is None


def test_an_avatar_of_eleven_megabytes_is_too_large(app: Flask, make: Make, browser: Browse) -> None:
    client = browser(make.user())
    body = multipart(b"\0" * (uploads.MAX_IMAGE_REQUEST + 1), "a.png", csrf_token=client.csrf_token())
    response = client.http.post("/media/avatar", **body)
    assert response.status_code == 413


def test_a_visitor_is_sent_to_sign_in(app: Flask, make: Make, browser: Browse) -> None:
    for path in ("/media/avatar", "/media", f"/{make.circle().slug}/manage/cover"):
        response = browser().post(path, form(make.picture()))
        assert response.status_code == 303
        assert "/login" in response.headers["Location"]


def test_who_runs_a_circle_changes_its_cover(app: Flask, make: Make, browser: Browse) -> None:
    owner = make.user()
    circle = make.circle(owner)
    response = browser(owner).post(f"/{circle.slug}/manage/cover", form(make.picture()))
    assert response.status_code == 303
    cover_id = db.session.get_one(Circle, circle.id, populate_existing=True).cover_id
    assert cover_id is not None
    assert browser().get(f"/media/{cover_id}/full.webp").status_code == 200
    again = browser(owner).post(f"/{circle.slug}/manage/cover", form(b"no picture"))
    assert again.status_code == 422
    assert f'action="/{circle.slug}/manage/cover"' in again.get_data(as_text=True)


def test_members_and_strangers_do_not_change_the_cover(
    app: Flask, make: Make, browser: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    circle, private = make.circle(), make.circle(visibility="private")
    monkeypatch.setattr(uploads, "process_image", lambda *_args, **_options: pytest.fail("the picture was looked at"))
    for somebody in (make.member(circle), make.member(circle, "moderator"), make.user()):
        assert browser(somebody).post(f"/{circle.slug}/manage/cover", form(make.picture())).status_code == 403
    assert browser(make.user()).post(f"/{private.slug}/manage/cover", form(make.picture())).status_code == 404


def test_a_picture_of_the_composer_comes_back_as_a_preview_with_its_id(app: Flask, make: Make, browser: Browse) -> None:
    user = make.user()
    client = browser(user)
    response = client.post("/media", form(make.picture()), htmx=True)
    assert response.status_code == 200
    html = response.get_data(as_text=True)
    assert 'name="media_ids"' in html
    assert "<html" not in html
    refused = client.post("/media", form(b"<html>"), htmx=True)
    assert refused.status_code == 422
    assert "toast" in refused.headers["HX-Trigger"]
