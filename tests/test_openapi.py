"""The document is made from the code, and the snapshot in docs/ is the one that clients read."""

from __future__ import annotations

import json

from flask import Flask

from circle.config import ROOT
from circle.core.openapi import document

SNAPSHOT = ROOT / "docs" / "openapi.json"


def test_the_snapshot_is_in_step_with_the_code(plain_app: Flask) -> None:
    made = json.loads(json.dumps(document(plain_app)))
    kept = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    assert made == kept, "run `make openapi` and read the difference"


def test_every_operation_has_a_summary_and_says_every_error(plain_app: Flask) -> None:
    for path, operations in document(plain_app)["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], f"{method} {path}"
            assert {"401", "429", "503"} <= set(operation["responses"]), f"{method} {path}"
