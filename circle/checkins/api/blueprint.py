"""The blueprint of the API of campaigns and check-ins."""

from __future__ import annotations

from circle.core.api import ApiBlueprint

bp = ApiBlueprint("checkins", __name__)
