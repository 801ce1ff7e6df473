"""What open pages ask: the stream, the numbers, and the new cards."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from circle.circles import queries as circles
from circle.core.errors import BadRequest, NotFound
from circle.core.fields import parse_id
from circle.core.i18n import ngettext
from circle.core.web import SlugConverter, actor, count_hit, go, is_htmx
from circle.live import queries
from circle.live.hub import LOOK, Hub, Seen, Watched
from circle.posts import queries as posts

bp = Blueprint("live", __name__)

#: cards put above the list; whoever was away for longer gets a fresh page
CARDS = 30
#: circles of one stream: the tabs of a browser share it
_CIRCLES = 8
_SLUG = re.compile(SlugConverter.regex)


def make_hub(app: Flask, *, limit: int, every: float = LOOK) -> Hub:
    """A hub whose thread looks into the application's database."""

    def look(watched: Watched) -> Seen:
        with app.app_context():
            return queries.look(watched)

    return Hub(look, limit=limit, every=every)


@bp.get("/live")
def stream() -> AnyResponse:
    """Server-sent events for the sign-in: `posts` when a watched circle has news, `unread` with the number.

    204 when there is no place (and for visitors, who get none): then the page asks `now` instead.
    """
    count_hit("live")
    hub: Hub = current_app.extensions["circle_live"]
    person = actor()
    # a server without threads has none to spare
    able = request.method == "GET" and request.environ.get("wsgi.multithread")
    if not able or hub.full or person.id is None or person.session_id is None:
        return Response(status=204)
    slugs = [slug for slug in request.args.getlist("circle") if _SLUG.fullmatch(slug)][:_CIRCLES]
    watched = queries.circles_named(slugs)
    seen = queries.look(Watched(frozenset({person.session_id}), frozenset(watched)))
    opened = hub.open(person.id, person.session_id, watched, seen, _hung_up(request.environ.get("gunicorn.socket")))
    if opened is None:
        return Response(status=204)
    # the lines come after the request is over, so the database session is closed by then
    response = Response(opened.lines(), mimetype="text/event-stream")
    response.headers |= {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response.call_on_close(opened.close)
    return response


def _hung_up(connection: Any) -> Callable[[], bool]:
    """Whether the other end of a connection has closed it; never, where that cannot be seen (TLS, other servers)."""

    def gone() -> bool:
        try:
            return bool(connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"")
        except (BlockingIOError, InterruptedError, ValueError):
            return False
        except OSError:
            return True

    return gone if type(connection) is socket.socket else lambda: False


@bp.get("/live/now")
def now() -> AnyResponse:
    """The numbers for this reader, with an ETag: what a page without a stream asks every half minute."""
    count_hit("live")
    found = queries.news(actor(), _slug(required=False), _since())
    unread, new = found.unread, found.new_posts
    response = jsonify(
        unread=unread,
        unread_text=ngettext("%(num)s unread", "%(num)s unread", unread) if unread else "",
        posts=new,
        posts_text=_told(new) if new else "",
    )
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    return response.make_conditional(request)


def _told(new: int) -> str:
    if new >= posts.MOST_COUNTED:
        return str(ngettext("More than %(num)s new post", "More than %(num)s new posts", posts.MOST_COUNTED - 1))
    return str(ngettext("%(num)s new post", "%(num)s new posts", new))


@bp.get("/live/posts")
def new_posts() -> Any:
    """The cards above the newest one a page has; htmx puts them there. Everybody else gets the page."""
    count_hit("read")
    slug, since = _slug(), _since()
    circle = circles.readable_circle(actor(), slug)
    whole = url_for("home.circle", slug=slug)
    if not is_htmx():
        return redirect(whole, 303)
    cards = posts.newer_posts(actor(), circle, since, CARDS + 1)
    if len(cards) > CARDS:
        return go(whole)
    response = make_response(render_template("live/_posts.html", circle=circle, cards=cards))
    newest = str(cards[0].id if cards else since)
    response.headers["HX-Trigger"] = current_app.json.dumps({"live:shown": {"since": newest}})
    return response


def _slug(*, required: bool = True) -> str:
    slug = request.args.get("circle", "")
    if not slug and not required:
        return ""
    if not _SLUG.fullmatch(slug):
        raise NotFound
    return slug


def _since() -> int:
    raw = request.args.get("since", "0")
    if raw in {"", "0"}:
        return 0
    post_id = parse_id(raw)
    if post_id is None:
        raise BadRequest
    return post_id
