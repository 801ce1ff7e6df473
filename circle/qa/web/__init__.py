"""The pages of questions and answers. Importing the modules adds their views to `bp`."""

from __future__ import annotations

from circle.qa.web import (
    accepting,
    answering,
    asking,
    closing,
    desk,
    inviting,
    moderating,
    reading,
    revealing,
    revisions,
    voting,
)
from circle.qa.web.blueprint import bp

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
    "revisions",
    "voting",
]
