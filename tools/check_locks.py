#!/usr/bin/env python3
"""Hold the lock files to pyproject.toml, without a network.

Every dependency of pyproject.toml must be locked at a version it allows, every locked package must have a hash, and
no address of a package index may have slipped in. Exit status 1 and one line per finding otherwise. That nothing is
locked which is not needed is left to `make lock`, which needs the index.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("postgres", "redis", "s3")
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?==(?P<version>[^ ;\\]+)")


def group(groups: dict[str, list[Any]], name: str) -> Iterator[str]:
    """The requirements of a dependency group, with the groups it includes."""
    for entry in groups[name]:
        if isinstance(entry, str):
            yield entry
        else:
            yield from group(groups, entry["include-group"])


def locked(text: str) -> tuple[dict[str, set[str]], list[str]]:
    """The versions by name (markers may give a name more than one), and what is wrong with the text itself."""
    versions: dict[str, set[str]] = {}
    wrong = [f"line {n}: an address" for n, line in enumerate(text.splitlines(), 1) if "://" in line]
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        if match := PINNED.match(block):
            versions.setdefault(canonicalize_name(match["name"]), set()).add(match["version"])
            if "--hash=sha256:" not in block:
                wrong.append(f"{match['name']}: no hash")
    return versions, wrong


def check(file: str, wanted: list[str]) -> list[str]:
    """What is wrong with one lock file."""
    versions, wrong = locked((ROOT / file).read_text(encoding="utf-8"))
    for requirement in map(Requirement, wanted):
        found = versions.get(canonicalize_name(requirement.name), set())
        if not found:
            wrong.append(f"{requirement.name}: not locked")
        wrong += [
            f"{requirement.name}: {v} is not {requirement.specifier}"
            for v in found - set(requirement.specifier.filter(found))
        ]
    return [f"{file}: {each}" for each in wrong]


def main() -> int:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = list(project["project"]["dependencies"])
    for extra in EXTRAS:
        runtime += project["project"]["optional-dependencies"][extra]
    development = runtime + list(group(project["dependency-groups"], "dev"))
    found = check("requirements.lock", runtime) + check("requirements-dev.lock", development)
    for each in found:
        print(each, "(run `make lock`)")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
