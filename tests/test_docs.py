"""The documents say what is so: every file, function, command and setting they name exists, and excerpts are real."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest
from flask import Flask

from circle.config import ROOT, Settings, load

DECISIONS = ROOT / "docs" / "decisions"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").rglob("*.md")])
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]

FENCE = re.compile(r"^```(.*?)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)|\b(?:src|href)=\"([^\"]+)\"")
SPAN = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^#+ (.*)$", re.M)
#: what looks like a file of the repository, with or without a name inside it
FILE = re.compile(
    r"(?:circle|docs|tests|templates|static|migrations|deploy|tools|bench|\.ci)/[\w./*-]*|"
    r"(?:Makefile|wsgi\.py|pyproject\.toml|babel\.cfg|\w+\.md|requirements[\w-]*\.lock)"
)
#: decisions name files below circle/ without that first word
BELOW = re.compile(r"(?:core|accounts|circles|media|posts|notifications|topics|home|demo)/[\w./-]+\.py")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def prose(name: str) -> str:
    return FENCE.sub("", text_of(name))


def spans(name: str) -> Iterator[str]:
    for match in SPAN.finditer(prose(name)):
        yield match[1]


def commands(name: str) -> Iterator[str]:
    """What a reader may type: lines of shell fences, and code in a sentence."""
    for info, body in FENCE.findall(text_of(name)):
        if info.strip() == "sh":
            yield from re.split(r"\n|&& ", body)
    yield from spans(name)


def exists(path: str) -> bool:
    return any(ROOT.glob(path.rstrip("/"))) if "*" in path else (ROOT / path).exists()


@cache
def names_in(path: Path) -> frozenset[str]:
    """Functions, classes and constants at the top of a module."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return frozenset(found)


def anchors(name: str) -> set[str]:
    """What GitHub makes of the headings."""
    plain = (heading.replace("`", "").lower() for heading in HEADING.findall(prose(name)))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


# ---- every document ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    lost = []
    for match in LINK.finditer(SPAN.sub("", prose(name))):
        target = match[1] or match[2]
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (ROOT / name).parent / path if path else ROOT / name
        found = there.exists() and (not anchor or anchor in anchors(str(there.resolve().relative_to(ROOT))))
        if not found:
            lost.append(target)
    assert lost == []


@pytest.mark.parametrize("name", NAMES)
def test_every_file_and_function_named_exists(name: str) -> None:
    lost = []
    for span in spans(name):
        path, _, inside = span.partition(":")
        if BELOW.fullmatch(path):
            path = f"circle/{path}"
        elif not FILE.fullmatch(path):
            continue
        if not exists(path) or (inside and path.endswith(".py") and inside not in names_in(ROOT / path)):
            lost.append(span)
    assert lost == []


@pytest.mark.parametrize("name", NAMES)
def test_every_make_target_named_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.M))
    named = {match[1] for line in commands(name) if (match := re.match(r"\s*make ([a-z-]+)", line))}
    assert named - targets == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_command_named_exists(name: str, plain_app: Flask) -> None:
    known = plain_app.cli.commands
    lost = []
    for line in commands(name):
        match = re.search(r"(?:\bflask(?: --app wsgi)?|^\s*circle) ([a-z]+)\b(?: ([a-z]+)\b)?", line)
        if match is None:
            continue
        inner = getattr(known.get(match[1]), "commands", None)
        if match[1] not in known or (inner and match[2] and match[2] not in inner):
            lost.append(line)
    assert lost == []


@pytest.mark.parametrize("name", NAMES)
def test_excerpts_are_lines_of_the_file_they_name(name: str) -> None:
    """A fence ```python path/of/file.py shows lines of that file, in their order; others may be left out."""
    made_up = []
    for info, body in FENCE.findall(text_of(name)):
        language, _, path = info.strip().partition(" ")
        if language != "python" or not path:
            continue
        lines = iter([line.strip() for line in text_of(path).splitlines()])
        made_up += [f"{path}: {line}" for line in body.splitlines() if line.strip() and line.strip() not in lines]
    assert made_up == []


@pytest.mark.parametrize("name", NAMES)
def test_no_document_names_somebodys_machine(name: str) -> None:
    assert re.findall(r"(?<![\w.])(?:/home/\w+|/root\b|/work\b|/Users/\w+)", text_of(name)) == []


# ---- settings ------------------------------------------------------------------------------------------------------


class Reads(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, **values: str) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.asked.add(key)
        return super().get(key, default)


def documented_settings() -> dict[str, str]:
    """The first table of operations.md: variable -> what stands under "default"."""
    rows = re.findall(r"^\| `(CIRCLE_\w+)` \| (.*?) \| .+ \|$", text_of("docs/operations.md"), re.M)
    assert len(rows) == len(dict(rows)), "a variable stands there twice"
    return dict(rows)


def test_the_table_of_settings_names_what_is_read(tmp_path: Path) -> None:
    env = Reads(CIRCLE_DATA_DIR=str(tmp_path))
    load(env)
    assert set(documented_settings()) == env.asked == {f"CIRCLE_{field.name.upper()}" for field in fields(Settings)}


def test_the_table_of_settings_has_the_real_defaults(tmp_path: Path) -> None:
    stated = {name: text[1:-1] for name, text in documented_settings().items() if SPAN.fullmatch(text)}
    assert len(stated) >= 7
    place = {"CIRCLE_DATA_DIR": str(tmp_path)}
    assert load(place | stated) == load(place)


# ---- decisions -----------------------------------------------------------------------------------------------------


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(path.name[:4] for path in DECISIONS.glob("*.md"))
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("path", sorted(DECISIONS.glob("*.md")), ids=lambda path: path.stem)
def test_a_decision_has_its_number_and_three_parts(path: Path) -> None:
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name)
    assert path.read_text(encoding="utf-8").startswith(f"# {path.name[:4]} ")
    headings = HEADING.findall(path.read_text(encoding="utf-8"))
    assert headings[1:] == ["Context", "Decision", "Consequences"]
