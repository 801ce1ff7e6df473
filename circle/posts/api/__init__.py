"""JSON routes of posts: `feeds`, one of the `posts`, its `comments` and likes."""

from __future__ import annotations

from circle.posts.api import comments, curating, drafts, favorites, feeds, polls, posts, revisions, topic_board
from circle.posts.api.blueprint import bp

__all__ = ["bp", "comments", "curating", "drafts", "favorites", "feeds", "polls", "posts", "revisions", "topic_board"]
