"""JSON routes of media."""

from __future__ import annotations

from circle.core.api import ApiBlueprint, actor
from circle.core.web import takes_body
from circle.media import operations, queries, uploads
from circle.media.schemas import MediaOut

bp = ApiBlueprint("media", __name__)


# the picture is judged and encoded by `prepare`, before the transaction of an idempotent request begins
@bp.endpoint("POST", "/media", file="file", prepare=uploads.prepare_upload, gives=MediaOut, status=201, limit="upload")
@takes_body(uploads.MAX_REQUEST)
def upload(image: uploads.Upload) -> queries.MediaRow:
    """Upload a picture for a post.

    JPEG, PNG, WebP and GIF of at most 10 MB; it is encoded anew without metadata. Refusals: `IMAGE_TYPE`,
    `IMAGE_BROKEN`, `IMAGE_EMPTY`, `IMAGE_TOO_MANY_PIXELS`.
    """
    media_id = uploads.store_upload(actor(), image)
    return queries.media_of(actor(), [media_id])[0]


@bp.endpoint("DELETE", "/media/<id:media_id>", gives=None, status=204, limit="upload", errors=(422,))
def delete(media_id: int) -> None:
    """Delete an upload that is shown nowhere; `MEDIA_IN_USE` otherwise."""
    operations.delete_media(actor(), media_id)
