"""How much one member may keep here. Every stored file counts its bytes, also two of the same content."""

from __future__ import annotations

from circle.core.errors import Refused
from circle.core.i18n import lazy

_MB = 1024 * 1024
_limit = 0


def configure(limit: int) -> None:
    """Set the bytes that one member may keep, 0 for no limit. Called once by `create_app`."""
    global _limit
    _limit = limit


def limit() -> int | None:
    """The bytes that one member may keep; None when there is no limit."""
    return _limit or None


def check_quota(used: int, more: int) -> None:
    """Whether `more` bytes fit beside those that are used. Raises Refused QUOTA_EXCEEDED."""
    if _limit and used + more > _limit:
        raise Refused(
            "QUOTA_EXCEEDED",
            lazy(
                "You use %(used)s MB of your %(limit)s MB, and this file does not fit. "
                "Delete something with files first.",
                used=-(-used // _MB),
                limit=_limit // _MB,
            ),
            field="file",
        )
