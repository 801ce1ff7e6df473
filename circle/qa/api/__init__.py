"""Questions and answers over the API. Importing the modules adds their endpoints to `bp`."""

from __future__ import annotations

from circle.qa.api import accepting, answering, asking, closing, desk, inviting, moderating, reading, revealing, voting
from circle.qa.api.blueprint import bp

__all__ = [
    "accepting",
    "answering",
    "asking",
    "bp",
    "closing",
    "desk",
    "inviting",
    "moderating",
    "reading",
    "revealing",
    "voting",
]
