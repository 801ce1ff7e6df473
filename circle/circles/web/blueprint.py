"""The blueprint all pages of circles hang on, and what several of them begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.datastructures import MultiDict

from circle.access import Permission, require
from circle.circles import queries
from circle.circles.queries import CircleRow
from circle.core.web import actor, safe_next

bp = Blueprint("circles", __name__)

Values = Mapping[str, Any]
Errors = Mapping[str, Any]


def managed(slug: str, permission: Permission) -> CircleRow:
    """The circle, if the person may do this there. Raises NotFound, Unauthenticated or Forbidden."""
    circle = queries.readable_circle(actor(), slug)
    require(actor(), permission, circle.standing)
    return circle


def typed(form: MultiDict[str, str], *lists: str) -> dict[str, Any]:
    """What was typed, for showing the form again; `lists` are the names that occur several times."""
    return {**form.to_dict(), **{name: form.getlist(name) for name in lists}}


def back_to(endpoint: str, slug: str) -> str:
    """The page that an act was started from (with its filters), else the endpoint's first page."""
    return safe_next(request.form.get("next"), url_for(endpoint, slug=slug))
