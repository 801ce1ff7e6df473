"""The composer's page and the files that come with its form; `writing` and `drafts` send it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request
from werkzeug.datastructures import FileStorage

from circle import access
from circle.access import Permission
from circle.circles import queries as circles
from circle.circles.queries import CircleRow
from circle.core import markup
from circle.core.errors import Invalid, NotFound, Refused
from circle.core.fields import parse_id
from circle.core.i18n import lazy
from circle.core.web import actor
from circle.media import queries as media
from circle.media import uploads
from circle.media.files import Upload
from circle.posts import allowances, queries, rules
from circle.posts.allowances import Attached
from circle.posts.queries import DraftRow, PostRow
from circle.posts.schemas import MAX_TITLE, WRITTEN_TYPES
from circle.topics import queries as topics

#: without scripts all files come with the form: a large video or nine pictures, a file, and the words
MAX_FORM = 152 * 1024 * 1024
#: file fields of the form and the kind each takes
FIELDS = {"images": "image", "voice": "audio", "video": "video", "files": "file"}
_LOCAL = "%Y-%m-%dT%H:%M"


def composer(
    values: Any, errors: Mapping[str, Any], slug: str, post: PostRow | None = None, draft: DraftRow | None = None
) -> str:
    """The page, with what was typed; `post` is being edited, `draft` gone on with."""
    circle = circles.readable_circle(actor(), slug)
    if draft is None:  # whoever may not write any more still gets at their own words
        access.require(actor(), Permission.POST_WRITE, circle.standing)
    sent = hasattr(values, "getlist")
    chosen = values.getlist("topic_ids") if sent else list(values.get("topic_ids", []))
    stale = None
    if sent and not post:
        draft, stale = draft_of(values)
    there = sum(item.kind == "image" for item in post.media) if post else 0
    type_ = post.type if post else values.get("type")
    fresh = not sent and not post and not draft and "draft" not in request.args
    return render_template(
        "posts/edit.html" if post else "posts/new.html",
        circle=circle, post=post, draft=draft, stale=stale, values=values, errors=errors,
        offer=queries.newest_draft(actor(), circle.id) if fresh else None,
        type=type_ if type_ in WRITTEN_TYPES else "moment",
        topics=topics.topic_list(actor(), slug), chosen=chosen, attached=_attached(values, draft),
        described=descriptions() if sent and post else {}, max_alt=rules.MAX_ALT,
        max_body=rules.MAX_BODY, max_files=rules.MAX_FILES, max_topics=rules.MAX_TOPICS,
        limits=allowances.limits(circle, images_there=there), left=None if post else queries.posts_left(circle),
        keep_days=rules.KEEP_DRAFTS.days, max_title=MAX_TITLE, least_title=rules.MIN_QUESTION_TITLE,
    )  # fmt: skip


def values_of(draft: DraftRow) -> dict[str, Any]:
    """What the form holds when a draft is gone on with."""
    poll = {f"poll_{name}": value for name, value in (draft.poll or {}).items() if value is not None}
    at = draft.publish_at.astimezone(ZoneInfo(draft.circle.tz)).strftime(_LOCAL) if draft.publish_at else ""
    return {
        "body": draft.body, "title": draft.title, "topic_ids": [str(id_) for id_ in draft.topic_ids],
        "publish_at": at, "type": draft.type, "anonymous": "1" if draft.anonymous else "", **poll,
    }  # fmt: skip


def draft_of(values: Any) -> tuple[DraftRow | None, DraftRow | None]:
    """The draft that a form which comes back belongs to. When that moved on meanwhile, it is the second: what was
    typed then no longer belongs to it, so that publishing or keeping it leaves the newer state alone."""
    draft_id = parse_id(values.get("draft_id"))
    try:
        draft = queries.get_draft(actor(), draft_id) if draft_id else None
    except NotFound:
        return None, None
    if draft and values.get("seq") != str(draft.seq) and values.get("writer") != draft.writer:
        return None, draft
    return draft, None


def _attached(values: Any, draft: DraftRow | None) -> list[tuple[Any, str]]:
    """Uploads the form brings along, with their descriptions: of the draft, or stored by an attempt whose words had to
    be corrected."""
    if not hasattr(values, "getlist"):
        return [(file.media, file.alt) for file in draft.files] if draft else []
    ids, alts = kept_files()
    return [(row, alt) for id_, alt in zip(ids, alts, strict=True) for row in still_there(id_)]


def still_there(media_id: int) -> list[Any]:
    """The upload, unless it has gone since: the words around it must come back all the same."""
    try:
        return list(media.media_of(actor(), [media_id]))
    except (Invalid, NotFound):
        return []


# ---- files of the form -----------------------------------------------------------------------------------------


def kept_files() -> tuple[list[int], list[str]]:
    """The uploads that the form names and does not take away, in order, each with its description."""
    removed = set(request.form.getlist("remove_media"))
    ids = request.form.getlist("media_ids")
    alts = request.form.getlist("alts")
    alts += [""] * (len(ids) - len(alts))
    kept = [(parse_id(id_), alt) for id_, alt in zip(ids, alts, strict=False) if id_ not in removed]
    return [id_ for id_, _alt in kept if id_], [alt for id_, alt in kept if id_]


def descriptions() -> dict[int, str]:
    """What this form says of files that the post has already, by their ids."""
    ids, alts = request.form.getlist("described"), request.form.getlist("described_alts")
    said = ((parse_id(id_), markup.clean_line(alt)) for id_, alt in zip(ids, alts, strict=False))
    return {id_: alt for id_, alt in said if id_}


def take_files(kept: Sequence[int], more: Sequence[str] = (), *, into: CircleRow | None = None) -> list[Upload]:
    """Judge and encode the files of this form; the slow half, so it comes before the first row is written.

    `kept` are uploads that stay, `more` the kinds of others that the post has already. `into` is the circle where all
    that is published now, None for what is only kept. Raises Refused for a file that cannot be taken, is one too many,
    or is not for the author's level, Invalid (media_ids).
    """
    files: list[tuple[str, FileStorage]] = [
        (name, file) for name in FIELDS for file in request.files.getlist(name) if file.filename
    ]
    uploaded = [Attached(row.kind, row.bytes) for row in media.media_of(actor(), list(kept))]
    added = [*uploaded, *(Attached(FIELDS[name]) for name, _file in files)]
    rules.check_files([*more, *(file.kind for file in added)])
    if into is not None:
        allowances.check_added(into, added, images_there=more.count("image"))
    judged = [_judged(name, file) for name, file in files]
    if into is not None:
        allowances.check_added(into, [Attached(upload.kind, upload.bytes) for upload in judged])
    return judged


def _judged(name: str, file: FileStorage) -> Upload:
    upload = uploads.prepare_upload(file, "post", field=name)
    if FIELDS[name] not in {"file", upload.kind}:
        raise Refused("FILE_KIND", _OTHER_KIND[name], field=name)
    return upload


_OTHER_KIND = {
    "images": lazy("Only JPEG, PNG, WebP and GIF pictures can be used here."),
    "voice": lazy("This is not a sound recording that can be played here."),
    "video": lazy("This is not a video that can be played here."),
}


def store(prepared: Sequence[Upload]) -> list[int]:
    """The rows of files that take_files prepared; returns their ids."""
    return [uploads.store_upload(actor(), upload) for upload in prepared]
