"""What those who run a circle do about points over the API."""

from __future__ import annotations

from typing import Any

from circle.circles.queries import CircleRow
from circle.core.api import actor, expected_version
from circle.core.pagination import Page
from circle.points import operations, queries
from circle.points.api.blueprint import bp
from circle.points.manage_schemas import (
    AdjustInput,
    AdjustmentOut,
    AdjustmentsQuery,
    BooksOut,
    EarnRulesOut,
    LevelsInput,
    NoteInput,
    RulesInput,
    SetLevelsOut,
    TriedOut,
    TriedRulesInput,
)
from circle.points.queries import AdjustmentRow, BooksView, EarnRules, LevelSettings, Tried

# ---- rules and levels ------------------------------------------------------------------------------------------------


@bp.endpoint("GET", "/circles/<slug:slug>/earn-rules", gives=EarnRulesOut, errors=(403,))
def earn_rules(slug: str) -> EarnRules:
    """What earns how much in a circle."""
    return queries.earn_rules(actor(), slug)


@bp.endpoint(
    "PUT", "/circles/<slug:slug>/earn-rules", takes=RulesInput, gives=EarnRulesOut, limit="manage", versioned=True
)
def save_rules(data: dict[str, Any], slug: str) -> EarnRules:
    """Change rules of earning; those that are not named stay. With If-Match only if nobody else changed them."""
    operations.save_rules(actor(), slug, **data, version=expected_version())
    return queries.earn_rules(actor(), slug)


@bp.endpoint(
    "POST",
    "/circles/<slug:slug>/earn-rules/simulate",
    takes=TriedRulesInput,
    gives=TriedOut,
    limit="simulate",
    errors=(403,),
)
def try_rules(data: dict[str, Any], slug: str) -> Tried:
    """Try rules on the last 90 days: what they would have cost, and for whom. Changes nothing."""
    return queries.try_rules(actor(), slug, data["rules"])


@bp.endpoint(
    "PUT", "/circles/<slug:slug>/levels", takes=LevelsInput, gives=SetLevelsOut, limit="manage", versioned=True
)
def save_levels(data: dict[str, Any], slug: str) -> LevelSettings:
    """Write all levels of a circle, lowest first. Nobody falls by it; who has the growth for more rises.

    If-Match takes the ETag of the circle.
    """
    operations.save_levels(actor(), slug, **data, version=expected_version())
    return queries.level_settings(actor(), slug)


# ---- by hand ---------------------------------------------------------------------------------------------------------


@bp.endpoint(
    "POST",
    "/circles/<slug:slug>/points/adjust",
    takes=AdjustInput,
    gives=AdjustmentOut,
    status=201,
    also={202: "It is large and waits for a second person."},
    limit="manage",
    errors=(403, 409),
    key_required=True,
)
def adjust(data: dict[str, Any], slug: str) -> tuple[AdjustmentRow, int]:
    """Give a member points or growth, or take them; large amounts wait for a second person."""
    row = queries.get_adjustment(actor(), operations.ask_adjustment(actor(), slug, **data))
    return row, 202 if row.status == "pending" else 201


@bp.endpoint(
    "GET",
    "/circles/<slug:slug>/points/adjustments",
    gives=AdjustmentOut,
    query=AdjustmentsQuery,
    paged=True,
    errors=(403,),
)
def adjustments(query: dict[str, Any], slug: str) -> Page[AdjustmentRow]:
    """Adjustments with a status, or all that are decided."""
    return queries.adjustment_page(_adjustable(slug), **query)


@bp.endpoint(
    "POST",
    "/point-adjustments/<id:adjustment_id>/approve",
    gives=AdjustmentOut,
    limit="manage",
    errors=(403, 409, 422),
    key_required=True,
)
def approve_adjustment(adjustment_id: int) -> AdjustmentRow:
    """Agree to an adjustment that somebody else asked for."""
    operations.approve_adjustment(actor(), adjustment_id)
    return queries.get_adjustment(actor(), adjustment_id)


@bp.endpoint(
    "POST",
    "/point-adjustments/<id:adjustment_id>/reject",
    takes=NoteInput,
    gives=AdjustmentOut,
    limit="manage",
    errors=(403, 409),
)
def reject_adjustment(data: dict[str, Any], adjustment_id: int) -> AdjustmentRow:
    """Turn down an adjustment; who asked for it is told why."""
    operations.reject_adjustment(actor(), adjustment_id, **data)
    return queries.get_adjustment(actor(), adjustment_id)


@bp.endpoint(
    "POST",
    "/point-adjustments/<id:adjustment_id>/reverse",
    takes=NoteInput,
    gives=AdjustmentOut,
    limit="manage",
    errors=(403, 409),
    key_required=True,
)
def reverse_adjustment(data: dict[str, Any], adjustment_id: int) -> AdjustmentRow:
    """Undo an adjustment; the member is told why."""
    operations.reverse_adjustment(actor(), adjustment_id, **data)
    return queries.get_adjustment(actor(), adjustment_id)


@bp.endpoint("GET", "/circles/<slug:slug>/points/books", gives=BooksOut, errors=(403,))
def books(slug: str) -> BooksView:
    """Where all points of a circle came from and where they are, and whether that adds up."""
    return queries.circle_books(_adjustable(slug))


def _adjustable(slug: str) -> CircleRow:
    return queries.adjustable(actor(), slug)
