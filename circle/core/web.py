"""The HTML edge: from a browser's request to one operation or query, and back to a page, a fragment or a redirect.

A view is parse -> call -> render. Helpers here keep it at that:

    @bp.post("/<slug>/posts")
    @signed_in
    @limited("publish")
    @takes_form(PostInput, again=_composer)       # bad input: the same form with its errors, 422
    def publish(data, slug): ...

Every POST works without JavaScript: `fragment_or_redirect` answers htmx with the fragment and everybody else with a
redirect. The content security policy allows no inline script, style or handler.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import (
    Response,
    current_app,
    flash,
    g,
    has_request_context,
    make_response,
    redirect,
    request,
    session,
    url_for,
)
from flask_login import current_user
from markupsafe import Markup
from marshmallow import Schema, ValidationError, fields
from werkzeug.datastructures import MultiDict
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response as AnyResponse

from circle.core import idempotency, limits, operation
from circle.core.actor import VISITOR, Actor
from circle.core.errors import BadRequest, CircleError, Conflict, Invalid, Refused, TooLarge, Unauthenticated
from circle.core.fields import messages_of
from circle.core.i18n import LOCALES
from circle.core.ids import MAX_ID

log = structlog.get_logger(__name__)

#: what a browser may load, from us alone
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), payment=()",
}
#: seconds that the second click waits for the answer to the first
_PATIENCE = 3.0
_FRAGMENT = "text/html"
_ONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

View = Callable[..., Any]


def numbers_up_to(most: int) -> str:
    """A regular expression for the decimal numbers from 1 to `most`, without leading zeros."""
    digits = str(most)
    shorter = [f"[1-9][0-9]{{0,{len(digits) - 2}}}"] if len(digits) > 1 else []
    below = [
        f"{digits[:place]}[{0 if place else 1}-{int(digit) - 1}][0-9]{{{len(digits) - place - 1}}}"
        for place, digit in enumerate(digits)
        if int(digit) > (0 if place else 1)
    ]
    return "|".join([*shorter, *below, digits])


class IdConverter(BaseConverter):
    """`<id:post_id>` in a rule: a positive 63-bit decimal number; anything else is no such page."""

    # the pattern itself stops there: one that is refused later is answered 405 where the address has other methods
    regex = numbers_up_to(MAX_ID)

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: Any) -> str:
        return str(int(value))


class SlugConverter(BaseConverter):
    """`<slug:slug>` in a rule: a circle's or topic's address."""

    regex = r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?"


def actor() -> Actor:
    """Who sent this request, by the browser's session cookie."""
    known: Actor | None = getattr(current_user, "actor", None)
    return known or VISITOR


def is_htmx() -> bool:
    """Whether htmx asked for a fragment. Answers that differ by this carry Vary.

    htmx also fetches whole pages to cut a part out of them; it says so, and then the page is right.
    """
    g.vary_htmx = True
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Request-Type") != "full"


def count_hit(kind: str) -> None:
    """Count this request against the limits of its kind. Raises RateLimited."""
    limits.hit(kind, _who())


def _who() -> str:
    person = actor()
    return f"u{person.id}" if person.id is not None else f"a{request.remote_addr}"


def limited(kind: str) -> Callable[[View], View]:
    """Limit how often a view may be called (kinds in core/limits.py)."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            count_hit(kind)
            return view(*args, **kwargs)

        wrapper.limit_kind = kind  # type: ignore[attr-defined]
        return wrapper

    return decorate


def takes_body(size: int) -> Callable[[View], View]:
    """Let a view take a body of up to `size` bytes (uploads); all others take `app.MAX_BODY`."""

    def decorate(view: View) -> View:
        view.max_body = size  # type: ignore[attr-defined]
        return view

    return decorate


def signed_in(view: View) -> View:
    """Only for signed-in people; others are sent to sign in and come back afterwards."""

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not actor().signed_in:
            raise Unauthenticated
        return view(*args, **kwargs)

    return wrapper


def sign_in_redirect() -> AnyResponse:
    """To the sign-in page, remembering where a GET wanted to go (a POST comes back to the page it was sent from)."""
    here = request.full_path.rstrip("?") if request.method == "GET" else _path_of(request.referrer)
    target = url_for("accounts.login", next=here) if here else url_for("accounts.login")
    if is_htmx():
        return Response(status=204, headers={"HX-Redirect": target})
    return redirect(target, 303)


def _path_of(address: str | None) -> str | None:
    if not address:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.netloc != request.host:
        return None
    return parts.path + (f"?{parts.query}" if parts.query else "")


def safe_next(address: str | None, otherwise: str) -> str:
    """`address` if it is a path on this site, else `otherwise`. Never sends anybody to a stranger's site."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return otherwise
    if any(ord(char) < 33 or char in "\\\x7f" for char in address):  # browsers drop control characters
        return otherwise
    parts = urlsplit(address)
    return otherwise if parts.scheme or parts.netloc else address


def load_form(schema: Schema, form: MultiDict[str, str]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Read a form with the schema that also reads the JSON. Returns (data, errors by field).

    Empty text counts as not sent, an unchecked box as False, a list field collects every value of its name.
    """
    raw: dict[str, Any] = {}
    for name, field in schema.load_fields.items():
        key = field.data_key or name
        if isinstance(field, fields.List):
            raw[key] = [value for value in form.getlist(key) if value.strip()]
        elif form.get(key, "") != "":
            raw[key] = form[key]
        elif isinstance(field, fields.Boolean):
            raw[key] = False
    try:
        data: dict[str, Any] = schema.load(raw)
    except ValidationError as error:
        return {}, _flat(messages_of(error))
    return data, {}


def _flat(messages: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Errors of list items belong to the list's field in a form."""
    flat: dict[str, list[Any]] = {}
    for name, found in messages.items():
        flat[name] = [text for texts in found.values() for text in texts] if isinstance(found, dict) else list(found)
    return flat


def takes_form(schema: type[Schema], again: Callable[..., Any]) -> Callable[[View], View]:
    """Parse the form with `schema` and pass the data first.

    Bad input or a rule's refusal answers 422 with `again(values, errors, **view arguments)`: the page with the
    same form, what was typed, and what to change.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def wrapper(**kwargs: Any) -> Any:
            data, errors = load_form(schema(), request.form)
            if not errors:
                try:
                    return view(data, **kwargs)
                except (Invalid, Refused, Conflict, TooLarge) as error:
                    errors = error.for_form
                    # under `once` the transaction is still open, and after a failed insert it can read nothing
                    operation.abandon()
            return make_response(again(request.form, errors, **kwargs), 422)

        wrapper.form_schema = schema  # type: ignore[attr-defined]  # tests send each of its fields something bad
        return wrapper

    return decorate


def once(view: View) -> View:
    """Make a double click one thing: a form with a hidden `once` value is worked on once, and answered again alike.

    Without the value the view simply runs. The answer that is kept is the redirect, or for htmx the fragment; a form
    that comes back with its errors (422) may be corrected and sent again under the same value.
    """

    @functools.wraps(view)
    def wrapper(**kwargs: Any) -> Any:
        key = request.form.get("once", "")
        if not _ONCE.fullmatch(key):
            return view(**kwargs)
        endpoint, same = request.endpoint or "", _content_key(key)

        said: list[str] = []

        def work() -> idempotency.Answer:
            response = make_response(view(**kwargs))
            said[:] = response.headers.getlist("HX-Trigger")
            if response.status_code >= 400:
                raise _NotDone(response)
            target = response.headers.get("HX-Redirect") or response.location
            if target is None:
                return idempotency.Answer(200, response.get_data(as_text=True), _FRAGMENT)
            return idempotency.Answer(303, target, "text/plain")

        patience = time.monotonic() + _PATIENCE
        while True:
            try:
                answer = idempotency.once(_who(), endpoint, same, endpoint, work)
                if answer.content_type != _FRAGMENT:
                    return go(answer.body)
                shown = make_response(answer.body)
                shown.headers.extend({"HX-Trigger": said})  # what was done is said once
                return shown
            except _NotDone as nothing:
                return nothing.response
            except Conflict as error:
                if error.code != "IDEMPOTENCY_IN_PROGRESS" or time.monotonic() > patience:
                    raise
            time.sleep(0.05)  # the browser shows only the answer to the last click, so it must be the good one

    return wrapper


def _content_key(once_value: str) -> str:
    """The form's `once` value together with what it holds: going back and writing something else is no double click."""
    digest = hashlib.sha256(f"{once_value}\n{request.path}".encode())
    for name, value in sorted(request.form.items(multi=True)):
        if name != "csrf_token":
            digest.update(f"\n{name}={len(value)}:{value}".encode(errors="surrogatepass"))
    for name, file in request.files.items(multi=True):
        stream: Any = file.stream
        digest.update(f"\n{name}:{file.filename}".encode(errors="surrogatepass"))
        digest.update(hashlib.file_digest(stream, "sha256").digest())
        stream.seek(0)
    return digest.hexdigest()


class _NotDone(Exception):
    """Carries a page (a form with errors) out of the transaction, which is rolled back: nothing was done."""

    def __init__(self, response: Response) -> None:
        self.response = response


def _header(values: Mapping[str, str]) -> str:
    """JSON for a header, which may hold ASCII only."""
    return json.dumps(values, ensure_ascii=True)


def fragment_or_redirect(fragment: Callable[[], str], target: str, *, toast: str | None = None) -> AnyResponse:
    """The fragment for htmx; for everybody else a redirect (303) to `target`, with `toast` as a flash message."""
    if is_htmx():
        response = make_response(fragment())
        if toast:
            response.headers["HX-Trigger"] = _header({"toast": str(toast)})
        return response
    if toast:
        flash(str(toast), "ok")
    return redirect(target, 303)


def go(target: str, *, toast: str | None = None) -> AnyResponse:
    """Leave for another page after a write, in htmx and without."""
    if toast:
        flash(str(toast), "ok")
    if is_htmx():
        return Response(status=204, headers={"HX-Redirect": target})
    return redirect(target, 303)


def toast_only(text: str, status: int) -> Response:
    """An htmx answer that changes nothing on the page and says why."""
    return Response(status=status, headers={"HX-Trigger": _header({"toast": str(text)}), "HX-Reswap": "none"})


# ---- what every answer carries -------------------------------------------------------------------------------


def begin_request() -> None:
    """Give the request an id (the caller's, if it is harmless) and bind it to every log line."""
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def check_form() -> None:
    """Refuse a form with a part that has no name: no page sends that, and what reads forms stumbles over it."""
    if request.mimetype == "multipart/form-data" and None in request.form:
        raise BadRequest


def finish_response(response: Response) -> Response:
    """Add security headers, the request id and cache rules."""
    response.headers["X-Request-Id"] = g.get("request_id", "")
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if current_app.config["SETTINGS"].base_url.startswith("https:"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if g.get("vary_htmx"):
        response.vary.add("HX-Request")
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-cache"
    return response


def choose_locale() -> str:
    """The language of this answer: the person's choice, else the browser session's, else the site's.

    Pages deliberately ignore Accept-Language: a Chinese circle reads Chinese to everybody until they choose.
    The API, whose contract is Accept-Language, sets `g.locale` itself.
    """
    chosen = g.get("locale")
    if has_request_context():  # jobs and commands speak the site's language
        chosen = chosen or getattr(current_user, "locale", None) or session.get("locale")
    default: str = current_app.config["SETTINGS"].locale
    return chosen if chosen in LOCALES else default


def _message(error: CircleError) -> str:
    """What the page says; empty when the error says no more than its kind, for which the page has warmer words."""
    return "" if error.sentence is type(error).sentence else str(error.sentence)


def error_answer(error: CircleError, render: Callable[..., str]) -> AnyResponse:
    """An expected refusal as a page (or, to htmx, as a short message that leaves the page alone)."""
    if error.status == 401:
        return sign_in_redirect()
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    if is_htmx():
        response = toast_only(str(error.sentence), error.status)
        response.headers.update(headers)
        return response
    known = {403: "403", 404: "404", 429: "429"}
    name = known.get(error.status, "error")
    return make_response(
        render(f"errors/{name}.html", message=_message(error), code=error.status, retry_after=error.retry_after),
        error.status,
        headers,
    )


def trusted(html: str) -> Markup:
    """Mark HTML that `core.markup` made as safe for templates. Nothing else may go through here."""
    return Markup(html)  # noqa: S704
