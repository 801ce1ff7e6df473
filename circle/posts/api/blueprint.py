"""The blueprint that all JSON routes of posts hang on."""

from __future__ import annotations

from circle.core.api import ApiBlueprint

bp = ApiBlueprint("posts", __name__)
