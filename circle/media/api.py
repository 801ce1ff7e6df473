"""JSON routes of media."""

from __future__ import annotations

from flask import request
from werkzeug.datastructures import FileStorage

from circle.core.api import ApiBlueprint, actor
from circle.core.web import takes_body
from circle.media import operations, queries, uploads
from circle.media.files import Upload
from circle.media.schemas import MediaOut

bp = ApiBlueprint("media", __name__)


def _prepare(file: FileStorage) -> Upload:
    """Judge and store the file before the transaction of an idempotent request begins."""
    return uploads.prepare_upload(
        file, owner=actor(), poster=request.files.get("poster"), wave=request.form.get("wave", "")
    )


@bp.endpoint(
    "POST",
    "/media",
    file="file",
    parts={
        "poster": {
            "type": "string",
            "contentMediaType": "application/octet-stream",
            "description": "A still of a video: a picture of at most 2 MB; what is none is left out.",
        },
        "wave": {
            "type": "string",
            "pattern": "^[0-9]{0,48}$",
            "description": "The loudness of a voice note in up to 48 steps of 0 to 9.",
        },
    },
    prepare=_prepare,
    gives=MediaOut,
    status=201,
    limit="upload",
)
@takes_body(uploads.MAX_REQUEST)
def upload(prepared: Upload) -> queries.MediaRow:
    """Upload a picture, voice note, video or document for a post.

    Judged by its content. Pictures: JPEG, PNG, WebP and GIF of at most 10 MB, encoded anew without metadata. Voice:
    M4A, AAC, MP3, Ogg, WebM, WAV and AMR of at most 5 minutes and 10 MB. Videos: MP4, MOV and WebM of at most 5 minutes
    and 100 MB, without the place where they were made. Documents: PDF, Office, OpenDocument, EPUB, ZIP and UTF-8 text
    of at most 50 MB. Refusals: `IMAGE_BROKEN`, `IMAGE_TYPE`, `IMAGE_TOO_MANY_PIXELS`, `MEDIA_EMPTY`, `MEDIA_TYPE`,
    `MEDIA_BROKEN`, `MEDIA_CODEC`, `MEDIA_TOO_LONG`, `MEDIA_TEXT`, `MEDIA_MACROS`, `MEDIA_PROGRAM`, `QUOTA_EXCEEDED`.
    """
    media_id = uploads.store_upload(actor(), prepared)
    return queries.media_of(actor(), [media_id])[0]


@bp.endpoint("DELETE", "/media/<id:media_id>", gives=None, status=204, limit="upload", errors=(422,))
def delete(media_id: int) -> None:
    """Delete an upload that is shown nowhere; `MEDIA_IN_USE` otherwise."""
    operations.delete_media(actor(), media_id)
