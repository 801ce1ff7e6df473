"""The document keeps its word: for each operation in it, requests that fit it and requests that do not, all checks on.

schemathesis makes the requests from the document alone: statuses, bodies and headers that are not in it, 5xx, accepted
nonsense, and open doors are all failures. The people and things of one circle are mixed in, so that requests reach what
is behind the first check. What a check may expect stands in schemathesis.toml.

SQLite gets all of them. A request that does not fit is refused before any database is asked, so PostgreSQL gets those
that fit. Operations that only read share one circle for each engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.checks import negative_data_rejection

from circle.config import ROOT
from circle.core.db import db
from circle.core.markup import clean_text
from tests.clients import ApiClient, outside
from tests.conftest import Engine
from tests.world import World, own_world, shared_world

#: where the things of the world stand in for a name in the path
NAMES = {"slug": "slug", "post_id": "post", "comment_id": "comment", "topic_id": "topic_id", "user_id": "person",
         "media_id": "media", "application_id": "application", "invite_id": "invite",
         "question_id": "question", "answer_id": "answer", "campaign_id": "campaign"}  # fmt: skip

#: the application of the test that runs now: the document is read before any test begins
_serving: list[Flask] = []


def _wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return outside(_serving[-1], environ, start_response)


def _read(*modes: GenerationMode) -> Any:
    read = schemathesis.openapi.from_path(ROOT / "docs" / "openapi.json")
    read.app = _wsgi
    read.config.generation.update(modes=list(modes))
    return read


everything = _read(*GenerationMode)
fitting = _read(GenerationMode.POSITIVE)
#: of each world; made when a path asks for them
_things: WeakKeyDictionary[World, dict[str, str]] = WeakKeyDictionary()
#: what these do may end the sign-in of the person
_ENDS_SIGN_INS = ("/auth", "/me")
_turn = count(1)


def put_in_known(case: Case, world: World) -> None:
    """The world's things in three of four paths; a path that is meant to be wrong stays wrong."""
    path = case.meta.components.get(ParameterLocation.PATH) if case.meta is not None else None
    if path is not None and path.mode is GenerationMode.POSITIVE and next(_turn) % 4:
        case.path_parameters = {name: known(world, name) or value for name, value in case.path_parameters.items()}


def known(world: World, name: str) -> str | None:
    """What there is in the world for this name in a path."""
    things = _things.setdefault(world, {})
    if name in NAMES and name not in things:
        things[name] = str(world.value(NAMES[name], "owner"))
    return things.get(name)


@pytest.fixture
def world(engine: Engine, request: pytest.FixtureRequest) -> Iterator[World]:
    with engine.app.app_context():
        _serving.append(engine.app)
        yield shared_world(engine) if "[GET " in request.node.name else own_world(engine)
        _serving.pop()
        db.session.remove()


def check(case: Case, world: World) -> None:
    """Send it as one who may nearly everything: the owner, or the author of the words it is about."""
    put_in_known(case, world)
    own_words = case.method in {"PATCH", "DELETE"} and case.path.startswith(("/posts", "/comments", "/answers"))
    role = "author" if own_words else "owner"
    if lacks_its_token(case):
        case.call_and_validate()
        return
    client = world.api(role)
    if case.method != "GET" and case.path.startswith(_ENDS_SIGN_INS):
        client = ApiClient(world.app, world.users[role])
    # texts are measured after they were cleaned, so one that is too long may be fine then
    excluded = [negative_data_rejection] if shrinks(case.body) else []
    case.call_and_validate(headers={"Authorization": f"Bearer {client.token}"}, excluded_checks=excluded)


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
@everything.parametrize()
@examples(3)
def test_the_api_does_what_its_document_says(case: Case, world: World) -> None:
    check(case, world)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
@fitting.parametrize()
@examples(1)
def test_what_the_document_allows_is_answered_on_postgresql_too(case: Case, world: World) -> None:
    check(case, world)
