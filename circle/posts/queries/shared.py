"""What of a public circle goes out to those who never open it: the picture that stands for a post, and its feed."""

from __future__ import annotations

from sqlalchemy import select

from circle.access import VISITOR
from circle.accounts.models import User
from circle.circles import queries as circles
from circle.circles.queries import CircleRow
from circle.core.db import db
from circle.core.errors import NotFound
from circle.media.models import Media
from circle.posts.models import Post
from circle.posts.queries.feed import feed, get_post, pinned_posts, topic_feed
from circle.posts.queries.rows import PostRow
from circle.posts.share import Facts
from circle.topics import queries as topics
from circle.topics.queries import TopicRow

#: how many posts a feed holds
FEED_POSTS = 20


def share_facts(post_id: int, slug: str) -> Facts:
    """What the card of a published post shows, which is what everybody may see.

    Raises NotFound, also for what is in a private circle, whoever asks: the address of a card is public.
    """
    post = get_post(VISITOR, post_id, slug=slug)
    if post.status != "published" or post.circle.visibility != "public":
        raise NotFound
    picture = post.images[0].id if post.images else None
    whose = select(User.avatar_id).join(Post, Post.author_id == User.id).where(Post.id == post_id, ~Post.anonymous)
    avatar_id = db.session.scalar(whose)
    wanted = [id_ for id_ in (picture, avatar_id) if id_ is not None]
    found = db.session.scalars(select(Media).where(Media.id.in_(wanted))) if wanted else ()
    files = {media.id: media for media in found}
    shown = files.get(picture or 0)
    face = files.get(avatar_id or 0) if post.author.avatar_url else None
    return Facts(
        post_id=post.id,
        circle=post.circle.name,
        accent=post.circle.accent,
        title=post.title,
        excerpt=post.excerpt,
        author=post.author.nickname,
        author_id=post.author.id,
        picture=shown.storage_key if shown else None,
        face=face.thumb_key if face else None,
    )


def public_feed(slug: str, topic_slug: str | None = None) -> tuple[CircleRow, TopicRow | None, list[PostRow]]:
    """The newest posts of a public circle, or of a topic in it, as a visitor may read them. Raises NotFound."""
    circle = circles.readable_circle(VISITOR, slug)
    if circle.visibility != "public":
        raise NotFound
    if topic_slug is None:
        return circle, None, _newest(circle)
    topic = topics.get_topic(VISITOR, slug, topic_slug)
    return circle, topic, list(topic_feed(VISITOR, circle, topic.id, limit=FEED_POSTS).items)


def _newest(circle: CircleRow) -> list[PostRow]:
    """By date alone: the circle's own feed leaves out what is pinned above it."""
    posts = [*pinned_posts(VISITOR, circle), *feed(VISITOR, circle, limit=FEED_POSTS).items]
    return sorted(posts, key=lambda post: (post.published_at, post.id), reverse=True)[:FEED_POSTS]
