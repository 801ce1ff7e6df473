"""Pages of posts: `reading` and `writing` a post, `comments` and likes, `moderating`."""

from __future__ import annotations

from circle.posts.web import (
    comments,
    curating,
    drafts,
    favorites,
    moderating,
    polls,
    reading,
    revisions,
    share,
    suggesting,
    topic_board,
    writing,
)
from circle.posts.web.blueprint import bp

__all__ = [
    "bp",
    "comments",
    "curating",
    "drafts",
    "favorites",
    "moderating",
    "polls",
    "reading",
    "revisions",
    "share",
    "suggesting",
    "topic_board",
    "writing",
]
