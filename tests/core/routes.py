"""Routes that exist only in these tests: the smallest ones that use every promise of the two edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, render_template_string, request
from marshmallow import fields
from sqlalchemy import select

from circle.core import web as edge
from circle.core.api import ApiBlueprint, actor, expected_version
from circle.core.audit import AuditHead
from circle.core.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    PreconditionFailed,
    RateLimited,
    Refused,
    Unauthenticated,
    Unavailable,
)
from circle.core.fields import Choice, Id, InputSchema, Line, Moment, OutSchema, Text
from circle.core.pagination import Keyset, Page
from tests.core.lab import make_thing, things

api = ApiBlueprint("lab", __name__)
web = Blueprint("lab", __name__, url_prefix="/lab")

#: what a test lets happen inside the view, after the effect
during: list[Callable[[], object]] = []

REFUSALS: dict[str, Callable[[], Exception]] = {
    "none": NotImplementedError,
    "refused": lambda: Refused("OUT_OF_STOCK", "Nothing is left."),
    "conflict": Conflict,
    "missing": NotFound,
    "forbidden": Forbidden,
    "bad": BadRequest,
    "unauthenticated": Unauthenticated,
    "limited": lambda: RateLimited(retry_after=9),
    "busy": lambda: Unavailable(retry_after=2),
    "bug": lambda: LookupError("secret detail"),
}


class ThingInput(InputSchema):
    name = Line(20, minimum=1, required=True)
    text = Text(10_000, load_default="")
    kind = Choice("plain", "odd", load_default="plain")
    of = Id(load_default=None, allow_none=True)
    at = Moment(load_default=None, allow_none=True)
    count = fields.Integer(load_default=0, strict=True)
    tags = fields.List(Line(10), load_default=list)
    boxed = fields.Boolean(load_default=False)
    refuse = Choice(*REFUSALS, load_default="none")


class ThingOut(OutSchema):
    id = Id(required=True)
    name = fields.String(required=True)


@dataclass(frozen=True)
class ThingView:
    id: int
    name: str


@dataclass(frozen=True)
class VersionedView(ThingView):
    version: int


def _make(data: dict[str, Any]) -> ThingView:
    number = make_thing(data["name"])
    for action in during:
        action()
    if data["refuse"] != "none":
        raise REFUSALS[data["refuse"]]()
    return ThingView(number, data["name"])


# ---- JSON ----------------------------------------------------------------------------------------------------


@api.endpoint("POST", "/lab/things", takes=ThingInput, gives=ThingOut, status=201, signed_in=False)
def make(data: dict[str, Any]) -> ThingView:
    """Make a thing."""
    return _make(data)


@api.endpoint("POST", "/lab/gifts", takes=ThingInput, gives=ThingOut, status=201, key_required=True)
def give(data: dict[str, Any]) -> ThingView:
    """Give a thing away: a key is required."""
    return _make(data)


@api.endpoint("POST", "/lab/waves", gives=None, signed_in=False)
def wave() -> None:
    """Do something that takes and gives nothing."""
    make_thing("wave")


@api.endpoint("POST", "/lab/tokens", takes=ThingInput, gives=ThingOut, signed_in=False, keyless=True, anonymous=True)
def token(data: dict[str, Any]) -> ThingView:
    """A route whose answer is never stored."""
    return _make(data)


@api.endpoint(
    "POST", "/lab/files", file="file", prepare=lambda file: file.read(), gives=ThingOut, status=201, signed_in=False
)
def send_file(content: bytes) -> ThingView:
    """Keep a file's content as a name."""
    return _make({"name": content.decode("ascii"), "refuse": "none"})


@api.endpoint("GET", "/lab/things", gives=ThingOut, paged=True, signed_in=False)
def index(query: dict[str, Any]) -> Page[ThingView]:
    """All things, newest first."""
    statement = select(AuditHead.hash, AuditHead.stream).where(AuditHead.stream.startswith("thing:"))
    page = Keyset("lab.things", (AuditHead.stream,)).read(statement, query["cursor"], query["limit"])
    return page.map(lambda rows: [ThingView(int(row[1][6:]), row[0].strip()) for row in rows])


@api.endpoint("GET", "/lab/things/<id:thing_id>", gives=ThingOut, signed_in=False)
def show(thing_id: int) -> VersionedView:
    """One thing; its version is 3."""
    return VersionedView(thing_id, "|".join(things()), 3)


@api.endpoint("PATCH", "/lab/things/<id:thing_id>", takes=ThingInput, gives=ThingOut, versioned=True, signed_in=False)
def edit(data: dict[str, Any], thing_id: int) -> VersionedView:
    """Rename a thing whose version is 3."""
    if expected_version() not in {None, 3}:
        raise PreconditionFailed
    return VersionedView(thing_id, data["name"], 4)


@api.endpoint("GET", "/lab/me", gives=ThingOut)
def me() -> ThingView:
    """Who asks."""
    return ThingView(actor().id or 0, actor().username)


@api.endpoint("GET", "/lab/circles/<slug:slug>", gives=ThingOut, signed_in=False)
def by_slug(slug: str) -> ThingView:
    """Something with an address."""
    return ThingView(1, slug)


@api.endpoint("GET", "/lab/bug", gives=ThingOut, signed_in=False)
def bug() -> ThingView:
    """Fails."""
    raise LookupError("secret detail in /srv/secret/place.py")


# ---- HTML ----------------------------------------------------------------------------------------------------

FORM = """<!doctype html><title>form</title>{{ errors|tojson }}|{{ values.get("name", "")|e }}
<form method="post"><input type="hidden" name="csrf_token" value="{{ csrf_token() }}"></form>"""


def _form(values: Any = None, errors: Any = None, **_: Any) -> str:
    plain = {name: [str(text) for text in texts] for name, texts in (errors or {}).items()}
    return render_template_string(FORM, values=values or {}, errors=plain)


@web.get("/form")
def form() -> str:
    return _form()


@web.post("/form")
@edge.takes_form(ThingInput, again=_form)
def submit(data: dict[str, Any]) -> Any:
    _make(data)
    return edge.go("/lab/done", toast="Made")


@web.post("/once")
@edge.once
@edge.takes_form(ThingInput, again=_form)
def submit_once(data: dict[str, Any]) -> Any:
    _make(data)
    return edge.go(f"/lab/done?name={data['name']}", toast="Made")


@web.post("/fragment")
def fragment() -> Any:
    return edge.fragment_or_redirect(lambda: "<i>part</i>", "/lab/done", toast="“好”")


@web.get("/mine")
@edge.signed_in
def mine() -> str:
    return "mine"


@web.post("/mine")
@edge.signed_in
def take_mine() -> str:
    return "mine"


@web.get("/quick")
@edge.limited("read")
def quick() -> str:
    return "quick"


@web.get("/refused/<kind>")
def refused(kind: str) -> str:
    raise REFUSALS[kind]()


@web.get("/plain")
def plain() -> Response:
    return Response("plain", mimetype="text/plain")


@web.get("/moved")
def moved() -> Any:
    return edge.go("/lab/form")


@web.get("/next")
def follow() -> Any:
    return edge.go(edge.safe_next(request.args.get("next"), "/home"))
