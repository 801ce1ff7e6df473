"""From an uploaded file to a row of media; the one way in for pages, the API and the composer of posts.

Decoding a stranger's picture takes up to seconds of processor time and a few hundred megabytes, so only two are worked
on at a time in one process and the other threads stay free for reading. It happens before any transaction begins.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import FileStorage

from circle.access import Actor
from circle.core.errors import CircleError, Invalid, Refused, TooLarge, Unavailable
from circle.core.i18n import LazyString, lazy
from circle.core.markup import clean_line
from circle.media import operations
from circle.media.containers import ImageRefused
from circle.media.files import file_of, put_missing
from circle.media.images import ProcessedImage, process_image

#: of one file, in bytes
MAX_UPLOAD = 10 * 1024 * 1024
#: of a request that carries one: the file and what a form puts around it
MAX_REQUEST = 11 * 1024 * 1024
_MAX_NAME = 120

_AT_ONCE = 2
_PATIENCE = 20.0
_places = threading.BoundedSemaphore(_AT_ONCE)

_SHAPES: dict[str, dict[str, Any]] = {"post": {}, "avatar": {"square": 400}, "cover": {"ratio": (16, 7)}}

_SENTENCES: dict[str, LazyString] = {
    "empty": lazy("This file is empty. Please choose another one."),
    "type": lazy("Only JPEG, PNG, WebP and GIF pictures can be used here."),
    "broken": lazy("This picture is damaged and cannot be read. Please choose another one."),
    "too_many_pixels": lazy("This picture has too many pixels. Please make it smaller and try again."),
}


@dataclass(frozen=True)
class Upload:
    """A picture that is processed and stored and only lacks its row."""

    image: ProcessedImage
    purpose: str
    name: str


def take_upload(actor: Actor, file: FileStorage | None, purpose: str, *, field: str = "file") -> int:
    """Take an uploaded picture for a post, as avatar or as cover; returns the id of the media row.

    `field` names the form's field in errors. Raises Unauthenticated, Invalid (no file), TooLarge (over 10 MB),
    Refused IMAGE_EMPTY, IMAGE_TYPE, IMAGE_BROKEN or IMAGE_TOO_MANY_PIXELS, Unavailable. Never call it inside an
    operation.
    """
    return store_upload(actor, prepare_upload(file, purpose, field=field))


def prepare_upload(file: FileStorage | None, purpose: str = "post", *, field: str = "file") -> Upload:
    """The slow half of `take_upload`, outside of any transaction: read, judge, encode, store the files."""
    if file is None or not file.filename:
        raise Invalid(errors={field: [lazy("Please choose a file.")]})
    data = file.stream.read(MAX_UPLOAD + 1)
    file.stream.seek(0)
    if len(data) > MAX_UPLOAD:
        raise _too_large(field)
    try:
        with _a_place():
            image = process_image(data, max_bytes=MAX_UPLOAD, **_SHAPES[purpose])
    except ImageRefused as refusal:
        raise _refused(refusal, field) from None
    put_missing((file_of(image.full), file_of(image.thumb)))
    return Upload(image, purpose, clean_line(file.filename or "")[:_MAX_NAME])


def store_upload(actor: Actor, upload: Upload) -> int:
    """The quick half: the row; returns its id."""
    return operations.store_image(actor, upload.image, purpose=upload.purpose, name=upload.name)


@contextmanager
def _a_place() -> Iterator[None]:
    """Wait for one of the few places; raises Unavailable after 20 seconds."""
    if not _places.acquire(timeout=_PATIENCE):
        raise Unavailable(lazy("Many pictures are being uploaded just now. Please try again."), retry_after=10)
    try:
        yield
    finally:
        _places.release()


def _too_large(field: str) -> CircleError:
    sentence = lazy("A picture may have at most %(number)s MB.", number=MAX_UPLOAD // (1024 * 1024))
    return TooLarge(sentence, errors={field: [sentence]})


def _refused(refusal: ImageRefused, field: str) -> CircleError:
    if refusal.code == "too_large":
        return _too_large(field)
    return Refused(f"IMAGE_{refusal.code.upper()}", _SENTENCES[refusal.code], field=field)
