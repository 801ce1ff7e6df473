"""The files of media under keys made from their content, so that the same bytes are stored once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from circle.core.storage import storage
from circle.media.images import Picture


@dataclass(frozen=True)
class StoredFile:
    """Some bytes and the key they are (to be) stored under."""

    key: str
    data: bytes


def file_of(picture: Picture) -> StoredFile:
    """The picture as a file: `ab/<sha256 of the bytes>.webp`, where ab are the first two digits."""
    digest = hashlib.sha256(picture.data).hexdigest()
    return StoredFile(f"{digest[:2]}/{digest}.{picture.extension}", picture.data)


def put_missing(files: Iterable[StoredFile]) -> None:
    """Store those files that are not there."""
    for file in files:
        try:
            storage().path(file.key)
        except FileNotFoundError:
            storage().put(file.key, file.data)
