"""Files on their way out: ranges, conditions, names and types, alike from a directory and from a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.http import http_date

from circle.app import create_app
from circle.config import Settings, SettingsError
from circle.core import clock
from circle.core.actor import Actor
from circle.core.db import db
from circle.core.storage import file_url
from circle.core.storage_s3 import S3Address, S3Storage
from circle.media import operations, uploads
from circle.media.models import Media
from tests.clients import Browser
from tests.factories import Make, actor_of
from tests.media import samples
from tests.media.samples import mp4

FILM = mp4(seconds=20)
SIZE = len(FILM)


@pytest.fixture(params=["directory", "bucket"], autouse=True)
def place(request: pytest.FixtureRequest, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.param == "bucket":
        bucket = S3Storage(S3Address.parse(request.getfixturevalue("s3_url")))
        monkeypatch.setitem(app.extensions, "circle_storage", bucket)
    yield


@pytest.fixture
def client(app: Flask) -> Browser:
    return Browser(app)


def upload(make: Make, data: bytes = FILM, name: str = "film.mp4", purpose: str = "post") -> Media:
    actor = actor_of(make.user())
    return db.session.get_one(Media, uploads.take_upload(actor, FileStorage(BytesIO(data), filename=name), purpose))


def address(media: Media, variant: str = "full") -> str:
    return file_url(media.id, variant, signed=True, mime=media.mime) or ""


def test_a_film_is_shown_whole(make: Make, client: Browser) -> None:
    media = upload(make)
    response = client.get(address(media))
    assert (response.status_code, response.get_data()) == (200, FILM)
    assert response.headers["Content-Type"] == "video/mp4"
    assert response.headers["Content-Length"] == str(SIZE)
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Content-Disposition"] == "inline"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "private, max-age=3600"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["ETag"] == f'"{media.storage_key}"'
    assert response.headers["Last-Modified"] == http_date(media.created_at)


@pytest.mark.parametrize(
    "asked, start, stop",
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-1", 0, 2),  # how Safari asks first
        ("bytes=100-199", 100, 200),
        ("bytes=100-", 100, SIZE),
        ("bytes=-100", SIZE - 100, SIZE),
        (f"bytes=-{SIZE * 2}", 0, SIZE),
        (f"bytes=10-{SIZE * 2}", 10, SIZE),
        ("bytes=0-", 0, SIZE),
        ("Bytes = 5-6", 5, 7),
    ],
)
def test_a_player_gets_the_part_it_asks_for(make: Make, client: Browser, asked: str, start: int, stop: int) -> None:
    response = client.get(address(upload(make)), headers={"Range": asked})
    assert (response.status_code, response.get_data()) == (206, FILM[start:stop])
    assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert response.headers["Content-Length"] == str(stop - start)
    assert response.headers["Content-Type"] == "video/mp4"


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 5}", "bytes=999999999999-"])
def test_a_part_that_is_not_there_cannot_be_had(make: Make, client: Browser, asked: str) -> None:
    response = client.get(address(upload(make)), headers={"Range": asked})
    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{SIZE}"
    assert response.get_data() == b""


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-9", "bytes=5-1", "bytes=", "bytes=a-b", "pieces=0-1", "x" * 5000, "bytes=--1", "bytes=1-2-3"]
)
def test_a_range_that_cannot_be_read_is_as_if_it_were_not_there(make: Make, client: Browser, asked: str) -> None:
    response = client.get(address(upload(make)), headers={"Range": asked})
    assert (response.status_code, len(response.get_data())) == (200, SIZE)


def test_a_range_holds_only_for_the_file_that_was_begun(make: Make, client: Browser) -> None:
    media = upload(make)
    part = {"Range": "bytes=0-9"}
    tag, date = f'"{media.storage_key}"', http_date(media.created_at)
    for condition in (tag, date):
        assert client.get(address(media), headers={**part, "If-Range": condition}).status_code == 206
    for condition in ('"another"', f"W/{tag}x", http_date(media.created_at - timedelta(days=1)), "rubbish"):
        assert client.get(address(media), headers={**part, "If-Range": condition}).status_code == 200


def test_what_a_browser_has_already_is_not_sent_again(make: Make, client: Browser) -> None:
    media = upload(make)
    for headers in ({"If-None-Match": f'"{media.storage_key}"'}, {"If-Modified-Since": http_date(clock.now())}):
        response = client.get(address(media), headers=headers)
        assert (response.status_code, response.get_data()) == (304, b"")
        assert response.headers["Cache-Control"] == "private, max-age=3600"
    assert client.get(address(media), headers={"If-None-Match": '"another"'}).status_code == 200


def test_head_tells_the_length_and_sends_nothing(make: Make, client: Browser) -> None:
    response = client.http.head(address(upload(make)), headers={"Range": "bytes=0-9"})
    assert (response.status_code, response.get_data()) == (200, b"")
    assert response.headers["Content-Length"] == str(SIZE)
    assert response.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    "data, name, mime, disposition",
    [
        (samples.PDF, "notes.pdf", "application/pdf", "attachment; filename=notes.pdf"),
        (samples.PDF, 'a "b"; c.pdf', "application/pdf", 'attachment; filename="a \\"b\\"; c.pdf"'),
        (
            samples.PDF, "讲义.pdf", "application/pdf",
            "attachment; filename=file.pdf; filename*=UTF-8''%E8%AE%B2%E4%B9%89.pdf",
        ),
        (b"hello\n", "page.html", "text/plain; charset=utf-8", "attachment; filename=page.html.txt"),
    ],
)  # fmt: skip
def test_documents_are_only_ever_kept_never_shown(
    make: Make, client: Browser, data: bytes, name: str, mime: str, disposition: str
) -> None:
    response = client.get(address(upload(make, data, name)))
    assert response.get_data() == data
    assert response.headers["Content-Type"] == mime
    assert response.headers["Content-Disposition"] == disposition
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_avatars_may_be_kept_for_a_year(make: Make, client: Browser) -> None:
    media = upload(make, make.picture(), "me.png", "avatar")
    response = client.get(f"/media/{media.id}/thumb.webp")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "image/webp")
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_file_has_one_address_and_only_its_readers_have_it(make: Make, client: Browser) -> None:
    media = upload(make)
    good = address(media)
    assert client.get(good.replace("full.mp4", "full.webm")).status_code == 404
    assert client.get(good.partition("?")[0]).status_code == 404
    assert client.get(good.replace("full.mp4", "thumb.webp")).status_code == 404, "it has no poster"
    owner = Browser(client.app, db.session.get_one(type(make.user()), media.owner_id))
    assert owner.get(good.partition("?")[0]).status_code == 200
    with clock.at(clock.now() + timedelta(hours=3)):
        assert client.get(good).status_code == 404


def test_a_lost_file_is_a_404(app: Flask, make: Make, client: Browser) -> None:
    media = upload(make)
    app.extensions["circle_storage"].delete(media.storage_key)
    assert client.get(address(media)).status_code == 404
    assert client.get(address(media), headers={"Range": "bytes=0-1"}).status_code == 404


def test_a_deleted_file_is_gone_from_the_storage(app: Flask, make: Make) -> None:
    media = upload(make, samples.PDF + b"\n%%EOF once", "a.pdf")
    key = media.storage_key
    operations.delete_media(Actor(id=media.owner_id), media.id)
    assert key not in {stored.key for stored in app.extensions["circle_storage"].list()}


def test_browsers_may_be_sent_to_the_bucket_itself(
    app: Flask, make: Make, client: Browser, s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "circle_storage", S3Storage(S3Address.parse(s3_url), presign=True))
    film, document = upload(make), upload(make, samples.PDF, "a.pdf")
    sent = client.get(address(film))
    assert sent.status_code == 302
    assert sent.headers["Location"].startswith("http://127.0.0.1:")
    assert "X-Amz-Signature" in sent.headers["Location"]
    assert sent.headers["Cache-Control"] == "private, max-age=120"
    head = client.http.head(address(film))
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(SIZE)), "a bucket would refuse to tell"
    assert client.get(address(document)).status_code == 200, "a bucket would show it instead of saving it"


def test_the_policy_of_pages_allows_the_bucket_that_browsers_are_sent_to(base_settings: Settings, s3_url: str) -> None:
    origin = S3Address.parse(s3_url).origin
    for presign in (True, False):
        app = create_app(replace(base_settings, s3_url=s3_url, s3_presign=presign))
        answer = app.test_client().get("/static/css/components.css", buffered=True)
        assert answer.headers["Content-Security-Policy"].count(origin) == 2 * presign
        assert isinstance(app.extensions["circle_storage"], S3Storage)


def test_a_wrong_bucket_address_stops_the_start(base_settings: Settings) -> None:
    with pytest.raises(SettingsError, match="CIRCLE_S3_URL"):
        create_app(replace(base_settings, s3_url="s3://host"))
