"""What the levels of a circle are called, and the sign of each beside a name. What they need and allow is told by
circle/points/ladder.py; here are only the words, which every list of people needs.

`levels` is `Circle.levels`: a list of plain objects, lowest first; empty for the usual three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from circle.accounts.queries import LevelTag
from circle.core.i18n import LazyString, _, lazy

#: of one circle
MAX_LEVELS = 20
USUAL_NAMES: tuple[LazyString, ...] = (lazy("Basic member"), lazy("Plus member"), lazy("Premium member"))


def level_name(own: str, level: int) -> str:
    """The name the owner gave a level, else the usual one in the reader's language."""
    if own:
        return own
    return str(USUAL_NAMES[level - 1]) if level <= len(USUAL_NAMES) else _("Level %(number)s", number=level)


def tags_of(levels: Sequence[Mapping[str, Any]]) -> tuple[LevelTag, ...]:
    """The signs of all levels in the reader's language, lowest first."""
    names = [each.get("name", "") for each in levels] or [""] * len(USUAL_NAMES)
    highest = len(names)
    return tuple(
        LevelTag(number, level_name(own, number), "plain" if number == 1 else "vip" if number == highest else "plus")
        for number, own in enumerate(names, 1)
    )


def tag_at(tags: Sequence[LevelTag], level: int) -> LevelTag:
    """The sign of a level. Of one that the circle no longer has, the highest stands for it."""
    return tags[min(level, len(tags)) - 1]
