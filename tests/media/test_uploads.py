"""Voice, videos and documents on their way in: what becomes of them, how much one may keep, and what is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from circle.core.actor import VISITOR, Actor
from circle.core.db import db
from circle.core.errors import Invalid, NotFound, Refused, TooLarge, Unauthenticated
from circle.core.storage import storage
from circle.media import files, operations, queries, quota, uploads
from circle.media.models import Media
from circle.media.probing import limits
from tests import patience
from tests.clients import ApiClient, Browser
from tests.factories import Make, actor_of
from tests.media import samples
from tests.media.multipart import multipart
from tests.media.samples import PLACE, box, mp4, recording

Api = Callable[..., ApiClient]


def sent(data: bytes, name: str = "file") -> FileStorage:
    return FileStorage(BytesIO(data), filename=name)


def take(actor: Actor, data: bytes, name: str = "file", **more: Any) -> Media:
    return db.session.get_one(Media, uploads.take_upload(actor, sent(data, name), "post", **more))


def stored(media: Media) -> bytes:
    return b"".join(storage().stream(media.storage_key))


@pytest.fixture
def at_most(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the quota of the running application, in bytes."""
    return lambda size: monkeypatch.setattr(quota, "_limit", size)


def test_a_voice_note_is_kept_with_its_length_and_the_wave_that_was_recorded(app: Flask, make: Make) -> None:
    media = take(actor_of(make.user()), recording("voice.m4a"), "录音.m4a", wave="0123454321")
    assert (media.kind, media.mime, media.name) == ("audio", "audio/mp4", "录音.m4a")
    assert media.duration_ms is not None and 1300 < media.duration_ms < 1600
    assert (media.wave, media.thumb_key, media.width) == ("0123454321", None, None)
    assert media.storage_key.endswith(".m4a")
    assert stored(media) == recording("voice.m4a")


def test_a_voice_note_without_a_wave_gets_one_from_its_content(app: Flask, make: Make) -> None:
    assert take(actor_of(make.user()), recording("voice.webm")).wave.isdecimal()


@pytest.mark.parametrize("wave", ["x", "0" * 49, "12 3", "१२", "0\n", "<script>"])
def test_a_wave_consists_of_digits(app: Flask, make: Make, wave: str) -> None:
    with pytest.raises(Invalid) as refused:
        take(actor_of(make.user()), recording("voice.webm"), wave=wave)
    assert "wave" in refused.value.errors


def test_a_video_keeps_its_size_loses_its_place_and_shows_its_poster(app: Flask, make: Make) -> None:
    data = mp4(size=(1080, 1920), extra=box(b"udta", box(b"\xa9xyz", PLACE)))
    media = take(actor_of(make.user()), data, "IMG_1.MOV", poster=sent(make.picture((300, 200)), "poster.jpg"))
    assert (media.kind, media.mime, media.width, media.height) == ("video", "video/mp4", 1080, 1920)
    assert media.duration_ms == 3000
    assert media.thumb_key is not None and media.thumb_key.endswith(".webp")
    assert b"".join(storage().stream(media.thumb_key))[8:12] == b"WEBP"
    kept = stored(media)
    assert PLACE not in kept and len(kept) == len(data) == media.bytes
    row = queries.media_of(actor_of_owner(media), [media.id])[0]
    assert (row.duration_s, row.duration_ms, row.mime) == (3, 3000, "video/mp4")
    assert row.url.startswith(f"/media/{media.id}/full.mp4?t=") and row.thumb_url is not None


def actor_of_owner(media: Media) -> Actor:
    return Actor(id=media.owner_id)


@pytest.mark.parametrize("poster", [None, b"", b"no picture", b"\x89PNG\r\n\x1a\n broken"])
def test_a_video_whose_poster_is_no_picture_is_a_video_all_the_same(
    app: Flask, make: Make, poster: bytes | None
) -> None:
    media = take(actor_of(make.user()), mp4(), poster=None if poster is None else sent(poster))
    row = queries.media_of(actor_of_owner(media), [media.id])[0]
    assert (media.thumb_key, row.thumb_url, row.kind) == (None, None, "video")


@pytest.mark.parametrize(
    "data, name, mime, kept",
    [
        (samples.PDF, "讲义.pdf", "application/pdf", "讲义.pdf"),
        (samples.PDF, "invoice.exe", "application/pdf", "invoice.exe.pdf"),
        (samples.PDF, "." * 10, "application/pdf", "file.pdf"),
        (samples.PDF, "长" * 300 + ".pdf", "application/pdf", "长" * 116 + ".pdf"),
        ("名单\n".encode(), "名单.CSV", "text/plain", "名单.CSV"),
        (b"alert(1)\n", "run.js", "text/plain", "run.js.txt"),
        (b"<b>bold</b>\n", "page.html", "text/plain", "page.html.txt"),
        (samples.archive("a.txt"), "all.zip", "application/zip", "all.zip"),
        (samples.DOCX, "x.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "x.docx"),
        (
            samples.DOCX,
            "x.zip",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "x.zip.docx",
        ),
    ],
)
def test_a_document_is_kept_as_it_is_under_a_name_that_fits_its_content(
    app: Flask, make: Make, data: bytes, name: str, mime: str, kept: str
) -> None:
    media = take(actor_of(make.user()), data, name)
    assert (media.kind, media.mime, media.name) == ("file", mime, kept)
    assert stored(media) == data
    assert (media.thumb_key, media.width, media.duration_ms, media.wave) == (None, None, None, "")


def test_every_type_that_can_be_stored_has_a_name_in_the_column() -> None:
    assert max(map(len, files.EXTENSIONS)) <= Media.__table__.c.mime.type.length
    assert all(files.fitting_name("a" * 500, mime).endswith(f".{end}") for mime, end in files.EXTENSIONS.items())


@pytest.mark.parametrize("kind", ["audio", "video", "file"])
def test_each_kind_has_its_own_limit(app: Flask, make: Make, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(uploads._LARGEST, kind, 1000)
    data = {"audio": recording("voice.webm"), "video": mp4(), "file": samples.PDF + bytes(1000) + b"%%EOF"}[kind]
    with pytest.raises(TooLarge) as refused:
        take(actor_of(make.user()), data)
    assert refused.value.errors["file"]
    assert list(storage().list()) == []


def test_a_film_of_more_than_a_hundred_megabytes_is_not_even_looked_at(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_ANY", 1000)
    monkeypatch.setattr(uploads, "probe", lambda _reader: pytest.fail("it was looked at"))
    with pytest.raises(TooLarge):
        take(actor_of(make.user()), mp4())


@pytest.mark.parametrize("purpose", ["avatar", "cover"])
def test_only_pictures_become_avatars_and_covers(app: Flask, make: Make, purpose: str) -> None:
    for data in (recording("voice.webm"), mp4(), samples.PDF, b"text", b""):
        with pytest.raises(Refused) as refused:
            uploads.take_upload(actor_of(make.user()), sent(data), purpose)
        assert refused.value.code in {"IMAGE_TYPE", "IMAGE_EMPTY"}


@pytest.mark.parametrize(
    "data",
    [
        b"GIF89a<html><script>alert(1)</script>",
        b"GIF89a/*" + bytes(5) + b"*/=1;alert(1)//",
        b"\xff\xd8\xff<svg onload=alert(1)>",
        b"RIFF\0\0\0\0WEBP<script>",
        b"%PDF-1.7<script>alert(1)</script>",
    ],
)
def test_a_file_that_is_two_things_is_none_that_a_browser_would_run(app: Flask, make: Make, data: bytes) -> None:
    with pytest.raises(Refused):
        take(actor_of(make.user()), data)


# ---- quota ---------------------------------------------------------------------------------------------------


def test_who_has_used_up_the_quota_is_told_how_much_it_was(
    app: Flask, make: Make, at_most: Callable[[int], None]
) -> None:
    me, other = actor_of(make.user()), actor_of(make.user())
    size = len(samples.PDF)
    at_most(2 * size)
    for _time in range(2):
        take(me, samples.PDF)
    with pytest.raises(Refused) as refused:
        take(me, samples.PDF)
    assert refused.value.code == "QUOTA_EXCEEDED"
    assert refused.value.errors["file"]
    take(other, samples.PDF)
    assert queries.my_usage(me) == queries.Usage(2 * size, 2 * size, 2)
    at_most(0)
    take(me, samples.PDF)
    assert queries.my_usage(me) == queries.Usage(3 * size, None, 3)
    with pytest.raises(Unauthenticated):
        queries.my_usage(VISITOR)


def test_what_is_deleted_makes_room(app: Flask, make: Make, at_most: Callable[[int], None]) -> None:
    me = actor_of(make.user())
    at_most(len(samples.PDF))
    first = take(me, samples.PDF)
    with pytest.raises(Refused):
        take(me, samples.PDF)
    operations.delete_media(me, first.id)
    take(me, samples.PDF)
    assert queries.my_usage(me) == queries.Usage(len(samples.PDF), len(samples.PDF), 1)


def test_a_file_over_the_quota_is_not_even_stored(app: Flask, make: Make, at_most: Callable[[int], None]) -> None:
    at_most(10)
    with pytest.raises(Refused):
        take(actor_of(make.user()), samples.PDF)
    assert list(storage().list()) == []


def test_of_two_uploads_at_once_only_one_gets_the_last_room(
    app: Flask, make: Make, at_most: Callable[[int], None]
) -> None:
    me = actor_of(make.user())
    db.session.commit()
    prepared = [uploads.prepare_upload(sent(data)) for data in (samples.PDF, samples.PDF + b"\n%%EOF")]
    at_most(prepared[1].bytes)

    def store(upload: files.Upload) -> int | str:
        with app.app_context():
            try:
                return operations.store_upload(me, upload)
            except Refused as refused:
                return refused.code

    answers = patience.at_once(store, prepared)
    assert sorted(map(type, answers), key=str) == [int, str]
    assert db.session.scalar(select(func.count()).select_from(Media)) == 1


# ---- edges ---------------------------------------------------------------------------------------------------


def post(client: ApiClient, data: bytes, name: str, **fields: Any) -> TestResponse:
    return client.post("/media", **multipart(data, name, **fields))


def test_the_api_takes_voice_video_and_files(app: Flask, make: Make, api: Api) -> None:
    client = api(make.user())
    voice = post(client, recording("voice.webm"), "voice.webm", wave="0909").get_json()
    assert (voice["kind"], voice["duration_s"], voice["width"], voice["thumb_url"]) == ("audio", 1, None, None)
    film = post(client, mp4(), "film.mp4", poster=sent(make.picture(), "p.jpg")).get_json()
    assert (film["kind"], film["duration_s"], film["width"]) == ("video", 3, 640)
    assert film["thumb_url"]
    document = post(client, samples.PDF, "讲义.pdf").get_json()
    assert (document["kind"], document["name"], document["duration_s"]) == ("file", "讲义.pdf", None)
    for media in (voice, film, document):
        served = Browser(app).get(media["url"].removeprefix("http://localhost"))
        assert (served.status_code, len(served.get_data())) == (200, media["bytes"])


def test_the_api_says_what_is_wrong(make: Make, api: Api, at_most: Callable[[int], None]) -> None:
    client = api(make.user())
    wrong = post(client, recording("voice.webm"), "v", wave="zz")
    assert (wrong.status_code, list(wrong.get_json()["errors"])) == (422, ["wave"])
    at_most(1 << 20)
    full = post(client, samples.PDF + bytes(1 << 20) + b"%%EOF", "a.pdf")
    assert (full.status_code, full.get_json()["code"]) == (422, "QUOTA_EXCEEDED")
    assert "0 MB" in full.get_json()["detail"] and "1 MB" in full.get_json()["detail"]


def test_the_composer_gets_a_fragment_for_every_kind(make: Make, browser: Callable[..., Browser]) -> None:
    client = browser(make.user())
    for data, name in ((recording("voice.webm"), "v.webm"), (mp4(), "f.mp4"), (samples.PDF, "讲义.pdf")):
        response = client.post("/media", {"file": (BytesIO(data), name)}, htmx=True)
        assert response.status_code == 200
        assert 'name="media_ids"' in response.get_data(as_text=True)


def test_a_large_upload_waits_on_the_disk_of_the_data_directory(
    app: Flask, make: Make, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    prepare = uploads.prepare_upload

    def watch(file: FileStorage, *args: Any, **options: Any) -> files.Upload:
        seen.append(file.stream)
        return prepare(file, *args, **options)

    monkeypatch.setattr(uploads, "prepare_upload", watch)
    client = api(make.user())
    assert post(client, samples.PDF + bytes(2_000_000) + b"%%EOF", "a.pdf").status_code == 201
    assert seen[0]._rolled and (app.config["SETTINGS"].data_dir / "tmp").is_dir()
    assert list((app.config["SETTINGS"].data_dir / "tmp").iterdir()) == [], "it has no name there"


def test_a_stranger_is_not_read_at_length(app: Flask, make: Make, api: Api) -> None:
    body = multipart(samples.PDF + bytes(2_000_000), "a.pdf")
    forged = app.test_client().post("/api/v1/media", headers={"Authorization": "Bearer nobody"}, **body)
    assert forged.status_code == 413
    assert api().post("/media", **body).status_code == 413
    assert api(make.user()).post("/media", **body).status_code == 422, "the member is told that the PDF is broken"


def test_somebody_elses_voice_cannot_be_used(app: Flask, make: Make) -> None:
    media = take(actor_of(make.user()), recording("voice.webm"))
    with pytest.raises(Invalid):
        queries.media_of(actor_of(make.user()), [media.id])
    with pytest.raises(NotFound):
        operations.delete_media(actor_of(make.user()), media.id)
    with pytest.raises(ValueError, match="purpose"):
        operations.store_upload(actor_of(make.user()), replace(uploads.prepare_upload(sent(b"x")), purpose="other"))


def test_the_limits_are_those_that_are_written_down() -> None:
    assert (limits.MAX_IMAGE >> 20, limits.MAX_AUDIO >> 20, limits.MAX_VIDEO >> 20, limits.MAX_FILE >> 20) == (
        10, 10, 100, 50,
    )  # fmt: skip
    assert limits.LONGEST_MS == 300_000
