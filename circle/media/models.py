"""Tables of media."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from circle.core.db import Base, IdMixin, one_of


class Media(IdMixin, Base):
    """One uploaded file and its thumbnail. Avatars and covers are for everybody, the rest as its post is."""

    __tablename__ = "media"
    __table_args__ = (
        one_of("kind", "image", "audio", "video", "file"),
        one_of("purpose", "post", "avatar", "cover"),
        Index(None, "owner_id", "id"),
        Index(None, "storage_key"),
        Index(None, "thumb_key"),
    )

    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8), default="image")
    purpose: Mapped[str] = mapped_column(String(8), default="post")
    #: keys in core.storage; several rows may share them (same content)
    storage_key: Mapped[str] = mapped_column(String(96))
    #: thumbnail of a picture, poster of a video; None where there is nothing to see
    thumb_key: Mapped[str | None] = mapped_column(String(96))
    mime: Mapped[str] = mapped_column(String(100))
    #: of pictures and videos, in pixels
    width: Mapped[int | None]
    height: Mapped[int | None]
    #: of voice and video, in milliseconds
    duration_ms: Mapped[int | None]
    #: loudness of a voice note in up to 48 steps of 0..9, as digits: "0135997…"; drawn as its wave
    wave: Mapped[str] = mapped_column(String(48), default="")
    #: size of the stored file (the full one), counted against its owner's quota
    bytes: Mapped[int]
    #: of what was uploaded, before re-encoding
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    #: file name as the member had it, for downloads; never used as a path
    name: Mapped[str] = mapped_column(String(120), default="")
    #: average colour "#rrggbb", shown while the picture loads
    color: Mapped[str] = mapped_column(String(7), default="#d8cfc3")
