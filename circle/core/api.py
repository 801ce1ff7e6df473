"""The JSON edge (`/api/v1`): one decorator states what a route takes and gives, and keeps every promise of the
contract: bearer tokens (never the cookie), problem+json errors, ETag and If-Match, Idempotency-Key, rate limits.

    @bp.endpoint("POST", "/circles/<slug:slug>/posts", takes=PostInput, gives=PostOut, status=201, limit="publish")
    def publish(data, slug):
        '''Publish a post.'''
        post_id = operations.publish_post(actor(), slug, **data)
        return queries.get_post(actor(), post_id)

The same statement becomes the OpenAPI document (`openapi.py`), and tests check every JSON answer against it.
"""

from __future__ import annotations

import functools
import hashlib
import http
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, request
from flask.json.provider import DefaultJSONProvider
from marshmallow import EXCLUDE, Schema, ValidationError, fields
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from circle.core import idempotency, limits
from circle.core.actor import VISITOR, Actor
from circle.core.errors import (
    BadRequest,
    CircleError,
    Invalid,
    PreconditionFailed,
    TooLarge,
    Unauthenticated,
    UnsupportedType,
)
from circle.core.fields import OutSchema, PageQuery, messages_of
from circle.core.i18n import LOCALES, lazy
from circle.core.pagination import Page

PREFIX = "/api/v1"
PROBLEM = "application/problem+json"
_METHODS_WITH_BODY = {"POST", "PUT", "PATCH"}
_VERSION_TAG = re.compile(r'"v([0-9]{1,18})-[0-9a-f]{16}"')

View = Callable[..., Any]


class ProblemOut(OutSchema):
    """RFC 9457 problem details: `code` is stable, `detail` is a sentence for a member."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


@dataclass(frozen=True)
class Contract:
    """What a route promises; the OpenAPI document and the who-may table are made from it."""

    method: str
    rule: str
    gives: type[Schema] | None
    takes: type[Schema] | None = None
    query: type[Schema] | None = None
    #: multipart field that carries a file
    file: str | None = None
    #: further parts of that form which may be there, as JSON Schema
    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: makes of the file what the view takes; runs before the transaction of an idempotent request, so it may be slow
    prepare: Callable[[Any], Any] | None = None
    status: int = 200
    #: further success statuses with the same body
    also: Mapping[int, str] = field(default_factory=dict)
    signed_in: bool = True
    paged: bool = False
    limit: str = "read"
    #: the route moves points, money, stock or codes: the key is required
    key_required: bool = False
    #: the answer holds tokens (which are never stored), or a refused attempt must still be counted: an
    #: Idempotency-Key has no effect
    keyless: bool = False
    #: the route is where tokens come from: one that came along (and may just have run out) is not looked at
    anonymous: bool = False
    #: PATCH of something that has a version: If-Match is honoured
    versioned: bool = False
    #: further statuses this route may answer, beyond what the rest of the contract implies
    errors: Sequence[int] = ()
    tag: str = ""
    summary: str = ""


class ApiBlueprint(Blueprint):
    """A feature's routes below /api/v1. `name` is the tag in the document."""

    def __init__(self, name: str, import_name: str) -> None:
        super().__init__(f"{name}_api", import_name, url_prefix=PREFIX)
        self._tag = name

    def endpoint_(self, contract: Contract) -> Callable[[View], View]:
        def decorate(view: View) -> View:
            stated = Contract(
                **{
                    **contract.__dict__,
                    "tag": self._tag,
                    "summary": (view.__doc__ or "").strip().split("\n")[0].rstrip("."),
                }
            )
            wrapped = _edge(stated, view)
            wrapped.contract = stated  # type: ignore[attr-defined]
            self.add_url_rule(stated.rule, view.__name__, wrapped, methods=[stated.method])
            return view

        return decorate

    def endpoint(  # type: ignore[override]
        self, method: str, rule: str, *, gives: type[Schema] | None, **contract: Any
    ) -> Callable[[View], View]:
        """State a route. See `Contract` for the words; the view gets the parsed body first, then the query."""
        return self.endpoint_(Contract(method=method, rule=rule, gives=gives, **contract))


class JsonAnswers(DefaultJSONProvider):
    """Answers in UTF-8, where Chinese takes half the room, and in the order of the schema."""

    sort_keys = False

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """The given value, or the keywords as an object, as a response."""
        value = self._prepare_response_obj(args, kwargs)
        try:
            body = self.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        except UnicodeEncodeError:  # half a character, in the name of a field somebody sent
            body = self.dumps(value, separators=(",", ":")).encode()
        return Response(body + b"\n", mimetype=self.mimetype)


# ---- who asks ------------------------------------------------------------------------------------------------


def actor() -> Actor:
    """Who sent this request, by the bearer token alone. Raises Unauthenticated for a token that is not good."""
    if "api_actor" not in g:
        g.api_actor = _authenticate()
    person: Actor = g.api_actor
    return person


def _authenticate() -> Actor:
    header = request.headers.get("Authorization")
    if header is None:
        return VISITOR
    scheme, _, token = header.partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        known: Actor | None = current_app.extensions["circle_authenticate"](token.strip())
        if known is not None:
            return known
    raise Unauthenticated(lazy("This sign-in is no longer valid. Please sign in again."))


def _who() -> str:
    person = actor()
    return f"u{person.id}" if person.id is not None else f"a{request.remote_addr}"


# ---- the edge ------------------------------------------------------------------------------------------------


def _edge(contract: Contract, view: View) -> View:
    def answer(arguments: Sequence[Any], path: Mapping[str, Any]) -> Response:
        result = view(*arguments, **path)
        status, version = contract.status, None
        if type(result) is tuple:  # not a row, which may be a named tuple
            result, status = result
        if isinstance(result, Response):
            return result
        if isinstance(result, Page):
            result = {"items": result.items, "next_cursor": result.next_cursor}
        schema = answer_schema(contract)
        body = schema.dump(result) if schema is not None else None
        version = getattr(result, "version", None)
        return _response(contract, body, status, version)

    @functools.wraps(view)
    def wrapper(**path: Any) -> Response:
        g.locale = _best_locale()
        if contract.anonymous:
            g.api_actor = VISITOR
        person = actor()
        limits.hit(contract.limit, _who())
        if contract.signed_in and not person.signed_in:
            raise Unauthenticated
        arguments = [*_body(contract), *_query(contract)]
        key = request.headers.get("Idempotency-Key")
        if request.method != "POST" or contract.keyless or (key is None and not contract.key_required):
            return answer(arguments, path)
        if key is None:
            raise BadRequest(lazy("This request needs an Idempotency-Key."), code="IDEMPOTENCY_KEY_REQUIRED")
        return _once(key, lambda: answer(arguments, path))

    return wrapper


def _once(key: str, work: Callable[[], Response]) -> Response:
    query = list(request.args.items(multi=True))
    print_ = idempotency.fingerprint(request.method, request.path, query, _sent())
    answer = idempotency.once(
        _who(),
        request.endpoint or "",
        key,
        print_,
        lambda: _stored(work()),
        refusal=lambda error: _stored(problem(error)),
    )
    response = Response(answer.body, status=answer.status, content_type=answer.content_type)
    if answer.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _stored(response: Response) -> idempotency.Answer:
    return idempotency.Answer(response.status_code, response.get_data(as_text=True), response.content_type or "")


def _sent() -> bytes:
    """The body, or for an upload a digest of its files; whoever reads them next finds them at their beginning."""
    if not request.files:
        return request.get_data(cache=True)
    digest = hashlib.sha256()
    for file in request.files.values():
        stream: Any = file.stream
        stream.seek(0)
        digest.update(hashlib.file_digest(stream, "sha256").digest())
        stream.seek(0)
    return digest.digest()


def _best_locale() -> str:
    """The request's language by Accept-Language; Chinese in any spelling and everything unknown is zh-CN."""
    for language, quality in request.accept_languages:
        if not quality:  # "anything but this"
            continue
        base = language.lower().partition("-")[0]
        if base == "zh":
            return "zh_Hans_CN"
        if base in LOCALES:
            return base
    locale: str = current_app.config["SETTINGS"].locale
    return locale


def _body(contract: Contract) -> list[Any]:
    if contract.file is not None:
        file = request.files.get(contract.file)
        if file is None:
            raise Invalid(errors={contract.file: [lazy("Please choose a file.")]})
        return [contract.prepare(file) if contract.prepare else file]
    if contract.takes is None:
        return []
    if request.content_length and not request.is_json:
        raise UnsupportedType(lazy("Please send JSON (Content-Type: application/json)."))
    try:
        data = request.get_json(force=True) if request.get_data(cache=True) else {}
    except RequestEntityTooLarge:
        raise TooLarge from None
    except (HTTPException, RecursionError, ValueError):
        raise BadRequest(lazy("The request body is not valid JSON.")) from None
    try:
        return [_made(contract.takes).load(data)]
    except ValidationError as error:
        raise Invalid(errors=_flat(messages_of(error))) from None


def _query(contract: Contract) -> list[Any]:
    schema = query_schema(contract)
    if schema is None:
        return []
    try:
        return [schema.load(request.args.to_dict())]
    except ValidationError as error:
        raise Invalid(errors=_flat(messages_of(error))) from None


def _flat(messages: Mapping[Any, Any], path: str = "") -> dict[str, list[Any]]:
    flat: dict[str, list[Any]] = {}
    for name, found in messages.items():
        here = f"{path}.{name}" if path else str(name)
        if isinstance(found, Mapping):
            flat.update(_flat(found, here))
        else:
            flat[here] = list(found)
    return flat


def query_schema(contract: Contract) -> Schema | None:
    """The schema of the query string: the route's own fields, and cursor and limit where the answer is a page."""
    kinds = [kind for kind in (contract.query, PageQuery if contract.paged else None) if kind is not None]
    return _joined_query(*kinds) if kinds else None


@functools.cache
def _joined_query(*kinds: type[Schema]) -> Schema:
    # a link with ?utm_source= must not fail, so unknown query fields are let be (unknown body fields are not)
    schema: Schema = type(kinds[0].__name__, kinds, {})(unknown=EXCLUDE)
    return schema


@functools.cache
def _page_schema(item: type[Schema]) -> type[Schema]:
    name = item.__name__.removesuffix("Out") + "PageOut"
    return type(
        name,
        (OutSchema,),
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next_cursor": fields.String(allow_none=True, required=True),
        },
    )


def answer_schema(contract: Contract) -> Schema | None:
    """The schema of the success body; a page of items where the route is paged."""
    if contract.gives is None:
        return None
    return _made(_page_schema(contract.gives) if contract.paged else contract.gives)


@functools.cache
def _made(schema: type[Schema]) -> Schema:
    """Making a schema copies all its fields; neither loading nor dumping changes anything in it."""
    return schema()


def _response(contract: Contract, body: Any, status: int, version: int | None) -> Response:
    if status == 204 or contract.gives is None:
        return Response(status=204)
    response = jsonify(body)
    response.status_code = status
    if contract.method in {"GET", "PATCH"} and "cursor" not in request.args:
        digest = hashlib.sha256(response.get_data()).hexdigest()[:16]
        response.headers["ETag"] = f'"v{version}-{digest}"' if version is not None else f'"{digest}"'
        if contract.method == "GET" and _none_match(response.headers["ETag"]):
            return Response(status=304, headers={"ETag": response.headers["ETag"]})
    return response


def _none_match(tag: str) -> bool:
    given = request.headers.get("If-None-Match", "")
    return any(part.strip().removeprefix("W/") in {tag, "*"} for part in given.split(","))


def expected_version() -> int | None:
    """The version that If-Match names, for operations that refuse to overwrite a newer one (412).

    Our ETags are `"v<version>-<digest of the body>"`: a like in the meantime changes the digest, not the version, and
    must not stop an edit. None when the header is absent or `*`.
    """
    given = request.headers.get("If-Match", "*").strip()
    if given == "*":
        return None
    match = _VERSION_TAG.fullmatch(given)
    if match is None:
        raise PreconditionFailed
    return int(match[1])


# ---- errors --------------------------------------------------------------------------------------------------


def problem(error: CircleError) -> Response:
    """The error as application/problem+json, in the language of the request."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": http.HTTPStatus(error.status).phrase,
        "status": error.status,
        "code": error.code,
        "detail": str(error.sentence),
    }
    if error.errors:
        body["errors"] = {name: [str(text) for text in texts] for name, texts in error.errors.items()}
    response = jsonify(body)
    response.status_code = error.status
    response.content_type = PROBLEM
    if error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="circle"'
    return response


_HTTP_CODES = {
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    500: "INTERNAL",
}
_HTTP_SENTENCES = {
    404: lazy("There is nothing at this address."),
    405: lazy("This address does not take that method."),
    413: lazy("That is too large to upload."),
    500: lazy("Something went wrong on our side. Please tell the owner this number: %(number)s", number=""),
}


def http_problem(error: HTTPException) -> Response:
    """An error that Flask or Werkzeug raised, in the same shape; keeps headers such as Allow."""
    status = error.code or 500
    wrapped = CircleError(_HTTP_SENTENCES.get(status), code=_HTTP_CODES.get(status))
    wrapped.status = status
    response = problem(wrapped)
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response


def begin_api_request() -> None:
    """The language of an API answer, also of those that fail before a view is reached."""
    if request.path.startswith("/api/"):
        g.locale = _best_locale()


def internal_problem(number: str) -> Response:
    """A bug: says only the incident number."""
    error = CircleError(
        lazy("Something went wrong on our side. Please tell the owner this number: %(number)s", number=number),
        code="INTERNAL",
    )
    error.status = 500
    return problem(error)
