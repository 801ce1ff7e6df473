"""How a post read before its edits."""

from __future__ import annotations

from typing import Any

from circle.core.api import actor
from circle.core.pagination import Page
from circle.posts import queries
from circle.posts.api.blueprint import bp
from circle.posts.queries import RevisionRow
from circle.posts.schemas import RevisionOut


@bp.endpoint("GET", "/posts/<id:post_id>/revisions", gives=RevisionOut, paged=True)
def revisions(query: dict[str, Any], post_id: int) -> Page[RevisionRow]:
    """How a post read before each late edit, for its author and moderators; the latest of them first."""
    return queries.revisions(actor(), post_id, **query)
