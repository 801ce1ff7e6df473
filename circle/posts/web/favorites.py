"""Keeping posts, and the page of what is kept."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from circle.core.web import actor, count_hit, fragment_or_redirect, is_htmx, limited, signed_in, takes_form
from circle.posts import operations, queries
from circle.posts.schemas import FavoriteInput
from circle.posts.web.blueprint import bp
from circle.posts.web.reading import show_page


def _show_again(_values: Any, _errors: Any, slug: str, post_id: int) -> str:
    return show_page(slug, post_id)


@bp.post("/<slug:slug>/posts/<id:post_id>/favorite")
@signed_in
@limited("react")
@takes_form(FavoriteInput, again=_show_again)
def favorite(data: dict[str, Any], slug: str, post_id: int) -> Any:
    """Keep a post, or let it go; htmx gets the button alone."""
    post = queries.get_post(actor(), post_id, slug=slug)
    operations.favorite_post(actor(), post_id, on=data["on"])
    return fragment_or_redirect(
        lambda: render_template(
            "posts/_favorite.html", circle=post.circle, post=queries.get_post(actor(), post_id, slug=slug)
        ),
        f"{post.page_url}#post-{post_id}",
    )


@bp.get("/me/favorites")
@signed_in
def favorites() -> str:
    """The posts I keep, last kept first."""
    count_hit("read")
    page = queries.favorites(actor(), cursor=request.args.get("cursor"))
    more = url_for(".favorites", cursor="")
    name = "posts/_kept.html" if is_htmx() and request.args.get("cursor") else "posts/favorites.html"
    return render_template(name, page=page, more=more)
