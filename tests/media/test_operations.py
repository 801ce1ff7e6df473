"""Rows and files of media."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from circle.accounts import operations as accounts
from circle.accounts.models import User
from circle.core import clock
from circle.core.actor import VISITOR, Actor
from circle.core.db import db
from circle.core.errors import Invalid, NotFound, Refused, TooLarge, Unauthenticated, Unavailable
from circle.media import jobs, operations, queries, uploads
from circle.media.models import Media
from circle.media.probing.limits import MAX_IMAGE
from circle.posts import operations as posts
from tests.factories import Make, actor_of


def take(actor: Actor, data: bytes, purpose: str = "post", name: str = "cat.png") -> int:
    return uploads.take_upload(actor, FileStorage(BytesIO(data), filename=name), purpose)


def files(app: Flask) -> list[Path]:
    return sorted(path for path in app.config["SETTINGS"].media_dir.rglob("*") if path.is_file())


def rows() -> int:
    return db.session.scalar(select(func.count()).select_from(Media)) or 0


def test_an_upload_becomes_a_row_and_two_files_named_by_their_content(app: Flask, make: Make) -> None:
    user = make.user()
    media_id = take(actor_of(user), make.picture((64, 48)), name="a\u202eb\x00c  d.png")
    row = db.session.get_one(Media, media_id)
    assert (row.owner_id, row.kind, row.purpose, row.mime) == (user.id, "image", "post", "image/webp")
    assert (row.width, row.height, row.name) == (64, 48, "abc d.png")
    stored = app.config["SETTINGS"].media_dir / row.storage_key
    assert row.bytes == stored.stat().st_size
    assert row.storage_key[:2] == row.storage_key[3:5]
    assert {path.suffix for path in files(app)} == {".webp"}


def test_the_same_picture_twice_shares_its_files_and_deleting_one_keeps_the_other(app: Flask, make: Make) -> None:
    mine, yours = actor_of(make.user()), actor_of(make.user())
    first, second = take(mine, make.picture()), take(yours, make.picture())
    stored = files(app)
    assert 1 <= len(stored) <= 2
    operations.delete_media(mine, first)
    assert files(app) == stored
    operations.delete_media(yours, second)
    assert files(app) == []


def test_a_file_that_vanished_between_storing_and_commit_is_stored_again(app: Flask, make: Make) -> None:
    upload = uploads.prepare_upload(FileStorage(BytesIO(make.picture()), filename="a.png"))
    for path in files(app):
        path.unlink()
    media_id = uploads.store_upload(actor_of(make.user()), upload)
    row = db.session.get_one(Media, media_id)
    assert (app.config["SETTINGS"].media_dir / row.storage_key).is_file()


def test_a_file_that_is_taken_up_again_while_it_is_removed_stays(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = actor_of(make.user())
    media_id = take(user, make.picture())
    stored = files(app)
    answers = iter([False, True] * len(stored))  # free at first sight, named again after the file is gone
    monkeypatch.setattr(operations, "_is_named", lambda _key: next(answers))
    operations.delete_media(user, media_id)
    assert files(app) == stored


def test_a_file_that_cannot_be_removed_does_not_undo_the_deletion(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = actor_of(make.user())
    media_id = take(user, make.picture())

    def fail(_key: str) -> None:
        raise OSError("disk")

    monkeypatch.setattr(operations, "drop_unnamed", fail)
    operations.delete_media(user, media_id)
    assert rows() == 0


@pytest.mark.parametrize("purpose, size", [("avatar", (400, 400)), ("cover", (700, 306))])
def test_avatars_are_squares_and_covers_are_strips(app: Flask, make: Make, purpose: str, size: tuple[int, int]) -> None:
    media_id = take(actor_of(make.user()), make.picture((700, 500)), purpose)
    row = db.session.get_one(Media, media_id)
    assert (row.width, row.height) == size


def test_a_visitor_uploads_and_deletes_nothing(app: Flask, make: Make) -> None:
    with pytest.raises(Unauthenticated):
        take(VISITOR, make.picture())
    with pytest.raises(Unauthenticated):
        operations.delete_media(VISITOR, 5)
    with pytest.raises(Unauthenticated):
        queries.media_of(VISITOR, [5])


def test_an_unknown_purpose_is_a_mistake_of_the_program(app: Flask, make: Make) -> None:
    upload = uploads.prepare_upload(FileStorage(BytesIO(make.picture()), filename="a.png"))
    with pytest.raises(ValueError, match="purpose"):
        operations.store_upload(actor_of(make.user()), replace(upload, purpose="banner"))


@pytest.mark.parametrize("missing", [None, FileStorage(BytesIO(b""), filename="")])
def test_a_form_without_a_file_says_so_at_the_field(app: Flask, make: Make, missing: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        uploads.take_upload(actor_of(make.user()), missing, "post", field="images")
    assert "images" in refusal.value.errors


@pytest.mark.parametrize(
    "data, code",
    [
        (b"", "MEDIA_EMPTY"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "MEDIA_PROGRAM"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 40, "IMAGE_BROKEN"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_sentence(app: Flask, make: Make, data: bytes, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        take(actor_of(make.user()), data)
    assert refusal.value.code == code
    assert refusal.value.errors["file"] == [refusal.value.sentence]
    assert files(app) == []


def test_ten_megabytes_are_the_limit(app: Flask, make: Make) -> None:
    with pytest.raises(TooLarge):
        take(actor_of(make.user()), make.picture() + b"\0" * MAX_IMAGE)


def test_who_waits_too_long_for_a_place_is_asked_to_try_again(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_PATIENCE", 0.01)
    for _place in range(2):
        assert uploads._places.acquire(blocking=False)
    try:
        with pytest.raises(Unavailable) as refusal:
            take(actor_of(make.user()), make.picture())
        assert refusal.value.retry_after
    finally:
        for _place in range(2):
            uploads._places.release()


def test_a_refused_picture_gives_its_place_back(app: Flask, make: Make) -> None:
    for _attempt in range(3):
        with pytest.raises(Refused):
            take(actor_of(make.user()), b"\x89PNG\r\n\x1a\n no picture")
    take(actor_of(make.user()), make.picture())


def test_one_picks_only_ones_own_pictures_for_a_post_in_the_order_given(app: Flask, make: Make) -> None:
    mine, yours = actor_of(make.user()), actor_of(make.user())
    first, second = take(mine, make.picture()), take(mine, make.picture((20, 20)))
    avatar, other = take(mine, make.picture(), "avatar"), take(yours, make.picture())
    assert [row.id for row in queries.media_of(mine, [second, first, second])] == [second, first]
    assert queries.media_of(mine, []) == []
    for wrong in (avatar, other, 12345):
        with pytest.raises(Invalid) as refusal:
            queries.media_of(mine, [first, wrong])
        assert "media_ids" in refusal.value.errors


def test_what_is_shown_somewhere_cannot_be_deleted(app: Flask, make: Make) -> None:
    user = make.user()
    circle = make.circle(user)
    shown = take(actor_of(user), make.picture())
    posts.publish_post(actor_of(user), circle.slug, body="hello", media_ids=[shown])
    avatar = take(actor_of(user), make.picture(), "avatar")
    accounts.set_avatar(actor_of(user), avatar)
    for media_id in (shown, avatar):
        with pytest.raises(Refused) as refusal:
            operations.delete_media(actor_of(user), media_id)
        assert refusal.value.code == "MEDIA_IN_USE"
    accounts.set_avatar(actor_of(user), None)
    operations.delete_media(actor_of(user), avatar)
    assert db.session.get(Media, avatar) is None


def test_what_belongs_to_somebody_else_cannot_be_deleted(app: Flask, make: Make) -> None:
    media_id = take(actor_of(make.user()), make.picture())
    with pytest.raises(NotFound):
        operations.delete_media(actor_of(make.user()), media_id)
    with pytest.raises(NotFound):
        operations.delete_media(actor_of(make.user()), 4711)
    assert rows() == 1


def test_uploads_shown_nowhere_for_a_week_are_forgotten(app: Flask, make: Make) -> None:
    user = make.user()
    actor = actor_of(user)
    with clock.at(clock.now() - timedelta(days=8)):
        old, avatar, shown = (
            take(actor, make.picture()),
            take(actor, make.picture(), "avatar"),
            take(actor, make.picture((9, 9))),
        )
    fresh = take(actor, make.picture((12, 12)))
    accounts.set_avatar(actor, avatar)
    posts.publish_post(actor, make.circle(user).slug, body="", media_ids=[shown])
    jobs.forget_unused()
    jobs.forget_unused()
    left = set(db.session.scalars(select(Media.id)))
    assert left == {avatar, shown, fresh}
    assert old not in left
    assert db.session.get_one(User, user.id).avatar_id == avatar
