"""Pages of media: the files themselves, and the forms that bring them."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from circle.access import Permission, require
from circle.accounts import operations as accounts
from circle.circles import operations as circles
from circle.circles import queries as circle_queries
from circle.core.errors import NotFound
from circle.core.i18n import _
from circle.core.serving import send_stored
from circle.core.storage import is_signed
from circle.core.web import actor, go, limited, safe_next, signed_in, takes_body, takes_form
from circle.media import queries, uploads
from circle.media.schemas import AvatarInput, CoverInput

bp = Blueprint("media", __name__)
log = structlog.get_logger(__name__)

#: the bytes of an id never change, so avatars and covers may be kept for a year; the rest only as long as a person
#: may reasonably still see it
FOREVER = "public, max-age=31536000, immutable"
FOR_AN_HOUR = "private, max-age=3600"


@bp.get("/media/<id:media_id>/<any(full, thumb):variant>.<extension>")
def show(media_id: int, variant: str, extension: str) -> AnyResponse:
    """The file itself, whole or the part that a player asks for."""
    signed = is_signed(request.path, request.args.get("t", ""))
    file = queries.served_file(actor(), media_id, variant, extension, signed=signed)
    try:
        return send_stored(
            file.key,
            mime=file.mime,
            cache=FOREVER if file.public else FOR_AN_HOUR,
            modified=file.modified,
            download=file.download,
            elsewhere=file.download is None,
        )
    except FileNotFoundError:
        log.error("stored file missing", key=file.key, media=media_id)
        raise NotFound from None


@bp.post("/media")
@takes_body(uploads.MAX_REQUEST)
@signed_in
@limited("upload")
def upload() -> str:
    """One file of the composer; the fragment carries its id back into the form.

    A video may come with a `poster`, a voice note with its `wave`.
    """
    media_id = uploads.take_upload(
        actor(),
        request.files.get("file"),
        "post",
        poster=request.files.get("poster"),
        wave=request.form.get("wave", ""),
    )
    return render_template("media/_preview.html", media=queries.media_of(actor(), [media_id])[0])


def _avatar_again(values: Any, errors: Any) -> str:
    return render_template("media/avatar.html", values=values, errors=errors)


@bp.post("/media/avatar")
@takes_body(uploads.MAX_IMAGE_REQUEST)
@signed_in
@limited("upload")
@takes_form(AvatarInput, again=_avatar_again)
def upload_avatar(data: dict[str, Any]) -> AnyResponse:
    """A new picture of oneself."""
    media_id = uploads.take_upload(actor(), request.files.get("file"), "avatar")
    accounts.set_avatar(actor(), media_id)
    return go(safe_next(data.get("next"), url_for("accounts.settings_profile")), toast=_("Your picture was changed."))


def _cover_again(values: Any, errors: Any, slug: str) -> str:
    circle = circle_queries.readable_circle(actor(), slug)
    return render_template("media/cover.html", circle=circle, values=values, errors=errors)


@bp.post("/<slug:slug>/manage/cover")
@takes_body(uploads.MAX_IMAGE_REQUEST)
@signed_in
@limited("upload")
@takes_form(CoverInput, again=_cover_again)
def upload_cover(_data: dict[str, Any], slug: str) -> AnyResponse:
    """A new picture over the circle."""
    circle = circle_queries.readable_circle(actor(), slug)
    # `set_cover` asks again; asked first, a stranger's picture is not even looked at
    require(actor(), Permission.CIRCLE_CONFIGURE, circle.standing)
    media_id = uploads.take_upload(actor(), request.files.get("file"), "cover")
    circles.set_cover(actor(), slug, media_id)
    return go(url_for("circles.manage_settings", slug=slug), toast=_("The cover was changed."))
