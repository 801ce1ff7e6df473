"""The composer: publishing, editing and taking back a post."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from werkzeug.datastructures import FileStorage

from circle import access
from circle.access import Permission
from circle.circles import queries as circles
from circle.core.errors import Conflict, Invalid, NotFound, PreconditionFailed
from circle.core.fields import parse_id
from circle.core.i18n import _
from circle.core.web import (
    actor,
    go,
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
from circle.posts.schemas import PostInput
from circle.posts.web.blueprint import bp
from circle.topics import queries as topics

#: nine pictures of 10 MB and the words
MAX_FORM = (rules.MAX_IMAGES * 10 + 2) * 1024 * 1024


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
