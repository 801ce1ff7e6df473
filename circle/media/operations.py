"""Every write of media: rows only. The bytes are made and stored before an operation begins (see `uploads.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import structlog
from sqlalchemy import delete, exists, or_, select

from circle.access import Actor
from circle.core.db import db
from circle.core.errors import NotFound, Refused, Unauthenticated
from circle.core.i18n import lazy
from circle.core.operation import after_commit, lock, operation
from circle.core.storage import storage
from circle.media.files import file_of, put_missing
from circle.media.images import ProcessedImage
from circle.media.models import Media
from circle.media.queries import in_use

log = structlog.get_logger(__name__)

PURPOSES = ("post", "avatar", "cover")


@operation
def store_image(actor: Actor, processed: ProcessedImage, *, purpose: str, name: str) -> int:
    """Record a picture whose files are already stored; returns its id. Raises Unauthenticated.

    `purpose` is post, avatar or cover; `name` the file's name as its owner had it, at most 120 characters.
    """
    if actor.id is None:
        raise Unauthenticated
    if purpose not in PURPOSES:
        raise ValueError(f"no such purpose: {purpose}")
    full, thumb = file_of(processed.full), file_of(processed.thumb)
    row = Media(
        owner_id=actor.id,
        kind="image",
        purpose=purpose,
        storage_key=full.key,
        thumb_key=thumb.key,
        mime=processed.full.mime,
        width=processed.full.width,
        height=processed.full.height,
        bytes=len(processed.full.data),
        sha256=processed.sha256,
        name=name,
        color=processed.placeholder_color,
    )
    db.session.add(row)
    db.session.flush()
    # the last other row of the same content may have been deleted, with its files, since they were stored
    after_commit(lambda: put_missing((full, thumb)))
    return row.id


@operation
def delete_media(actor: Actor, media_id: int) -> None:
    """Remove one's own upload and, when no other row has the same content, its files.

    Raises Unauthenticated, NotFound (also for somebody else's), Refused MEDIA_IN_USE.
    """
    if actor.id is None:
        raise Unauthenticated
    row = lock(Media, media_id)
    if not actor.owns(row.owner_id):
        raise NotFound
    if not _delete_unused([media_id]):
        raise Refused("MEDIA_IN_USE", lazy("This picture is still shown somewhere. Take it out there first."))


@operation
def forget_unused(media_ids: Sequence[int]) -> int:
    """Remove those of the uploads that nothing shows, whoever owns them; returns how many. For the daily job."""
    return _delete_unused(media_ids)


def _delete_unused(media_ids: Sequence[int]) -> int:
    unused = select(Media).where(Media.id.in_(media_ids), ~in_use()).order_by(Media.id).with_for_update()
    rows = db.session.scalars(unused).all()
    if rows:
        db.session.execute(delete(Media).where(Media.id.in_([row.id for row in rows])))
        keys = {key for row in rows for key in (row.storage_key, row.thumb_key)}
        after_commit(lambda: _drop_files(keys))
    return len(rows)


def _drop_files(keys: Iterable[str]) -> None:
    for key in sorted(keys):
        try:
            _drop_file(key)
        except Exception as error:
            # the rows are gone already; a file left over harms nobody but the disk
            log.warning("file not removed", key=key, error=str(error))


def _drop_file(key: str) -> None:
    """Remove a file that no row names. Right also when the same content is uploaded at this very moment: either this
    sees the new row and puts the file back, or the upload sees after its commit that the file is missing and does."""
    if _is_named(key):
        return
    try:
        data = storage().path(key).read_bytes()
    except FileNotFoundError:
        return
    storage().delete(key)
    if _is_named(key):
        storage().put(key, data)


@operation  # writes nothing: each call must see the database as it is now, not as it was at the first read
def _is_named(key: str) -> bool:
    named = exists().where(or_(Media.storage_key == key, Media.thumb_key == key))
    return bool(db.session.scalar(select(named)))
