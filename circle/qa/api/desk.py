"""Questions that nobody answers, for those who run the circle."""

from __future__ import annotations

from typing import Any

from circle.core.api import actor
from circle.core.pagination import Page
from circle.qa import queries
from circle.qa.api.blueprint import bp
from circle.qa.manage_schemas import UnansweredQuery, WaitingOut
from circle.qa.queries import WaitingRow


@bp.endpoint(
    "GET", "/circles/<slug:slug>/questions/unanswered", gives=WaitingOut, query=UnansweredQuery, paged=True,
    errors=(403,),
)  # fmt: skip
def unanswered(query: dict[str, Any], slug: str) -> Page[WaitingRow]:
    """Open questions that nobody has answered for so many hours, the oldest first. For moderators."""
    return queries.waiting(actor(), queries.desk(actor(), slug), **query)
