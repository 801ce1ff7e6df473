"""Where uploaded bytes live. Keys look like `ab/abcdef….webp`; the bytes under a key never change.

`LocalStorage` keeps them below a directory, `storage_s3.S3Storage` in a bucket. Both do the same, and the same tests
run over both.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol

from flask import current_app

from circle.core import clock

_KEY = re.compile(r"(?:[a-z0-9]{2}|trash|takeouts|cards)/[a-z0-9-]{8,80}\.[a-z0-9]{2,5}")
#: bytes that are in memory at a time when files are copied or sent
BLOCK = 256 * 1024


@dataclass(frozen=True)
class Stored:
    """A file in the storage, as a listing tells of it."""

    key: str
    size: int
    modified: datetime


class Storage(Protocol):
    """A flat store of immutable files. What asks for a file that is not there raises FileNotFoundError."""

    def put(self, key: str, data: bytes | BinaryIO, *, mime: str = "application/octet-stream") -> None:
        """Store the bytes, or what the open file holds from its beginning; putting the same key again is harmless."""

    def size(self, key: str) -> int:
        """How many bytes the file has."""

    def stream(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` on, `length` of them or all, in blocks."""

    def path(self, key: str) -> Path | None:
        """The file on this machine, which is the quickest to send; None where files live elsewhere."""

    def rename(self, old: str, new: str) -> None:
        """Give a file another key, at once."""

    def delete(self, key: str) -> None:
        """Remove the file; nothing happens if it is not there."""

    def list(self, prefix: str = "") -> Iterator[Stored]:
        """All files whose key begins with `prefix` (a folder with its slash, or nothing), in no order."""

    def forget_partial(self, before: datetime) -> None:
        """Remove what a `put` that was killed before then left behind."""

    def address(self, key: str) -> str | None:
        """Where a browser may fetch the file itself for some minutes; None if it has to ask us."""


def check_key(key: str) -> str:
    """The key, if it is one. Raises ValueError."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a storage key: {key!r}")
    return key


class LocalStorage:
    """Files below one directory. A file appears whole or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _place(self, key: str) -> Path:
        return self._root / check_key(key)

    def _found(self, key: str) -> Path:
        place = self._place(key)
        if not place.is_file():
            raise FileNotFoundError(key)
        return place

    def put(self, key: str, data: bytes | BinaryIO, *, mime: str = "application/octet-stream") -> None:
        place = self._place(key)
        place.parent.mkdir(parents=True, exist_ok=True)
        source = BytesIO(data) if isinstance(data, bytes) else data
        source.seek(0)
        handle, name = tempfile.mkstemp(dir=place.parent)
        try:
            with open(handle, "wb") as file:
                shutil.copyfileobj(source, file, BLOCK)
                file.flush()
                os.fsync(file.fileno())  # the row that names the file must not outlive it in a power cut
            os.chmod(name, 0o644)
            os.replace(name, place)
            _sync(place.parent)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def size(self, key: str) -> int:
        return self._found(key).stat().st_size

    def stream(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        return _read(self._found(key).open("rb"), start, length)

    def path(self, key: str) -> Path | None:
        return self._found(key)

    def rename(self, old: str, new: str) -> None:
        source, place = self._found(old), self._place(new)
        place.parent.mkdir(parents=True, exist_ok=True)
        source.replace(place)

    def delete(self, key: str) -> None:
        self._place(key).unlink(missing_ok=True)

    def list(self, prefix: str = "") -> Iterator[Stored]:
        for place in self._files(prefix):
            key = place.relative_to(self._root).as_posix()
            if not _KEY.fullmatch(key):
                continue
            with suppress(FileNotFoundError):  # somebody removes it just now
                facts = place.stat()
                yield Stored(key, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))

    def forget_partial(self, before: datetime) -> None:
        for place in self._files(""):
            if place.name.startswith(tempfile.gettempprefix()) and "." not in place.name:
                with suppress(FileNotFoundError):
                    if place.stat().st_mtime < before.timestamp():
                        place.unlink()

    def address(self, key: str) -> str | None:
        return None

    def _files(self, prefix: str) -> Iterator[Path]:
        folders = [self._root / prefix] if prefix else self._root.glob("*/")
        for folder in folders:
            if folder.is_dir():
                yield from (place for place in folder.iterdir() if place.is_file())


def _read(file: BinaryIO, start: int, length: int | None) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while block := file.read(BLOCK if length is None else min(BLOCK, length)):
            if length is not None:
                length -= len(block)
            yield block


def _sync(directory: Path) -> None:
    """Make the names in `directory` (and its own name) durable, as fsync of a file makes its content."""
    for place in (directory, directory.parent):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def storage() -> Storage:
    """The storage of this application."""
    store: Storage = current_app.extensions["circle_storage"]
    return store


# ---- addresses -----------------------------------------------------------------------------------------------

#: a signed address is good for one to two hours, and the same for everybody within the hour, so browsers can cache it
SIGNED_FOR = 3600
VARIANTS = ("full", "thumb")
#: types of stored files and the ends of their names, in keys, addresses and downloads
EXTENSIONS = {
    "image/webp": "webp",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "audio/ogg": "ogg",
    "audio/webm": "weba",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/amr": "amr",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "text/plain": "txt",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/epub+zip": "epub",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
}

_secret = b""


def configure(secret_key: str) -> None:
    """Set the key that signs addresses of private files. Called once by `create_app`."""
    global _secret
    _secret = hashlib.sha256(b"circle file address\0" + secret_key.encode()).digest()


def file_url(
    file_id: int | None, variant: str = "full", *, signed: bool = False, mime: str = "image/webp"
) -> str | None:
    """The path under which a stored file is served; `signed` for files that not everybody may see.

    `mime` is the type of the full file; thumbnails are always WebP. Whoever has a signed address may fetch the file
    until it runs out, so it is only given to those who may see it.
    """
    if file_id is None:
        return None
    path = f"/media/{file_id}/{variant}.{EXTENSIONS[mime] if variant == 'full' else 'webp'}"
    return signed_path(path) if signed else path


def signed_path(path: str) -> str:
    """The path with a signature (`is_signed`) that lets anybody fetch it for one to two hours."""
    expires = (int(clock.now().timestamp()) // SIGNED_FOR + 2) * SIGNED_FOR
    return f"{path}?t={expires}.{_signature(path, expires)}"


def is_signed(path: str, token: str) -> bool:
    """Whether `token` (the `t` of a signed address) is good for `path` now."""
    expires, _, signature = token.partition(".")
    if not (expires.isascii() and expires.isdecimal()) or len(expires) > 12 or not signature.isascii():
        return False
    good = hmac.compare_digest(_signature(path, int(expires)), signature)
    return good and int(expires) > clock.now().timestamp()


def _signature(path: str, expires: int) -> str:
    return hmac.digest(_secret, f"{path}\n{expires}".encode(), "sha256").hex()[:32]
