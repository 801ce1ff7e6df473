#!/usr/bin/env python3
"""Hold the files of other projects to their pins: static/vendor/PINS.json, and circle/assets/fonts/PINS.json.

Every file under static/vendor must be listed with package, version, licence, npm integrity and its SHA-256, and must
still have that content; what was drawn from other packages (the icon sprite) must match its pin and carry its licence
notice. Exit status 1 and one line per finding otherwise. No network, standard library only.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

STATIC = Path(__file__).resolve().parent.parent / "static"
VENDOR = STATIC / "vendor"
FONTS = STATIC.parent / "circle" / "assets" / "fonts"
PINS = VENDOR / "PINS.json"
FIELDS = ("path", "package", "version", "licence", "source", "sha256", "npm_integrity")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _facts(where: str, entry: dict[str, Any], fields: tuple[str, ...]) -> list[str]:
    found = [f"{where}: no {name}" for name in fields if not entry.get(name)]
    if entry.get("npm_integrity") and not re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", entry["npm_integrity"]):
        found.append(f"{where}: npm_integrity is not a sha512 digest")
    return found


def findings(static: Path = STATIC) -> list[str]:
    """What does not fit, as sentences; empty when all is well."""
    vendor = static / "vendor"
    pins = json.loads((vendor / "PINS.json").read_text(encoding="utf-8"))
    found: list[str] = []
    listed: set[str] = set()
    for entry in pins["files"]:
        name = entry.get("path", "?")
        found += _facts(f"vendor/{name}", entry, FIELDS)
        if name in listed:
            found.append(f"vendor/{name}: listed twice")
        listed.add(name)
        file = vendor / name
        if not file.is_file():
            found.append(f"vendor/{name}: listed but not there")
        elif sha256(file) != entry.get("sha256"):
            found.append(f"vendor/{name}: content differs from its pin")
    there = {p.relative_to(vendor).as_posix() for p in vendor.rglob("*") if p.is_file()} - {"PINS.json"}
    found += [f"vendor/{name}: not listed in PINS.json" for name in sorted(there - listed)]
    for folder in sorted({Path(name).parts[0] for name in listed}):
        if f"{folder}/LICENSE" not in listed:
            found.append(f"vendor/{folder}: its LICENSE is missing")
    for entry in pins["drawn_from"]:
        name = entry["path"]
        for key, digest in (("path", "sha256"), ("notice", "notice_sha256")):
            file = static / entry[key]
            if not file.is_file():
                found.append(f"{entry[key]}: pinned but not there")
            elif sha256(file) != entry.get(digest):
                found.append(f"{entry[key]}: content differs from its pin")
        for package in entry["packages"]:
            found += _facts(
                f"{name} ({package.get('package', '?')})",
                package,
                ("package", "version", "licence", "npm_integrity", "icons"),
            )
    return found


def font_findings(fonts: Path = FONTS) -> list[str]:
    """What does not fit among the fonts that tools/make_fonts.py makes."""
    found: list[str] = []
    entries = json.loads((fonts / "PINS.json").read_text(encoding="utf-8"))["files"]
    for entry in entries:
        found += _facts(f"fonts/{entry.get('path', '?')}", entry, FIELDS)
        file = fonts / entry["path"]
        if not file.is_file():
            found.append(f"fonts/{entry['path']}: listed but not there")
        elif sha256(file) != entry.get("sha256"):
            found.append(f"fonts/{entry['path']}: content differs from its pin")
    listed = {entry["path"] for entry in entries}
    found += [f"fonts/{file.name}: not listed in PINS.json" for file in sorted(fonts.iterdir())
              if file.name not in listed | {"PINS.json"}]  # fmt: skip
    if "LICENSE" not in listed:
        found.append("fonts: their LICENSE is missing")
    return found


def main() -> int:
    found = [*findings(), *font_findings()]
    for line in found:
        print(line, file=sys.stderr)
    if not found:
        count = sum(len(json.loads(pins.read_text(encoding="utf-8"))["files"]) for pins in (PINS, FONTS / "PINS.json"))
        print(f"{count} vendored files match their pins")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
