"""What moderators do to posts and comments, always with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for

from circle.core.i18n import _
from circle.core.web import (
    actor,
    go,
    limited,
    signed_in,
    takes_form,
)
from circle.posts import operations, queries
from circle.posts.schemas import ReasonInput, RestoreInput
from circle.posts.web.blueprint import bp

# ---- moderators ----------------------------------------------------------------------------------------------


def _reason_page(values: Mapping[str, str], errors: Mapping[str, Any], slug: str, post_id: int) -> str:
    """A reason that could not be taken: the post with the form again."""
    post = queries.get_post(actor(), post_id, slug=slug)
    return render_template("posts/reason.html", circle=post.circle, post=post, values=values, errors=errors,
                           action=request.path, back=post.url)  # fmt: skip


def _comment_reason_page(values: Mapping[str, str], errors: Mapping[str, Any], slug: str, comment_id: int) -> str:
    _row, post = queries.get_comment(actor(), comment_id, slug=slug)
    return render_template("posts/reason.html", circle=post.circle, post=post, values=values, errors=errors,
                           action=request.path, back=post.url)  # fmt: skip


@bp.post("/<slug:slug>/posts/<id:post_id>/hide")
@signed_in
@limited("manage")
@takes_form(ReasonInput, again=_reason_page)
def hide(data: dict[str, Any], slug: str, post_id: int) -> Any:
    """Hide a post with a reason."""
    post = queries.get_post(actor(), post_id, slug=slug)
    operations.hide_post(actor(), post_id, **data)
    return go(post.page_url, toast=_("Hidden. The author has been told."))


@bp.post("/<slug:slug>/posts/<id:post_id>/restore")
@signed_in
@limited("manage")
@takes_form(RestoreInput, again=_reason_page)
def restore(data: dict[str, Any], slug: str, post_id: int) -> Any:
    """Show a hidden post again."""
    post = queries.get_post(actor(), post_id, slug=slug)
    operations.restore_post(actor(), post_id, **data)
    return go(post.page_url, toast=_("Visible again."))


@bp.post("/<slug:slug>/posts/<id:post_id>/remove")
@signed_in
@limited("manage")
@takes_form(ReasonInput, again=_reason_page)
def remove(data: dict[str, Any], slug: str, post_id: int) -> Any:
    """Remove a post for good, with a reason."""
    queries.get_post(actor(), post_id, slug=slug)
    operations.remove_post(actor(), post_id, **data)
    return go(url_for("home.circle", slug=slug), toast=_("Removed. The author has been told."))


@bp.post("/<slug:slug>/comments/<id:comment_id>/hide")
@signed_in
@limited("manage")
@takes_form(ReasonInput, again=_comment_reason_page)
def hide_comment(data: dict[str, Any], slug: str, comment_id: int) -> Any:
    """Hide a comment with a reason."""
    _row, post = queries.get_comment(actor(), comment_id, slug=slug)
    operations.hide_comment(actor(), comment_id, **data)
    return go(f"{post.url}#comments", toast=_("Hidden. The author has been told."))


@bp.post("/<slug:slug>/comments/<id:comment_id>/restore")
@signed_in
@limited("manage")
@takes_form(RestoreInput, again=_comment_reason_page)
def restore_comment(data: dict[str, Any], slug: str, comment_id: int) -> Any:
    """Show a hidden comment again."""
    _row, post = queries.get_comment(actor(), comment_id, slug=slug)
    operations.restore_comment(actor(), comment_id, **data)
    return go(f"{post.url}#comment-{comment_id}", toast=_("Visible again."))


@bp.post("/<slug:slug>/comments/<id:comment_id>/remove")
@signed_in
@limited("manage")
@takes_form(ReasonInput, again=_comment_reason_page)
def remove_comment(data: dict[str, Any], slug: str, comment_id: int) -> Any:
    """Remove a comment for good, with a reason."""
    _row, post = queries.get_comment(actor(), comment_id, slug=slug)
    operations.remove_comment(actor(), comment_id, **data)
    return go(f"{post.url}#comments", toast=_("Removed. The author has been told."))
