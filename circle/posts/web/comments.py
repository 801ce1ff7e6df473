"""Likes, and writing comments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for

from circle import access
from circle.core.errors import Conflict, PreconditionFailed
from circle.core.fields import parse_id
from circle.core.i18n import _
from circle.core.web import (
    actor,
    count_hit,
    fragment_or_redirect,
    go,
    is_htmx,
    limited,
    once,
    signed_in,
    takes_form,
)
from circle.posts import operations, queries, rules
from circle.posts.schemas import CommentEditInput, CommentInput, LikeInput
from circle.posts.web.blueprint import bp
from circle.posts.web.reading import show_page, whom_it_answers

# ---- likes ---------------------------------------------------------------------------------------------------


def _show_again(_values: Any, _errors: Any, slug: str, post_id: int) -> str:
    return show_page(slug, post_id)


@bp.post("/<slug:slug>/posts/<id:post_id>/like")
@signed_in
@limited("react")
@takes_form(LikeInput, again=_show_again)
def like(data: dict[str, Any], slug: str, post_id: int) -> Any:
    """Like, or take the like back; htmx gets the button alone."""
    post = queries.get_post(actor(), post_id, slug=slug)
    operations.like_post(actor(), post_id, on=data["on"])
    return fragment_or_redirect(
        lambda: render_template(
            "posts/_like.html", circle=post.circle, post=queries.get_post(actor(), post_id, slug=slug)
        ),
        f"{post.page_url}#post-{post_id}",
    )


def _comment_again(_values: Any, _errors: Any, slug: str, comment_id: int) -> str:
    return show_page(slug, queries.get_comment(actor(), comment_id, slug=slug)[1].id)


@bp.post("/<slug:slug>/comments/<id:comment_id>/like")
@signed_in
@limited("react")
@takes_form(LikeInput, again=_comment_again)
def like_comment(data: dict[str, Any], slug: str, comment_id: int) -> Any:
    """Like a comment, or take the like back; htmx gets the button alone."""
    _comment, post = queries.get_comment(actor(), comment_id, slug=slug)
    operations.like_comment(actor(), comment_id, on=data["on"])
    return fragment_or_redirect(
        lambda: render_template(
            "posts/_comment_like.html", circle=post.circle, comment=queries.get_comment(actor(), comment_id)[0]
        ),
        f"{post.url}#comment-{comment_id}",
    )


# ---- comments ------------------------------------------------------------------------------------------------


def _write_again(values: Mapping[str, str], errors: Any, slug: str, post_id: int) -> str:
    if is_htmx():
        post = queries.get_post(actor(), post_id, slug=slug)
        reply_to = whom_it_answers(post, values.get("parent_id"))
        return render_template(
            "posts/_comment_form.html", circle=post.circle, post=post, values=values, errors=errors, reply_to=reply_to
        )
    return show_page(slug, post_id, values, errors)


@bp.post("/<slug:slug>/posts/<id:post_id>/comments")
@signed_in
@limited("comment")
@once
@takes_form(CommentInput, again=_write_again)
def comment(data: dict[str, Any], slug: str, post_id: int) -> Any:
    """Comment or reply; htmx gets the new comment, an empty form and the new count."""
    queries.get_post(actor(), post_id, slug=slug)
    comment_id = operations.write_comment(actor(), post_id, **data)

    def fragment() -> str:
        row, post = queries.get_comment(actor(), comment_id)
        return render_template("posts/_comment.html", circle=post.circle, post=post, comment=row)

    return fragment_or_redirect(fragment, url_for(".show", slug=slug, post_id=post_id) + f"#comment-{comment_id}")


@bp.get("/<slug:slug>/comments/<id:comment_id>/replies")
def replies(slug: str, comment_id: int) -> str:
    """All replies to a comment: a fragment for htmx, else a page of its own."""
    count_hit("read")
    row, post = queries.get_comment(actor(), comment_id, slug=slug, place=True)
    rows = queries.all_replies(actor(), post, comment_id)
    name = "posts/_replies.html" if is_htmx() else "posts/replies.html"
    whole = row._replace(replies=tuple(rows), reply_count=len(rows))
    return render_template(name, circle=post.circle, post=post, comment=whole, replies=rows)


@bp.get("/<slug:slug>/comments/<id:comment_id>/edit")
@signed_in
def edit_comment(slug: str, comment_id: int) -> str:
    """A form with a comment of one's own."""
    row, _post = queries.get_comment(actor(), comment_id, slug=slug)
    return _comment_form({"body": row.body}, {}, slug, comment_id)


def _comment_form(values: Mapping[str, str], errors: Mapping[str, Any], slug: str, comment_id: int) -> str:
    row, post = queries.get_comment(actor(), comment_id, slug=slug)
    if not row.can.edit:
        raise access.not_yours()
    return render_template(
        "posts/edit_comment.html", circle=post.circle, post=post, comment=row, values=values, errors=errors,
        max_length=rules.MAX_COMMENT,
    )  # fmt: skip


@bp.post("/<slug:slug>/comments/<id:comment_id>/edit")
@signed_in
@limited("comment")
@takes_form(CommentEditInput, again=_comment_form)
def update_comment(data: dict[str, Any], slug: str, comment_id: int) -> Any:
    """Save a changed comment."""
    _row, post = queries.get_comment(actor(), comment_id, slug=slug)
    try:
        operations.edit_comment(actor(), comment_id, version=parse_id(request.form.get("version")), **data)
    except PreconditionFailed as error:
        raise Conflict(error.sentence) from None
    return go(f"{post.url}#comment-{comment_id}", toast=_("Saved"))


@bp.post("/<slug:slug>/comments/<id:comment_id>/delete")
@signed_in
@limited("comment")
def delete_comment(slug: str, comment_id: int) -> Any:
    """Take one's own comment back."""
    _row, post = queries.get_comment(actor(), comment_id, slug=slug)
    operations.delete_comment(actor(), comment_id)
    return go(f"{post.url}#comments", toast=_("Deleted"))
