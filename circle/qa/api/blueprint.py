"""The blueprint of the API of questions and answers."""

from __future__ import annotations

from circle.core.api import ApiBlueprint

bp = ApiBlueprint("qa", __name__)
