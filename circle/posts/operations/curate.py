"""What moderators lift up: pinning posts to the top of the circle, and featuring them (精华)."""

from __future__ import annotations

from datetime import datetime

from circle import access
from circle.access import Actor, Permission, Role, Standing
from circle.circles import queries as circles
from circle.core import audit, clock
from circle.core.errors import NotFound
from circle.core.operation import emit, lock, operation
from circle.posts import rules
from circle.posts.events import PostFeatured, PostUnfeatured
from circle.posts.models import Post
from circle.posts.operations.counting import mirror, rescore, topic_ids_of
from circle.posts.operations.pins import arrange, has_run_out, lock_pins, locked_for_pins, pins_of


@operation
def pin_post(actor: Actor, post_id: int, *, rank: int, until: datetime | None = None) -> None:
    """Pin a published post at place `rank` (the last one, if there are fewer), until a moment or for good.

    The others move down; pins whose time is over make room. Pinning a pinned post moves it.
    Raises NotFound, Forbidden, Conflict (not published), Invalid (until), Refused TOO_MANY_PINS.
    """
    post = locked_for_pins(post_id, all_pins=True)
    _check_may(actor, post, Permission.POST_PIN)
    rules.check_status(post.status, ("published",))
    rules.check_pin_until(until)
    before = _pin_of(post)
    here = pins_of(post.circle_id)
    gone = [other for other in here if has_run_out(other) and other.id != post_id]
    others = [other for other in here if other.id != post_id and other not in gone]
    rules.check_pin_count(len(others) + 1)
    others.insert(min(rank, len(others) + 1) - 1, post)
    arrange(others, gone)
    post.pin_until = until
    if (after := _pin_of(post)) != before:
        audit.record(actor, "post.pin", f"post:{post.id}", {"from": before, "to": after}, circle_id=post.circle_id)


@operation
def unpin_post(actor: Actor, post_id: int) -> None:
    """Take the pin off a post; nothing happens when it has none. Raises NotFound, Forbidden."""
    post = locked_for_pins(post_id, all_pins=True)
    _check_may(actor, post, Permission.POST_PIN)
    if post.pin_rank is None:
        return
    before = _pin_of(post)
    arrange([other for other in pins_of(post.circle_id) if other.id != post_id], gone=[post])
    audit.record(actor, "post.unpin", f"post:{post.id}", {"from": before}, circle_id=post.circle_id)


@operation
def clear_expired_pins(circle_id: int) -> int:
    """Take off the pins of a circle whose time is over, and close the gaps; returns how many. For the job."""
    pins = lock_pins(circle_id)
    gone = [post for post in pins if has_run_out(post)]
    arrange([post for post in pins if post not in gone], gone)
    return len(gone)


def _pin_of(post: Post) -> dict[str, object] | None:
    """The pin as the audit log tells it."""
    if post.pin_rank is None:
        return None
    return {"rank": post.pin_rank, "until": post.pin_until.isoformat() if post.pin_until else None}


@operation
def feature_post(actor: Actor, post_id: int, *, on: bool) -> None:
    """Feature a published post (`on`), or take that back. Only the owner of a circle features what they wrote.

    Raises NotFound, Forbidden, Conflict (not published).
    """
    post = lock(Post, post_id)
    standing = _check_may(actor, post, Permission.POST_FEATURE)
    if on:
        rules.check_status(post.status, ("published",))
        if standing.role != Role.OWNER:
            access.check_may_act_on(actor, standing, Standing(post.circle_id, post.author_id))
    if (post.featured_at is not None) == on:
        return
    post.featured_at, post.featured_by = (clock.now(), actor.id) if on else (None, None)
    rescore(post)
    mirror(post)
    verb = "feature" if on else "unfeature"
    audit.record(actor, f"post.{verb}", f"post:{post.id}", circle_id=post.circle_id)
    fact = PostFeatured if on else PostUnfeatured
    emit(fact(post.id, post.circle_id, post.author_id, actor.id, topic_ids_of(post.id), post.anonymous))


def _check_may(actor: Actor, post: Post, permission: Permission) -> Standing:
    """What is hidden is not there for those who do not curate; what is gone is not there for anybody."""
    if post.status in {"draft", "deleted", "removed", "rejected"}:
        raise NotFound
    if actor.is_system:
        return Standing(post.circle_id, None)
    standing = circles.readable_circle_by_id(actor, post.circle_id).standing
    if post.status != "published" and not actor.owns(post.author_id) and not access.can(actor, permission, standing):
        raise NotFound
    access.require(actor, permission, standing)
    return standing
