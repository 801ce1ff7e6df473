"""Where files wait while they are worked on: those of a form, and those that a job puts together."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from flask import Request, current_app

#: larger files go to the disk at once, so that uploads do not fill the memory of a worker
_IN_MEMORY = 512 * 1024


def spool_file() -> BinaryIO:
    """A file in the data directory, open for writing and reading, that is gone as soon as it is closed."""
    return cast(BinaryIO, tempfile.TemporaryFile(dir=_folder()))


def _folder() -> str:
    folder: Path = current_app.config["SETTINGS"].data_dir / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


class SpoolingRequest(Request):
    """Keeps large uploads in the data directory; the system's /tmp is often memory, or too small for a video.

    The files have no name, so that nothing is left of them however the process ends.
    """

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        file: Any = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=_folder(), mode="w+b")  # noqa: SIM115
        return file  # type: ignore[no-any-return]
