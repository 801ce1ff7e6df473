"""Pages of posts: one post, the composer, comments, and what moderators do. (The circle's feed is in home.)"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, render_template, request, url_for
from werkzeug.datastructures import FileStorage

from circle import access
from circle.access import Permission
from circle.circles import queries as circles
from circle.circles.queries import CircleRow
from circle.core.errors import Conflict, Invalid, NotFound, PreconditionFailed
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
    takes_body,
    takes_form,
)
from circle.media import queries as media
from circle.media import uploads
from circle.posts import operations, queries, rules
from circle.posts.queries import PostRow
from circle.posts.schemas import CommentEditInput, CommentInput, LikeInput, PostInput, ReasonInput, RestoreInput
from circle.topics import queries as topics

bp = Blueprint("posts", __name__)

#: nine pictures of 10 MB and the words
MAX_FORM = (rules.MAX_IMAGES * 10 + 2) * 1024 * 1024


# ---- one post ------------------------------------------------------------------------------------------------


@bp.get("/<slug:slug>/posts/<id:post_id>")
def show(slug: str, post_id: int) -> str:
    """A post with its comments."""
    return _page(slug, post_id)


def _page(slug: str, post_id: int, values: Mapping[str, str] | None = None, errors: Any = None) -> str:
    count_hit("read")
    post = queries.get_post(actor(), post_id, slug=slug)
    sort = request.args.get("sort") if request.args.get("sort") in queries.COMMENT_SORTS else "hot"
    page = queries.comment_page(actor(), post, sort=sort or "hot", cursor=request.args.get("cursor"))
    if is_htmx() and request.args.get("cursor"):
        return render_template("posts/_comments.html", circle=post.circle, post=post, page=page, sort=sort)
    return render_template(
        "posts/show.html", circle=post.circle, post=post, page=page, sort=sort,
        reply_to=_reply_to(post, request.args.get("reply_to")), values=values or {}, errors=errors,
    )  # fmt: skip


def _reply_to(post: PostRow, given: str | None) -> dict[str, Any] | None:
    """Whom the comment form answers, when the page was asked for with ?reply_to= (without JavaScript)."""
    id_ = parse_id(given)
    if id_ is None:
        return None
    comment, its_post = queries.get_comment(actor(), id_)
    if its_post.id != post.id or comment.author is None:
        return None
    return {"id": comment.id, "nickname": comment.author.nickname, "thread": comment.parent_id or comment.id}


# ---- writing -------------------------------------------------------------------------------------------------


@bp.get("/<slug:slug>/posts/new")
@signed_in
def new(slug: str) -> str:
    """The composer."""
    return _composer({"topic_ids": request.args.getlist("topic")}, {}, slug)


def _composer(values: Any, errors: Mapping[str, Any], slug: str, post: PostRow | None = None) -> str:
    circle = circles.readable_circle(actor(), slug)
    access.require(actor(), Permission.POST_WRITE, circle.standing)
    chosen = values.getlist("topic_ids") if hasattr(values, "getlist") else list(values.get("topic_ids", []))
    return render_template(
        "posts/edit.html" if post else "posts/new.html",
        circle=circle, post=post, values=values, errors=errors, topics=topics.topic_list(actor(), slug),
        chosen=chosen, max_body=rules.MAX_BODY, max_images=rules.MAX_IMAGES, max_topics=rules.MAX_TOPICS,
        uploaded=_uploaded(values),
    )  # fmt: skip


def _uploaded(values: Any) -> list[Any]:
    """Pictures that were stored by an attempt whose words had to be corrected."""
    given = values.getlist("media_ids") if hasattr(values, "getlist") else []
    return [row for id_ in map(parse_id, given) if id_ for row in _still_there(id_)]


def _still_there(media_id: int) -> list[Any]:
    """The upload, unless it has gone since: the words around it must come back all the same."""
    try:
        return list(media.media_of(actor(), [media_id]))
    except (Invalid, NotFound):
        return []


@bp.post("/<slug:slug>/posts")
@takes_body(MAX_FORM)
@signed_in
@limited("publish")
@once
@takes_form(PostInput, again=_composer)
def publish(data: dict[str, Any], slug: str) -> Any:
    """Publish what the composer sent: words, pictures that were uploaded before, and files of this form."""
    circle = circles.readable_circle(actor(), slug)
    access.require(actor(), Permission.POST_WRITE, circle.standing)  # before storing anybody's files
    data["media_ids"] = [*data.get("media_ids", []), *_store_files(len(data.get("media_ids", [])))]
    post_id = operations.publish_post(actor(), slug, alts=request.form.getlist("alts"), **data)
    return go(url_for(".show", slug=slug, post_id=post_id), toast=_("Published"))


def _store_files(already: int) -> list[int]:
    """Process and store the pictures of this form. Raises Refused for one that cannot be taken, or one too many."""
    files: list[FileStorage] = [file for file in request.files.getlist("images") if file.filename]
    rules.check_content("…", [0] * (already + len(files)), [])
    # all the slow work first: from the first row on, the write transaction may be open (see core.web.once)
    prepared = [uploads.prepare_upload(file, "post", field="images") for file in files]
    return [uploads.store_upload(actor(), upload) for upload in prepared]


@bp.get("/<slug:slug>/posts/<id:post_id>/edit")
@signed_in
def edit(slug: str, post_id: int) -> str:
    """The composer with a post of one's own."""
    post = queries.get_post(actor(), post_id, slug=slug)
    if not post.can.edit:
        raise access.not_yours()
    values = {"body": post.body, "title": post.title, "topic_ids": [str(topic.id) for topic in post.topics]}
    return _composer(values, {}, slug, post)


def _edit_again(values: Any, errors: Mapping[str, Any], slug: str, post_id: int) -> str:
    return _composer(values, errors, slug, queries.get_post(actor(), post_id, slug=slug))


@bp.post("/<slug:slug>/posts/<id:post_id>/edit")
@takes_body(MAX_FORM)
@signed_in
@limited("publish")
@takes_form(PostInput, again=_edit_again)
def update(data: dict[str, Any], slug: str, post_id: int) -> Any:
    """Save a changed post: `remove_images` names pictures that go, files of this form are added."""
    post = queries.get_post(actor(), post_id, slug=slug)
    if not post.can.edit:
        raise access.not_yours()
    removed = set(request.form.getlist("remove_images"))
    kept = [image for image in post.images if str(image.id) not in removed]
    added = [*data.get("media_ids", []), *_store_files(len(kept) + len(data.get("media_ids", [])))]
    version = parse_id(request.form.get("version"))
    try:
        operations.edit_post(
            actor(), post_id, version=version, body=data["body"], title=data["title"],
            topic_ids=data.get("topic_ids", []), media_ids=[image.id for image in kept] + added,
            alts=[image.alt for image in kept] + request.form.getlist("alts"),
        )  # fmt: skip
    except PreconditionFailed as error:
        raise Conflict(error.sentence) from None  # the form comes back with what was typed
    return go(post.url, toast=_("Saved"))


@bp.post("/<slug:slug>/posts/<id:post_id>/delete")
@signed_in
@limited("publish")
def delete(slug: str, post_id: int) -> Any:
    """Take one's own post back."""
    queries.get_post(actor(), post_id, slug=slug)
    operations.delete_post(actor(), post_id)
    return go(url_for("home.circle", slug=slug), toast=_("Deleted"))


# ---- likes ---------------------------------------------------------------------------------------------------


def _show_again(_values: Any, _errors: Any, slug: str, post_id: int) -> str:
    return _page(slug, post_id)


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
        f"{post.url}#post-{post_id}",
    )


def _comment_again(_values: Any, _errors: Any, slug: str, comment_id: int) -> str:
    return _page(slug, queries.get_comment(actor(), comment_id, slug=slug)[1].id)


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
        reply_to = _reply_to(post, values.get("parent_id"))
        return render_template(
            "posts/_comment_form.html", circle=post.circle, post=post, values=values, errors=errors, reply_to=reply_to
        )
    return _page(slug, post_id, values, errors)


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
    whole = replace(row, replies=rows, reply_count=len(rows))
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
    return go(post.url, toast=_("Hidden. The author has been told."))


@bp.post("/<slug:slug>/posts/<id:post_id>/restore")
@signed_in
@limited("manage")
@takes_form(RestoreInput, again=_reason_page)
def restore(data: dict[str, Any], slug: str, post_id: int) -> Any:
    """Show a hidden post again."""
    post = queries.get_post(actor(), post_id, slug=slug)
    operations.restore_post(actor(), post_id, **data)
    return go(post.url, toast=_("Visible again."))


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


# ---- a topic's page ------------------------------------------------------------------------------------------


@bp.get("/<slug:slug>/topics/<slug:topic_slug>")
def topic(slug: str, topic_slug: str) -> str:
    """A topic with its posts."""
    count_hit("read")
    circle: CircleRow = circles.readable_circle(actor(), slug)
    row = topics.get_topic(actor(), slug, topic_slug)
    sort = request.args.get("sort", "newest")
    sort = sort if sort in {"newest", "active", "hot"} else "newest"
    page = queries.topic_feed(actor(), circle, row.id, sort=sort, cursor=request.args.get("cursor"))
    name = "posts/_cards.html" if is_htmx() and request.args.get("cursor") else "posts/topic.html"
    return render_template(name, circle=circle, topic=row, page=page, sort=sort, more=f"{row.url}?sort={sort}&cursor=")
