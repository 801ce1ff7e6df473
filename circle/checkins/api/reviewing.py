"""Reviewing check-ins over the API."""

from __future__ import annotations

from typing import Any

from circle.checkins import operations, queries
from circle.checkins.api.blueprint import bp
from circle.checkins.queries import RecordRow
from circle.checkins.review_schemas import ApproveInput, RecordOut, RecordsQuery, RejectCheckinInput
from circle.core.api import actor
from circle.core.pagination import Page


@bp.endpoint("GET", "/campaigns/<id:campaign_id>/records", gives=RecordOut, query=RecordsQuery, paged=True)
def records(query: dict[str, Any], campaign_id: int) -> Page[RecordRow]:
    """The check-ins of a campaign that wait for a reviewer, the oldest first, or that stand otherwise."""
    return queries.record_page(actor(), queries.reviewed_campaign(actor(), campaign_id), **query)


@bp.endpoint(
    "POST", "/checkin-records/<id:record_id>/approve", takes=ApproveInput, gives=RecordOut, limit="manage",
    errors=(409,),
)  # fmt: skip
def approve(_data: dict[str, Any], record_id: int) -> RecordRow:
    """Let a check-in count that waits. Approving what is approved changes nothing."""
    operations.approve_record(actor(), record_id)
    return queries.get_record(actor(), record_id)


@bp.endpoint(
    "POST", "/checkin-records/<id:record_id>/reject", takes=RejectCheckinInput, gives=RecordOut, limit="manage",
    errors=(409,),
)  # fmt: skip
def reject(data: dict[str, Any], record_id: int) -> RecordRow:
    """Let a check-in not count that waits; its author is told why, and may check in again while the period is open."""
    operations.reject_record(actor(), record_id, **data)
    return queries.get_record(actor(), record_id)
