"""Write docs/openapi.json, the snapshot of the API document that clients read and reviewers compare.

python tools/openapi.py            writes docs/openapi.json
python tools/openapi.py --print    prints it instead
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from circle.app import create_app  # noqa: E402  # the path has to be set first
from circle.config import load  # noqa: E402
from circle.core.openapi import document  # noqa: E402


def made() -> str:
    """The document of this code as text; needs no database and leaves nothing behind."""
    with tempfile.TemporaryDirectory() as directory:
        environment = {"CIRCLE_ENV": "test", "CIRCLE_SECRET_KEY": "only-to-read-the-routes-" * 2,
                       "CIRCLE_DATA_DIR": directory}  # fmt: skip
        app = create_app(load(environment))
        return json.dumps(document(app), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    if "--print" in sys.argv[1:]:
        print(made(), end="")
    else:
        place = ROOT / "docs" / "openapi.json"
        place.parent.mkdir(exist_ok=True)
        place.write_text(made(), encoding="utf-8")
