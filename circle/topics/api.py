"""JSON routes of topics."""

from __future__ import annotations

from circle.core.api import ApiBlueprint

bp = ApiBlueprint("topics", __name__)
