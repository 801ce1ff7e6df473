"""Send a stored file: whole or a range of it, once or from the browser's cache, to be shown or to be kept.

Media and takeouts use it. It works alike for files on this machine and in a bucket.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote

from flask import Response, redirect, request
from werkzeug.http import dump_options_header, is_resource_modified, parse_if_range_header, parse_range_header
from werkzeug.wrappers import Response as AnyResponse
from werkzeug.wsgi import wrap_file

from circle.core.storage import storage

#: nothing inside a file that is opened by itself may load or run anything
_POLICY = "default-src 'none'; sandbox"
#: the browser's own player loads the file once more, which an origin of nobody may not
_PLAYER_POLICY = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox allow-same-origin"


def send_stored(
    key: str,
    *,
    mime: str,
    cache: str,
    modified: datetime | None = None,
    download: str | None = None,
    elsewhere: bool = False,
) -> AnyResponse:
    """The file under `key` with ranges, ETag and `Cache-Control: cache`. Raises FileNotFoundError.

    `download` makes it an attachment of that name; without it the browser shows the file. `elsewhere` allows to send
    the browser to the storage itself, where that is switched on.
    """
    # the bucket's address is signed for GET alone
    if elsewhere and request.method == "GET" and (address := storage().address(key)):
        answer = redirect(address, 302)
        answer.headers["Cache-Control"] = "private, max-age=120"  # less than the address is good
        return answer
    path = storage().path(key)
    size = path.stat().st_size if path else storage().size(key)
    response = Response(direct_passthrough=True, mimetype=mime)
    response.set_etag(key)
    response.last_modified = modified
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = cache
    response.headers["Content-Disposition"] = "inline" if download is None else _attachment(download)
    played = mime.startswith(("audio/", "video/"))
    response.headers["Content-Security-Policy"] = _PLAYER_POLICY if played else _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    if not is_resource_modified(request.environ, etag=key, last_modified=modified):
        response.status_code = 304
        del response.headers["Content-Type"]
        return response
    span = _span(key, modified, size)
    if span is None:
        response.content_length = size
        if path and request.method == "GET":
            response.response = wrap_file(request.environ, path.open("rb"))  # the server may let the kernel send it
        else:
            response.response = _body(key, 0, size)
        return response
    start, stop = span
    if start >= stop:
        response.status_code = 416
        response.headers["Content-Range"] = f"bytes */{size}"
        response.content_length = 0
        return response
    response.status_code = 206
    response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    response.content_length = stop - start
    response.response = _body(key, start, stop - start)
    return response


def _body(key: str, start: int, length: int) -> Iterable[bytes]:
    # the body of an answer to HEAD is never read, and a file that is not opened need not be closed
    return () if request.method == "HEAD" else storage().stream(key, start, length)


def _span(key: str, modified: datetime | None, size: int) -> tuple[int, int] | None:
    """What part is asked for, as start and stop; (0, 0) when there is no such part, None for the whole file.

    A header that cannot be read asks for nothing, several ranges at once may be answered with the whole file
    (RFC 9110, 14.2), and If-Range holds the range back when the file is another one than the browser began with.
    """
    wanted = parse_range_header(request.headers.get("Range"), make_inclusive=False)
    if request.method != "GET" or wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        return None
    if "If-Range" in request.headers:
        condition = parse_if_range_header(request.headers["If-Range"])
        same_date = (
            condition.date is not None and modified is not None and (condition.date == modified.replace(microsecond=0))
        )
        if condition.etag != key and not same_date:
            return None
    start, stop = wanted.ranges[0]
    if start < 0:  # the last so many bytes
        return max(0, size + start), size
    return (start, min(size, stop if stop is not None else size)) if start < size else (0, 0)


def _attachment(name: str) -> str:
    """Content-Disposition with the name in every spelling that browsers understand (RFC 6266, RFC 5987)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().strip(" .") or "file"
    if plain == name:
        return dump_options_header("attachment", {"filename": name})
    if plain.rpartition(".")[0] == "" and "." in name:  # a Chinese name leaves only its end
        plain = f"file.{plain.lstrip('.')}"
    encoded = "UTF-8''" + quote(name, safe="!#$&+-.^_`|~")
    return dump_options_header("attachment", {"filename": plain, "filename*": encoded})
