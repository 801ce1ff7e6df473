"""Forms with files, encoded in memory: the test client spools a large one to a temporary file and never closes it."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart


def multipart(data: bytes, name: str, **fields: str) -> dict[str, Any]:
    """A form whose field `file` carries `data`, as body and content type for the client's methods."""
    boundary, body = encode_multipart({"file": FileStorage(BytesIO(data), filename=name), **fields})
    return {"data": body, "content_type": f'multipart/form-data; boundary="{boundary}"'}
