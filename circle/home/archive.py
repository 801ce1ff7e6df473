"""A ZIP file that is written from one end to the other, never held in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo


class Archive:
    """Texts, JSON and files one after the other; `with` closes it, and the file stays open."""

    def __init__(self, file: BinaryIO, made_at: datetime) -> None:
        self._zip = ZipFile(file, "w", ZIP_DEFLATED, allowZip64=True)
        self._made_at = made_at

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def text(self, name: str, text: str) -> None:
        """Add a text file."""
        self._write(name, [text.encode()])

    def json(self, name: str, value: Mapping[str, Any]) -> None:
        """Add one JSON object."""
        self.text(name, _dumped(value) + "\n")

    def json_list(self, name: str, items: Iterable[Mapping[str, Any]]) -> None:
        """Add a JSON array of as many objects as there are."""
        self._write(name, _array(items))

    def file(self, name: str, blocks: Iterable[bytes], made_at: datetime) -> None:
        """Add what is compressed already: a picture, a film, a document."""
        self._write(name, blocks, ZIP_STORED, made_at)

    def _write(
        self, name: str, blocks: Iterable[bytes], compression: int = ZIP_DEFLATED, made_at: datetime | None = None
    ) -> None:
        moment = max(
            made_at or self._made_at, datetime(1980, 1, 1, tzinfo=self._made_at.tzinfo)
        )  # ZIP knows no earlier
        info = ZipInfo(name, moment.timetuple()[:6])
        info.compress_type = compression
        info.external_attr = 0o644 << 16
        # nobody knows beforehand how long it gets
        with self._zip.open(info, "w", force_zip64=True) as entry:
            for block in blocks:
                entry.write(block)


def _array(items: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    between = "["
    for item in items:
        yield f"{between}\n{_dumped(item)}".encode()
        between = ","
    yield b"[]\n" if between == "[" else b"\n]\n"


def _dumped(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"not for JSON: {value!r}")
