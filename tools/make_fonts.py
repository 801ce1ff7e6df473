#!/usr/bin/env python3
"""Make circle/assets/fonts from the npm package @expo-google-fonts/noto-sans-sc.

    npm pack @expo-google-fonts/noto-sans-sc@0.4.3
    pip install fonttools==4.68.0
    python tools/make_fonts.py expo-google-fonts-noto-sans-sc-0.4.3.tgz

Whole Noto Sans SC is 10 MB per weight. What the site draws into pictures is kept: the characters of GB 2312 with ASCII,
Latin-1 and the punctuation of modern text, without layout tables that horizontal Chinese does not need. The archive is
held to the integrity in PINS.json, so the same fonts come out wherever this runs; tools/check_vendor.py holds the files
to their digests. The licence (OFL 1.1) goes along.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

PLACE = Path(__file__).resolve().parent.parent / "circle" / "assets" / "fonts"
#: what modern text has beyond GB 2312: typographic marks, currency, and signs on key caps
MORE = "–—‘’“”…‰′″‹›€™©®•·‑→←↑↓①②③④⑤⑥⑦⑧⑨⑩〇々〓「」『』【】〔〕〖〗《》〈〉～！？。，、；：（）￥％＋－＝□"


def characters() -> set[int]:
    """What is kept: GB 2312, ASCII, Latin-1 and MORE."""
    kept = {ord(char) for char in MORE} | set(range(0x20, 0x7F)) | set(range(0xA0, 0x100))
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                kept.add(ord(bytes((row, cell)).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return kept


def small(font: bytes) -> bytes:
    """The font with those characters alone; the same bytes every time."""
    options = subset.Options()
    options.layout_features = ["kern", "ccmp", "locl"]
    options.hinting = False
    options.notdef_outline = True
    options.recalc_timestamp = False
    made = TTFont(io.BytesIO(font), recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters())
    subsetter.subset(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def main() -> int:
    pins = json.loads((PLACE / "PINS.json").read_text(encoding="utf-8"))
    archive = Path(sys.argv[1]).read_bytes()
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    with tarfile.open(fileobj=io.BytesIO(archive)) as package:
        for entry in pins["files"]:
            if entry["npm_integrity"] != found:
                print(f"{sys.argv[1]} is not {entry['package']} {entry['version']}", file=sys.stderr)
                return 1
            source = package.extractfile(entry["source"])
            if source is None:
                raise FileNotFoundError(entry["source"])
            data = source.read()
            data = small(data) if entry["path"].endswith(".ttf") else data
            (PLACE / entry["path"]).write_bytes(data)
            print(entry["path"], len(data), hashlib.sha256(data).hexdigest())
    return 0


if __name__ == "__main__":
    sys.exit(main())
