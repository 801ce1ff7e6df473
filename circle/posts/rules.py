"""What a post and a comment must be like. Raises; writes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from circle.core.errors import Conflict, Refused
from circle.core.i18n import lazy

MAX_IMAGES = 9
MAX_TOPICS = 3
MAX_BODY = 10_000
MAX_COMMENT = 2_000


def check_content(body: str, media_ids: Sequence[int], topic_ids: Sequence[int]) -> None:
    """A post says or shows something, in bounds. Raises Refused POST_EMPTY, TOO_MANY_IMAGES or TOO_MANY_TOPICS."""
    if not body.strip() and not media_ids:
        raise Refused("POST_EMPTY", lazy("Write something, or add a picture."), field="body")
    if len(media_ids) > MAX_IMAGES:
        raise Refused("TOO_MANY_IMAGES", lazy("A post holds up to 9 pictures."), field="media_ids")
    if len(set(topic_ids)) > MAX_TOPICS:
        raise Refused("TOO_MANY_TOPICS", lazy("A post belongs to at most 3 topics."), field="topic_ids")


def check_comment(body: str) -> None:
    """A comment says something. Raises Refused COMMENT_EMPTY."""
    if not body.strip():
        raise Refused("COMMENT_EMPTY", lazy("Write a few words first."), field="body")


def check_status(status: str, allowed: Sequence[str]) -> None:
    """The step starts from one of `allowed`. Raises Conflict."""
    if status not in allowed:
        raise Conflict


def check_not_own(actor_id: int | None, author_id: int) -> None:
    """Nobody likes what they wrote themselves. Raises Refused OWN_CONTENT."""
    if actor_id == author_id:
        raise Refused("OWN_CONTENT", lazy("You cannot like your own words, but others will."))
