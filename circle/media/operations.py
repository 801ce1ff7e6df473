"""Every write of media: rows only. The bytes are made and stored before an operation begins (see `uploads.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import structlog
from sqlalchemy import delete, exists, or_, select

from circle.access import Actor
from circle.accounts.models import User
from circle.core.db import db
from circle.core.errors import NotFound, Refused, Unauthenticated
from circle.core.i18n import lazy
from circle.core.operation import after_commit, lock, operation
from circle.core.storage import storage
from circle.media.files import Upload, put_missing
from circle.media.models import Media
from circle.media.queries import in_use, used_bytes
from circle.media.quota import check_quota

log = structlog.get_logger(__name__)

PURPOSES = ("post", "avatar", "cover")
TRASH = "trash/"


@operation
def store_upload(actor: Actor, upload: Upload) -> int:
    """Record a file whose bytes are already stored (`uploads.prepare_upload`); returns its id.

    Raises Unauthenticated, Refused QUOTA_EXCEEDED.
    """
    if actor.id is None:
        raise Unauthenticated
    if upload.purpose not in PURPOSES:
        raise ValueError(f"no such purpose: {upload.purpose}")
    lock(User, actor.id)  # of two uploads at once the second counts the first
    check_quota(used_bytes(actor.id), upload.bytes)
    row = Media(
        owner_id=actor.id,
        kind=upload.kind,
        purpose=upload.purpose,
        storage_key=upload.full.key,
        thumb_key=upload.thumb.key if upload.thumb else None,
        mime=upload.full.mime,
        width=upload.width,
        height=upload.height,
        duration_ms=upload.duration_ms,
        wave=upload.wave,
        bytes=upload.bytes,
        sha256=upload.sha256,
        name=upload.name,
    )
    if upload.color is not None:
        row.color = upload.color
    db.session.add(row)
    db.session.flush()
    after_commit(lambda: _restore(upload))
    return row.id


def _restore(upload: Upload) -> None:
    """The last other row of the same content may have been deleted, with its files, since they were stored."""
    try:
        put_missing(upload.files)
    except Exception as error:
        # the row is stored, and nearly always the files are, too
        log.error("files not looked after", keys=[file.key for file in upload.files], error=str(error))


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
        raise Refused("MEDIA_IN_USE", lazy("This file is still used somewhere. Take it out there first."))


@operation
def forget_unused(media_ids: Sequence[int]) -> int:
    """Remove those of the uploads that nothing shows, whoever owns them; returns how many. For the daily job."""
    return _delete_unused(media_ids)


def _delete_unused(media_ids: Sequence[int]) -> int:
    # two statements: the second sees what was taken into use while the first waited for the rows
    locked = db.session.scalars(
        select(Media.id).where(Media.id.in_(media_ids)).order_by(Media.id).with_for_update()
    ).all()
    rows = db.session.scalars(select(Media).where(Media.id.in_(locked), ~in_use()).order_by(Media.id)).all()
    if rows:
        db.session.execute(delete(Media).where(Media.id.in_([row.id for row in rows])))
        keys = {key for row in rows for key in (row.storage_key, row.thumb_key) if key is not None}
        after_commit(lambda: _drop_files(keys))
    return len(rows)


def _drop_files(keys: Iterable[str]) -> None:
    for key in sorted(keys):
        try:
            drop_unnamed(key)
        except Exception as error:
            # the rows are gone already; a file left over harms nobody but the disk, and `sweep_files` finds it
            log.warning("file not removed", key=key, error=str(error))


def drop_unnamed(key: str) -> bool:
    """Remove the file of a key that no row names; returns whether it did. Not to be called inside an operation.

    Right also when the same content is uploaded at this very moment: the file is set aside first. Either this sees the
    new row then and puts the file back, or the upload sees after its commit that the file is missing and stores it.
    """
    if _is_named(key):
        return False
    aside = trash_key(key)
    try:
        storage().rename(key, aside)
    except FileNotFoundError:
        return False
    return not take_back(aside)


def take_back(aside: str) -> bool:
    """Put a file that was set aside back if a row names it, else remove it for good; returns whether a row does."""
    key = content_key(aside)
    if not _is_named(key):
        storage().delete(aside)
        return False
    try:
        storage().rename(aside, key)
    except FileNotFoundError:
        log.warning("file was put back by somebody else", key=key)
    return True


def trash_key(key: str) -> str:
    """Where a file lies between being set aside and being removed."""
    return f"{TRASH}{key[3:]}"


def content_key(aside: str) -> str:
    """The key that a file in the trash had."""
    name = aside.removeprefix(TRASH)
    return f"{name[:2]}/{name}"


@operation  # writes nothing: each call must see the database as it is now, not as it was at the first read
def _is_named(key: str) -> bool:
    named = exists().where(or_(Media.storage_key == key, Media.thumb_key == key))
    return bool(db.session.scalar(select(named)))
