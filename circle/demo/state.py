"""What loading the demo knows while it runs: the texts in `content/`, and what exists so far."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from circle.access import Actor
from circle.core.db import db
from circle.media import uploads
from circle.media.files import Upload, put_missing
from circle.media.images import ProcessedImage
from circle.posts.models import Post

CONTENT = Path(__file__).parent / "content"
TZ = ZoneInfo("Asia/Shanghai")
#: how many different drawings a picture name has
SEEDS = 2


@dataclass
class Loaded:
    """What exists so far, by the keys of the content files."""

    today: date
    users: dict[str, Actor] = field(default_factory=dict)
    slugs: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    topics: dict[tuple[str, str], int] = field(default_factory=dict)
    pictures: dict[tuple[str, int], ProcessedImage] = field(default_factory=dict)
    #: levels, tasks and what is given by hand, by circle
    points: dict[str, dict[str, Any]] = field(default_factory=dict)

    def moment(self, days_ago: int, at: str = "06:00") -> datetime:
        return datetime.combine(self.today - timedelta(days=days_ago), time.fromisoformat(at), TZ)

    def begins(self, thread: dict[str, Any]) -> datetime:
        """When a post or question was published."""
        return self.moment(thread["days_ago"], thread["at"])


def content(name: str) -> list[dict[str, Any]]:
    """One of the content files."""
    found: list[dict[str, Any]] = json.loads((CONTENT / f"{name}.json").read_text(encoding="utf-8"))
    return found


def seed_of(key: str) -> int:
    """Which drawing of a picture is shown there."""
    return zlib.crc32(key.encode()) % SEEDS


def store(actor: Actor, image: ProcessedImage, purpose: str, name: str) -> int:
    """Keep a picture as somebody's upload; returns its id."""
    upload = Upload.of_image(image, purpose, name)
    put_missing(upload.files)
    return uploads.store_upload(actor, upload)


def some(people: Sequence[str], count: int, salt: str) -> Iterator[str]:
    """`count` of `people`, always the same for the same salt, mixed by it."""
    mixed = sorted(people, key=lambda person: zlib.crc32(f"{salt}:{person}".encode()))
    return iter(mixed[:count])


def post_of(loaded: Loaded, thread: dict[str, Any]) -> int | None:
    """The post of a thread that was loaded already."""
    at, author = loaded.begins(thread), loaded.users[thread["author"]]
    return db.session.scalar(select(Post.id).where(Post.author_id == author.id, Post.published_at == at))
