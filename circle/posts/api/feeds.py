"""Lists of posts: a circle's, a topic's, somebody's."""

from __future__ import annotations

from typing import Any

from circle.circles import queries as circles
from circle.core.api import actor
from circle.core.pagination import Page
from circle.posts import queries
from circle.posts.api.blueprint import bp
from circle.posts.queries import PostRow
from circle.posts.schemas import (
    FeedOut,
    FeedQuery,
    PostOut,
    TopicFeedQuery,
)
from circle.topics import queries as topics


@bp.endpoint("GET", "/circles/<slug:slug>/feed", gives=FeedOut, query=FeedQuery, signed_in=False, errors=(400,))
def feed(query: dict[str, Any], slug: str) -> dict[str, Any]:
    """A circle's posts, newest, active, hot, last featured, or following first."""
    circle = circles.readable_circle(actor(), slug)
    page = queries.feed(
        actor(), circle, sort=query["sort"], type_=query["type"], cursor=query["cursor"], limit=query["limit"]
    )
    # what is pinned is left out of the list, so it stands here; the featured ones are a list of their own
    first = query["cursor"] is None and query["sort"] != "featured"
    pinned = queries.pinned_posts(actor(), circle) if first else []
    pinned = [post for post in pinned if query["type"] in {None, post.type}]
    return {"pinned": pinned, "items": page.items, "next_cursor": page.next_cursor}


@bp.endpoint("GET", "/topics/<id:topic_id>/feed", gives=FeedOut, query=TopicFeedQuery, signed_in=False, errors=(400,))
def topic_feed(query: dict[str, Any], topic_id: int) -> dict[str, Any]:
    """A topic's posts."""
    topic = topics.get_topic_by_id(actor(), topic_id)
    circle = circles.readable_circle(actor(), topic.circle_slug)
    page = queries.topic_feed(
        actor(), circle, topic.id, sort=query["sort"], cursor=query["cursor"], limit=query["limit"]
    )
    return {"pinned": [], "items": page.items, "next_cursor": page.next_cursor}


@bp.endpoint("GET", "/users/<id:user_id>/posts", gives=PostOut, paged=True, signed_in=False)
def by_user(query: dict[str, Any], user_id: int) -> Page[PostRow]:
    """Somebody's posts in the circles that you may read."""
    return queries.posts_by(actor(), user_id, **query)
