"""JSON routes of media."""

from __future__ import annotations

from circle.core.api import ApiBlueprint

bp = ApiBlueprint("media", __name__)
