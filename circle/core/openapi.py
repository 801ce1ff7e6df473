"""The OpenAPI 3.1 document, made from the contracts that the routes state (`api.Contract`), and its page.

Nothing is written by hand here: a route that changes, changes the document, and `make check` compares it with the
snapshot in docs/openapi.json.
"""

from __future__ import annotations

import http
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, Flask, Response, current_app, jsonify, render_template

from circle import __version__
from circle.core import fields as own
from circle.core import markup
from circle.core.api import PREFIX, PROBLEM, Contract, ProblemOut, answer_schema, query_schema

bp = Blueprint("openapi", __name__)

_INTRO = """\
JSON API of circle (粉丝圈). Send `Authorization: Bearer <access token>`; without it you see what a visitor sees.
Ids are decimal strings, times RFC 3339 in UTC, money integer fen (`…_fen`), points integers. Lists are read with
`cursor` and `limit`. Errors are RFC 9457 problems with a stable `code` and a `detail` in the language of
`Accept-Language`. A POST may carry an `Idempotency-Key` (kept for 72 hours; not for signing in and passwords): sent
twice, it is done once.
"""

_HEADERS: dict[str, Any] = {
    "X-Request-Id": {"description": "Names this request in the logs.", "schema": {"type": "string"}},
    "ETag": {"description": "Send it back in If-None-Match (and If-Match on PATCH).", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
    "WWW-Authenticate": {"schema": {"type": "string"}},
    "Allow": {"description": "The methods that this address takes.", "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "`true` when this is the stored answer of an earlier request with the same key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}
_PARAMETERS: dict[str, Any] = {
    "Idempotency-Key": "Makes repeating the request safe. 1 to 120 printable ASCII characters.",
    "If-None-Match": "The ETag you have; answers 304 when nothing changed.",
    "If-Match": "The ETag you edited; answers 412 when somebody was faster.",
    "Accept-Language": "zh-CN (default) or en.",
}
_ERROR_TEXT = {
    400: "The request is malformed (`BAD_REQUEST`, `CURSOR_INVALID`, `IDEMPOTENCY_KEY_REQUIRED`).",
    401: "No valid access token (`UNAUTHENTICATED`).",
    403: "Known and visible, but not allowed (`FORBIDDEN`, `MUTED`, `BANNED`).",
    404: "Not there, or not yours to see (`NOT_FOUND`).",
    409: "The state forbids it (`STATE_CONFLICT`, `IDEMPOTENCY_IN_PROGRESS`).",
    412: "The version you edited is not the current one (`PRECONDITION_FAILED`).",
    413: "Too large (`TOO_LARGE`).",
    415: "Content of a kind that is not taken (`UNSUPPORTED_MEDIA_TYPE`).",
    422: "Input that fails a check or a rule (`VALIDATION`, or the rule's own code).",
    429: "Too fast (`RATE_LIMITED`).",
    503: "Busy; try again (`UNAVAILABLE`).",
}


def document(app: Flask) -> dict[str, Any]:
    """The whole document as plain data."""
    plugin: Any = MarshmallowPlugin(schema_name_resolver=_name)
    spec = APISpec(
        title="circle API",
        version=__version__,
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"description": _INTRO, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        servers=[{"url": PREFIX}],
    )
    plugin.map_to_openapi_type(own.Id, "string", None)
    plugin.map_to_openapi_type(own.Moment, "string", "date-time")
    plugin.converter.add_attribute_function(_id_pattern)
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.components.schema("Problem", schema=ProblemOut)
    for name, header in _HEADERS.items():
        spec.components.header(name, header)
    for name, text in _PARAMETERS.items():
        parameter = {"description": text, "schema": {"type": "string"}, "required": False}
        if name == "Idempotency-Key":
            parameter["schema"] = {"type": "string", "minLength": 1, "maxLength": 120, "pattern": "^[ -~]+$"}
        spec.components.parameter(name, "header", parameter)
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        contract: Contract | None = getattr(app.view_functions[rule.endpoint], "contract", None)
        if contract is None:
            continue
        path = rule.rule.removeprefix(PREFIX)
        spec.path(path=_path(path), operations={contract.method.lower(): _operation(contract, rule.endpoint, path)})
    return spec.to_dict()


def _name(schema: Any) -> str:
    cls = schema if isinstance(schema, type) else type(schema)
    return str(cls.__name__).removesuffix("Out")


def _id_pattern(_converter: Any, field: Any, **_kwargs: Any) -> dict[str, Any]:
    return {"pattern": "^[1-9][0-9]{0,18}$"} if isinstance(field, own.Id) else {}


def _parts(path: str) -> list[tuple[str, str]]:
    """(converter, name) of each variable in a Flask rule."""
    found = []
    for piece in path.split("<")[1:]:
        inside = piece.partition(">")[0]
        converter, colon, name = inside.partition(":")
        found.append((converter, name) if colon else ("string", inside))
    return found


def _path(path: str) -> str:
    for converter, name in _parts(path):
        path = path.replace(f"<{converter}:{name}>", f"{{{name}}}").replace(f"<{name}>", f"{{{name}}}")
    return path


def _path_parameter(converter: str, name: str) -> dict[str, Any]:
    patterns = {"id": "^[1-9][0-9]{0,18}$", "slug": "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"}
    schema: dict[str, Any] = {"type": "string"}
    if converter in patterns:
        schema["pattern"] = patterns[converter]
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _operation(contract: Contract, endpoint: str, path: str) -> dict[str, Any]:
    parameters: list[Any] = [_path_parameter(*part) for part in _parts(path)]
    query = query_schema(contract)
    if query is not None:
        parameters.append({"in": "query", "schema": query})
    parameters += _header_names(contract)  # names of components, which apispec makes references of
    operation: dict[str, Any] = {
        "operationId": endpoint.replace("_api.", "_"),
        "summary": contract.summary,
        "tags": [contract.tag],
        "parameters": parameters,
        "security": _security(contract),
        "responses": _responses(contract, bool(_parts(path))),
    }
    if contract.takes is not None:
        operation["requestBody"] = {
            # no body at all is read as {}
            "required": any(field.required for field in contract.takes().load_fields.values()),
            "content": {"application/json": {"schema": contract.takes}},
        }
    if contract.file is not None:
        form = {
            "type": "object",
            "required": [contract.file],
            "properties": {
                contract.file: {"type": "string", "contentMediaType": "application/octet-stream"},
                **contract.parts,
            },
        }
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    return operation


def _security(contract: Contract) -> list[dict[str, Any]]:
    if contract.anonymous:
        return []
    return [{"bearer": []}] if contract.signed_in else [{}, {"bearer": []}]


def _header_names(contract: Contract) -> list[str]:
    names = ["Accept-Language"]
    if contract.method == "POST" and not contract.keyless:
        names.append("Idempotency-Key")
    if contract.method == "GET":
        names.append("If-None-Match")
    if contract.versioned:
        names.append("If-Match")
    return names


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *names)}


def _responses(contract: Contract, has_path: bool) -> dict[str, Any]:
    extra = ["ETag"] if contract.method in {"GET", "PATCH"} else []
    if contract.method == "POST" and not contract.keyless:
        extra.append("Idempotency-Replayed")
    schema = answer_schema(contract)
    responses: dict[str, Any] = {}
    for status in (contract.status, *contract.also):
        text = contract.also.get(status) or http.HTTPStatus(status).phrase
        responses[str(status)] = {"description": text, "headers": _headers(*extra)}
        if schema is not None and status != 204:
            responses[str(status)]["content"] = {"application/json": {"schema": schema}}
    if contract.method == "GET":
        responses["304"] = {"description": "Not modified", "headers": _headers("ETag")}
    for status in _error_statuses(contract, has_path):
        names = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"], 409: ["Retry-After"]}
        responses[str(status)] = {
            "description": _ERROR_TEXT[status],
            "headers": _headers(*names.get(status, [])),
            "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return responses


def _error_statuses(contract: Contract, has_path: bool) -> list[int]:
    found = {401, 429, 503, *contract.errors}  # a bad token is refused everywhere
    if contract.method != "GET" or contract.paged:
        found.add(400)
    if has_path:
        found.add(404)
    if contract.signed_in and contract.method != "GET":
        found.add(403)
    if contract.method == "POST":
        found |= {409, 422}
    if contract.takes is not None or contract.file is not None:
        found |= {400, 413, 415, 422}
    if contract.query is not None or contract.paged:
        found.add(422)
    if contract.versioned:
        found.add(412)
    return sorted(found)


def _cached() -> dict[str, Any]:
    """The document of this application; its routes do not change while it runs."""
    made: dict[str, Any] = current_app.extensions.setdefault("circle_openapi", {})
    if not made:
        made.update(document(current_app))
    return made


@bp.get(f"{PREFIX}/openapi.json")
def openapi_json() -> Response:
    """The document, for machines."""
    return jsonify(_cached())


@bp.get("/api/docs")
def docs() -> str:
    """The document, for people."""
    made = _cached()
    operations = [
        (path, method, operation) for path, methods in made["paths"].items() for method, operation in methods.items()
    ]
    tags = list(dict.fromkeys(operation["tags"][0] for _path, _method, operation in operations))
    intro = markup.render(made["info"]["description"])
    return render_template("openapi/docs.html", document=made, operations=operations, tags=tags, intro=intro)
