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
    thumb_key: Mapped[str] = mapped_column(String(96))
    mime: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    #: size of the stored full picture
    bytes: Mapped[int]
    #: of what was uploaded, before re-encoding
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    #: file name as the member had it, for downloads; never used as a path
    name: Mapped[str] = mapped_column(String(120), default="")
    #: average colour "#rrggbb", shown while the picture loads
    color: Mapped[str] = mapped_column(String(7), default="#d8cfc3")
