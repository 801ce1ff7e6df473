"""JSON routes of accounts."""

from __future__ import annotations

from circle.core.api import ApiBlueprint

bp = ApiBlueprint("accounts", __name__)
