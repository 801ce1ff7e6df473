from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest
from flask import Flask
from schemathesis.specs.openapi import definitions

from circle.core.api import PREFIX, PROBLEM, Contract
from circle.core.openapi import document
from tests.clients import Browser

Document = dict[str, Any]


@pytest.fixture(scope="module")
def made(plain_app: Flask) -> Document:
    """The document as a client receives it."""
    received: Document = plain_app.test_client().get("/api/v1/openapi.json").get_json()
    return received


def operations(made: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in made["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def resolve(made: Document, part: Any) -> Any:
    while isinstance(part, dict) and "$ref" in part:
        found: Any = made
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name.replace("~1", "/").replace("~0", "~")]
        part = found
    return part


def everything(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from everything(value)
    if isinstance(part, list):
        for value in part:
            yield from everything(value)


def test_the_document_is_valid_openapi(made: Document) -> None:
    assert made["openapi"].startswith("3.1")
    jsonschema.Draft202012Validator(definitions.OPENAPI_31).validate(made)


def test_every_schema_in_the_document_is_valid_json_schema(made: Document) -> None:
    for schema in made["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere(made: Document) -> None:
    for part in everything(made):
        if "$ref" in part:
            assert resolve(made, part), part["$ref"]


def test_every_route_of_the_api_is_in_the_document_and_nothing_else(plain_app: Flask, made: Document) -> None:
    stated = set()
    for rule in plain_app.url_map.iter_rules():
        contract: Contract | None = getattr(plain_app.view_functions[rule.endpoint], "contract", None)
        if contract is not None:
            stated.add((re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix(PREFIX)), contract.method.lower()))
    assert stated == {(path, method) for path, method, _operation in operations(made)}
    assert len(stated) > 20


def test_every_operation_has_a_name_of_its_own_a_summary_and_a_tag(made: Document) -> None:
    names = [operation["operationId"] for _path, _method, operation in operations(made)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)
    for path, method, operation in operations(made):
        assert operation["summary"], f"{method} {path}"
        assert operation["tags"], f"{method} {path}"


def test_every_variable_of_a_path_is_described(made: Document) -> None:
    for path, method, operation in operations(made):
        found = [resolve(made, each) for each in operation["parameters"]]
        in_path = {each["name"] for each in found if each["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path)), f"{method} {path}"
        assert all(each["required"] is True for each in found if each["in"] == "path")
        names = [(each["in"], each["name"]) for each in found]
        assert len(set(names)) == len(names), f"{method} {path}"
        assert all(each["in"] in {"path", "query", "header"} for each in found)


def test_every_error_is_a_problem_and_every_answer_names_its_headers(made: Document) -> None:
    for path, method, operation in operations(made):
        for status, response in operation["responses"].items():
            where = f"{method} {path} {status}"
            assert response["description"], where
            assert "X-Request-Id" in response["headers"], where
            if int(status) >= 400:
                assert list(response["content"]) == [PROBLEM], where
                assert response["content"][PROBLEM]["schema"]["$ref"].endswith("/Problem"), where
            assert ("Retry-After" in response["headers"]) == (status in {"409", "429", "503"}), where
            assert ("WWW-Authenticate" in response["headers"]) == (status == "401"), where


def test_every_operation_states_the_errors_that_any_request_may_meet(made: Document) -> None:
    for path, method, operation in operations(made):
        stated, where = set(operation["responses"]), f"{method} {path}"
        assert {"401", "429", "503"} <= stated, where
        assert any(status.startswith("2") for status in stated), where
        if "{" in path:
            assert "404" in stated, where
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= stated, where
        if method == "get":
            assert "304" in stated, where


def test_a_list_takes_a_cursor_and_a_limit_and_gives_a_page(made: Document) -> None:
    lists = 0
    for path, method, operation in operations(made):
        query = {
            each["name"]: each
            for each in (resolve(made, part) for part in operation["parameters"])
            if each["in"] == "query"
        }
        if "cursor" not in query:
            continue
        lists += 1
        assert (query["limit"]["schema"]["minimum"], query["limit"]["schema"]["maximum"]) == (1, 50)
        assert query["limit"]["schema"]["type"] == "integer"
        body = resolve(made, operation["responses"]["200"]["content"]["application/json"]["schema"])
        assert {"items", "next_cursor"} <= set(body["properties"]), f"{method} {path}"
        assert "400" in operation["responses"], f"{method} {path}"
    assert lists > 3


def test_ids_are_strings_and_moments_are_dates(made: Document) -> None:
    for name, schema in made["components"]["schemas"].items():
        for field, kind in schema.get("properties", {}).items():
            if field == "id" or (field.endswith("_id") and "type" in kind):
                kinds = kind["type"] if isinstance(kind["type"], list) else [kind["type"]]
                assert "integer" not in kinds, f"{name}.{field}"
            if field.endswith("_at") and kind.get("type") == "string":
                assert kind.get("format") == "date-time", f"{name}.{field}"


def test_the_document_is_the_same_each_time(plain_app: Flask) -> None:
    assert json.dumps(document(plain_app)) == json.dumps(document(plain_app))


def test_the_document_can_be_read_by_machines_and_people(app: Flask, browser: Callable[..., Browser]) -> None:
    answer = browser().get("/api/v1/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    page = browser().get("/api/docs")
    assert page.status_code == 200
    assert "/circles/{slug}" in page.get_data(as_text=True)
