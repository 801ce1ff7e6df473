"""JSON routes of notifications."""

from __future__ import annotations

from typing import Any

from circle.core.api import ApiBlueprint, actor
from circle.core.pagination import Page
from circle.notifications import operations, queries
from circle.notifications.schemas import NoticeOut, ReadInput, UnreadOut

bp = ApiBlueprint("notifications", __name__)


@bp.endpoint("GET", "/me/notifications", gives=NoticeOut, paged=True)
def inbox(page: dict[str, Any]) -> Page[queries.NoticeRow]:
    """One's notices, newest first."""
    return queries.inbox(actor(), **page)


@bp.endpoint("POST", "/me/notifications/read", takes=ReadInput, gives=UnreadOut, limit="react")
def read(data: dict[str, Any]) -> dict[str, int]:
    """Mark notices as read: those in `ids`, or all."""
    return {"unread": operations.mark_read(actor(), data["ids"])}
