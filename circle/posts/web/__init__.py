"""Pages of posts: `reading` and `writing` a post, `comments` and likes, `moderating`."""

from __future__ import annotations

from circle.posts.web import comments, moderating, polls, reading, writing
from circle.posts.web.blueprint import bp

__all__ = ["bp", "comments", "moderating", "polls", "reading", "writing"]
