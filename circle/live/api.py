"""JSON routes of live."""

from __future__ import annotations

from typing import Any

from circle.core.api import ApiBlueprint, actor
from circle.live import queries
from circle.live.schemas import LiveOut, LiveQuery

bp = ApiBlueprint("live", __name__)


@bp.endpoint("GET", "/me/live", query=LiveQuery, gives=LiveOut, limit="live", errors=(404,))
def live(query: dict[str, Any]) -> queries.News:
    """What is new: to be asked every half minute while a feed is open, with If-None-Match."""
    return queries.news(actor(), query["circle"], query["since"])
