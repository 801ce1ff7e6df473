"""The files of media under keys made from their content, so that the same bytes are stored once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO, cast

from circle.core.storage import BLOCK, EXTENSIONS, storage
from circle.media.images import Picture, ProcessedImage
from circle.media.probing.reader import PatchedFile, Probed

MAX_NAME = 120
#: ends of names that a type may keep; all others get the usual one of the type behind them
_ENDS = {
    "text/plain": {"txt", "csv", "tsv", "md", "markdown", "log", "srt", "vtt", "lrc", "json"},
    "application/zip": {"zip", "xmind", "key", "pages", "numbers"},
}


@dataclass(frozen=True)
class StoredFile:
    """Some bytes, or an open file, and the key and type they are (to be) stored under."""

    key: str
    data: bytes | BinaryIO
    mime: str


@dataclass(frozen=True)
class Upload:
    """A file that is judged and stored and only lacks its row. Its open file lives as long as the request."""

    kind: str
    purpose: str
    name: str
    full: StoredFile
    thumb: StoredFile | None
    bytes: int
    #: of what was uploaded
    sha256: str
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    wave: str = ""
    color: str | None = None

    @property
    def files(self) -> tuple[StoredFile, ...]:
        return (self.full,) if self.thumb is None else (self.full, self.thumb)

    @classmethod
    def of_image(cls, image: ProcessedImage, purpose: str, name: str) -> Upload:
        """A picture that was encoded anew."""
        full, thumb = file_of(image.full), file_of(image.thumb)
        return cls(
            "image", purpose, name, full, thumb, len(image.full.data), image.sha256, image.full.width,
            image.full.height, color=image.placeholder_color,
        )  # fmt: skip

    @classmethod
    def of_probed(
        cls,
        found: Probed,
        file: BinaryIO,
        size: int,
        name: str,
        *,
        wave: str = "",
        poster: ProcessedImage | None = None,
    ) -> Upload:
        """Voice, a video or a document, as it was sent but for its metadata. Reads the file once or twice."""
        clean = cast(BinaryIO, PatchedFile(file, size, found.patches))
        sent = _digest(file)
        stored = _digest(clean) if found.patches else sent
        key = f"{stored[:2]}/{stored}.{EXTENSIONS[found.mime]}"
        return cls(
            found.kind, "post", fitting_name(name, found.mime) if found.kind == "file" else name,
            StoredFile(key, clean, found.mime), file_of(poster.full) if poster else None, size, sent, found.width,
            found.height, found.duration_ms, wave or found.wave, poster.placeholder_color if poster else None,
        )  # fmt: skip


def file_of(picture: Picture) -> StoredFile:
    """The picture as a file: `ab/<sha256 of the bytes>.webp`, where ab are the first two digits."""
    digest = hashlib.sha256(picture.data).hexdigest()
    return StoredFile(f"{digest[:2]}/{digest}.{picture.extension}", picture.data, picture.mime)


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()


def fitting_name(name: str, mime: str) -> str:
    """The name under which a file is downloaded: its end says what the content is, whatever the sender called it."""
    usual = EXTENSIONS[mime]
    end = PurePath(name).suffix[1:]
    stem = name
    if end.lower() in _ENDS.get(mime, {usual}):
        stem, usual = name[: -len(end) - 1], end
    return f"{stem[: MAX_NAME - len(usual) - 1].strip(' .') or 'file'}.{usual}"


def put_missing(files: Iterable[StoredFile]) -> None:
    """Store those files that are not there."""
    for file in files:
        try:
            storage().size(file.key)
        except FileNotFoundError:
            storage().put(file.key, file.data, mime=file.mime)
