"""The jobs that clear up: nothing that is used anywhere is ever removed, and what nothing uses does not stay."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from circle.core import clock
from circle.core.actor import Actor
from circle.core.db import db
from circle.core.errors import Refused
from circle.core.storage import LocalStorage, storage
from circle.core.storage_s3 import S3Address, S3Storage
from circle.media import jobs, operations, uploads
from circle.media.models import Media
from circle.posts import operations as posts
from circle.posts.models import Draft, DraftMedia
from tests.factories import Make, _add, actor_of
from tests.media import samples
from tests.media.samples import recording


@pytest.fixture(params=["directory", "bucket"])
def place(request: pytest.FixtureRequest, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.param == "bucket":
        bucket = S3Storage(S3Address.parse(request.getfixturevalue("s3_url")))
        for stored in list(bucket.list()):
            bucket.delete(stored.key)
        monkeypatch.setitem(app.extensions, "circle_storage", bucket)
    yield


def take(actor: Actor, data: bytes) -> Media:
    media_id = uploads.take_upload(actor, FileStorage(BytesIO(data), filename="a.pdf"), "post")
    return db.session.get_one(Media, media_id)


def leave(number: int = 0) -> str:
    """A file that no row names; returns its key."""
    data = samples.PDF + b"%d\n%%%%EOF" % number
    upload = uploads.prepare_upload(FileStorage(BytesIO(data), filename="a.pdf"))
    return upload.full.key


def keys() -> set[str]:
    return {stored.key for stored in storage().list()}


def days_later(days: float = 2) -> object:
    return clock.at(clock.now() + timedelta(days=days))


def test_files_that_no_row_names_are_removed_after_a_day(place: None, app: Flask, make: Make) -> None:
    used = take(actor_of(make.user()), recording("voice.webm")).storage_key
    left = {leave(number) for number in range(3)}
    jobs.sweep_files()
    assert keys() == {used} | left, "they may still get their rows"
    with days_later():
        jobs.sweep_files()
        jobs.sweep_files()
    assert keys() == {used}


def test_what_another_row_shares_is_never_removed(place: None, app: Flask, make: Make) -> None:
    me, other = make.user(), make.user()
    mine, theirs = take(actor_of(me), samples.PDF), take(actor_of(other), samples.PDF)
    assert mine.storage_key == theirs.storage_key
    first = posts.publish_post(actor_of(me), make.circle(me).slug, body="one", media_ids=[mine.id])
    posts.publish_post(actor_of(other), make.circle(other).slug, body="two", media_ids=[theirs.id])
    posts.delete_post(actor_of(me), first)
    with days_later(20):
        jobs.forget_unused()
        jobs.sweep_files()
    assert theirs.storage_key in keys()
    assert theirs.id in set(db.session.scalars(select(Media.id)))


def test_a_thumbnail_is_used_as_long_as_its_row(place: None, app: Flask, make: Make) -> None:
    media_id = uploads.take_upload(
        actor_of(make.user()), FileStorage(BytesIO(make.picture((900, 900))), filename="a.png"), "post"
    )
    media = db.session.get_one(Media, media_id)
    assert media.thumb_key != media.storage_key
    with days_later():
        jobs.sweep_files()
    assert keys() == {media.storage_key, media.thumb_key}


def test_other_features_files_are_not_touched(place: None, app: Flask) -> None:
    others = {"takeouts/1234567890-abcdef.zip", "ab/not-made-by-media.webp"}
    for key in others:
        storage().put(key, b"x")
    with days_later(400):
        jobs.sweep_files()
    assert keys() == others


def test_a_file_that_lies_aside_goes_back_if_a_row_names_it_and_away_if_not(
    place: None, app: Flask, make: Make
) -> None:
    used, left = take(actor_of(make.user()), recording("voice.webm")).storage_key, leave()
    for key in (used, left):
        storage().rename(key, operations.trash_key(key))
    jobs.sweep_files()
    assert keys() == {used}


def test_an_upload_of_the_same_content_while_the_file_is_removed_keeps_it(
    place: None, app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = actor_of(make.user())
    data = samples.PDF
    first = take(user, data)
    key = first.storage_key
    rename = storage().rename
    done: list[Media] = []

    def meanwhile(old: str, new: str) -> None:
        if not done:  # the row comes after the look whether one is there, before the file is set aside
            upload = uploads.prepare_upload(FileStorage(BytesIO(data), filename="b.pdf"))
            done.append(db.session.get_one(Media, uploads.store_upload(user, upload)))
        rename(old, new)

    monkeypatch.setattr(storage(), "rename", meanwhile)
    operations.delete_media(user, first.id)
    assert done
    assert keys() == {key}
    assert b"".join(storage().stream(key)) == data


def test_a_storage_that_fails_after_the_commit_does_not_undo_the_upload(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = uploads.prepare_upload(FileStorage(BytesIO(samples.PDF), filename="a.pdf"))

    def fail(_key: str) -> int:
        raise OSError("the network")

    monkeypatch.setattr(storage(), "size", fail)
    media_id = uploads.store_upload(actor_of(make.user()), upload)
    assert db.session.get(Media, media_id) is not None


def test_what_a_draft_holds_is_neither_forgotten_nor_deleted(app: Flask, make: Make) -> None:
    user = make.user()
    media = take(actor_of(user), samples.PDF)
    draft = _add(Draft(author_id=user.id, circle_id=make.circle(user).id))
    _add(DraftMedia(draft_id=draft.id, position=0, media_id=media.id))
    with pytest.raises(Refused) as refused:
        operations.delete_media(actor_of(user), media.id)
    assert refused.value.code == "MEDIA_IN_USE"
    with days_later(30):
        jobs.forget_unused()
        jobs.sweep_files()
    assert keys() == {media.storage_key}


def test_more_files_than_fit_a_batch_are_swept_too(app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_BATCH", 2)
    used = {take(actor_of(make.user()), samples.PDF + b"%d\n%%%%EOF" % number).storage_key for number in range(5)}
    for number in range(5, 12):
        leave(number)
    with days_later():
        jobs.sweep_files()
    assert keys() == used


def test_halves_of_files_are_cleared_up_too(app: Flask) -> None:
    store = storage()
    assert isinstance(store, LocalStorage)
    half = app.config["SETTINGS"].media_dir / "ab" / "tmphalfafile"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"x")
    os.utime(half, (0, 0))
    jobs.sweep_files()
    assert not half.exists()


def test_with_the_wrong_database_nothing_is_removed(app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_FEW", 2)
    take(actor_of(make.user()), recording("voice.webm"))
    left = {leave(number) for number in range(3)}
    with days_later():
        jobs.sweep_files()
    assert left < keys()
