"""One's own points over the API, and the levels of a circle."""

from __future__ import annotations

from typing import Any

from circle.circles.queries import get_circle
from circle.core.api import actor
from circle.core.errors import NotFound
from circle.core.pagination import Page
from circle.ledger.queries import EntryRow
from circle.points import queries
from circle.points.api.blueprint import bp
from circle.points.queries.mine import Filter, MyPoints, Then
from circle.points.queries.why import Why
from circle.points.schemas import (
    AsOfQuery,
    LadderOut,
    LedgerQuery,
    LedgerRowOut,
    MyMembershipOut,
    MyPointsOut,
    ThenOut,
    WhyOut,
    WhyQuery,
)


@bp.endpoint("GET", "/circles/<slug:slug>/me", gives=MyMembershipOut)
def me(slug: str) -> dict[str, Any]:
    """Your place in the circle; 404 when you never were there."""
    circle = get_circle(actor(), slug)
    if circle.me is None:
        raise NotFound
    return {**vars(circle.me), "points": queries.points_here(actor(), circle)}


@bp.endpoint("GET", "/circles/<slug:slug>/me/points", gives=MyPointsOut)
def points(slug: str) -> MyPoints:
    """What you have in a circle, also when you left it."""
    return queries.my_points(actor(), queries.own_circle(actor(), slug))


@bp.endpoint("GET", "/circles/<slug:slug>/me/ledger", query=LedgerQuery, gives=LedgerRowOut, paged=True)
def ledger(query: dict[str, Any], slug: str) -> Page[EntryRow]:
    """How your points or growth came and went, newest first."""
    circle = queries.own_circle(actor(), slug)
    wanted = Filter(query["asset"], query["kind"] or None, query["direction"], query["from_"], query["to"])
    page = queries.statement(actor(), circle, wanted, cursor=query["cursor"], limit=query["limit"])
    return page.map(lambda rows: [row.entry for row in rows])


@bp.endpoint("GET", "/circles/<slug:slug>/me/ledger/as-of", query=AsOfQuery, gives=ThenOut)
def as_of(query: dict[str, Any], slug: str) -> Then:
    """What you had at a moment."""
    return queries.as_of(actor(), queries.own_circle(actor(), slug), query["at"])


@bp.endpoint("GET", "/circles/<slug:slug>/me/ledger/why", query=WhyQuery, gives=WhyOut, errors=(403,))
def why(query: dict[str, Any], slug: str) -> Why:
    """Why something gave points, fewer than expected, or none."""
    circle = queries.own_circle(actor(), slug)
    return queries.explain(actor(), circle, query["source"], user_id=query["user"])


@bp.endpoint("GET", "/circles/<slug:slug>/levels", gives=LadderOut, signed_in=False)
def levels(slug: str) -> dict[str, Any]:
    """The levels of a circle: what growth each begins with, and what it allows."""
    return {"levels": queries.levels(actor(), slug)}
