"""How a post read before its edits."""

from __future__ import annotations

from flask import render_template, request

from circle.core.web import actor, count_hit, is_htmx, signed_in
from circle.posts import queries
from circle.posts.web.blueprint import bp


@bp.get("/<slug:slug>/posts/<id:post_id>/revisions")
@signed_in
def revisions(slug: str, post_id: int) -> str:
    """What each late edit of a post changed, for its author and moderators."""
    count_hit("read")
    post = queries.edited_post(actor(), post_id, slug=slug)
    page = queries.revisions(actor(), post_id, cursor=request.args.get("cursor"))
    name = "posts/_revisions.html" if is_htmx() and request.args.get("cursor") else "posts/revisions.html"
    return render_template(name, circle=post.circle, post=post, page=page, more=f"{post.url}/revisions?cursor=")
