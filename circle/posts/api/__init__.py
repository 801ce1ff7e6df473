"""JSON routes of posts: `feeds`, one of the `posts`, its `comments` and likes."""

from __future__ import annotations

from circle.posts.api import comments, feeds, polls, posts
from circle.posts.api.blueprint import bp

__all__ = ["bp", "comments", "feeds", "polls", "posts"]
