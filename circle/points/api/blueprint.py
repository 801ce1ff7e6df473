"""The blueprint of the API of points."""

from __future__ import annotations

from circle.core.api import ApiBlueprint

bp = ApiBlueprint("points", __name__)
