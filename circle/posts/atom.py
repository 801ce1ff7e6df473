"""A feed as Atom 1.0 (RFC 4287). Pure: rows in, bytes out; the same rows make the same bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import escape

from circle.circles.queries import CircleRow
from circle.posts.queries import PostRow

MIME = "application/atom+xml"
_NAMESPACE = "http://www.w3.org/2005/Atom"
#: what XML 1.0 cannot say, whatever a title holds
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: a link inside this site, in HTML that core.markup made
_INSIDE = re.compile(r'(<a href=")(/)')
_TITLE = 60


def atom_feed(
    circle: CircleRow, posts: Sequence[PostRow], *, base: str, path: str, page: str, lang: str, title: str
) -> bytes:
    """The feed of `posts` under `title`.

    `base` is the site's address, `path` the feed's own and `page` that of what it is the feed of.
    """
    updated = max((_updated(post) for post in posts), default=circle.created_at)
    feed = Element("feed", {"xmlns": _NAMESPACE, "xml:lang": lang})
    # an id stays the same when the circle takes another address
    _text(feed, "id", _id(base, f"circles/{circle.id}" if page == f"/{circle.slug}" else f"circles/{circle.id}{page}"))
    _text(feed, "title", title)
    if circle.intro:
        _text(feed, "subtitle", circle.intro)
    _text(feed, "updated", _moment(updated))
    SubElement(feed, "link", {"rel": "self", "type": MIME, "href": base + path})
    SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": base + page})
    if circle.cover_url:
        _text(feed, "logo", base + circle.cover_url)
    for post in posts:
        _entry(feed, post, base)
    made: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return made


def _entry(feed: Element, post: PostRow, base: str) -> None:
    entry = SubElement(feed, "entry")
    _text(entry, "id", _id(base, f"posts/{post.id}"))
    _text(entry, "title", post.title or _short(post.excerpt) or post.author.nickname)
    SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": base + post.page_url})
    _text(entry, "published", _moment(post.published_at))
    _text(entry, "updated", _moment(_updated(post)))
    author = SubElement(entry, "author")
    _text(author, "name", str(post.author.nickname))
    if post.author.url:
        _text(author, "uri", base + post.author.url)
    for topic in post.topics:
        SubElement(entry, "category", {"term": topic.slug, "label": _legal(topic.title)})
    for item in post.media:
        if item.kind != "image":
            href = {"rel": "enclosure", "type": item.mime, "length": str(item.bytes), "href": base + item.url}
            SubElement(entry, "link", href | ({"title": _legal(item.name)} if item.name else {}))
    if post.excerpt:
        _text(entry, "summary", post.excerpt)
    _text(entry, "content", _html(post, base)).set("type", "html")


def _html(post: PostRow, base: str) -> str:
    """The words with their pictures; addresses are whole, for a reader has no page to be relative to."""
    made = [_INSIDE.sub(rf"\1{base}\2", post.body_html)]
    made += [
        f'<p><a href="{escape(base + image.url)}"><img src="{escape(base + (image.thumb_url or image.url))}" '
        f'alt="{escape(image.alt)}"></a></p>'
        for image in post.images
    ]
    return "\n".join(part for part in made if part)


def _text(parent: Element, name: str, text: str) -> Element:
    element = SubElement(parent, name)
    element.text = _legal(text)
    return element


def _legal(text: str) -> str:
    return _ILLEGAL.sub("", text)


def _short(text: str) -> str:
    return text if len(text) <= _TITLE else text[: _TITLE - 1] + "…"


def _id(base: str, what: str) -> str:
    """A tag URI (RFC 4151) of this site."""
    return f"tag:{urlsplit(base).hostname or 'localhost'},2024:{what}"


def _updated(post: PostRow) -> datetime:
    return post.edited_at or post.published_at


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
