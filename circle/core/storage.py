"""Where uploaded bytes live. Keys look like `ab/abcdef….webp`; the bytes under a key never change.

`LocalStorage` is the only one for now; an S3 twin behind the same methods comes with the media issue.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import tempfile
from pathlib import Path
from typing import Protocol

from flask import current_app

from circle.core import clock

_KEY = re.compile(r"[a-z0-9]{2}/[a-z0-9-]{8,80}\.[a-z0-9]{2,5}")


class Storage(Protocol):
    """A flat store of immutable files."""

    def put(self, key: str, data: bytes) -> None:
        """Store `data`; putting the same key again is harmless."""

    def path(self, key: str) -> Path:
        """A local file with the content, for sending. Raises FileNotFoundError."""

    def delete(self, key: str) -> None:
        """Remove the file; nothing happens if it is not there."""


class LocalStorage:
    """Files below one directory. A file appears whole or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _place(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a storage key: {key!r}")
        return self._root / key

    def put(self, key: str, data: bytes) -> None:
        place = self._place(key)
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent)
        try:
            with open(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())  # the row that names the file must not outlive it in a power cut
            os.chmod(name, 0o644)
            os.replace(name, place)
            _sync(place.parent)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def path(self, key: str) -> Path:
        place = self._place(key)
        if not place.is_file():
            raise FileNotFoundError(key)
        return place

    def delete(self, key: str) -> None:
        self._place(key).unlink(missing_ok=True)


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

_secret = b""


def configure(secret_key: str) -> None:
    """Set the key that signs addresses of private files. Called once by `create_app`."""
    global _secret
    _secret = hashlib.sha256(b"circle file address\0" + secret_key.encode()).digest()


def file_url(file_id: int | None, variant: str = "full", *, signed: bool = False) -> str | None:
    """The path under which a stored file is served; `signed` for files that not everybody may see.

    Whoever has a signed address may fetch the file until it runs out, so it is only given to those who may see it.
    """
    if file_id is None:
        return None
    path = f"/media/{file_id}/{variant}.webp"
    if not signed:
        return path
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
