"""The document keeps its word: for each operation in it, requests that fit it and requests that do not, all checks on.

schemathesis makes the requests from the document alone: statuses, bodies and headers that are not in it, 5xx, accepted
nonsense, and open doors are all failures. The people and things of one circle are mixed in, so that requests reach what
is behind the first check. What a check may expect stands in schemathesis.toml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.checks import negative_data_rejection

from circle.accounts import operations as accounts
from circle.config import ROOT
from circle.core.markup import clean_text
from tests.clients import outside
from tests.world import World

#: where the things of the world stand in for a name in the path
NAMES = {"slug": "slug", "post_id": "post", "comment_id": "comment", "topic_id": "topic_id", "user_id": "person",
         "media_id": "media", "application_id": "application", "invite_id": "invite"}  # fmt: skip

#: the application of the test that runs now: the document is read before any test begins
_serving: list[Flask] = []


def _wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return outside(_serving[-1], environ, start_response)


schema = schemathesis.openapi.from_path(ROOT / "docs" / "openapi.json")
schema.app = _wsgi
_known: dict[str, str] = {}
_turn = count(1)


def put_in_known(case: Case) -> None:
    """The world's things in three of four paths; a path that is meant to be wrong stays wrong."""
    path = case.meta.components.get(ParameterLocation.PATH) if case.meta is not None else None
    if path is not None and path.mode is GenerationMode.POSITIVE and next(_turn) % 4:
        case.path_parameters = {name: _known.get(name, value) for name, value in case.path_parameters.items()}


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    one = World(app)
    _known.update({name: str(one.value(target, "owner")) for name, target in NAMES.items()})
    _serving.append(app)
    yield one
    _serving.pop()


def check(case: Case, world: World) -> None:
    """Send it as one who may nearly everything: the owner, or the author of the words it is about."""
    put_in_known(case)
    own_words = case.method in {"PATCH", "DELETE"} and case.path.startswith(("/posts", "/comments"))
    person = world.users["author" if own_words else "owner"]
    if lacks_its_token(case):
        case.call_and_validate()
        return
    token = accounts.open_api_session(person.id or 0, user_agent="test", address="127.0.0.1").access_token
    # texts are measured after they were cleaned, so one that is too long may be fine then
    excluded = [negative_data_rejection] if shrinks(case.body) else []
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=excluded)


def shrinks(body: Any) -> bool:
    """Whether there is a text in the body that gets shorter when it is cleaned."""
    if isinstance(body, str):
        return len(clean_text(body)) < len(body)
    parts = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return any(shrinks(part) for part in parts)


def lacks_its_token(case: Case) -> bool:
    """Whether the request is meant to be wrong by coming without a well-formed token."""
    headers = case.meta.components.get(ParameterLocation.HEADER) if case.meta is not None else None
    given = (case.headers or {}).get("Authorization", "")
    return headers is not None and headers.mode is GenerationMode.NEGATIVE and not given.startswith("Bearer ")


def examples(number: int) -> Callable[..., Any]:
    """So many invented requests an operation (beside those that cover each constraint), the same every time."""
    return settings(
        max_examples=number, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@schema.parametrize()
@examples(10)
def test_the_api_does_what_its_document_says(case: Case, world: World) -> None:
    check(case, world)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
@schema.parametrize()
@examples(2)
def test_the_api_does_what_its_document_says_on_postgresql(case: Case, world: World) -> None:
    check(case, world)
