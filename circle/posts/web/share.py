"""What goes out to those who never open a page: the picture that stands for a post, and feeds. Public circles only."""

from __future__ import annotations

import threading

import structlog
from flask import Response, current_app, request
from flask_babel import get_locale

from circle.core.errors import NotFound, Unavailable
from circle.core.storage import storage
from circle.core.web import count_hit
from circle.posts import queries, share
from circle.posts.atom import MIME, atom_feed
from circle.posts.share import Facts
from circle.posts.web.blueprint import bp

log = structlog.get_logger(__name__)

#: somebody's words may be hidden or changed: what others keep of them is not kept for long
FOR_AN_HOUR = "public, max-age=3600"
FOR_MINUTES = "public, max-age=300"
#: seconds to wait for a card that is being drawn
_PATIENCE = 5.0

#: drawing keeps a whole processor for a tenth of a second, so a process draws one card at a time
_drawing = threading.Lock()


@bp.get("/<slug:slug>/posts/<id:post_id>/share.png")
def share_card(slug: str, post_id: int) -> Response:
    """The picture of a post, drawn when it is asked for first. `?v=` only tells caches apart."""
    count_hit("read")
    facts = queries.share_facts(post_id, slug)
    response = Response(_stored(facts.key) or _drawn(facts), mimetype="image/png")
    response.headers["Cache-Control"] = FOR_AN_HOUR
    response.set_etag(facts.key.rpartition("-")[2].removesuffix(".png"))
    return response.make_conditional(request)  # type: ignore[return-value]


def _stored(key: str) -> bytes | None:
    try:
        return b"".join(storage().stream(key))
    except FileNotFoundError:
        return None


def _drawn(facts: Facts) -> bytes:
    """Draw and store a card. It changes nothing, so no transaction is open for it. Raises Unavailable."""
    count_hit("draw")
    if not _drawing.acquire(timeout=_PATIENCE):
        raise Unavailable(retry_after=2)
    try:
        if (there := _stored(facts.key)) is not None:  # somebody else was waiting for the same
            return there
        card = share.draw(facts, *[_stored(key) if key else None for key in (facts.picture, facts.face)])
        storage().put(facts.key, card, mime="image/png")
    finally:
        _drawing.release()
    return card


@bp.get("/<slug:slug>/feed.xml")
def feed(slug: str) -> Response:
    """The newest posts of a public circle as Atom."""
    return _feed(slug)


@bp.get("/<slug:slug>/topics/<slug:topic_slug>/feed.xml")
def topic_feed(slug: str, topic_slug: str) -> Response:
    """The newest posts of a topic as Atom."""
    return _feed(slug, topic_slug)


def _feed(slug: str, topic_slug: str | None = None) -> Response:
    count_hit("read")
    circle, topic, posts = queries.public_feed(slug, topic_slug)
    if circle.slug != slug:
        raise NotFound
    base: str = current_app.config["SETTINGS"].base_url
    lang = "zh-CN" if str(get_locale()).startswith("zh") else "en"
    title = f"#{topic.title} · {circle.name}" if topic else circle.name
    page = topic.url if topic else f"/{circle.slug}"
    data = atom_feed(circle, posts, base=base, path=request.path, page=page, lang=lang, title=title)
    response = Response(data, mimetype=MIME)
    response.headers["Cache-Control"] = FOR_MINUTES
    # no Last-Modified: a post that is hidden changes the feed and makes it no younger
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]
