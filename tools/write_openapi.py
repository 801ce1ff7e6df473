#!/usr/bin/env python3
"""Write docs/openapi.json from the code."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from circle.app import create_app  # noqa: E402
from circle.config import load  # noqa: E402
from circle.core.openapi import document  # noqa: E402

if __name__ == "__main__":
    # settings of its own: the document must not depend on the machine it is written on
    app = create_app(load({"CIRCLE_ENV": "test", "CIRCLE_SECRET_KEY": "x" * 32, "CIRCLE_BASE_URL": "http://localhost"}))
    text = json.dumps(document(app), ensure_ascii=False, indent=1)
    (ROOT / "docs" / "openapi.json").write_text(text + "\n", encoding="utf-8")
