"""What media does by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

import structlog

from circle.core import clock
from circle.core.jobs import job
from circle.core.storage import storage
from circle.media import operations, queries

#: uploads of posts that were never sent, avatars and covers that were exchanged
UNUSED_AFTER = timedelta(days=7)
#: files whose form was refused after they had been stored; the row of a file comes within seconds
UNNAMED_AFTER = timedelta(days=1)
_BATCH = 200
#: files removed in one sweep; the next one goes on
_MOST = 20_000
#: so many may go whatever else is there
_FEW = 100
#: what media stores; other features' files are not touched
_OURS = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}\.[a-z0-9]{2,5}")

log = structlog.get_logger(__name__)


@job("media.forget_unused", every=timedelta(days=1))
def forget_unused() -> None:
    """Remove uploads that are a week old and shown nowhere."""
    before = clock.now() - UNUSED_AFTER
    while operations.forget_unused(queries.unused_media(before, _BATCH)):
        pass


@job("media.sweep_files", every=timedelta(days=7))
def sweep_files() -> None:
    """Remove files that no row names and that are a day old: refused forms and killed processes leave them.

    When most of what is stored has no row, the database is the wrong one rather than all files: nothing is removed.
    """
    before = clock.now() - UNNAMED_AFTER
    found = _aged(before)
    named = 0
    unnamed: list[str] = []
    while len(unnamed) < _MOST and (batch := list(islice(found, _BATCH))):
        known = queries.named_keys(batch)
        named += len(known)
        unnamed += sorted(set(batch) - known)
    if len(unnamed) > max(named, _FEW):
        log.error("files not swept: more of them have no row than have one", unnamed=len(unnamed), named=named)
        return
    for stored in storage().list(operations.TRASH):
        operations.take_back(stored.key)
    removed = sum(operations.drop_unnamed(key) for key in unnamed)
    storage().forget_partial(before)
    if removed:
        log.info("files removed that nothing named", count=removed)


def _aged(before: datetime) -> Iterator[str]:
    for stored in storage().list():
        if stored.modified < before and _OURS.fullmatch(stored.key):
            yield stored.key
