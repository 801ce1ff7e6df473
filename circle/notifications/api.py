"""JSON routes of notifications."""

from __future__ import annotations

from circle.core.api import ApiBlueprint

bp = ApiBlueprint("notifications", __name__)
