"""Names that others made to get past filters: what is downloaded is called after its content, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from circle.core.markup import clean_line
from circle.core.serving import _attachment
from circle.core.storage import EXTENSIONS
from circle.media.files import _ENDS, MAX_NAME, fitting_name


@pytest.mark.parametrize("mime", ["application/pdf", "text/plain", "application/zip"])
def test_no_known_name_changes_what_a_download_is(shared_data: Path, mime: str) -> None:
    names: list[str] = json.loads((shared_data / "adversarial/strings/blns.json").read_text())
    lists = [
        *(shared_data / "adversarial/names").glob("upload-*.txt"),
        shared_data / "adversarial/strings/crlf-injection.txt",
    ]
    for file in lists:
        names += file.read_text(errors="replace").splitlines()
    assert len(names) > 800
    for name in (*names, "a.pdf.exe", "a.exe\0.pdf", "a.exe\r\nX: y.pdf", 'a"; filename="x.exe', "." * 300):
        called = fitting_name(clean_line(name), mime)
        assert len(called) <= MAX_NAME
        assert called.rpartition(".")[2].lower() in {EXTENSIONS[mime], *_ENDS.get(mime, ())}
        header = _attachment(called)
        assert header.startswith("attachment; ")
        assert header.isascii()
        assert header.isprintable()
