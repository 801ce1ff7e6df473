"""Publishing (now or at a planned time), editing and taking back a post."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import request, url_for

from circle import access
from circle.access import Permission
from circle.circles import queries as circles
from circle.circles.queries import CircleRow
from circle.core.errors import Conflict, NotFound, PreconditionFailed
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
from circle.posts import operations, queries, rules
from circle.posts.draft_schemas import ComposerInput
from circle.posts.operations import DraftContent, Plan, PollContent
from circle.posts.schemas import NothingInput, PostInput
from circle.posts.web.blueprint import bp
from circle.posts.web.composer import MAX_FORM, composer, descriptions, kept_files, store, take_files, values_of
from circle.posts.web.reading import show_page

# ---- writing -------------------------------------------------------------------------------------------------


@bp.get("/<slug:slug>/posts/new")
@signed_in
def new(slug: str) -> str:
    """The composer, empty or with a draft; `type=question` for asking."""
    draft_id = parse_id(request.args.get("draft"))
    if draft_id is None:
        wanted = {"topic_ids": request.args.getlist("topic"), "type": request.args.get("type", "")}
        return composer(wanted, {}, slug)
    draft = queries.get_draft(actor(), draft_id)
    if draft.circle.slug != slug:
        raise NotFound
    return composer(values_of(draft), {}, slug, draft=draft)


@bp.post("/<slug:slug>/posts")
@takes_body(MAX_FORM)
@signed_in
@limited("publish")
@once
@takes_form(ComposerInput, again=composer)
def publish(data: dict[str, Any], slug: str) -> Any:
    """Publish what the composer sent, or plan it: words, uploads from before, and files of this form."""
    circle = circles.readable_circle(actor(), slug)
    access.require(actor(), Permission.POST_WRITE, circle.standing)  # before storing anybody's files
    if data["type"] == "question":
        data["poll"] = None  # the page says that a question goes without the poll that was begun
    media_ids, alts = kept_files()
    if data["publish_at"]:
        at = rules.moment_of(data["publish_at"], circle.tz)
        rules.check_publish_at(at)
        _plan(data, circle, media_ids, alts, Plan(at))
        return go(url_for(".drafts"), toast=_("Planned. It appears by itself at that time."))
    rules.check_type(data["type"], data["title"], poll=data["poll"] is not None, anonymous=data["anonymous"])
    # all the slow work first: from the first row on, the write transaction may be open (see core.web.once)
    files = take_files(media_ids, into=circle)
    content = operations.prepare_post(
        actor(), slug, body=data["body"], title=data["title"], topic_ids=data.get("topic_ids", []),
        media_ids=media_ids, alts=alts, poll=PollContent.of(**data["poll"]) if data["poll"] else None,
        anonymous=data["anonymous"],
    )  # fmt: skip
    content = replace(content, media_ids=(*media_ids, *store(files)))
    how = {"type": data["type"], "anonymous": data["anonymous"]}
    if data["draft_id"] is None:
        post_id = operations.publish_prepared(actor(), slug, content, **how)
    else:
        post_id = operations.publish_from_draft(
            actor(), slug, content, draft_id=data["draft_id"], seq=data["seq"], writer=data["writer"], **how
        )
    return go(queries.get_post(actor(), post_id, slug=slug).page_url, toast=_("Published"))


def _plan(data: Mapping[str, Any], circle: CircleRow, media_ids: list[int], alts: list[str], plan: Plan) -> None:
    content = DraftContent.of(
        body=data["body"], title=data["title"], topic_ids=data.get("topic_ids", []),
        media_ids=[*media_ids, *store(take_files(media_ids, into=circle))], alts=alts, poll=data["poll"],
        type=data["type"], anonymous=data["anonymous"],
    )  # fmt: skip
    writer = data["writer"]
    if data["draft_id"] is None:
        operations.new_draft(actor(), circle.slug, content, writer=writer, plan=plan)
    else:
        operations.save_draft(actor(), data["draft_id"], content, seq=data["seq"], writer=writer, plan=plan)


# ---- editing -------------------------------------------------------------------------------------------------


@bp.get("/<slug:slug>/posts/<id:post_id>/edit")
@signed_in
def edit(slug: str, post_id: int) -> str:
    """The composer with a post of one's own."""
    post = queries.get_post(actor(), post_id, slug=slug)
    if not post.can.edit:
        raise access.not_yours()
    values = {"body": post.body, "title": post.title, "topic_ids": [str(topic.id) for topic in post.topics]}
    return composer(values, {}, slug, post)


def _edit_again(values: Any, errors: Mapping[str, Any], slug: str, post_id: int) -> str:
    return composer(values, errors, slug, queries.get_post(actor(), post_id, slug=slug))


@bp.post("/<slug:slug>/posts/<id:post_id>/edit")
@takes_body(MAX_FORM)
@signed_in
@limited("publish")
@takes_form(PostInput, again=_edit_again)
def update(data: dict[str, Any], slug: str, post_id: int) -> Any:
    """Save a changed post: `remove_images` names files of it that go, uploads and files of this form are added."""
    post = queries.get_post(actor(), post_id, slug=slug)
    if not post.can.edit:
        raise access.not_yours()
    removed = set(request.form.getlist("remove_images"))
    kept = [item for item in post.media if str(item.id) not in removed]
    added, alts = kept_files()
    described = descriptions()
    files = take_files(added, [item.kind for item in kept], into=post.circle)
    version = parse_id(request.form.get("version"))
    try:
        operations.edit_post(
            actor(), post_id, version=version, body=data["body"], title=data["title"],
            topic_ids=data.get("topic_ids", []), media_ids=[*(item.id for item in kept), *added, *store(files)],
            alts=[*(described.get(item.id, item.alt) for item in kept), *alts],
        )  # fmt: skip
    except PreconditionFailed as error:
        raise Conflict(error.sentence) from None  # the form comes back with what was typed
    return go(post.page_url, toast=_("Saved"))


def _delete_again(_values: Any, errors: Mapping[str, Any], slug: str, post_id: int) -> str:
    return show_page(slug, post_id, refused=errors)


@bp.post("/<slug:slug>/posts/<id:post_id>/delete")
@signed_in
@limited("publish")
@takes_form(NothingInput, again=_delete_again)
def delete(_data: dict[str, Any], slug: str, post_id: int) -> Any:
    """Take one's own post back."""
    queries.get_post(actor(), post_id, slug=slug)
    operations.delete_post(actor(), post_id)
    return go(url_for("home.circle", slug=slug), toast=_("Deleted"))
