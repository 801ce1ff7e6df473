"""What both storages promise: the same tests over a directory and over a bucket of a local S3 server."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest

from circle.core.errors import Unavailable
from circle.core.storage import LocalStorage, Storage
from circle.core.storage_s3 import S3Address, S3Storage

KEY = "ab/abcdef0123456789.webp"
OTHER = "cd/cdef0123456789ab.mp4"
LONG = 6 * 1024 * 1024 + 17  # more than one block and more than one part


@pytest.fixture(params=["directory", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "directory":
        yield LocalStorage(tmp_path / "media")
        return
    bucket = S3Storage(S3Address.parse(request.getfixturevalue("s3_url")))
    yield bucket
    for stored in list(bucket.list()):
        bucket.delete(stored.key)


def read(store: Storage, key: str, start: int = 0, length: int | None = None) -> bytes:
    return b"".join(store.stream(key, start, length))


@pytest.mark.parametrize("size", [0, 1, 1000, LONG])
def test_what_is_put_can_be_read_back(store: Storage, size: int) -> None:
    data = os.urandom(size)
    store.put(KEY, data)
    assert store.size(KEY) == size
    assert read(store, KEY) == data


def test_a_file_is_put_from_its_beginning_and_stays_open(store: Storage) -> None:
    file = io.BytesIO(os.urandom(LONG))
    file.read(1000)
    store.put(KEY, file, mime="video/mp4")
    store.put(OTHER, file)
    assert not file.closed
    assert read(store, KEY) == read(store, OTHER) == file.getvalue()


def test_any_part_can_be_read(store: Storage) -> None:
    data = os.urandom(LONG)
    store.put(KEY, data)
    for start, length in ((0, 1), (5, 10), (LONG - 3, 3), (1_000_000, 5_000_000), (0, LONG), (7, 0)):
        assert read(store, KEY, start, length) == data[start : start + length]
    assert read(store, KEY, 100) == data[100:]
    assert max(map(len, store.stream(KEY))) <= 2 * 1024 * 1024


def test_putting_again_and_deleting_again_are_harmless(store: Storage) -> None:
    store.put(KEY, b"one")
    store.put(KEY, b"one")
    store.delete(KEY)
    store.delete(KEY)
    assert list(store.list()) == []


def test_what_is_not_there_is_a_file_not_found(store: Storage) -> None:
    for ask in (store.size, store.path, lambda key: list(store.stream(key)), lambda key: store.rename(key, OTHER)):
        with pytest.raises(FileNotFoundError):
            ask(KEY)  # type: ignore[operator]


def test_a_renamed_file_is_at_its_new_key_only(store: Storage) -> None:
    store.put(KEY, b"bytes")
    store.rename(KEY, "trash/abcdef0123456789.webp")
    with pytest.raises(FileNotFoundError):
        store.size(KEY)
    store.rename("trash/abcdef0123456789.webp", KEY)
    assert read(store, KEY) == b"bytes"


def test_a_list_tells_key_size_and_age(store: Storage) -> None:
    store.put(KEY, b"one")
    store.put(OTHER, b"three")
    store.put("takeouts/1234567890.zip", b"x")
    found = {stored.key: stored for stored in store.list()}
    assert {key: stored.size for key, stored in found.items()} == {KEY: 3, OTHER: 5, "takeouts/1234567890.zip": 1}
    for stored in found.values():
        assert abs(stored.modified - datetime.now(UTC)) < timedelta(minutes=5)
    assert [stored.key for stored in store.list("takeouts/")] == ["takeouts/1234567890.zip"]
    assert list(store.list("zz/")) == []


@pytest.mark.parametrize(
    "key", ["", "../x", "ab/abcdefgh", "ab/../../abcdefgh.webp", "other/abcdefgh.webp", "AB/abcdefgh.webp"]
)
def test_anything_but_a_storage_key_is_refused(store: Storage, key: str) -> None:
    store.put(KEY, b"x")
    for use in (
        lambda: store.put(key, b"x"), lambda: store.delete(key), lambda: store.size(key), lambda: store.path(key),
        lambda: list(store.stream(key)), lambda: store.rename(key, OTHER), lambda: store.rename(KEY, key),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="not a storage key"):
            use()
    assert read(store, KEY) == b"x"


def test_only_a_directory_has_paths_and_only_a_bucket_addresses(store: Storage) -> None:
    store.put(KEY, b"x")
    assert (store.path(KEY) is not None) == isinstance(store, LocalStorage)
    assert store.address(KEY) is None, "addresses of the bucket are given out only when that is switched on"


def test_an_address_of_the_bucket_works_without_a_key_for_a_while(s3_url: str) -> None:
    bucket = S3Storage(S3Address.parse(s3_url), presign=True)
    bucket.put(KEY, b"the picture", mime="image/webp")
    address = bucket.address(KEY)
    assert address is not None
    with urlopen(address, timeout=10) as answer:
        assert (answer.read(), answer.headers["Content-Type"]) == (b"the picture", "image/webp")
    bucket.delete(KEY)


def test_a_bucket_out_of_reach_is_unavailable(s3_url: str) -> None:
    there = S3Address.parse(s3_url)
    for address in (replace(there, bucket="another"), replace(there, origin="http://127.0.0.1:1")):
        bucket = S3Storage(address)
        for use in (lambda: bucket.put(KEY, b"x"), lambda: list(bucket.list())):  # noqa: B023
            with pytest.raises(Unavailable):
                use()


def test_what_a_killed_put_left_behind_is_forgotten(tmp_path: Path) -> None:
    store = LocalStorage(tmp_path)
    store.put(KEY, b"x")
    left, fresh = tmp_path / "ab" / "tmpabcdefgh", tmp_path / "ab" / "tmpzyxwvuts"
    for place in (left, fresh):
        place.write_bytes(b"half")
    os.utime(left, (0, 0))
    assert [stored.key for stored in store.list()] == [KEY]
    store.forget_partial(datetime.now(UTC) - timedelta(days=1))
    assert not left.exists()
    assert fresh.exists() and read(store, KEY) == b"x"


@pytest.mark.parametrize(
    "text, origin, region, secret",
    [
        ("s3://key:a%2Fb%2B@host:9000/circle?scheme=http", "http://host:9000", "us-east-1", "a/b+"),
        ("s3://k:s@s3.example.com/my-bucket?region=cn-north-1", "https://s3.example.com", "cn-north-1", "s"),
        ("s3://k:s@oss.example.com/pics/?style=virtual", "https://pics.oss.example.com", "us-east-1", "s"),
    ],
)
def test_an_address_is_read(text: str, origin: str, region: str, secret: str) -> None:
    address = S3Address.parse(text)
    assert (address.origin, address.region, address.secret) == (origin, region, secret)
    assert secret == "s" or secret not in repr(address)


@pytest.mark.parametrize(
    "text",
    [
        "http://k:s@host/bucket", "s3://host/bucket", "s3://k@host/bucket", "s3://k:s@host", "s3://k:s@host/a/b",
        "s3://k:s@host/bucket?scheme=ftp", "s3://k:s@host/bucket?style=x", "s3://k:s@host/bucket?what=1", "s3:///bucket",
        "s3://k:s@host:99999/bucket", "s3://k:s@[::1/bucket", "",
    ],
)  # fmt: skip
def test_a_wrong_address_is_refused_with_a_sentence_that_keeps_the_secret(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w+") as error:
        S3Address.parse(text)
    assert "k:s" not in str(error.value).replace("s3://key:secret@host/bucket", "")
