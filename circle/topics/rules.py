"""What a topic may be. Sentences are for those who run a circle."""

from __future__ import annotations

import re

from circle.access import Permission, can, require
from circle.circles.queries import CircleRow
from circle.core.errors import CircleError, Forbidden, Refused
from circle.core.i18n import lazy
from circle.points import queries as points

TITLE_MAX = 20
INTRO_MAX = 200
SLUG_MAX = 40
TOPICS_MAX = 100

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
#: /<circle>/topics/new is the form
_RESERVED = frozenset({"new"})
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def check_may_create(circle: CircleRow) -> None:
    """Topics are opened by those who manage them, and by members whose level gives them that right.

    Raises Unauthenticated, Forbidden (MUTED, BANNED; LEVEL_TOO_LOW where a higher level may).
    """
    if can(circle.actor, Permission.TOPIC_MANAGE, circle.standing):
        return
    if points.privileges(circle).can_create_topic:
        require(circle.actor, Permission.POST_WRITE, circle.standing)  # whoever is muted names nothing either
        return
    level = points.level_allowing(circle, "can_create_topic")
    if level is not None and circle.standing.active:
        sentence = lazy("Opening topics is for members from the level %(level)s on.", level=level)
        raise Forbidden(sentence, code="LEVEL_TOO_LOW")
    require(circle.actor, Permission.TOPIC_MANAGE, circle.standing)


def may_create(circle: CircleRow) -> bool:
    """Whether check_may_create would let it pass."""
    try:
        check_may_create(circle)
    except CircleError:
        return False
    return True


def check_title(title: str) -> str:
    """The title without the # that people put around topics. Raises Refused TOPIC_TITLE."""
    bare = title.strip("#＃ ")
    if not bare:
        raise Refused("TOPIC_TITLE", lazy("A topic needs a name."), field="title")
    if len(bare) > TITLE_MAX or "#" in bare or "＃" in bare:
        raise Refused(
            "TOPIC_TITLE",
            lazy("A topic's name has at most %(number)s characters and no #.", number=TITLE_MAX),
            field="title",
        )
    return bare


def check_slug(slug: str) -> None:
    """Raises Refused TOPIC_SLUG, or TOPIC_SLUG_TAKEN for an address that the site itself uses."""
    if not _SLUG.fullmatch(slug):
        raise Refused("TOPIC_SLUG", lazy("An address holds a to z, 0 to 9 and hyphens inside."), field="slug")
    if slug in _RESERVED:
        raise slug_taken()


def slug_for(title: str) -> str | None:
    """An address made from the title, for titles in ASCII; None for all others."""
    if not title.isascii():
        return None
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return slug if slug and slug not in _RESERVED else None


def slug_of_id(id_: int) -> str:
    """An address for a topic whose title gives none: its id in base 36."""
    digits = ""
    while id_:
        id_, digit = divmod(id_, 36)
        digits = _DIGITS[digit] + digits
    return digits


def title_taken() -> Refused:
    """The refusal of a second topic with the same name."""
    return Refused("TOPIC_TITLE_TAKEN", lazy("There is a topic with this name already."), field="title")


def slug_taken() -> Refused:
    """The refusal of an address that another topic has."""
    return Refused("TOPIC_SLUG_TAKEN", lazy("This address is taken. Please choose another."), field="slug")


def too_many() -> Refused:
    """The refusal of one topic more than a circle may have."""
    return Refused(
        "TOO_MANY_TOPICS",
        lazy("A circle has at most %(number)s topics. Rename one that is no longer used.", number=TOPICS_MAX),
    )
