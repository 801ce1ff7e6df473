"""One's own drafts: keeping, planning, publishing.

A save with an older `seq` is answered 409 `DRAFT_STALE` and changes nothing: read the draft for its newer state, then
save again over it, or keep one's own as a new draft.
"""

from __future__ import annotations

from typing import Any

from circle.core.api import actor
from circle.core.pagination import Page
from circle.posts import operations, queries
from circle.posts.api.blueprint import bp
from circle.posts.draft_schemas import DraftEditInput, DraftInput, DraftOut, DraftPublishInput
from circle.posts.operations import DraftContent, Plan
from circle.posts.queries import DraftRow, PostRow
from circle.posts.schemas import PostOut


@bp.endpoint("GET", "/me/drafts", gives=DraftOut, paged=True)
def drafts(query: dict[str, Any]) -> Page[DraftRow]:
    """One's own drafts, the last touched first."""
    return queries.drafts(actor(), **query)


@bp.endpoint("POST", "/circles/<slug:slug>/drafts", takes=DraftInput, gives=DraftOut, status=201, limit="draft")
def new_draft(data: dict[str, Any], slug: str) -> DraftRow:
    """Keep what is being written as a new draft; at most 50 of one person (`TOO_MANY_DRAFTS`)."""
    writer, plan = data.pop("writer"), _plan(data)
    saved = operations.new_draft(actor(), slug, DraftContent.of(**data), writer=writer, plan=plan)
    return queries.get_draft(actor(), saved.id)


@bp.endpoint("GET", "/me/drafts/<id:draft_id>", gives=DraftOut)
def show_draft(draft_id: int) -> DraftRow:
    """One of one's own drafts."""
    return queries.get_draft(actor(), draft_id)


@bp.endpoint("PUT", "/me/drafts/<id:draft_id>", takes=DraftEditInput, gives=DraftOut, limit="draft", errors=(409,))
def save_draft(data: dict[str, Any], draft_id: int) -> DraftRow:
    """Keep a newer state of a draft, unless another device was faster (`DRAFT_STALE`)."""
    writer, seq, plan = data.pop("writer"), data.pop("seq"), _plan(data)
    operations.save_draft(actor(), draft_id, DraftContent.of(**data), seq=seq, writer=writer, plan=plan)
    return queries.get_draft(actor(), draft_id)


@bp.endpoint("DELETE", "/me/drafts/<id:draft_id>", gives=None, status=204, limit="draft")
def delete_draft(draft_id: int) -> None:
    """Throw a draft away."""
    operations.delete_draft(actor(), draft_id)


@bp.endpoint(
    "POST", "/me/drafts/<id:draft_id>/publish", takes=DraftPublishInput, gives=PostOut, status=201, limit="publish",
    errors=(409,),
)  # fmt: skip
def publish_draft(data: dict[str, Any], draft_id: int) -> PostRow:
    """Publish a draft as it stands; it is gone afterwards."""
    return queries.get_post(actor(), operations.publish_draft(actor(), draft_id, **data))


def _plan(data: dict[str, Any]) -> Plan | None:
    """What was said about when it appears; None when nothing was."""
    return Plan(data.pop("publish_at")) if "publish_at" in data else None
