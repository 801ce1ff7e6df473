"""What may be read of accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from circle.accounts.models import User
from circle.core.actor import Actor
from circle.core.i18n import _
from circle.core.storage import file_url


@dataclass(frozen=True)
class Author:
    """A person as shown beside what they wrote. `role` is theirs in the circle at hand; `level` comes with points."""

    id: int
    username: str
    nickname: str
    avatar_url: str | None
    role: str = "member"
    level: dict[str, Any] | None = None

    @property
    def url(self) -> str | None:
        """The public page, None for an account that is gone."""
        return f"/@{self.username}" if self.username else None


#: select these (in this order) next to your own columns, then `author_of(row[n:n + 5], role)`
AUTHOR_COLUMNS = (User.id, User.username, User.nickname, User.avatar_id, User.status)


def author_of(columns: Sequence[Any], role: str | None = None) -> Author:
    """The Author in a row that selected AUTHOR_COLUMNS. A deleted account shows only that it is gone."""
    id_, username, nickname, avatar_id, status = columns
    if status == "deleted":
        return Author(id=id_, username="", nickname=_("Deleted account"), avatar_url=None)
    return Author(id_, username, nickname, file_url(avatar_id, "thumb"), role or "member")


def actor_of_token(token: str) -> Actor | None:
    """Who holds this API access token, or None when it is unknown, expired or revoked."""
    return None
