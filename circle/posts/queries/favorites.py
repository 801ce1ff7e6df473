"""What somebody keeps: their favourite posts, as far as they may still read them."""

from __future__ import annotations

from sqlalchemy import or_, select

from circle.access import Actor
from circle.accounts.queries import not_blocked
from circle.circles.models import Circle, Member
from circle.core.errors import Unauthenticated
from circle.core.pagination import Keyset, Page
from circle.posts.models import Favorite, Post
from circle.posts.queries.feed import posts_by_ids
from circle.posts.queries.rows import PostRow


def favorites(actor: Actor, *, cursor: str | None = None, limit: int = 20) -> Page[PostRow]:
    """The actor's own favourites, last kept first. One that is not for them any more is left out, and comes back with
    their right to read it. Raises Unauthenticated, BadRequest CURSOR_INVALID.
    """
    if actor.id is None:
        raise Unauthenticated
    open_ = select(Circle.id).where(Circle.visibility == "public", Circle.status == "active")
    mine = (
        select(Member.circle_id)
        .join(Circle, Circle.id == Member.circle_id)
        .where(Member.user_id == actor.id, Member.status == "active", Circle.status == "active")
    )
    kept = (
        select(Favorite.post_id)
        .join(Post, Post.id == Favorite.post_id)
        .where(
            Favorite.user_id == actor.id,
            Post.status == "published",
            Post.circle_id.in_(open_.union(mine)),
            or_(Post.anonymous, not_blocked(actor, Post.author_id)),
        )
    )
    page = Keyset(f"favorites.{actor.id}", (Favorite.created_at, Favorite.post_id)).read(kept, cursor, limit)
    return page.map(lambda rows: posts_by_ids(actor, [row.post_id for row in rows]))
