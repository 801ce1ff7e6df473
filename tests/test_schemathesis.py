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
from schemathesis.generation.case import Case

from circle.accounts import operations as accounts
from circle.config import ROOT
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


@schema.hook
def map_path_parameters(_context: Any, parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """The world's things in three of four paths."""
    if parameters is None or next(_turn) % 4 == 0:
        return parameters
    return {name: _known.get(name, value) for name, value in parameters.items()}


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    one = World(app)
    _known.update({name: str(one.value(target, "owner")) for name, target in NAMES.items()})
    _serving.append(app)
    yield one
    _serving.pop()


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=10, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
def test_the_api_does_what_its_document_says(case: Case, world: World) -> None:
    owner = world.users["owner"]
    token = accounts.open_api_session(owner.id or 0, user_agent="test", address="127.0.0.1").access_token
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"})
