"""What may be read of media: one's own uploads, and the file behind an address."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from circle.access import ROLE_PERMISSIONS, Actor, Permission
from circle.accounts.models import User
from circle.accounts.queries import not_blocked
from circle.circles.models import Circle, Member
from circle.core.db import Base, db
from circle.core.errors import Invalid, NotFound, Unauthenticated
from circle.core.i18n import lazy
from circle.core.storage import EXTENSIONS, file_url
from circle.media import quota
from circle.media.models import Media

#: states of a post in which those who moderate its circle see it
_IN_REVIEW = ("hidden", "pending")


@dataclass(frozen=True)
class MediaRow:
    """A file as shown in a post. `url` and `thumb_url` are paths, good for those who may see the post."""

    id: int
    kind: str
    url: str
    #: of pictures, and of videos that came with a poster
    thumb_url: str | None
    width: int | None
    height: int | None
    #: size of the file behind `url`
    bytes: int
    name: str
    #: seconds, of audio and video
    duration_s: int | None
    duration_ms: int | None
    #: up to 48 digits, the loudness of a voice note
    wave: str
    mime: str
    #: "#rrggbb", to be shown while the picture loads
    color: str


@dataclass(frozen=True)
class ServedFile:
    """What to send: the storage key, its type, and whether it is for everybody."""

    key: str
    mime: str
    public: bool
    #: name for the download; None for what is shown in the page
    download: str | None
    modified: datetime


@dataclass(frozen=True)
class Usage:
    """How many bytes of files somebody keeps here, and how many they may (None: as many as fit)."""

    used: int
    limit: int | None
    files: int


def media_row(media: Media, *, signed: bool) -> MediaRow:
    """The view of a file. `signed` gives it addresses that also work without a cookie for an hour or two: needed where
    not everybody may see it, and only to be given to somebody who may."""
    return MediaRow(
        id=media.id,
        kind=media.kind,
        url=file_url(media.id, "full", signed=signed, mime=media.mime) or "",
        thumb_url=file_url(media.id, "thumb", signed=signed) if media.thumb_key else None,
        width=media.width,
        height=media.height,
        bytes=media.bytes,
        name=media.name,
        duration_s=None if media.duration_ms is None else max(1, round(media.duration_ms / 1000)),
        duration_ms=media.duration_ms,
        wave=media.wave,
        mime=media.mime,
        color=media.color,
    )


def media_of(actor: Actor, ids: Sequence[int]) -> list[MediaRow]:
    """The actor's own uploads for a post, in the order of `ids`, each once.

    Inside an operation they stay until it ends, so what is attached cannot be deleted meanwhile.
    Raises Unauthenticated, Invalid (field media_ids) if one is missing, another's, or not made for posts.
    """
    if actor.id is None:
        raise Unauthenticated
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return []
    mine = (
        select(Media)
        .where(Media.id.in_(wanted), Media.owner_id == actor.id, Media.purpose == "post")
        .order_by(Media.id)
        .with_for_update(read=True, key_share=True)
    )
    found = {media.id: media_row(media, signed=True) for media in db.session.scalars(mine)}
    if len(found) != len(wanted):
        raise Invalid(errors={"media_ids": [lazy("One of the files is not there any more. Please add it again.")]})
    return [found[id_] for id_ in wanted]


def served_file(actor: Actor, media_id: int, variant: str, extension: str, *, signed: bool) -> ServedFile:
    """The stored file of `variant` (full or thumb), if this actor may have it.

    Avatars and covers are for everybody; a file in a post is for those who may see the post; what is in no post, for
    its owner. A good signature (`signed`) has been checked already and lets anybody pass. Raises NotFound, also for an
    `extension` that is not the file's.
    """
    media = db.session.get(Media, media_id)
    if media is None:
        raise NotFound
    thumb = variant == "thumb"
    key, mime = (media.thumb_key, "image/webp") if thumb else (media.storage_key, media.mime)
    if key is None or EXTENSIONS[mime] != extension:
        raise NotFound
    public = media.purpose in {"avatar", "cover"}
    if not (public or signed or actor.owns(media.owner_id) or _in_visible_post(actor, media_id)):
        raise NotFound
    return ServedFile(key, mime, public, media.name if media.kind == "file" else None, media.created_at)


def _in_visible_post(actor: Actor, media_id: int) -> bool:
    post_media, posts = (Base.metadata.tables[name] for name in ("post_media", "posts"))
    active = and_(Member.status == "active", Member.user_id == (actor.id or 0))
    moderators = [role for role, may in ROLE_PERMISSIONS.items() if Permission.POST_MODERATE in may]
    moderates = and_(active, Member.role.in_(moderators))
    # as with the post itself: a block shields from nobody who moderates, and hides the owner of the circle from nobody
    met = or_(moderates, posts.c.author_id == Circle.owner_id, posts.c.anonymous, not_blocked(actor, posts.c.author_id))
    seen = or_(
        and_(posts.c.status == "published", or_(Circle.visibility == "public", active), met),
        and_(posts.c.status.in_((*_IN_REVIEW, "published")), posts.c.author_id == (actor.id or 0)),
        and_(posts.c.status.in_(_IN_REVIEW), moderates),
    )
    found = (
        select(post_media.c.post_id)
        .join(posts, posts.c.id == post_media.c.post_id)
        .join(Circle, Circle.id == posts.c.circle_id)
        .outerjoin(Member, and_(Member.circle_id == Circle.id, Member.user_id == (actor.id or 0)))
        .where(post_media.c.media_id == media_id, Circle.status == "active", seen)
        .limit(1)
    )
    return db.session.scalar(found) is not None


def in_use() -> ColumnElement[bool]:
    """Whether a row of media is part of a post or of a draft, an avatar or a cover. An avatar is always its owner's."""
    post_media: Any = Base.metadata.tables["post_media"]
    draft_media: Any = Base.metadata.tables["draft_media"]
    campaigns: Any = Base.metadata.tables["campaigns"]
    return or_(
        exists().where(post_media.c.media_id == Media.id),
        exists().where(draft_media.c.media_id == Media.id),
        exists().where(User.id == Media.owner_id, User.avatar_id == Media.id),
        exists().where(Circle.cover_id == Media.id),
        exists().where(campaigns.c.cover_id == Media.id),
    )


def unused_media(before: datetime, limit: int) -> list[int]:
    """Ids of uploads from before then that nothing shows; oldest first."""
    unused = select(Media.id).where(Media.created_at < before, ~in_use()).order_by(Media.id).limit(limit)
    return list(db.session.scalars(unused))


def unused_media_of(owner_id: int, limit: int) -> list[int]:
    """Ids of somebody's uploads that nothing shows; oldest first."""
    unused = select(Media.id).where(Media.owner_id == owner_id, ~in_use()).order_by(Media.id).limit(limit)
    return list(db.session.scalars(unused))


def used_bytes(owner_id: int) -> int:
    """What the files of one member have together, counted against the quota."""
    return int(db.session.scalar(select(func.sum(Media.bytes)).where(Media.owner_id == owner_id)) or 0)


def my_usage(actor: Actor) -> Usage:
    """How much of the quota one's own files take. Raises Unauthenticated."""
    if actor.id is None:
        raise Unauthenticated
    counted = select(func.coalesce(func.sum(Media.bytes), 0), func.count()).where(Media.owner_id == actor.id)
    used, files = db.session.execute(counted).one()
    return Usage(int(used), quota.limit(), files)


def named_keys(keys: Collection[str]) -> set[str]:
    """Those of the storage keys that a row names, as file or as thumbnail."""
    full = select(Media.storage_key).where(Media.storage_key.in_(keys))
    thumbs = select(Media.thumb_key).where(Media.thumb_key.in_(keys))
    return {key for key in db.session.scalars(full.union(thumbs)) if key is not None}
