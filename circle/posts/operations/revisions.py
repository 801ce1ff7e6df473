"""How a post read before a late edit is kept, for its author and the moderators."""

from __future__ import annotations

from circle.core import clock
from circle.core.db import db
from circle.posts.models import Post, Revision


def keep_revision(post: Post, title: str | None, body: str | None) -> None:
    """Keep the words of a locked post before they become `title` and `body` (None: stays); equal ones are not kept."""
    if (post.title if title is None else title, post.body if body is None else body) == (post.title, post.body):
        return
    db.session.add(
        Revision(
            post_id=post.id,
            version=post.version,
            title=post.title,
            body=post.body,
            body_html=post.body_html,
            since=post.edited_at or post.published_at,
            created_at=clock.now(),
        )
    )
