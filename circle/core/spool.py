"""Where the files of a form wait while its request is worked on."""

from __future__ import annotations

import tempfile
from typing import IO, Any

from flask import Request, current_app

#: larger files go to the disk at once, so that uploads do not fill the memory of a worker
_IN_MEMORY = 512 * 1024


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
        folder = current_app.config["SETTINGS"].data_dir / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        file: Any = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=folder, mode="w+b")  # noqa: SIM115
        return file  # type: ignore[no-any-return]
