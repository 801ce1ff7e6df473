"""What the author's level in the circle allows of a post. Raises; writes nothing, and asks nothing: the circle's row
knows the level (circle/points/queries/privileges.py). How many posts a day: operations/today.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from circle.circles.queries import CircleRow
from circle.core.errors import Refused
from circle.core.i18n import LazyString, lazy
from circle.points import queries as points
from circle.posts import rules

_MB = 1024 * 1024


class Attached(NamedTuple):
    """A file that comes with a post; `bytes` is 0 as long as that is not known."""

    kind: str
    bytes: int = 0


class Limits(NamedTuple):
    """What the composer offers, and where the level holds back: by what level it is allowed, None for by none."""

    images: int
    images_more_at: str | None
    video: bool
    video_at: str | None
    upload_mb: int | None
    posts_a_day: int | None


def limits(circle: CircleRow, *, images_there: int = 0) -> Limits:
    """What the actor may put into a post here; a post that has more pictures (`images_there`) already keeps them."""
    mine = points.privileges(circle)
    images = rules.MAX_IMAGES if mine.images_per_post is None else min(rules.MAX_IMAGES, mine.images_per_post)
    return Limits(
        max(images, images_there),
        points.level_allowing(circle, "images_per_post", images + 1) if images < rules.MAX_IMAGES else None,
        mine.can_video,
        None if mine.can_video else points.level_allowing(circle, "can_video"),
        mine.upload_mb,
        mine.posts_per_day,
    )


def check_added(circle: CircleRow, added: Sequence[Attached], *, images_there: int = 0) -> None:
    """The level allows these files in a post that holds `images_there` pictures already: what is in a post stays there
    when its author's level falls, so an edit is judged by what it adds.

    Raises Refused LEVEL_TOO_LOW.
    """
    mine = points.privileges(circle)
    images = sum(file.kind == "image" for file in added)
    if mine.images_per_post is not None and images and images + images_there > mine.images_per_post:
        most = lazy("At your level a post holds at most this many pictures: %(number)s.", number=mine.images_per_post)
        raise _too_low(circle, most, "images_per_post", images + images_there)
    if not mine.can_video and any(file.kind == "video" for file in added):
        raise _too_low(circle, lazy("Videos are not open to your level yet."), "can_video", 1)
    largest = max((file.bytes for file in added), default=0)
    if mine.upload_mb is not None and largest > mine.upload_mb * _MB:
        most = lazy("At your level a file has at most %(number)s MB.", number=mine.upload_mb)
        raise _too_low(circle, most, "upload_mb", -(-largest // _MB))


def check_publishes(circle: CircleRow) -> None:
    """The level publishes posts at all, on whatever day. Raises Refused LEVEL_TOO_LOW."""
    most = points.privileges(circle).posts_per_day
    if most is not None and most <= 0:
        raise no_room_today(circle, most)


def no_room_today(circle: CircleRow, most: int) -> Refused:
    """The refusal of a post that would be one too many today; of any, where the level publishes none at all."""
    if most <= 0:
        return _too_low(circle, lazy("Your level does not publish posts yet."), "posts_per_day", 1, field="body")
    full = lazy("You have published as many posts today as your level allows: %(number)s.", number=most)
    tomorrow = lazy("Keep this one as a draft, or plan it for tomorrow.")
    return Refused("DAILY_LIMIT", _together(full, tomorrow), field="body")


def _too_low(circle: CircleRow, what: LazyString, privilege: str, wanted: int, field: str = "media_ids") -> Refused:
    name = points.level_allowing(circle, privilege, wanted)
    way = (
        lazy("It is open from the level %(level)s on.", level=name)
        if name
        else lazy("No level of this circle goes so far at present.")
    )
    return Refused("LEVEL_TOO_LOW", _together(what, way), field=field)


def _together(first: LazyString, second: LazyString) -> LazyString:
    return lazy("%(first)s %(second)s", first=first, second=second)
