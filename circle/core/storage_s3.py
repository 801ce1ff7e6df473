"""Uploaded bytes in a bucket that speaks S3: the twin of `storage.LocalStorage`.

obstore is an extra (`pip install 'fan-circle[s3]'`); nothing else of the product needs it. What goes wrong on the way
to the bucket is `Unavailable` for the member and a line in the log for the operator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit

import structlog

from circle.core.errors import Unavailable
from circle.core.i18n import lazy
from circle.core.storage import Stored, check_key

try:
    import obstore
    from obstore import store as obstore_store
except ImportError:  # the extra is not installed; S3Storage says so
    obstore = None  # type: ignore[assignment]

log = structlog.get_logger(__name__)

#: one request to the bucket while a file is sent: large enough that its answer time matters little
_BLOCK = 2 * 1024 * 1024
#: parts of one upload in flight, 5 MB each
_PARTS = 2
#: how long an address of the bucket itself is good
ADDRESS_FOR = timedelta(minutes=5)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True)
class S3Address:
    """Where the bucket is and how to sign for it."""

    origin: str
    bucket: str
    region: str
    key: str
    secret: str = field(repr=False)
    #: the bucket's name is part of the host (wanted by some providers), not of the path
    virtual: bool

    @classmethod
    def parse(cls, text: str) -> S3Address:
        """Read `s3://key:secret@host:port/bucket?region=…&scheme=http&style=virtual`. Raises ValueError with a sentence
        that does not repeat the secret."""
        try:
            parts = urlsplit(text)
            host = parts.hostname or ""
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            raise ValueError("the host or port cannot be read") from None
        bucket = parts.path.strip("/")
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        scheme, style = options.pop("scheme", "https"), options.pop("style", "path")
        region = options.pop("region", "us-east-1")
        if parts.scheme != "s3" or not host:
            raise ValueError("it must look like s3://key:secret@host/bucket")
        if not parts.username or not parts.password:
            raise ValueError("key and secret stand before the host, as s3://key:secret@host/bucket")
        if not _BUCKET.fullmatch(bucket):
            raise ValueError("one bucket name stands after the host")
        if scheme not in {"http", "https"} or style not in {"path", "virtual"} or options:
            raise ValueError("after the question mark: region=…, scheme=http or https, style=path or virtual")
        virtual = style == "virtual"
        origin = f"{scheme}://{bucket + '.' if virtual else ''}{host}{port}"
        return cls(origin, bucket, region, unquote(parts.username), unquote(parts.password), virtual)


@contextmanager
def _reaching(*, may_be_missing: bool = True) -> Iterator[None]:
    """Around requests to the bucket. That a file is not there passes; every other trouble is Unavailable."""
    try:
        yield
    except (obstore.exceptions.BaseError, OSError) as error:
        if may_be_missing and isinstance(error, FileNotFoundError):
            raise
        log.error("storage unreachable", error=str(error)[:500])
        raise Unavailable(lazy("Files cannot be reached just now. Please try again in a moment.")) from error


class S3Storage:
    """Files in a bucket. The bucket shows a file only when it is whole, so nothing has to be done for that."""

    def __init__(self, address: S3Address, *, presign: bool = False) -> None:
        if obstore is None:
            raise RuntimeError("CIRCLE_S3_URL needs the extra s3: pip install 'fan-circle[s3]'")
        self._address = address
        self._presign = presign

    @cached_property
    def _store(self) -> Any:
        # made at the first use: its threads would not survive the fork of a server's processes
        return obstore_store.S3Store(
            self._address.bucket,
            endpoint=self._address.origin,
            access_key_id=self._address.key,
            secret_access_key=self._address.secret,
            region=self._address.region,
            virtual_hosted_style_request=self._address.virtual,
            client_options={"allow_http": self._address.origin.startswith("http:"), "timeout": "60s"},
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
        )

    def put(self, key: str, data: bytes | BinaryIO, *, mime: str = "application/octet-stream") -> None:
        source = BytesIO(data) if isinstance(data, bytes) else data
        source.seek(0)
        with _reaching(may_be_missing=False):
            obstore.put(self._store, check_key(key), source, attributes={"Content-Type": mime}, max_concurrency=_PARTS)

    def size(self, key: str) -> int:
        with _reaching():
            size: int = obstore.head(self._store, check_key(key))["size"]
        return size

    def stream(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        # many small requests instead of one: a phone that reads slowly must not keep one open for minutes
        end = self.size(key) if length is None else start + length
        return self._blocks(key, start, end)

    def _blocks(self, key: str, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            with _reaching():
                block = bytes(obstore.get_range(self._store, key, start=start, end=min(end, start + _BLOCK)))
            if not block:
                return
            start += len(block)
            yield block

    def path(self, key: str) -> Path | None:
        self.size(key)
        return None

    def rename(self, old: str, new: str) -> None:
        with _reaching():
            obstore.rename(self._store, check_key(old), check_key(new))

    def delete(self, key: str) -> None:
        with suppress(FileNotFoundError), _reaching():
            obstore.delete(self._store, check_key(key))

    def list(self, prefix: str = "") -> Iterator[Stored]:
        with _reaching(may_be_missing=False):
            for batch in obstore.list(self._store, prefix or None):
                for found in batch:
                    yield Stored(found["path"], found["size"], found["last_modified"])

    def forget_partial(self, before: datetime) -> None:
        """Broken-off uploads are the bucket's own to forget (docs/operations.md: a lifecycle rule)."""

    def address(self, key: str) -> str | None:
        if not self._presign:
            return None
        signed: str = obstore.sign(self._store, "GET", check_key(key), ADDRESS_FOR)
        return signed
