"""The house plan as tests: who may import whom, who may write, and what each kind of file may hold."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from circle.core.api import Contract
from circle.core.jobs import REGISTRY

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "circle"
TEMPLATES = ROOT / "templates"

#: a module imports only from itself and from names before it
ORDER = (
    "config", "core", "access", "accounts", "circles", "media", "notifications", "ledger", "points", "screening",
    "topics", "posts", "certificates", "rewards", "qa", "checkins", "moderation", "search", "home", "live", "demo",
    "reactions", "templating", "serve", "cli", "app",
)  # fmt: skip
#: kinds of file that must not know of HTTP
BELOW_THE_EDGE = {"models", "rules", "events", "operations", "queries"}
FLASK = {"flask", "flask_login", "flask_wtf", "werkzeug"}


@cache
def modules() -> tuple[tuple[Path, ast.Module], ...]:
    return tuple((path, ast.parse(text_of(path))) for path in sorted(PACKAGE.rglob("*.py")))


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree))


def name_of(path: Path) -> str:
    """The name in ORDER that a file belongs to."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def kind_of(path: Path) -> str:
    """models, operations, …: the file's name, or its folder's for operations/ and queries/."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[1] if len(parts) > 1 else parts[0]


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module == "circle":
                for alias in node.names:
                    yield f"circle.{alias.name}", node.lineno
            else:
                yield node.module, node.lineno


def test_every_module_has_a_place_in_the_import_order() -> None:
    known = {*ORDER, "__init__"}
    assert {name_of(path) for path, _tree in modules()} <= known


def test_modules_import_only_what_stands_before_them() -> None:
    wrong = []
    for path, tree in modules():
        here = name_of(path)
        if here == "__init__":
            continue
        for target, line in imports(tree):
            parts = target.split(".")
            ours = parts[0] == "circle" and len(parts) > 1 and parts[1] in ORDER
            if ours and ORDER.index(parts[1]) > ORDER.index(here):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {target}")
    assert wrong == []


def test_nothing_below_the_edge_knows_of_flask() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {target}"
        for path, tree in modules()
        if kind_of(path) in BELOW_THE_EDGE and name_of(path) != "core"
        for target, line in imports(tree)
        if target.split(".")[0] in FLASK
    ]
    assert wrong == []


def test_only_the_operation_module_commits_or_rolls_back() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path, tree in modules()
        if path != PACKAGE / "core" / "operation.py"
        for node in nodes(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"commit", "rollback"}
    ]  # fmt: skip
    assert wrong == []


def test_nothing_is_imported_inside_a_function_to_dodge_a_cycle() -> None:
    wrong = []
    for path, tree in modules():
        for function in nodes(tree):
            if isinstance(function, ast.FunctionDef):
                wrong += [
                    f"{path.relative_to(ROOT)}:{line}"
                    for target, line in imports(function)
                    if target.startswith("circle")
                ]
    assert wrong == []


def test_models_events_and_schemas_hold_no_session() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path, _tree in modules()
        if kind_of(path) in {"events", "schemas"} and "db.session" in text_of(path)
    ]
    assert wrong == []


def test_writes_stand_in_operations_only() -> None:
    """A view, query or rule that adds, deletes or updates would be a second place that decides."""
    writing = re.compile(r"db\.session\.(add|delete|merge|flush)\b|insert_once\(")
    wrong = [
        str(path.relative_to(ROOT))
        for path, _tree in modules()
        if kind_of(path) in {"web", "api", "queries", "rules", "schemas", "jobs"} and name_of(path) != "core"
        and writing.search(text_of(path))
    ]  # fmt: skip
    assert wrong == []


def test_features_say_what_they_are() -> None:
    silent = [
        str(folder.relative_to(ROOT))
        for folder in PACKAGE.iterdir()
        if folder.is_dir() and (folder / "__init__.py").exists()
        and not ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    ]  # fmt: skip
    assert silent == []


def test_public_operations_and_queries_say_what_they_do() -> None:
    silent = []
    for path, tree in modules():
        if kind_of(path) in {"operations", "queries", "rules", "jobs"} or name_of(path) == "core":
            silent += [
                f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
                for node in tree.body
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and not ast.get_docstring(node)
            ]
    assert silent == []


def test_files_and_functions_stay_readable() -> None:
    long_files = [
        f"{path.relative_to(ROOT)} {len(text_of(path).splitlines())}"
        for path, _tree in modules()
        if len(text_of(path).splitlines()) > 450
    ]
    long_functions = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path, tree in modules()
        for node in nodes(tree)
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno > 70
    ]
    assert (long_files, long_functions) == ([], [])


def test_views_render_only_templates_of_their_own_feature() -> None:
    called = re.compile(r'["\']([a-z_]+)/[a-z_]+\.html["\']')
    wrong = [
        f"{path.relative_to(ROOT)} renders {folder}/"
        for path, _tree in modules()
        if kind_of(path) == "web" and name_of(path) != "core"
        for folder in called.findall(text_of(path))
        if folder != name_of(path)
    ]
    assert wrong == []


def test_templates_hold_no_inline_script_style_or_handler() -> None:
    inline = re.compile(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\b(?:src=|type=\"application/ld\+json\"))")
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if inline.search(line)
    ]
    assert wrong == []


def test_every_form_that_posts_carries_the_token() -> None:
    wrong = []
    for path in sorted(TEMPLATES.rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.S):
            if "csrf()" not in form and "csrf_token" not in form:
                wrong.append(f"{path.relative_to(ROOT)}: {form[:80]}")
    assert wrong == []


def test_every_api_route_states_its_contract(plain_app: object) -> None:
    unstated = [
        rule.rule
        for rule in plain_app.url_map.iter_rules()  # type: ignore[attr-defined]
        if rule.rule.startswith("/api/v1/") and not rule.rule.endswith("openapi.json")
        and not isinstance(getattr(plain_app.view_functions[rule.endpoint], "contract", None), Contract)  # type: ignore[attr-defined]
    ]  # fmt: skip
    assert unstated == []


def test_every_browser_post_is_rate_limited_and_meant_for_somebody(plain_app: object) -> None:
    unlimited = []
    for rule in plain_app.url_map.iter_rules():  # type: ignore[attr-defined]
        view: Callable[..., object] = plain_app.view_functions[rule.endpoint]  # type: ignore[attr-defined]
        if "POST" in (rule.methods or ()) and not rule.rule.startswith("/api/") and not _has_limit(view):
            unlimited.append(rule.endpoint)
    assert unlimited == []


def _has_limit(view: Callable[..., object]) -> bool:
    while view is not None:
        if (
            hasattr(view, "limit_kind")
            or "limits.hit(" in inspect.getsource(view)
            or "count_hit(" in inspect.getsource(view)
        ):
            return True
        view = getattr(view, "__wrapped__", None)  # type: ignore[assignment]
    return False


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_jobs_are_named_after_their_feature(name: str) -> None:
    feature, _, verb = name.partition(".")
    assert feature in ORDER, name
    assert re.fullmatch(r"[a-z_]+", verb), name
