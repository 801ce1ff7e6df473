"""JSON routes of circles."""

from __future__ import annotations

from circle.core.api import ApiBlueprint

bp = ApiBlueprint("circles", __name__)
