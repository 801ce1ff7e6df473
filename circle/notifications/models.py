"""Tables of notifications."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from circle.core.db import Base, IdMixin


class Notice(IdMixin, Base):
    __tablename__ = "notices"
    __table_args__ = (Index(None, "user_id", "id"), Index(None, "user_id", "read_at"))

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    circle_id: Mapped[int | None] = mapped_column(ForeignKey("circles.id", ondelete="CASCADE"))
    #: what happened, for example post.hidden; kinds.py has the sentence for each kind
    kind: Mapped[str] = mapped_column(String(32))
    #: values of the sentence and of the path it leads to (ids, a reason)
    data: Mapped[dict[str, Any]]
    #: same fact, same key: told once
    dedupe_key: Mapped[str] = mapped_column(String(120), unique=True)
    read_at: Mapped[datetime | None]
