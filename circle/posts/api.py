"""JSON routes of posts."""

from __future__ import annotations

from circle.core.api import ApiBlueprint

bp = ApiBlueprint("posts", __name__)
