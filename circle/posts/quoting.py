"""Quoting somebody in an answer: the beginning of their words as a Markdown quote. Pure."""

from __future__ import annotations

import re

from circle.core import markup
from circle.posts.rules import MAX_COMMENT

#: of what is quoted, in characters
LENGTH = 120
#: what would mean something in Markdown, or name people and topics once more
_SIGNS = re.compile(r"(https?://[^\s*\[\]`]+)|([\\`*\[\]~<]|(?<![^\W_])_|_(?![^\W_])|[@#](?=\w))")
#: what means something at the beginning of a line
_START = re.compile(r"^(?:[#>+\-=|]|\d{1,9}[.)])")


def quoted(username: str, html: str, then: str = "") -> str:
    """The beginning of what stands in `html`, as a quote of @username, with an empty line and `then` after it.

    Empty but for `then` when there are no words to quote. Never longer than a comment may be.
    """
    words = markup.excerpt(html, LENGTH)
    if not words:
        return then
    plain = _SIGNS.sub(lambda found: found[1] or "\\" + found[2], words)
    line = f"@{username}：{plain}" if username else _START.sub(r"\\\g<0>", plain)
    return f"> {line}\n\n{then}"[:MAX_COMMENT]
