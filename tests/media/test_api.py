"""Uploads over JSON."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from circle.core.db import db
from circle.media import uploads
from circle.media.models import Media
from tests.clients import ApiClient, Browser
from tests.factories import Make
from tests.media.multipart import multipart

Api = Callable[..., ApiClient]


def send(client: ApiClient, data: bytes, name: str = "a.png", headers: dict[str, str] | None = None) -> TestResponse:
    return client.post("/media", headers=headers or {}, **multipart(data, name))


def fetch(app: Flask, address: str) -> TestResponse:
    """What is at an absolute address, asked for without any token or cookie."""
    assert address.startswith("http://localhost/")
    return Browser(app).get(address.removeprefix("http://localhost"))


def test_an_uploaded_picture_is_answered_as_media_whose_addresses_work_without_a_token(
    app: Flask, make: Make, api: Api
) -> None:
    response = send(api(make.user()), make.picture((640, 480)), "早餐.png")
    assert response.status_code == 201
    media = response.get_json()
    assert media["id"].isdecimal()
    assert (media["kind"], media["width"], media["height"]) == ("image", 640, 480)
    assert (media["name"], media["duration_s"]) == ("早餐.png", None)
    for address in (media["url"], media["thumb_url"]):
        served = fetch(app, address)
        assert served.status_code == 200
        assert Image.open(BytesIO(served.get_data())).format == "WEBP"
    assert media["bytes"] == len(fetch(app, media["url"]).get_data())


def test_a_visitor_cannot_upload(make: Make, api: Api) -> None:
    assert send(api(), make.picture()).status_code == 401


@pytest.mark.parametrize(
    "data, code",
    [
        (b"", "MEDIA_EMPTY"),
        (b"GIF89a", "IMAGE_BROKEN"),
        (b"<html><script>alert(1)</script>", "MEDIA_PROGRAM"),
        (b"MZ\x90\0\3\0\0\0", "MEDIA_TYPE"),
    ],
)
def test_what_cannot_be_taken_is_a_422_with_its_own_code(make: Make, api: Api, data: bytes, code: str) -> None:
    response = send(api(make.user()), data, "a.jpg")
    assert (response.status_code, response.get_json()["code"]) == (422, code)
    assert response.get_json()["errors"]["file"]


def test_more_than_ten_megabytes_is_a_413(make: Make, api: Api) -> None:
    client = api(make.user())
    for size in (uploads.MAX_IMAGE + 1, uploads.MAX_REQUEST + 1):
        response = send(client, make.picture() + b"\0" * size)
        assert (response.status_code, response.get_json()["code"]) == (413, "TOO_LARGE")


def test_a_request_without_a_file_names_the_field(make: Make, api: Api) -> None:
    client = api(make.user())
    for kwargs in ({"json": {"file": "x"}}, {"data": {"file": "text, not a file"}}, {"data": {}}):
        response = client.call("POST", "/media", **kwargs)
        assert response.status_code == 422
        assert response.get_json()["errors"]["file"]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.png", "a\x00b.png", "x" * 5000 + ".png", "a\u202egpj.exe", "\u200b"]
)
def test_hostile_file_names_are_only_names(make: Make, api: Api, name: str) -> None:
    response = send(api(make.user()), make.picture(), name)
    assert response.status_code < 500
    if response.status_code == 201:
        assert len(response.get_json()["name"]) <= 120
        assert "\u202e" not in response.get_json()["name"]


def test_the_same_idempotency_key_makes_one_row(make: Make, api: Api) -> None:
    client = api(make.user())
    first, second = (send(client, make.picture(), headers={"Idempotency-Key": "k1"}) for _time in range(2))
    assert first.get_json() == second.get_json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(db.session.scalars(select(Media.id)).all()) == 1
    other = send(client, make.picture((9, 9)), headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.get_json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_a_picture_is_worked_on_before_the_transaction_of_an_idempotent_request(
    make: Make, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside: list[bool] = []
    process = uploads.process_image

    def watch(data: bytes, **options: object) -> object:
        inside.append("work" in db.session().info)
        return process(data, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(uploads, "process_image", watch)
    assert send(api(make.user()), make.picture(), headers={"Idempotency-Key": "k2"}).status_code == 201
    assert inside == [False]


def test_one_deletes_ones_own_upload_and_nobody_elses(make: Make, api: Api) -> None:
    mine, yours = api(make.user()), api(make.user())
    media_id = send(mine, make.picture()).get_json()["id"]
    assert yours.delete(f"/media/{media_id}").status_code == 404
    assert api().delete(f"/media/{media_id}").status_code == 401
    assert mine.delete(f"/media/{media_id}").status_code == 204
    assert mine.delete(f"/media/{media_id}").status_code == 404


def test_a_picture_in_a_post_stays(make: Make, api: Api) -> None:
    user = make.user()
    circle, client = make.circle(user), api(user)
    media_id = send(client, make.picture()).get_json()["id"]
    assert client.post(f"/circles/{circle.slug}/posts", json={"body": "hi", "media_ids": [media_id]}).status_code == 201
    response = client.delete(f"/media/{media_id}")
    assert (response.status_code, response.get_json()["code"]) == (422, "MEDIA_IN_USE")


def test_somebody_elses_picture_cannot_be_put_into_a_post(make: Make, api: Api) -> None:
    circle = make.circle()
    mine, yours = api(make.member(circle)), api(make.member(circle))
    media_id = send(mine, make.picture()).get_json()["id"]
    response = yours.post(f"/circles/{circle.slug}/posts", json={"body": "hi", "media_ids": [media_id]})
    assert response.status_code == 422
    assert response.get_json()["errors"]["media_ids"]


def hostile(shared_data: Path) -> list[Path]:
    found = sorted(path for path in (shared_data / "adversarial" / "images").iterdir() if path.suffix != ".json")
    assert found
    return found


@pytest.mark.slow
def test_no_hostile_picture_is_more_than_a_refusal(app: Flask, make: Make, api: Api, shared_data: Path) -> None:
    client = api(make.user())
    accepted = 0
    for path in hostile(shared_data):
        response = send(client, path.read_bytes(), path.name)
        assert response.status_code in {201, 413, 422}, path.name
        if response.status_code != 201:
            continue
        accepted += 1
        for name in ("url", "thumb_url"):
            answer = fetch(app, response.get_json()[name])
            assert answer.status_code == 200, path.name
            served = answer.get_data()
            picture = Image.open(BytesIO(served))
            assert picture.format == "WEBP"
            assert not {"exif", "xmp", "icc_profile"} & set(picture.info), path.name
            assert not any(mark in served for mark in (b"<script", b"phpinfo", b"Exif\0\0", b"http://ns.adobe.com"))
    assert accepted > 10


def test_where_a_photograph_was_taken_is_gone_from_what_is_served(app: Flask, make: Make, api: Api) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[1] = "N"
    file = BytesIO()
    Image.new("RGB", (50, 40)).save(file, "JPEG", exif=exif, comment=b"SecretComment")
    assert b"SecretCamera" in file.getvalue()
    media = send(api(make.user()), file.getvalue(), "a.jpg").get_json()
    served = fetch(app, media["url"]).get_data()
    assert b"Secret" not in served
    assert not Image.open(BytesIO(served)).getexif()
