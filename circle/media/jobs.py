"""What media does by itself."""

from __future__ import annotations

from datetime import timedelta

from circle.core import clock
from circle.core.jobs import job
from circle.media import operations, queries

#: uploads of posts that were never sent, avatars and covers that were exchanged
UNUSED_AFTER = timedelta(days=7)
_BATCH = 200


@job("media.forget_unused", every=timedelta(days=1))
def forget_unused() -> None:
    """Remove uploads that are a week old and shown nowhere."""
    before = clock.now() - UNUSED_AFTER
    while operations.forget_unused(queries.unused_media(before, _BATCH)):
        pass
