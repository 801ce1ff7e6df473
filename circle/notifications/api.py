"""JSON routes of notifications."""

from __future__ import annotations

from typing import Any

from circle.core.api import ApiBlueprint, actor
from circle.core.pagination import Page
from circle.notifications import operations, queries
from circle.notifications.operations import Choice
from circle.notifications.schemas import (
    InboxQuery,
    NoticeOut,
    NoticeSettingsInput,
    NoticeSettingsOut,
    ReadInput,
    UnreadOut,
)

bp = ApiBlueprint("notifications", __name__)


@bp.endpoint("GET", "/me/notifications", gives=NoticeOut, query=InboxQuery, paged=True)
def inbox(query: dict[str, Any]) -> Page[queries.NoticeRow]:
    """One's notices, last told first."""
    category = query.pop("category")
    return queries.inbox(actor(), categories=[category] if category else [], **query)


@bp.endpoint("POST", "/me/notifications/read", takes=ReadInput, gives=UnreadOut, limit="react")
def read(data: dict[str, Any]) -> dict[str, int]:
    """Mark notices as read: those in `ids`, or all."""
    return {"unread": operations.mark_read(actor(), data["ids"])}


@bp.endpoint("GET", "/me/notification-settings", gives=NoticeSettingsOut)
def get_settings() -> queries.SettingsRow:
    """Where one hears of what."""
    return queries.settings_of(actor())


@bp.endpoint("PUT", "/me/notification-settings", takes=NoticeSettingsInput, gives=NoticeSettingsOut, limit="settings")
def put_settings(data: dict[str, Any]) -> queries.SettingsRow:
    """Choose where to hear of what; categories that are not named stay as they are."""
    chosen = {each["category"]: Choice(each["inbox"], each["mail"]) for each in data["categories"]}
    operations.choose_settings(actor(), chosen)
    return queries.settings_of(actor())
