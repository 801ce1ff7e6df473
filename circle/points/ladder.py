"""The levels of a circle: from what growth each begins, what one needs to keep it, what it allows. Pure functions over
`Circle.levels`, a list of plain objects, lowest level first:

    {"name": "", "growth_min": 500, "keep_min": 100, "gift_points": 50, "privileges": {"posts_per_day": 100}}

An empty name is the usual one of that level in the reader's language (circle/circles/levels.py). A privilege that is
not named is as the level found it: numbers are not limited, videos are open, topics are opened by those who run the
circle, and nothing comes on top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from circle.circles import levels as _levels

#: numbers: the most that is allowed. Extras: how many come on top, none where it is not said. Rights: given or not
NUMBERS = ("posts_per_day", "images_per_post", "upload_mb")
EXTRAS = ("makeup_cards_per_month",)
RIGHTS = ("can_video", "can_create_topic")
PRIVILEGES = NUMBERS + EXTRAS + RIGHTS
MAX_LEVELS = _levels.MAX_LEVELS
#: how long a level is kept before it is looked at again
ASSESS_DAYS = 365


class Level(NamedTuple):
    level: int
    #: as the owner wrote it; empty for the usual name
    name: str
    growth_min: int
    #: growth of a year that keeps it
    keep_min: int
    gift_points: int
    privileges: Mapping[str, Any]


USUAL: list[dict[str, Any]] = [
    {"name": "", "growth_min": 0, "keep_min": 0, "gift_points": 0,
     "privileges": {"posts_per_day": 50, "images_per_post": 9, "can_video": True, "can_create_topic": False}},
    {"name": "", "growth_min": 500, "keep_min": 100, "gift_points": 20,
     "privileges": {"posts_per_day": 100, "images_per_post": 9, "can_video": True, "can_create_topic": False}},
    {"name": "", "growth_min": 3000, "keep_min": 600, "gift_points": 100,
     "privileges": {"posts_per_day": 200, "images_per_post": 9, "can_video": True, "can_create_topic": True}},
]  # fmt: skip


def ladder_of(levels: Sequence[Mapping[str, Any]]) -> list[Level]:
    """The levels of a circle (`Circle.levels`), lowest first."""
    return [
        Level(
            number, each.get("name", ""), each["growth_min"], each.get("keep_min", 0), each.get("gift_points", 0),
            each.get("privileges", {}),
        )
        for number, each in enumerate(levels or USUAL, 1)
    ]  # fmt: skip


def level_at(levels: Sequence[Mapping[str, Any]], growth: int) -> int:
    """The highest level whose beginning this growth reaches (V1)."""
    return max(number for number, each in enumerate(levels or USUAL, 1) if each["growth_min"] <= growth)


class Privileges(NamedTuple):
    """What somebody may here by their level. None for a limit: only the site's own counts."""

    posts_per_day: int | None = None
    images_per_post: int | None = None
    upload_mb: int | None = None
    can_video: bool = True
    can_create_topic: bool = False
    #: days of check-in campaigns that may be made up each month beyond the cards that a campaign gives
    makeup_cards_per_month: int = 0


#: who runs the circle is not held back by levels. Nothing comes on top of that: in a campaign they are one of many, and
#: days that could be made up without end would be worth nothing (queries/privileges.py gives them their own level's)
FREE = Privileges(can_create_topic=True)


def privileges_of(levels: Sequence[Mapping[str, Any]], level: int) -> Privileges:
    """What a level allows. A level that is gone allows what the highest does."""
    known = levels or USUAL
    given = known[min(level, len(known)) - 1].get("privileges", {})
    return Privileges(**{name: given[name] for name in PRIVILEGES if given.get(name) is not None})


def level_allowing(levels: Sequence[Mapping[str, Any]], privilege: str, wanted: int = 1) -> int | None:
    """The lowest level that allows `wanted` of a number, or that has a right; None when none does."""
    for level in range(1, len(levels or USUAL) + 1):
        has = getattr(privileges_of(levels, level), privilege)
        if has is None or has >= wanted:
            return level
    return None


def decayed(levels: Sequence[Mapping[str, Any]], level: int, growth: int, earned: int) -> int | None:
    """What growth falls to when a year's `earned` did not keep the level; None when it did, or for level 1.

    new = max(growth_min(level - 1), min(growth - (keep_min - earned), growth_min(level) - 1)): exactly one level down
    (domain specification §2).
    """
    known = ladder_of(levels)
    if level < 2 or level > len(known) or earned >= known[level - 1].keep_min:
        return None
    here, below = known[level - 1], known[level - 2]
    return max(below.growth_min, min(growth - (here.keep_min - earned), here.growth_min - 1))
