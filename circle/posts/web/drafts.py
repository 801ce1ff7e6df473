"""The box of drafts, and keeping what is being written (by script every few seconds, or with a button)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from circle import access
from circle.access import Permission
from circle.circles import queries as circles
from circle.core.errors import Conflict
from circle.core.i18n import _
from circle.core.web import actor, count_hit, go, is_htmx, limited, signed_in, takes_body, takes_form
from circle.posts import operations, queries, rules
from circle.posts.draft_schemas import ComposerInput
from circle.posts.operations import DraftContent, Plan
from circle.posts.web.blueprint import bp
from circle.posts.web.composer import MAX_FORM, composer, kept_files, store, take_files


@bp.get("/me/drafts")
@signed_in
def drafts() -> str:
    """One's drafts: go on writing, throw away, see what is planned."""
    count_hit("read")
    page = queries.drafts(actor(), request.args.get("cursor"))
    name = "posts/_drafts.html" if is_htmx() and request.args.get("cursor") else "posts/drafts.html"
    return render_template(name, page=page, max_drafts=rules.MAX_DRAFTS, keep_days=rules.KEEP_DRAFTS.days)


@bp.post("/<slug:slug>/drafts")
@takes_body(MAX_FORM)
@signed_in
@limited("draft")
@takes_form(ComposerInput, again=composer)
def save_draft(data: dict[str, Any], slug: str) -> Any:
    """Keep what the composer holds. The script gets a line that says when, or 409 with the newer state beside it."""
    circle = circles.readable_circle(actor(), slug)
    if data["draft_id"] is None:
        access.require(actor(), Permission.POST_WRITE, circle.standing)  # before storing anybody's files
    media_ids, alts = kept_files()
    media_ids = [*media_ids, *store(take_files(media_ids))]
    content = DraftContent.of(
        body=data["body"], title=data["title"], topic_ids=data.get("topic_ids", []), media_ids=media_ids, alts=alts,
        poll=data["poll"], type=data["type"], anonymous=data["anonymous"],
    )  # fmt: skip
    draft_id, writer = data["draft_id"], data["writer"]
    try:
        if draft_id is None:
            draft_id = operations.begin_draft(actor(), slug, content, writer=writer).id
        else:
            operations.save_draft(
                actor(), draft_id, content, seq=data["seq"], writer=writer, plan=_called_off(data, draft_id)
            )
    except Conflict:
        if not is_htmx():
            raise
        newer = queries.get_draft(actor(), draft_id)
        return make_response(render_template("posts/_draft_stale.html", circle=circle, newer=newer), 409)
    if is_htmx():
        draft = queries.get_draft(actor(), draft_id)
        return render_template("posts/_draft_state.html", circle=circle, draft=draft, just_saved=True)
    if request.form.get("then") == "similar":
        # without scripts, which show this under the title: what was typed is kept meanwhile
        return go(url_for("qa.similar", slug=slug, title=data["title"], draft=draft_id))
    return go(url_for(".drafts"), toast=_("Kept as a draft"))


def _called_off(data: Mapping[str, Any], draft_id: int) -> Plan | None:
    """Whoever empties the time of a planned post and keeps it with the button does not want it to appear by itself."""
    if is_htmx() or data["publish_at"] or queries.get_draft(actor(), draft_id).publish_at is None:
        return None
    return Plan(None)


@bp.post("/me/drafts/<id:draft_id>/delete")
@signed_in
@limited("draft")
def delete_draft(draft_id: int) -> Response:
    """Throw a draft away."""
    operations.delete_draft(actor(), draft_id)
    return go(url_for(".drafts"), toast=_("Draft deleted"))


@bp.post("/me/drafts/<id:draft_id>/unplan")
@signed_in
@limited("draft")
def unplan_draft(draft_id: int) -> Response:
    """Let a planned post stay a draft."""
    operations.plan_draft(actor(), draft_id, None)
    return go(url_for(".drafts"), toast=_("It stays a draft now"))
