"""JSON routes of topics."""

from __future__ import annotations

from typing import Any

from circle.core.api import ApiBlueprint, actor, expected_version
from circle.core.pagination import Page
from circle.topics import operations, queries
from circle.topics.schemas import FollowOut, TopicInput, TopicOut, TopicPatch

bp = ApiBlueprint("topics", __name__)


@bp.endpoint("GET", "/circles/<slug:slug>/topics", gives=TopicOut, paged=True, signed_in=False)
def index(page: dict[str, Any], slug: str) -> Page[queries.TopicRow]:
    """The topics of a circle: open ones first, then by how many posts they hold."""
    return queries.topic_page(actor(), slug, **page)


@bp.endpoint("POST", "/circles/<slug:slug>/topics", takes=TopicInput, gives=TopicOut, status=201, limit="manage")
def create(data: dict[str, Any], slug: str) -> queries.TopicRow:
    """Open a topic."""
    return queries.get_topic_by_id(actor(), operations.create_topic(actor(), slug, **data))


@bp.endpoint("GET", "/topics/<id:topic_id>", gives=TopicOut, signed_in=False)
def show(topic_id: int) -> queries.TopicRow:
    """One topic."""
    return queries.get_topic_by_id(actor(), topic_id)


@bp.endpoint("PATCH", "/topics/<id:topic_id>", takes=TopicPatch, gives=TopicOut, versioned=True, limit="manage")
def update(data: dict[str, Any], topic_id: int) -> queries.TopicRow:
    """Change a topic's name or introduction, archive or reopen it."""
    operations.update_topic(actor(), topic_id, expected_version=expected_version(), **data)
    return queries.get_topic_by_id(actor(), topic_id)


@bp.endpoint("PUT", "/topics/<id:topic_id>/follow", gives=FollowOut, limit="react")
def follow(topic_id: int) -> queries.TopicRow:
    """Follow a topic."""
    operations.follow_topic(actor(), topic_id)
    return queries.get_topic_by_id(actor(), topic_id)


@bp.endpoint("DELETE", "/topics/<id:topic_id>/follow", gives=FollowOut, limit="react")
def unfollow(topic_id: int) -> queries.TopicRow:
    """Follow a topic no longer."""
    operations.unfollow_topic(actor(), topic_id)
    return queries.get_topic_by_id(actor(), topic_id)
