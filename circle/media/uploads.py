"""From an uploaded file to a row of media; the one way in for pages, the API and the composer of posts.

Decoding a stranger's picture takes up to seconds of processor time and a few hundred megabytes, so only two are worked
on at a time in one process and the other threads stay free for reading. Voice, videos and documents are not decoded:
they stay on the disk, are read in pieces and kept as they were sent, without their metadata. All of it happens before
any transaction begins.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from werkzeug.datastructures import FileStorage

from circle.access import Actor
from circle.core.errors import CircleError, Invalid, Refused, TooLarge, Unavailable
from circle.core.i18n import LazyString, lazy
from circle.core.markup import clean_line
from circle.media import operations, queries
from circle.media.containers import ImageRefused
from circle.media.files import MAX_NAME, Upload, put_missing
from circle.media.images import ProcessedImage, process_image
from circle.media.probing import MediaRefused, Reader, is_image, probe
from circle.media.probing.limits import LONGEST_MS, MAX_ANY, MAX_AUDIO, MAX_FILE, MAX_IMAGE, MAX_VIDEO
from circle.media.quota import check_quota

#: of a request that carries one file of any kind, and what a form puts around it; of one that carries a picture
MAX_REQUEST = MAX_ANY + 3 * 1024 * 1024
MAX_IMAGE_REQUEST = MAX_IMAGE + 1024 * 1024
_MAX_POSTER = 2 * 1024 * 1024
#: a card shows it across the whole width of a telephone
_POSTER_EDGE = 960

_AT_ONCE = 2
_PATIENCE = 20.0
_places = threading.BoundedSemaphore(_AT_ONCE)
_WAVE = re.compile(r"[0-9]{0,48}")

_SHAPES: dict[str, dict[str, Any]] = {"post": {}, "avatar": {"square": 400}, "cover": {"ratio": (16, 7)}}
_LARGEST = {"image": MAX_IMAGE, "audio": MAX_AUDIO, "video": MAX_VIDEO, "file": MAX_FILE}

_IMAGE_SENTENCES: dict[str, LazyString] = {
    "empty": lazy("This file is empty. Please choose another one."),
    "type": lazy("Only JPEG, PNG, WebP and GIF pictures can be used here."),
    "broken": lazy("This picture is damaged and cannot be read. Please choose another one."),
    "too_many_pixels": lazy("This picture has too many pixels. Please make it smaller and try again."),
}
_SENTENCES: dict[str, LazyString] = {
    "empty": lazy("This file is empty. Please choose another one."),
    "type": lazy(
        "This kind of file cannot be used here. Pictures (JPEG, PNG, WebP, GIF), voice, videos (MP4, MOV, WebM), PDF, "
        "Office documents, ZIP and text can."
    ),
    "broken": lazy("This file is damaged or not complete. Please choose another one."),
    "codec": lazy("Browsers cannot play this recording. Please save it as MP4 (H.264) and try again."),
    "too_long": lazy("Voice and videos may last at most %(number)s minutes.", number=LONGEST_MS // 60_000),
    "text": lazy("This text is in an old encoding. Please save it as UTF-8 and try again."),
    "macros": lazy("Documents with macros are not taken. Please save it without them and try again."),
    "program": lazy("Web pages, scripts and programs are not taken."),
}


def take_upload(
    actor: Actor,
    file: FileStorage | None,
    purpose: str,
    *,
    field: str = "file",
    poster: FileStorage | None = None,
    wave: str = "",
) -> int:
    """Take an uploaded file for a post, or a picture as avatar or as cover; returns the id of the media row.

    For `field`, `poster`, `wave` and what it raises see `prepare_upload`; also raises Unauthenticated and Refused
    QUOTA_EXCEEDED. Never call it inside an operation.
    """
    return store_upload(actor, prepare_upload(file, purpose, field=field, poster=poster, wave=wave, owner=actor))


def prepare_upload(
    file: FileStorage | None,
    purpose: str = "post",
    *,
    field: str = "file",
    poster: FileStorage | None = None,
    wave: str = "",
    owner: Actor | None = None,
) -> Upload:
    """The slow half of `take_upload`, outside of any transaction: read, judge, encode, store the files.

    `field` names the form's field in errors; `poster` is a still of a video and `wave` the loudness of a voice note, as
    the sender's browser made them. With `owner` a file that is over their quota is refused before it is stored. Raises
    Invalid (no file), TooLarge, Refused IMAGE_* and MEDIA_* by what is wrong with the content, Unavailable.
    """
    if file is None or not file.filename:
        raise Invalid(errors={field: [lazy("Please choose a file.")]})
    if not _WAVE.fullmatch(wave):
        raise Invalid(errors={"wave": [lazy("The wave consists of at most 48 digits.")]})
    name = clean_line(file.filename)
    stream = cast(BinaryIO, file.stream)
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    if purpose != "post" or is_image(stream.read(16)):
        upload = Upload.of_image(_picture(stream, field, **_SHAPES[purpose]), purpose, name[:MAX_NAME])
    else:
        upload = _other(stream, size, name, field=field, poster=poster, wave=wave)
    stream.seek(0)
    if owner is not None and owner.id is not None:
        check_quota(queries.used_bytes(owner.id), upload.bytes)
    put_missing(upload.files)
    return upload


def store_upload(actor: Actor, upload: Upload) -> int:
    """The quick half: the row; returns its id."""
    return operations.store_upload(actor, upload)


def _other(stream: BinaryIO, size: int, name: str, *, field: str, poster: FileStorage | None, wave: str) -> Upload:
    """Voice, video or document."""
    if size > MAX_ANY:
        raise _too_large("video", field)
    try:
        found = probe(Reader(stream, size))
    except MediaRefused as refusal:
        raise Refused(f"MEDIA_{refusal.code.upper()}", _SENTENCES[refusal.code], field=field) from None
    if size > _LARGEST[found.kind]:
        raise _too_large(found.kind, field)
    return Upload.of_probed(
        found,
        stream,
        size,
        name if found.kind == "file" else name[:MAX_NAME],
        wave=wave if found.kind == "audio" else "",
        poster=_poster(poster) if found.kind == "video" else None,
    )


def _picture(stream: BinaryIO, field: str, **shape: Any) -> ProcessedImage:
    stream.seek(0)
    data = stream.read(MAX_IMAGE + 1)
    if len(data) > MAX_IMAGE:
        raise _too_large("image", field)
    try:
        with _a_place():
            return process_image(data, max_bytes=MAX_IMAGE, **shape)
    except ImageRefused as refusal:
        if refusal.code == "too_large":
            raise _too_large("image", field) from None
        raise Refused(f"IMAGE_{refusal.code.upper()}", _IMAGE_SENTENCES[refusal.code], field=field) from None


def _poster(file: FileStorage | None) -> ProcessedImage | None:
    """The still of a video; one that is no picture is left out, because the video is what matters."""
    if file is None or not file.filename:
        return None
    try:
        with _a_place():
            return process_image(file.stream.read(_MAX_POSTER + 1), max_bytes=_MAX_POSTER, full_edge=_POSTER_EDGE)
    except ImageRefused:
        return None


@contextmanager
def _a_place() -> Iterator[None]:
    """Wait for one of the few places; raises Unavailable after 20 seconds."""
    if not _places.acquire(timeout=_PATIENCE):
        raise Unavailable(lazy("Many pictures are being uploaded just now. Please try again."), retry_after=10)
    try:
        yield
    finally:
        _places.release()


def _too_large(kind: str, field: str) -> CircleError:
    megabytes = _LARGEST[kind] // (1024 * 1024)
    sentence = {
        "image": lazy("A picture may have at most %(number)s MB.", number=megabytes),
        "audio": lazy("A voice recording may have at most %(number)s MB.", number=megabytes),
        "video": lazy("A video may have at most %(number)s MB.", number=megabytes),
        "file": lazy("A file may have at most %(number)s MB.", number=megabytes),
    }[kind]
    return TooLarge(sentence, errors={field: [sentence]})
