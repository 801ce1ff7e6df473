"""Background rows for tests. What has a history (memberships, posts, likes) is made by calling operations."""

from __future__ import annotations

from io import BytesIO
from itertools import count
from typing import Any

from PIL import Image

from circle.access import SYSTEM, Actor
from circle.accounts.models import User
from circle.core.db import db
from circle.core.operation import operation

_numbers = count(1)
PASSWORD = "correct horse 9"


def actor_of(user: User) -> Actor:
    return Actor(id=user.id, username=user.username, nickname=user.nickname)


@operation
def _add(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row


class Make:
    """`make.user()`, `make.circle()`, `make.member(circle)`, `make.post(circle)` …"""

    def user(self, name: str | None = None, **values: Any) -> User:
        """A person without a password (sign them in through `browser(user)` or `api(user)`)."""
        name = name or f"person{next(_numbers)}"
        return _add(User(**({"username": name, "username_key": name, "nickname": name.title()} | values)))

    @staticmethod
    def picture(size: tuple[int, int] = (64, 48), color: str = "#c7462a", kind: str = "PNG") -> bytes:
        """The bytes of a small valid picture."""
        file = BytesIO()
        Image.new("RGB", size, color).save(file, kind)
        return file.getvalue()


__all__ = ["PASSWORD", "SYSTEM", "Make", "actor_of"]
