from __future__ import annotations

import errno
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from circle.core import clock, storage
from circle.core.storage import SIGNED_FOR, LocalStorage, file_url, is_signed
from tests import patience

KEY = "ab/abcdef0123456789.webp"
NOW = datetime(2026, 11, 21, 10, 20, 30, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "media")


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_secret", b"s" * 32)


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_what_is_put_can_be_read_back(store: LocalStorage, tmp_path: Path) -> None:
    data = os.urandom(200_000)
    store.put(KEY, data)
    assert store.path(KEY).read_bytes() == data
    assert files(tmp_path) == [f"media/{KEY}"]
    assert store.path(KEY).stat().st_mode & 0o777 == 0o644


def test_putting_again_and_deleting_again_are_harmless(store: LocalStorage, tmp_path: Path) -> None:
    store.put(KEY, b"one")
    store.put(KEY, b"one")
    store.delete(KEY)
    store.delete(KEY)
    assert files(tmp_path) == []
    with pytest.raises(FileNotFoundError):
        store.path(KEY)


def test_an_empty_file_is_a_file(store: LocalStorage) -> None:
    store.put(KEY, b"")
    assert store.path(KEY).read_bytes() == b""


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
@pytest.mark.parametrize("before", [None, b"the old content"])
def test_a_failure_leaves_no_part_of_a_file(
    store: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, before: bytes | None
) -> None:
    if before is not None:
        store.put(KEY, before)

    def fail(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "the disk is full")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="disk is full"):
        patch.setattr(os, step, fail)
        store.put(KEY, b"the new content")
    assert files(tmp_path) == ([f"media/{KEY}"] if before is not None else [])
    if before is not None:
        assert store.path(KEY).read_bytes() == before


def test_an_interruption_leaves_no_part_of_a_file(
    store: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "fsync", interrupt)
        store.put(KEY, b"x")
    assert files(tmp_path) == []


def test_a_reader_sees_the_whole_file_or_none(store: LocalStorage) -> None:
    contents = {letter * 300_000 for letter in (b"a", b"b")}
    stop = threading.Event()
    seen: set[bytes] = set()

    def read() -> None:
        while not stop.is_set():
            try:
                seen.add(store.path(KEY).read_bytes())
            except FileNotFoundError:
                continue

    reader = patience.started([threading.Thread(target=read)])
    try:
        for _ in range(20):
            for data in contents:
                store.put(KEY, data)
    finally:
        stop.set()
        patience.joined(reader)
    assert seen <= contents


def test_many_may_put_the_same_key_at_once(store: LocalStorage, tmp_path: Path) -> None:
    patience.at_once(lambda _: store.put(KEY, b"same" * 1000), range(8))
    assert files(tmp_path) == [f"media/{KEY}"]


BAD_KEYS = [
    "", "/", ".", "..", "../x", "/etc/passwd", "ab", "ab/", "ab/.webp", "ab/../../abcdefgh.webp", "ab/abcdefgh",
    "ab/abcdefgh.webp/..", "ab/abcdefgh.webp\n", "\nab/abcdefgh.webp", "ab/abcdefgh.webp\x00", "ab/abcdefgh\x00.webp",
    "ab//abcdefgh.webp", "ab/cd/abcdefgh.webp", "AB/ABCDEFGH.WEBP", "ab/abcdefgh.w", "ab/abcdefgh.webpwebp",
    "ab\\abcdefgh.webp", "ab/abcdéfgh.webp", "ab/abcdefgh．webp", "ab/٣٣٣٣٣٣٣٣.webp", "ab/" + "a" * 81 + ".webp",
    "ab/abcdefg.webp", "ab/%2e%2e%2f%2e%2e.webp", "a/abcdefgh.webp", "ab/abc.defgh.webp", " ab/abcdefgh.webp",
]  # fmt: skip


@pytest.mark.parametrize("key", BAD_KEYS)
def test_anything_but_a_storage_key_is_refused(store: LocalStorage, tmp_path: Path, key: str) -> None:
    for use in (lambda: store.put(key, b"x"), lambda: store.path(key), lambda: store.delete(key)):
        with pytest.raises(ValueError, match="not a storage key"):
            use()
    assert files(tmp_path) == []


def test_no_known_path_traversal_gets_out(store: LocalStorage, tmp_path: Path, shared_data: Path) -> None:
    listed = sorted((shared_data / "adversarial/names").glob("path-traversal*.txt"))
    assert listed
    attempts = [line for file in listed for line in file.read_text("utf-8", "surrogateescape").splitlines()]
    assert len(attempts) > 100
    for attempt in attempts:
        for key in (attempt, f"ab/{attempt}", f"ab/{attempt}.webp"):
            with pytest.raises(ValueError, match="not a storage key"):
                store.put(key, b"x")
    assert files(tmp_path) == []


# ---- signed addresses ----------------------------------------------------------------------------------------


def parts(address: str | None) -> tuple[str, str]:
    assert address is not None
    split = urlsplit(address)
    return split.path, parse_qs(split.query)["t"][0]


def test_a_public_file_has_a_plain_address() -> None:
    assert file_url(7) == "/media/7/full.webp"
    assert file_url(7, "thumb") == "/media/7/thumb.webp"
    assert file_url(None) is None
    assert file_url(None, signed=True) is None


def test_a_signed_address_is_the_same_within_the_hour_so_that_browsers_keep_the_picture() -> None:
    hour = NOW.replace(minute=0, second=0)
    with clock.at(hour):
        first = file_url(7, signed=True)
    with clock.at(hour + timedelta(minutes=59, seconds=59, microseconds=999_999)):
        assert file_url(7, signed=True) == first
    with clock.at(hour + timedelta(hours=1)):
        assert file_url(7, signed=True) != first


@pytest.mark.parametrize("minute", [0, 20, 59])
def test_a_signed_address_is_good_for_one_to_two_hours(minute: int) -> None:
    made = NOW.replace(minute=minute, second=59 if minute == 59 else 0)
    with clock.at(made):
        path, token = parts(file_url(7, signed=True))
        assert is_signed(path, token)
    end = datetime.fromtimestamp(int(token.partition(".")[0]), UTC)
    assert timedelta(seconds=SIGNED_FOR) < end - made <= timedelta(seconds=2 * SIGNED_FOR)
    with clock.at(end - timedelta(microseconds=1)):
        assert is_signed(path, token)
    for late in (timedelta(0), timedelta(microseconds=1), timedelta(days=1)):
        with clock.at(end + late):
            assert not is_signed(path, token)


def test_a_signature_is_good_for_its_own_path_only() -> None:
    with clock.at(NOW):
        path, token = parts(file_url(7, "thumb", signed=True))
        others = ["/media/7/full.webp", "/media/8/thumb.webp", "/media/77/thumb.webp", f"{path}\n", f"/{path}", "", "/"]
        assert is_signed(path, token)
        assert not any(is_signed(other, token) for other in others)


def test_a_signature_with_anything_changed_is_refused() -> None:
    with clock.at(NOW):
        path, token = parts(file_url(7, signed=True))
        for place in range(len(token)):
            for letter in "0f9.-é\n\x00":
                changed = token[:place] + letter + token[place + 1 :]
                assert changed == token or not is_signed(path, changed)
        assert not any(is_signed(path, token[:length]) for length in range(len(token)))


def test_an_expiry_cannot_be_moved() -> None:
    with clock.at(NOW):
        path, token = parts(file_url(7, signed=True))
        expires, _, signature = token.partition(".")
        for other in (int(expires) + 1, int(expires) + SIGNED_FOR, 10**11):
            assert not is_signed(path, f"{other}.{signature}")


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "x", "1", "1.", ".x", "-1.x", "+99999999999.x", "1e11.x", "٣٣.x", "99999999999.é",
     "9" * 5_000 + ".x", "99999999999." + "0" * 32, "\x00.\x00", "\ud800.\ud800", "99999999999.\ud800",
     " 99999999999.x"],
)  # fmt: skip
def test_nonsense_is_no_signature(token: str) -> None:
    assert not is_signed("/media/7/full.webp", token)


def test_another_site_signs_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.at(NOW):
        path, token = parts(file_url(7, signed=True))
        storage.configure("another key " * 4)
        assert not is_signed(path, token)
